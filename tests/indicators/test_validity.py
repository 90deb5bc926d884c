"""Dates of validity as people write them, and how a set stands to a day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.model import IndicatorSet
from indicators.validity import Span, Validity, read_span, validity


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)), ("2026年", date(2026, 1, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)), ("2026.3", date(2026, 3, 1), date(2026, 3, 31)),
        ("2026年3月1日", date(2026, 3, 1), date(2026, 3, 1)), (" 2026/12/31 ", date(2026, 12, 31), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_written_dates(text: str, first: date, last: date) -> None:
    assert read_span(text) == Span(first, last)


@pytest.mark.parametrize("text", ["", "明年", "2026-13", "2026-02-30", "20260101", "2026-1-1-1", "0000"])
def test_what_is_no_date(text: str) -> None:
    assert read_span(text) is None


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)), st.text(max_size=12))
def test_any_day_reads_back_and_any_text_is_safe(day: date, text: str) -> None:
    assert read_span(day.isoformat()) == Span(day, day)
    read_span(text)


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [
        ("2026", "2026", Validity.IN_FORCE), ("2026-07-01", "", Validity.EARLY), ("", "2025", Validity.OVER),
        ("2026-06-30", "2026-06-30", Validity.IN_FORCE), ("", "", Validity.UNTOLD), ("某时", "某日", Validity.UNTOLD),
        ("", "2026-06", Validity.IN_FORCE),
    ],
)  # fmt: skip
def test_a_set_on_a_day(begins: str, ends: str, state: Validity) -> None:
    today = date(2026, 6, 30)
    assert validity(IndicatorSet(code="S", name="集", valid_from=begins, valid_to=ends), today) is state
