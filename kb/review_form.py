"""The 88号 review form, pre-filled with evidence, and the five points of 事前评估.

Points are a proposal that a person changes: every problem code found under a sub-item takes away
part of its points by how grave it is and how many rows it touches (``DEDUCTIONS``); hints take away
nothing; a sub-item never falls below nought. Where a table has nothing to judge a sub-item by, it
keeps its points and says so. Source: 财预〔2015〕88号 审核表 (四方面、八要点, 20/30/30/20).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from indicators.draft import Draft
from indicators.finding import Finding, Severity
from indicators.rules.base import Rule


class FormPart(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-item (要点): its points, the proposed score, the codes found and a sentence on why."""

    name: str
    points: Decimal
    score: Decimal
    evidence: tuple[str, ...] = ()
    note: str = ""


class FormItem(msgspec.Struct, frozen=True, kw_only=True):
    """One of the four items with its sub-items; points and score are their sums."""

    item: str
    points: Decimal
    score: Decimal
    evidence: tuple[str, ...]
    parts: tuple[FormPart, ...]


class ExAntePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One of the five points of 事前评估: what the table shows for and against it. No score is invented."""

    point: str
    codes: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Least points of 优, 良 and 中; below is 差 (财预〔2020〕10号: 90, 80, 60).

    A table with ``zeros_good`` sub-items at nought is 良 at best, with ``zeros_fair`` 中 at best: one
    side wholly missed is not made good by the others. Sub-items that a table cannot show keep their
    points, so a table of which a third (``faulty_fair``) or two thirds (``faulty_poor``) of the rows
    have a 错误 is 中 or 差 at best whatever the sum. 0 switches each of these off.
    """

    best: Decimal = Decimal(90)
    good: Decimal = Decimal(80)
    fair: Decimal = Decimal(60)
    zeros_good: int = 1
    zeros_fair: int = 2
    faulty_fair: Decimal = Decimal("0.34")
    faulty_poor: Decimal = Decimal("0.67")

    def grade(self, points: Decimal, zeros: int = 0, faulty: Decimal = Decimal(0)) -> str:
        """The grade of a total, given how many sub-items got nought and the share of faulty rows."""
        steps = ((self.best, "优"), (self.good, "良"), (self.fair, "中"))
        own = next((name for least, name in steps if points >= least), "差")
        cap = "中" if 0 < self.zeros_fair <= zeros else "良" if 0 < self.zeros_good <= zeros else "优"
        rows = "差" if 0 < self.faulty_poor <= faulty else "中" if 0 < self.faulty_fair <= faulty else "优"
        return max(own, cap, rows, key="优良中差".index)


ITEMS: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("目标完整性", (("规范完整性", 10), ("明确清晰性", 10))),
    ("目标相关性", (("目标相关性", 15), ("指标科学性", 15))),
    ("目标适当性", (("绩效合理性", 15), ("资金匹配性", 15))),
    ("目标可行性", (("实现可能性", 10), ("条件充分性", 10))),
)
"""Items and sub-items with their points."""

DEDUCTIONS: Mapping[Severity, tuple[Decimal, Decimal]] = {
    Severity.ERROR: (Decimal("0.25"), Decimal("0.75")),
    Severity.WARNING: (Decimal("0.15"), Decimal("0.50")),
}
"""Share of a sub-item's points that one code takes: a fixed part, and a part times the share of rows."""

_NEEDS = {
    "资金匹配性": ("amount", "表里没有资金总额，资金与产出配不配留给审核人看。"),
    "条件充分性": ("grounds", "表里没有立项依据和实施方案，条件够不够留给审核人看。"),
    "目标相关性": ("goal", "表里没有总体目标，与职责、规划的关系留给审核人看。"),
}
"""Fields without which a sub-item cannot be judged from the table."""


def fill_form(draft: Draft, findings: Sequence[Finding], rules: Mapping[str, Rule]) -> tuple[FormItem, ...]:
    """The form of a table from its findings."""
    by_part: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        rule = rules.get(finding.code)
        if rule:
            by_part[rule.item.partition("/")[2]].append(finding)
    rows = max(1, len(draft.rows))
    items = []
    for item, parts in ITEMS:
        filled = tuple(_part(draft, name, Decimal(points), by_part[name], rows) for name, points in parts)
        codes = tuple(dict.fromkeys(code for part in filled for code in part.evidence))
        items.append(
            FormItem(
                item=item, points=sum((p.points for p in filled), Decimal(0)),
                score=sum((p.score for p in filled), Decimal(0)), evidence=codes, parts=filled,
            )
        )  # fmt: skip
    return tuple(items)


def _part(draft: Draft, name: str, points: Decimal, findings: Sequence[Finding], rows: int) -> FormPart:
    lost = Decimal(0)
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    for found in by_code.values():
        lost += points * _share(found, rows)
    score = max(Decimal(0), points - lost)
    half = (score * 2).quantize(Decimal(1), rounding=ROUND_HALF_UP) / 2
    field, sentence = _NEEDS.get(name, ("", ""))
    note = sentence if field and not getattr(draft, field) else ""
    return FormPart(name=name, points=points, score=half, evidence=tuple(sorted(by_code)), note=note)


def _share(found: Sequence[Finding], rows: int) -> Decimal:
    """What one code takes: by its gravest severity and the rows that it touches (the table counts as all)."""
    grave = [f for f in found if f.severity in DEDUCTIONS]
    if not grave:
        return Decimal(0)
    worst = Severity.ERROR if any(f.severity is Severity.ERROR for f in grave) else Severity.WARNING
    touched = Decimal(1) if any(f.row == 0 for f in grave) else Decimal(len({f.row for f in grave})) / rows
    fixed, by_rows = DEDUCTIONS[worst]
    return fixed + by_rows * min(Decimal(1), touched)


_EX_ANTE: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    ("立项必要性", ("P39", "P48", "P55"), (("grounds", "立项依据"), ("goal", "总体目标"))),
    ("投入经济性", ("P23", "P29", "P44", "P45"), (("amount", "资金总额"),)),
    ("绩效目标合理性", ("P01", "P02", "P11", "P17", "P35", "P36", "P40", "P41"), (("goal", "总体目标"),)),
    ("实施方案可行性", ("P37", "P54", "P56"), (("period", "项目期"),)),
    ("筹资合规性", ("P38", "P52"), (("amount", "资金总额"),)),
)
"""The five points of 中发〔2018〕34号, the codes that speak of each, and the fields that show something."""


def fill_ex_ante(draft: Draft, findings: Sequence[Finding]) -> tuple[ExAntePoint, ...]:
    """Evidence for the five points of 事前评估: what the table shows, what it lacks, what was found."""
    codes = {f.code for f in findings if f.severity is not Severity.HINT}
    points = []
    for point, wanted, fields in _EX_ANTE:
        shown = tuple(
            f"{label}：{_short(getattr(draft, key))}" for key, label in fields if getattr(draft, key)
        )
        missing = tuple(label for key, label in fields if not getattr(draft, key))
        found = tuple(code for code in wanted if code in codes)
        points.append(ExAntePoint(point=point, codes=found, shown=shown, missing=missing))
    return tuple(points)


def _short(value: object) -> str:
    text = f"{value:f}万元" if isinstance(value, Decimal) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
