"""From findings and decisions to what goes back to the unit: the corrected table, the points, the opinion. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from indicators.draft import Draft, DraftRow
from indicators.finding import Finding, Severity
from kb.review_form import Bounds, FormItem
from kb.review_records import Choice, Decision, Verdict, finding_key
from kb.reviewing import Review, faulty_share

EDITABLE = ("level1", "level2", "name", "comparator", "target", "unit", "weight", "explanation", "basis")
"""Fields of a row that a suggestion or a person may replace."""

_MOST_POINTS = 12
_SLOT = re.compile(r"\{([^{}]{1,40})\}")
"""A slot of a wording; in a letter it is a blank to fill, not a brace."""


def by_key(decisions: Iterable[Decision]) -> dict[tuple[int, str, str], Decision]:
    """Decisions by the finding that they are about."""
    return {decision.key: decision for decision in decisions}


def replaced(row: DraftRow, fields: Mapping[str, str]) -> DraftRow:
    """The row with other words in some fields; a value that holds its comparator takes the cell's place."""
    changes: dict[str, object] = {}
    for name in EDITABLE:
        if name not in fields:
            continue
        text = fields[name].strip()
        changes[name] = _weight(text, row) if name == "weight" else text
    if "target" in changes and "comparator" not in changes and str(changes["target"])[:1] in _SIGNS:
        changes["comparator"] = ""
    return msgspec.structs.replace(row, **changes)


_SIGNS = frozenset("≥≤=＝><")


def _weight(text: str, row: DraftRow) -> Decimal | None:
    if not text:
        return None
    try:
        weight = Decimal(text)
    except InvalidOperation:
        return row.weight
    return weight if weight.is_finite() else row.weight


def corrected(review: Review, decisions: Iterable[Decision]) -> Draft:
    """The draft with what people accepted and edited; dismissed and undecided findings change nothing."""
    known = by_key(decisions)
    rows = {row.number: row for row in review.draft.rows}
    for finding in review.all_findings():
        decision = known.get(finding_key(finding))
        if decision is None or decision.choice is not Choice.ACCEPT or finding.row not in rows:
            continue
        if finding.suggestion and finding.suggestion.fields:
            rows[finding.row] = replaced(rows[finding.row], finding.suggestion.fields)
    for decision in known.values():
        if decision.choice is Choice.EDIT and decision.row in rows:
            rows[decision.row] = replaced(rows[decision.row], decision.fields)
    return msgspec.structs.replace(review.draft, rows=tuple(rows[r.number] for r in review.draft.rows))


def standing(review: Review, decisions: Iterable[Decision] = ()) -> list[Finding]:
    """Findings that go into the opinion: not dismissed; hints only where somebody accepted them."""
    known = by_key(decisions)
    kept = []
    for finding in review.all_findings():
        decision = known.get(finding_key(finding))
        if decision and decision.choice is Choice.DISMISS:
            continue
        if finding.severity is not Severity.HINT or decision:
            kept.append(finding)
    return kept


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """Points and grade as they stand: proposed, or as the reviewer changed them (``changed``)."""

    scores: Mapping[str, Decimal]
    points: Decimal
    grade: str
    changed: bool


def scored(review: Review, verdict: Verdict | None, bounds: Bounds) -> Scored:
    """Points by sub-item, their sum and the grade; the reviewer's numbers count before ours."""
    own = verdict.scores if verdict else {}
    scores = {
        part.name_of(item): Decimal(str(own.get(part.name_of(item), part.score)))
        for item, part in _parts(review.form)
    }
    points = sum(scores.values(), Decimal(0))
    changed = any(Decimal(str(own.get(p.name_of(i), p.score))) != p.score for i, p in _parts(review.form))
    zeros = sum(score == 0 for score in scores.values())
    # Once a reviewer has changed a number the grade is the reviewer's; before, bad rows cap it.
    faulty = Decimal(0) if changed else faulty_share(review.rows)
    return Scored(scores=scores, points=points, grade=bounds.grade(points, zeros, faulty), changed=changed)


class _Part(msgspec.Struct, frozen=True):
    name: str
    score: Decimal

    def name_of(self, item: str) -> str:
        return part_key(item, self.name)


def part_key(item: str, part: str) -> str:
    """Name of a sub-item that is unique in the form (目标相关性 is both an item and a sub-item)."""
    return f"{item}/{part}"


def _parts(form: Sequence[FormItem]) -> list[tuple[str, _Part]]:
    return [(item.item, _Part(part.name, part.score)) for item in form for part in item.parts]


def opinion(review: Review, decisions: Iterable[Decision], grade: str, points: Decimal) -> str:
    """The opinion in words, to be read over and signed; every sentence rests on a finding."""
    found = standing(review, decisions)
    errors = [f for f in found if f.severity is Severity.ERROR]
    name = review.draft.project or "该项目"
    if not found:
        return f"{name}绩效目标表共 {len(review.rows)} 条指标，未发现需要退改的问题，建议等级为“{grade}”（{points:f} 分）。"
    verdict = "建议修改后重新报送" if errors else "建议按下列意见完善"
    head = (
        f"{name}绩效目标表共 {len(review.rows)} 条指标，发现问题 {len(found)} 处（其中须改正 {len(errors)} 处），"
        f"建议等级为“{grade}”（{points:f} 分），{verdict}。"
    )
    ranked = sorted(found, key=lambda f: (f.severity is not Severity.ERROR, f.row))
    lines = [f"{n}．{_said(f)}" for n, f in enumerate(ranked[:_MOST_POINTS], 1)]
    if len(ranked) > _MOST_POINTS:
        lines.append(f"其余 {len(ranked) - _MOST_POINTS} 处见附表。")
    return "\n".join([head, *lines])


def _said(finding: Finding) -> str:
    place = f"第 {finding.row} 行：" if finding.row else "整表："
    fix = _SLOT.sub(r"（\1）", finding.suggestion.text) if finding.suggestion else ""
    return f"{place}{finding.message}{fix}"
