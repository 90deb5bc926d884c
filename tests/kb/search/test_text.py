"""Normalisation: one spelling for all, and a true way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.search.text import fold, normalise

ANYTHING = st.text(max_size=60)
MIXED = st.text("ＰＭ２．５驗收滿意度，㎡ \u200bé\u3000½aB農村路\n", max_size=40)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("驗收合格率", "验收合格率"),
        ("服務對象滿意度", "服务对象满意度"),
        ("ＰＭ２．５　浓度", "pm2.5 浓度"),
        ("12㎡", "12m2"),
        ("垃\u200b圾\ufeff", "垃圾"),
        ("95％以上", "95%以上"),
        ("行\t距\n", "行 距 "),
        ("", ""),
    ],
)
def test_spellings(written: str, normal: str) -> None:
    assert normalise(written).text == normal
    assert fold(written) == normal


@given(st.one_of(ANYTHING, MIXED))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.one_of(ANYTHING, MIXED), st.one_of(ANYTHING, MIXED))
def test_parts_normalise_on_their_own(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)


@given(st.one_of(ANYTHING, MIXED), st.data())
def test_every_range_maps_back_to_what_it_came_from(text: str, data: st.DataObject) -> None:
    normal = normalise(text)
    start = data.draw(st.integers(0, len(normal.text)))
    end = data.draw(st.integers(start, len(normal.text)))
    first, last = normal.back(start, end)
    assert 0 <= first <= last <= len(text)
    assert normal.text[start:end] in fold(text[first:last])
