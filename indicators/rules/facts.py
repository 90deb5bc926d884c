"""What a table says, read once: names without numbering, levels, parsed values, kinds of names.

The rules look at these facts only; reading is done here, so that two rules never read the same
cell in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import msgspec

from indicators.draft import Draft, DraftRow
from indicators.model import Indicator
from indicators.rules.lexicon import pattern
from indicators.taxonomy import COST, level1_of, read_level1, read_level2
from indicators.units import clean, unit_family
from indicators.value import TargetValue, ValueKind


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A catalogue indicator that a row means, how sure that is (0..1) and what differs.

    ``how`` is 代码, 名称, 别名 or 近似; ``differences`` are sentences such as 库中在质量指标.
    """

    code: str
    name: str
    score: float
    how: str
    differences: tuple[str, ...] = ()
    indicator: Indicator | None = None


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Values that comparable projects set for one indicator in one unit, or what they paid for one unit."""

    unit: str
    values: tuple[Decimal, ...]
    projects: tuple[str, ...] = ()


class Tail(StrEnum):
    """What the last word of an indicator's name measures; NONE where it measures nothing."""

    RATE = "率"
    DEGREE = "度"
    PEOPLE = "人数"
    TIMES = "次数"
    COUNT = "数量"
    MONEY = "金额"
    TIME = "时间"
    AREA = "面积"
    LENGTH = "长度"
    SCORE = "得分"
    INDEX = "指数"
    STATE = "状况"
    NONE = ""


_TAILS: tuple[tuple[Tail, str], ...] = (
    (Tail.INDEX, r"{指数词}$"), (Tail.SCORE, r"{得分词}$"), (Tail.RATE, r"{比率词}$"),
    (Tail.DEGREE, r"{程度词}$"), (Tail.PEOPLE, r"{人数词}$"), (Tail.TIMES, r"{次数词}$"),
    (Tail.LENGTH, r"{长度词}$"), (Tail.AREA, r"{面积词}$"), (Tail.TIME, r"{时间词}$"),
    (Tail.MONEY, r"{金额词}$"), (Tail.COUNT, r"{数量词}$"), (Tail.STATE, r"{状况词}$"),
)  # fmt: skip
_NUMBERING = re.compile(
    r"^(?:[★☆▲●◆*#\s]+|【[^】]{1,6}】|指标\s*(?:\d(?=20\d\d|一级|\D)|\d{1,2})\s*[:：.、．]?\s*|[一二三四五六七八九十]{1,3}、|其中[:：]?|[(（]?\d{1,2}[)）]?[.、．:：)）](?!\d)\s*"
    r"|[(（][一二三四五六七八九十]{1,2}[)）]|[一二三四五六七八九十]{1,2}、|[①-⑳])+"
)
_BRACKET = re.compile(r"[(（]([^()（）]*)[)）]\s*$")


def bare_name(name: str) -> str:
    """A name without stars, numbering (指标6:, 1、), marks such as 【新增】 and without inner blanks."""
    text = name.strip()
    bare = _NUMBERING.sub("", text)
    return (bare or text).strip().rstrip("。；;：:")


def tail_of(name: str) -> Tail:
    """What the name measures, by its last word; a bracket at the end is looked past."""
    core = _BRACKET.sub("", name).strip() or name
    return next((tail for tail, text in _TAILS if pattern(text).search(core)), Tail.NONE)


def joined(row: DraftRow) -> str:
    """Comparator and value cell as one text."""
    target = row.target.strip()
    sign = row.comparator.strip()
    if not sign or sign in {"/", "-"} or target.startswith(sign):
        return target
    return f"{sign}{target}" if target else ""


@dataclass(slots=True)
class RowFacts:
    """One row, read. ``level1``/``level2`` are standard names or ""; ``unit`` the unit that counts.

    ``number`` is the value if the cell is one number; ``column_unit`` the unit cell as written.
    """

    row: DraftRow
    name: str
    level1: str
    level2: str
    value: TargetValue
    target: str
    unit: str
    column_unit: str
    name_unit: str
    family: str
    tail: Tail
    match: Match | None = None

    @property
    def number(self) -> Decimal | None:
        """The number of a value cell that is one number."""
        return self.value.value if self.value.kind is ValueKind.NUMBER else None

    @property
    def text(self) -> str:
        """What stands beside name and value: explanation, scoring rule, basis, note."""
        row = self.row
        return " ".join(t for t in (row.explanation, row.scoring, row.basis, row.evidence, row.note) if t)

    @property
    def is_cost(self) -> bool:
        """Whether the row stands under 成本 in either scheme."""
        return self.level1 == COST or "成本" in self.level2

    def shown(self) -> str:
        """The value as a reviewer would quote it."""
        unit = self.column_unit
        return f"{self.target}{unit}" if unit and not self.target.endswith(unit) else self.target


def read_row(row: DraftRow, simplify: Callable[[str], str] | None = None) -> RowFacts:
    """Read one row. ``simplify`` turns traditional characters into simplified ones, where needed."""
    fold = simplify or (lambda text: text)
    name = fold(bare_name(row.name))
    target = joined(row)
    column_unit = row.unit.strip()
    bracket = _BRACKET.search(name)
    name_unit = clean(bracket[1]) if bracket and unit_family(bracket[1]) else ""
    value = TargetValue.parse(fold(target), column_unit)
    level2 = read_level2(fold(row.level2))
    level1 = read_level1(fold(row.level1))
    if not level1 and level2:
        level1 = level1_of(level2)
    unit = value.unit or (name_unit if value.value is not None else "")
    return RowFacts(
        row=row, name=name, level1=level1, level2=level2, value=value, target=fold(target), unit=unit,
        column_unit=column_unit, name_unit=name_unit, family=unit_family(unit), tail=tail_of(name),
    )  # fmt: skip


@dataclass(slots=True)
class TableFacts:
    """A table, read: its draft, its rows and what stands beside it for comparison.

    ``spreads`` are values that comparable projects set, by indicator code; ``costs`` what they paid
    for one unit (万元 per unit of the indicator). ``cores`` are the sector's core indicators.
    """

    draft: Draft
    rows: Sequence[RowFacts]
    spreads: Mapping[str, Sequence[Spread]] = field(default_factory=dict)
    costs: Mapping[str, Sequence[Spread]] = field(default_factory=dict)
    peers: Sequence[Draft] = ()
    cores: Sequence[Indicator] = ()

    def has(self, column: str) -> bool:
        """Whether the table has the column (a field name of Draft or DraftRow) at all."""
        return column in self.draft.columns

    def under(self, level1: str) -> list[RowFacts]:
        """Rows whose level 1 was read as this one."""
        return [r for r in self.rows if r.level1 == level1]

    @property
    def costs_rows(self) -> list[RowFacts]:
        """Rows under 成本 in either scheme."""
        return [r for r in self.rows if r.is_cost]


def read_table(
    draft: Draft,
    matches: Mapping[int, Match] | None = None,
    simplify: Callable[[str], str] | None = None,
) -> TableFacts:
    """Read a draft: every row once, with its match (by row number) where there is one."""
    rows = [read_row(row, simplify) for row in draft.rows]
    for facts in rows:
        facts.match = (matches or {}).get(facts.row.number)
    return TableFacts(draft=draft, rows=rows)
