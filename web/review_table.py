"""One reviewed table as its page shows it: findings with decisions beside rows, the form, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indicators.draft import DraftRow
from indicators.finding import Finding
from kb.errors import KnowledgeError
from kb.knowledge import KnowledgeBase
from kb.review_batch import Change, compare, unit_of
from kb.review_form import Bounds
from kb.review_opinion import by_key, corrected, opinion, replaced, scored
from kb.review_records import Choice, Decision, Job, Verdict, finding_key
from kb.reviewing import Review, RowReview
from web.query import whole

FIELD_NAMES = {
    "level1": "一级指标", "level2": "二级指标", "name": "三级指标", "comparator": "比较符", "target": "指标值",
    "unit": "计量单位", "weight": "权重", "explanation": "指标解释", "basis": "取值依据", "scoring": "评分标准",
    "evidence": "佐证资料", "actual": "完成值", "score": "得分", "reason": "偏差原因", "possibility": "完成可能性",
    "note": "备注", "goal": "年度目标", "grounds": "立项依据", "project": "项目名称", "amount": "资金总额",
}  # fmt: skip
EDIT_FIELDS = ("level1", "level2", "name", "comparator", "target", "unit", "weight")


@dataclass(frozen=True, slots=True)
class Since:
    """What changed against an earlier table: the change and which table that was."""

    change: Change
    number: int
    job: str


class TablePage:
    """What the template asks about one table."""

    def __init__(
        self,
        review: Review,
        decisions: Sequence[Decision],
        verdict: Verdict | None,
        bounds: Bounds,
        since: Since | None,
        *,
        everything: bool,
    ) -> None:
        self.review, self.since, self.everything = review, since, everything
        self.decisions = by_key(decisions)
        self.marks = scored(review, verdict, bounds)
        self.verdict = verdict
        self.proposed = opinion(review, decisions, self.marks.grade, self.marks.points)
        self.opinion = (verdict.opinion if verdict else "") or self.proposed
        self.corrected = {row.number: row for row in corrected(review, decisions).rows}
        self._new = {finding_key(f) for f in since.change.new} if since else set()

    @property
    def waiting(self) -> int:
        """Findings that nobody has decided."""
        return sum(finding_key(f) not in self.decisions for f in self.review.all_findings())

    @property
    def has(self) -> frozenset[str]:
        """Columns that the table had."""
        return self.review.draft.columns

    def decision(self, finding: Finding) -> Decision | None:
        """What was decided about a finding."""
        return self.decisions.get(finding_key(finding))

    def is_new(self, finding: Finding) -> bool:
        """Whether a resubmitted table has this finding for the first time."""
        return finding_key(finding) in self._new

    def rows(self) -> list[RowReview]:
        """The rows to show: all, or those with something new on a resubmission."""
        if self.everything:
            return list(self.review.rows)
        added = set(self.since.change.added) if self.since else set()
        return [r for r in self.review.rows if r.row.name in added or any(map(self.is_new, r.findings))]

    def shown(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings to show: all, or the new ones on a resubmission."""
        return [f for f in findings if self.everything or self.is_new(f)]

    def after(self, finding: Finding, row: DraftRow) -> list[tuple[str, str, str]]:
        """(field, before, after) of what the suggestion or the reviewer's own words change in a row."""
        decision = self.decision(finding)
        fields = finding.suggestion.fields if finding.suggestion else {}
        if decision and decision.choice is Choice.EDIT:
            fields = dict(decision.fields)
        new = replaced(row, fields)
        return [
            (FIELD_NAMES.get(f, f), _text(getattr(row, f)), _text(getattr(new, f)))
            for f in fields
            if f in EDIT_FIELDS and getattr(row, f) != getattr(new, f)
        ]

    def edit_values(self, row: DraftRow) -> list[tuple[str, str, str]]:
        """(field, label, value) of what may be edited in a row, as it stands now."""
        now = self.corrected.get(row.number, row)
        return [(f, FIELD_NAMES[f], _text(getattr(now, f))) for f in EDIT_FIELDS]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def change_since(kb: KnowledgeBase, job: Job, review: Review, wanted: str) -> Since | None:
    """What changed since the earlier job's table of the same project and unit (or the one that was chosen)."""
    if not job.earlier:
        return None
    draft = review.draft
    lines = kb.reviews.lines(job.earlier)
    number = whole(wanted)
    same = [
        t for t in lines
        if (t.number == number if number else (t.project, t.unit) == (draft.project, unit_of(draft)))
    ]  # fmt: skip
    if not same:
        return None
    try:
        before = kb.reviews.review(job.earlier, same[0].number)
    except KnowledgeError:
        return None
    return Since(compare(before, review), same[0].number, job.earlier)
