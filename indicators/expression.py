"""One number with the words around it: the grammar of a value cell that is a value expression.

    words-before* number [- number] unit words-after*

The words are those of ``indicators.wording``. What does not fit as a whole is not read.
"""

from __future__ import annotations

import re
from decimal import Decimal

from indicators.numerals import NUMERAL_CHARS, parse_numeral
from indicators.units import comparable, known_unit, normalise_unit, unit_family, words
from indicators.wording import (
    AFTER,
    APPROXIMATE,
    CHANGES,
    COMPARATORS,
    EACH,
    NOT_TAILS,
    SUFFIXES,
    VAGUE,
    VERBS,
    alternatives,
)

_ASCII_NUMBER = r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])|[0-9]+)(?:\.[0-9]+)?"
_CHINESE_NUMBER = rf"[{NUMERAL_CHARS}]+(?:万[{NUMERAL_CHARS}]+)?"
_NUMBER = re.compile(rf"(?P<a>{_ASCII_NUMBER})|(?P<c>{_CHINESE_NUMBER})")
_FRACTION = re.compile(rf"(?P<of>[百千])分之(?P<n>{_ASCII_NUMBER}|百|{_CHINESE_NUMBER})")
_TENTHS = re.compile(
    r"(?P<n>[1-9]|[一二两三四五六七八九十])成(?P<h>[1-9一二三四五六七八九])?(?!年|人|功|果|立|本|员)"
)
_UPPER = re.compile(rf"(?P<u>[^0-9~至到-]{{0,6}}?)(?:~+|-+|至|到)(?P<n>{_ASCII_NUMBER}|{_CHINESE_NUMBER})")
_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_HEAD = re.compile(
    rf"(?P<cmp>{alternatives(COMPARATORS)})|(?P<each>{EACH})|(?P<about>{APPROXIMATE})"
    rf"|(?P<verb>{VERBS})|(?P<change>{CHANGES})"
)
_TAIL = re.compile(
    rf"(?:(?P<cmp>(?:及其?|或|\(含\))?(?:{alternatives(SUFFIXES)}))|(?P<about>左右|上下)"
    rf"|(?P<paren>\([^()]*\))|(?P<after>{AFTER})|(?P<stop>[。;,.、!]))$"
)
_MORE = re.compile(r"(万|亿|千|百)?(?:多|余)(?=.)")
_TOKEN = re.compile(r"(?:[㐀-鿿]+|[A-Za-zμ°²³]{2,})(?:[/·][㐀-鿿A-Za-zμ²³0-9]+)*")
_SCALES = words("万 亿 千 百")
_NOT_COUNTED = words("级 档 等 期 方 分 起 块 本 头 星 度 时 面 口 点 款 类 版 流 位数 站 标准 团 样")
"""Chinese numeral + these is an order or an idiom (一级, 一起, 一流), not a quantity."""
_SIGNS = {">": 1, "≥": 1, "<": -1, "≤": -1, "=": 0}


class Reading:
    """One pass over a cell, from the words before the number to those after it."""

    __slots__ = (
        "about", "change", "column", "comparator", "full", "note", "number", "per", "pos", "sure", "text",
        "unit", "upper", "worded",
    )  # fmt: skip

    def __init__(self, text: str, column: str) -> None:
        self.text = text
        self.column = column
        self.pos = 0
        self.comparator = self.change = self.per = self.unit = self.note = ""
        self.about = self.full = self.worded = False
        self.sure = True
        self.number: Decimal | None = None
        self.upper: Decimal | None = None

    def read(self) -> Reading | None:
        """Itself with all fields set, or None where the cell is not one value expression."""
        if not self._number():
            for _ in range(5):
                if not self._head():
                    return None
                if self._number():
                    break
            else:
                return None
        rest = self._tail(self.text[self.pos :])
        if rest is None or not self._unit(rest):
            return None
        return self if self._plausible() else None

    def _head(self) -> bool:
        """Consume one word before the number."""
        match = _HEAD.match(self.text, self.pos)
        if not match:
            return False
        word, name = match.group(), match.lastgroup
        self.pos = match.end()
        if name == "cmp":
            return self._compare(COMPARATORS[word])
        if name == "about":
            self.about = True
        elif name == "each":
            self.per = normalise_unit(word.removeprefix("每").removeprefix("个"))
        elif name == "change":
            self.change += word
        else:
            self.sure, self.note = False, self.note or f"取“{word}”后的数"
        return True

    def _compare(self, comparator: str) -> bool:
        """Note a comparator; a second one must look the same way, and the first stands."""
        if not self.comparator or not comparator:
            self.comparator = self.comparator or comparator
            return True
        if comparator != self.comparator:
            self.sure, self.note = False, "比较符写了两个"
        return _SIGNS[comparator] == _SIGNS[self.comparator]

    def _number(self) -> bool:
        """Consume the number or the range at the present place."""
        text, pos = self.text, self.pos
        match = _NUMBER.match(text, pos)
        if not match or match["c"]:
            if self._fraction():
                return True
            if text.startswith("±", pos):
                return self._plus_minus()
            if not match:
                return False
        elif text.startswith("成", match.end()) and self._fraction():
            return True
        number = _decimal(match.group())
        if number is None:
            return False
        if match["c"]:
            self.worded = True
        self.number, self.pos = number, match.end()
        return self._upper()

    def _fraction(self) -> bool:
        """百分之九十五 is 95 %, 千分之三 3 ‰, 九成 90 %."""
        match = _FRACTION.match(self.text, self.pos)
        if match:
            word = match["n"]
            number = Decimal(100) if word == "百" else _decimal(word)
            unit = "%" if match["of"] == "百" else "‰"
        else:
            match = _TENTHS.match(self.text, self.pos)
            if not match:
                return False
            tens = _decimal(match["n"])
            ones = _decimal(match["h"]) if match["h"] else Decimal(0)
            number = tens * 10 + ones if tens is not None and ones is not None else None
            unit = "%"
        if number is None:
            return False
        self.number, self.unit, self.pos = number, unit, match.end()
        return True

    def _plus_minus(self) -> bool:
        match = _NUMBER.match(self.text, self.pos + 1)
        number = _decimal(match.group()) if match else None
        if match is None or number is None or number <= 0:
            return False
        self.number, self.upper, self.pos = number.copy_negate(), number, match.end()
        return True

    def _upper(self) -> bool:
        """Consume the second number of a range, if there is one."""
        match = _UPPER.match(self.text, self.pos)
        if not match:
            return True
        upper = _decimal(match["n"])
        if upper is None or self.number is None or upper <= self.number:
            return False
        first, rest = match["u"], self.text[match.end() :]
        if first and not (rest.startswith(first) or (first[:1] == "万" and rest.startswith("万"))):
            return False
        if self.comparator:
            self.sure, self.note = False, "区间前另有比较符"
        self.upper, self.pos = upper, match.end()
        return True

    def _tail(self, rest: str) -> str | None:
        """Take the words after the unit off ``rest``; None where they contradict the head."""
        while rest and not known_unit(rest):
            match = _TAIL.search(rest)
            if not match:
                break
            word, name = match.group(), match.lastgroup
            if name == "cmp":
                if not self._compare(SUFFIXES[word.removeprefix("(含)").lstrip("及其或")]):
                    return None
            elif name == "paren":
                inner = word[1:-1]
                if known_unit(inner) and match.start() == 0:
                    return inner
                if _DIGITS.search(inner) and "含" not in inner:
                    return None
                self.note = self.note or word
            elif name == "about":
                self.about = True
            elif name == "after":
                self.full = self.full or "全覆盖" in word
            rest = rest[: match.start()]
        more = _MORE.match(rest)
        if more:
            self.about = True
            rest = (more[1] or "") + rest[more.end() :]
        return rest

    def _unit(self, token: str) -> bool:
        """Decide on the unit from what stands after the number and from the unit cell."""
        if self.unit:  # 百分之九十五 brings its own
            if token:
                return False
        elif token:
            found = self._token(token)
            if not found:
                return False
            self.unit = found
        else:
            self.unit = self.column
        self._column()
        return self._per()

    def _token(self, token: str) -> str:
        """The unit that ``token`` is, or "" if it is something else."""
        unit = normalise_unit(token)
        if unit == self.column or (known_unit(unit) and not _rate_of_numbers(unit)):
            return unit
        if unit in _SCALES:
            if self.column and unit_family(self.column) and self.column[:1] not in _SCALES:
                return unit + self.column
            self.sure, self.note = False, f"“{unit}”后没有单位"
            return unit
        if (
            self.worded
            or len(unit.partition("/")[0]) > 8
            or len(unit) > 12
            or not _TOKEN.fullmatch(token)
            or _TAIL.search(unit)
        ):
            return ""
        if VAGUE.contains(unit) or NOT_TAILS.search(unit) or _measured_noun(unit):
            return ""
        self.sure, self.note = False, f"单位“{unit}”不在单位表中"
        return unit

    def _per(self) -> bool:
        """Write 每月 before the number as /月 after the unit."""
        if self.per and not self.unit.endswith("/" + self.per):
            if not self.unit or "/" in self.unit:
                return False
            self.unit = f"{self.unit}/{self.per}"
        return True

    def _column(self) -> None:
        """Compare with the unit cell: the same unit in its spelling, else both are told."""
        column, unit = self.column, self.unit
        if not column or column == unit:
            return
        whole = f"{unit}/{self.per}" if self.per else unit
        if comparable(column, unit) or comparable(column, whole):
            self.unit = column
        elif not (unit.endswith(column) and unit.removesuffix(column) in _SCALES):
            self.sure, self.note = False, f"指标值里的单位是“{unit}”,单位栏是“{column}”"

    def _plausible(self) -> bool:
        """Refuse what has the shape of a quantity but is an order, an idiom or a date."""
        if self.worded and (not self.unit or self.unit in _NOT_COUNTED):
            return False
        if self.unit in {"月", "年", "季度"} and self.unit != self.column and self.number is not None:
            return self._not_a_date(self.number)
        return True

    def _not_a_date(self, number: Decimal) -> bool:
        """Refuse 两季度 and 共12月, which may name a date; with a comparator they are doubtful numbers."""
        if self.unit == "年":
            return not (1900 <= number < 2100 and number == int(number))
        if 1 <= number <= (12 if self.unit == "月" else 4) and number == int(number):
            self.sure, self.note = False, f"可能是第几{self.unit},也可能是几个{self.unit}"
            return self.comparator != "" or self.upper is not None
        return True


def _decimal(text: str) -> Decimal | None:
    """The number that digits or a Chinese numeral stand for; -0 is 0."""
    if text[-1] in "0123456789":
        number = Decimal(text.replace(",", "") if "," in text else text)
        return number or number.copy_abs()
    whole = parse_numeral(text)
    return None if whole is None else Decimal(whole)


def _rate_of_numbers(unit: str) -> bool:
    """Whether what looks like a rate is a second value (the %/100% of 96%/100%)."""
    return "%/1" in unit


def _measured_noun(unit: str) -> bool:
    """Whether a token is a measure word and a thing (个村污水管网), which is a phrase, not a unit."""
    word = unit.partition("/")[0]
    begins = any(known_unit(word[:n]) and not known_unit(word[n:]) for n in range(1, len(word)))
    return begins or (len(word) > 4 and not known_unit(word[-1]))
