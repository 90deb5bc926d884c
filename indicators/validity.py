"""From when to when a set is in force (有效期): dates as people write them, and how they stand to a day. Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from indicators.model import IndicatorSet

_DATE = re.compile(r"(\d{4})(?:\s*[-./年]\s*(\d{1,2})(?:\s*[-./月]\s*(\d{1,2})\s*日?|\s*月)?|\s*年)?")


class Validity(StrEnum):
    """How a set stands to a day; UNTOLD where it names no dates that can be read."""

    UNTOLD = ""
    EARLY = "early"
    IN_FORCE = "in force"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last day that a written date may mean: 2026 is its whole year."""

    first: date
    last: date


def read_span(text: str) -> Span | None:
    """A year, month or day as 2026, 2026-03, 2026-03-01, 2026.3.1 or 2026年3月1日; None for anything else."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        first = date(year, month or 1, day or 1)
        last_month = month or 12
        last_day = day or calendar.monthrange(year, last_month)[1]
        return Span(first, date(year, last_month, last_day))
    except ValueError:
        return None


def validity(set_: IndicatorSet, today: date) -> Validity:
    """Whether a set is not yet, now or no longer in force; a date that cannot be read bounds nothing."""
    begins, ends = read_span(set_.valid_from), read_span(set_.valid_to)
    if begins and today < begins.first:
        return Validity.EARLY
    if ends and today > ends.last:
        return Validity.OVER
    return Validity.IN_FORCE if begins or ends else Validity.UNTOLD
