"""Dates and time limits as target cells write them: 12月底前, 2023年12月31日前, 2020.1-2020.12, 年底前.

Only what is written is filled in: 年底 is kept as a word and not turned into 31 December.
"""

from __future__ import annotations

import re
from calendar import monthrange

import msgspec

from indicators.numerals import parse_numeral


class Deadline(msgspec.Struct, frozen=True):
    """The parts of a date that are written; ``word`` holds 底, 年底, 上半年, 第一季度, 每月 and the like."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    word: str = ""


_HINT = re.compile(r"[年月日号季]|(?:19|20)[0-9]{2}[./-][0-9]")
_YEAR = r"(?P<y>(?:19|20)[0-9]{2})"
_MONTH = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?P<d>3[01]|[12][0-9]|0?[1-9])"
_LEAD = r"(?:(?:完成|竣工|交付|计划完成)?(?:时间|时限|期限)[为:]?)?(?P<cmp>≤|<=|≦|不晚于|不迟于)?(?:于|在|截至|截止到?|到)?"
_DONE = (
    r"(?:之?前|以前|止|为止|之?内)?(?:全部|按时|及时|基本)?"
    r"(?:完成|完工|竣工|到位|下达|拨付|发放|验收|结束|交付|投入使用|建成|开工|支付|兑付|实施|上报|报送){0,2}(?:完毕|到位)?。?"
)
_WORDS = r"上半年|下半年|第?[一二三四1-4]季度末?|上旬|中旬|下旬|[年月季]?底|[年月]?末|[年月]?初|年中|年内"
_WRITTEN = re.compile(
    rf"{_LEAD}(?:{_YEAR}年度?|(?P<w1>本年度?|当年度?|今年|每年|次年|每季度?))?"
    rf"(?:{_MONTH}月份?|(?P<w2>每个?月|当月|次月|本月))?(?:{_DAY}[日号])?(?P<w3>{_WORDS})?(?P<before>前?){_DONE}"
)
_NUMERIC = re.compile(rf"{_LEAD}{_YEAR}(?P<s>[./-]){_MONTH}(?:(?P=s){_DAY})?{_DONE}")
_BARE_WORDS = frozenset({"全年", "当年", "年内", "本年", "本年度", "当年度", "全年度", "年度内", "本年内"})
_DASHES = re.compile(r"(?<=.)(?:至|到|~|-+)(?=.)")
_COMPARED = frozenset({"≤", "<=", "≦", "不晚于", "不迟于"})

Limit = tuple[Deadline | None, Deadline, bool, str]
"""Start (of a range), end, sure, comparator ("" or "≤")."""


def parse_limit(text: str) -> Limit | None:
    """Read a cleaned cell that is a date, a span of dates or a time word as a whole; else None."""
    if not _HINT.search(text) or len(text) > 40:
        return None
    if text in _BARE_WORDS:
        return None, Deadline(word=text), True, ""
    found = _point(text)
    if found:
        point, sure, comparator = found
        return None, point, sure, comparator
    return _span(text)


def _point(text: str) -> tuple[Deadline, bool, str] | None:
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        # 2020.12 may be an amount as well as a month; 2020.12.31 and 2020-12 may not.
        sure = numeric["d"] is not None or numeric["s"] != "." or not text[-1].isdigit()
        return _checked(numeric["y"], numeric["m"], numeric["d"], "", sure, numeric["cmp"])
    match = _WRITTEN.fullmatch(text)
    if not match:
        return None
    year, month, day = match["y"], match["m"], match["d"]
    context, word = (match["w1"] or "") + (match["w2"] or ""), match["w3"] or ""
    if not (year or month or word or (day and (context or match["before"]))):
        return None
    if match["cmp"] and not (year and month) and not word and not day:
        if not year:
            return None  # ≤12月: a month or a number of months
        return _checked(year, month, day, context + word, False, match["cmp"])
    return _checked(year, month, day, context + word, True, match["cmp"])


def _checked(
    year: str | None, month: str | None, day: str | None, word: str, sure: bool, comparator: str | None
) -> tuple[Deadline, bool, str] | None:
    """The date with its numbers, or None where the month has no such day."""
    y = int(year) if year else None
    m = _month(month) if month else None
    d = int(day) if day else None
    if d and m and d > monthrange(y or 2024, m)[1]:
        return None
    return Deadline(y, m, d, word), sure, "≤" if comparator in _COMPARED else ""


def _month(text: str) -> int | None:
    return int(text) if text.isdigit() else parse_numeral(text)


def _span(text: str) -> Limit | None:
    for dash in _DASHES.finditer(text):
        first, second = text[: dash.start()], text[dash.end() :]
        end = _point(second)
        start = _point(_completed(first, second, end[0])) if end else None
        if not start and not end and first[:4].isdigit() and second.isdigit():
            start, end = _point(first + "年"), _point(second + "年")
            if start and end:
                end = (end[0], False, "")  # 2020-2022: years or numbers
        if start and end:
            return _joined(start, end)
    return None


def _completed(first: str, second: str, end: Deadline) -> str:
    """The first half of 1-12月 or 2023-2025年 with the unit that stands only after the second."""
    if first[-1].isdigit():
        if end.month and "月" in second and "." not in first and not first.startswith("-"):
            return first + "月"
        if end.year and not end.month:
            return first + "年"
    return first


def _joined(start: tuple[Deadline, bool, str], end: tuple[Deadline, bool, str]) -> Limit | None:
    a, b = start[0], end[0]
    if b.year is None and a.year is not None:
        b = Deadline(a.year, b.month, b.day, b.word)
    if b.month is None and b.day is not None:
        b = Deadline(b.year, a.month, b.day, b.word)
    if _order(a) > _order(b):
        return None
    # A span of two year.month points is no longer ambiguous; 2020-2022 without 年 is.
    return a, b, end[1] or b.month is not None, start[2]


def _order(point: Deadline) -> tuple[int, int, int]:
    return point.year or 0, point.month or 0, point.day or 0
