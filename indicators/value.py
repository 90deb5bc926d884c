"""What an indicator-value cell (指标值) says: comparator, number, unit, date, or none of these.

``TargetValue.parse`` reads a cell only if the *whole* cell is one value expression. Anything
else keeps its text and has no number: a wrong number is worse than a blank. The comparator
words are those of 财政 systems (computesign) and of published target tables.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

import msgspec

from indicators.deadline import Deadline, Limit, parse_limit
from indicators.expression import Reading
from indicators.numerals import NUMERAL_CHARS
from indicators.units import UNIT_FAMILIES, clean, comparable, known_unit, normalise_unit, per_of, unit_family
from indicators.wording import COMPARATORS, FULL, PLACEHOLDERS, VAGUE, alternatives

__all__ = [
    "UNIT_FAMILIES", "Deadline", "TargetValue", "ValueKind", "comparable", "normalise_unit", "unit_family",
]  # fmt: skip


class ValueKind(StrEnum):
    """What sort of thing the cell holds."""

    NUMBER = "数值"
    RANGE = "区间"
    DATE = "日期"
    QUALITATIVE = "定性"
    PLACEHOLDER = "占位"
    MULTIPLE = "多个数"
    TEXT = "文字"


class TargetValue(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed cell.

    ``raw`` is the cell exactly as given. ``comparator`` is ≥ ≤ = > < 定性, or "" where none is
    written. ``value`` (and ``upper`` of a range) is the number beside ``unit``, never converted:
    1.2万元 is 1.2 with the unit 万元; only Chinese numerals, 九成 and 百分之九十 are turned into
    digits (90 %). ``change`` holds the word of a change (降低, 较上年增长) that the number measures.
    ``deadline`` is the date or the end of a span that begins at ``start``. ``full`` is true for
    全覆盖 or 应保尽保, without a number being made of it. ``per`` is the denominator of the unit.
    ``confident`` is false where a person should look; ``note`` says why.
    """

    raw: str = ""
    comparator: str = ""
    value: Decimal | None = None
    upper: Decimal | None = None
    unit: str = ""
    kind: ValueKind = ValueKind.TEXT
    start: Deadline | None = None
    deadline: Deadline | None = None
    approximate: bool = False
    full: bool = False
    change: str = ""
    per: str = ""
    confident: bool = True
    note: str = ""

    @classmethod
    def parse(cls, text: str | None, unit: str = "") -> TargetValue:
        """Read a cell and its separate unit cell. Never raises, whatever the text.

        A number after a plain verb (完成5个, 新建2座) is taken with ``confident`` false; a number
        inside a phrase (完成15个村污水管网, GB/T 50445) is not taken. A unit cell that names another
        unit than the value cell does not replace it: the number keeps the unit that stands with it.
        """
        raw = text or ""
        column = normalise_unit(unit)
        if column[:1].isdigit():
            return _parse(raw, "", f"单位栏“{unit}”不是单位")
        return _parse(raw, column, "")

    def text(self) -> str:
        """The value in canonical spelling, such as ≥95%; for a cell without a number, its own text."""
        if self.value is None:
            return self.raw.strip()
        number = f"{self.value:f}"
        if self.upper is not None:
            number = f"±{self.upper:f}" if self.value == -self.upper else f"{number}~{self.upper:f}"
        about = "约" if self.approximate else ""
        return f"{self.change}{self.comparator}{about}{number}{self.unit}"


_MAX = 120  # longer cells are prose; the longest value expression seen has 25 characters
_SIGN = re.compile(alternatives(word for word in COMPARATORS if not word[0].isalpha()))
_BLANKS = re.compile(r"(?P<cmp>[≥≤=><]?)(?:[Xx×*_]+|\.{2,}|…+|[-/]+|)(?P<unit>%|[^0-9A-Za-z]{0,3})")
_YES_NO = re.compile(r"是/否[::]?.{0,12}|定性.*")
_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_DATE_COLUMNS = frozenset({"年", "年月", "年月日", "日期", "时间", "是/否"})
_AMOUNT = re.compile(r"[0-9]+(?:[~-]+[0-9]+)?[月日]")
_COUNTED = re.compile(
    rf"[{NUMERAL_CHARS}](?:[个次名人年月天日项级户家所处件成场期批](?!性)|万|分之)|半[年月天]|^[{NUMERAL_CHARS}]+$"
)
"""Text that holds a quantity or an order in Chinese numerals (第三次, 三五次, 二级以上)."""


def _parse(raw: str, column: str, note: str) -> TargetValue:
    text = clean(raw)
    if text.lower() in PLACEHOLDERS:
        return TargetValue(raw=raw, unit=column, kind=ValueKind.PLACEHOLDER, note=note)
    limit = _limit(text, column)
    if limit:
        start, end, sure, comparator = limit
        return TargetValue(
            raw=raw, comparator=comparator, unit=column, kind=ValueKind.DATE,
            start=start, deadline=end, confident=sure, note=note,
        )  # fmt: skip
    if len(text) <= _MAX:
        found = Reading(text, column).read()
        if found:
            return _with_number(found, raw, note)
    return _without_number(raw, text, column, note)


def _limit(text: str, column: str) -> Limit | None:
    """A date, unless the unit cell says that the number is an amount (12 beside 月)."""
    if column == "年" and len(text) == 4 and text.isascii() and text.isdigit():
        return parse_limit(text + "年")
    limit = parse_limit(text)
    if limit and column and column not in _DATE_COLUMNS and (not limit[2] or _AMOUNT.fullmatch(text)):
        return None
    return limit


def _with_number(found: Reading, raw: str, note: str) -> TargetValue:
    """The value that a reading found."""
    return TargetValue(
        raw=raw, comparator=found.comparator, value=found.number, upper=found.upper, unit=found.unit,
        kind=ValueKind.NUMBER if found.upper is None else ValueKind.RANGE,
        approximate=found.about, full=found.full, change=found.change, per=per_of(found.unit),
        confident=found.sure and not note, note=note or found.note,
    )  # fmt: skip


def _without_number(raw: str, text: str, column: str, note: str) -> TargetValue:
    """Classify a cell that is no value expression."""
    if text.startswith("定性"):
        sure = not _DIGITS.search(text)
        return TargetValue(
            raw=raw, comparator="定性", unit=column, kind=ValueKind.QUALITATIVE, confident=sure, note=note
        )
    count = len(_DIGITS.findall(text))
    if count:
        kind = ValueKind.MULTIPLE if count > 1 else ValueKind.TEXT
        reason = "不止一个数,未取值" if count > 1 else "数字在文字中,未取值"
        sign = _SIGN.match(text)
        comparator = COMPARATORS[sign.group()] if sign else ""
        return TargetValue(
            raw=raw, comparator=comparator, unit=column, kind=kind, confident=False, note=note or reason
        )
    blank = _BLANKS.fullmatch(text)
    if blank and text not in VAGUE.words and _is_blank(text, blank):
        return TargetValue(
            raw=raw, comparator=blank["cmp"], unit=column, kind=ValueKind.PLACEHOLDER, note=note
        )
    full = len(text) <= 12 and FULL.search(text) is not None
    if full or _YES_NO.fullmatch(text) or VAGUE.whole(text):
        return TargetValue(raw=raw, unit=column, kind=ValueKind.QUALITATIVE, full=full, note=note)
    counted = _COUNTED.search(text) is not None or any(_other_digit(c) for c in text)
    return TargetValue(
        raw=raw, unit=column, kind=ValueKind.TEXT, confident=not counted,
        note=note or ("文字里有数,未取值" if counted else ""),
    )  # fmt: skip


def _other_digit(char: str) -> bool:
    """Whether a character is a digit of another script, ①, ½ or Ⅲ, which are not read."""
    return not char.isascii() and char.isnumeric() and not "㐀" <= char <= "鿿"


def _is_blank(text: str, blank: re.Match[str]) -> bool:
    """A placeholder needs a placeholder sign or a lone comparator, and at most a unit after it."""
    rest = blank["unit"]
    return len(text) > len(rest) and (not rest or known_unit(rest))
