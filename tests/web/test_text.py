"""Marks, slots, numbers and the strip plot: nothing unescaped, nothing lost, nothing outside its box."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from web.plot import WIDTH, strip
from web.text import marked, number, slots

MARKS = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=6)
VALUES = st.lists(
    st.decimals(min_value=-10_000, max_value=10_000_000, allow_nan=False, allow_infinity=False, places=2),
    min_size=3,
    max_size=40,
)


@given(st.text(max_size=30), MARKS)
def test_marked_text_is_the_text(text: str, marks: list[tuple[int, int]]) -> None:
    html = str(marked(text, [(a, b) for a, b in marks if a >= 0]))
    assert unescape(re.sub("</?mark>", "", html)) == text or "&" in text
    assert "<" not in re.sub("</?mark>", "", html)


def test_marks_join_where_they_overlap() -> None:
    assert str(marked("农村公路<里程>", [(2, 4), (0, 3)])) == (
        "<mark>农村公</mark><mark>路</mark>&lt;里程&gt;"
    )


@given(st.text(max_size=60))
def test_slots_keep_the_wording(text: str) -> None:
    html = str(slots(text))
    bare = re.sub(r'<span class="slot( long)?">|</span>', "", html)
    assert "<" not in bare
    assert bare.count("{") == text.count("{")


def test_number() -> None:
    assert number(Decimal("1033.496")) == "1,033.496"
    assert number(Decimal("99.90")) == "99.90"
    assert number(Decimal("1E+3")) == "1,000"
    assert number(None) == ""
    assert number(0) == "0"


@given(VALUES)
def test_every_value_stands_in_the_picture(values: list[Decimal]) -> None:
    ordered = sorted(values)
    plot = strip([(v, "x") for v in values], ordered[0], ordered[len(ordered) // 2], ordered[-1])
    if ordered[0] == ordered[-1]:
        assert plot is None
        return
    assert plot is not None
    assert len(plot.dots) == len(values)
    for dot in plot.dots:
        assert plot.radius <= dot.x <= WIDTH - plot.radius
        assert plot.radius <= dot.y < plot.base


def test_few_values_are_no_picture() -> None:
    assert strip([(Decimal(1), "a"), (Decimal(2), "b")], Decimal(1), Decimal(1), Decimal(2)) is None
