"""From reviews and decisions to the values that the report writers print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from indicators.chinese_time import today
from indicators.finding import Finding
from indicators.rules.base import Rule
from kb.knowledge import KnowledgeBase
from kb.review_batch import BatchStatistics
from kb.review_form import Bounds
from kb.review_opinion import by_key, corrected, opinion, part_key, scored
from kb.review_records import Decision, FileLine, Verdict, finding_key
from kb.reviewing import Review
from loaders.reports import BatchReport, FormLine, Note, Report


class Reporter:
    """Makes reports with the names of rules, clauses and sectors at hand."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._clauses = {c.code: c.name for c in kb.clauses()}
        self._sectors = {c.sector.code: c.sector.name for c in kb.sectors()}
        self._rules: Mapping[str, Rule] = kb.reviews.pack().rules
        self._bounds: Bounds = kb.reviews.bounds()
        self.titles = {code: rule.title for code, rule in self._rules.items()}

    def sector(self, code: str) -> str:
        """Name of a sector."""
        return self._sectors.get(code, "未识别")

    def report(
        self,
        review: Review,
        decisions: Sequence[Decision] = (),
        verdict: Verdict | None = None,
        number: int = 1,
    ) -> Report:
        """One table as it is printed."""
        known = by_key(decisions)
        marks = scored(review, verdict, self._bounds)
        words = verdict.opinion if verdict else ""
        return Report(
            draft=review.draft, corrected=corrected(review, decisions),
            notes=tuple(self._note(f, known.get(finding_key(f))) for f in review.all_findings()),
            form=tuple(
                FormLine(
                    item=item.item, part=part.name, points=part.points,
                    score=marks.scores[part_key(item.item, part.name)], note=part.note,
                    evidence=tuple(f"{c} {self.titles.get(c, '')}".strip() for c in part.evidence),
                )
                for item in review.form for part in item.parts
            ),
            points=marks.points, grade=marks.grade, number=number,
            opinion=words or opinion(review, decisions, marks.grade, marks.points),
        )  # fmt: skip

    def _note(self, finding: Finding, decision: Decision | None) -> Note:
        clause = self._clauses.get(finding.clause, "")
        said = ""
        if decision:
            said = f"{decision.choice.label}：{decision.reason}" if decision.reason else decision.choice.label
        return Note(
            row=finding.row, field=finding.field, severity=finding.severity, code=finding.code,
            title=self.titles.get(finding.code, ""), message=finding.message, basis=finding.basis,
            clause=clause, suggestion=finding.suggestion.text if finding.suggestion else "", decision=said,
        )  # fmt: skip

    def batch(
        self, reports: Iterable[Report], statistics: BatchStatistics, files: Sequence[FileLine] = ()
    ) -> BatchReport:
        """A whole batch as it is printed; reports are in the order of the batch."""
        made = tuple(reports)
        return BatchReport(
            reports=made, made=today(), titles=self.titles,
            unread=tuple((f.name, f.error) for f in files if f.error),
            by_code=statistics.by_code, by_unit=statistics.by_unit, grades=statistics.grades,
            by_sector={self.sector(code): n for code, n in statistics.by_sector.items()},
            twins=tuple(
                (_called(made, t.one), _called(made, t.other), f"{t.share:.0%} 的行相同，共 {len(t.pairs)} 行")
                for t in statistics.twins
            ),
            copied=tuple((c.name, c.target, len(c.tables)) for c in statistics.copied),
            habits=tuple(
                (h.unit, f"{h.code} {self.titles.get(h.code, '')}", f"{h.of} 张表中 {h.tables} 张")
                for h in statistics.habits
            ),
        )  # fmt: skip


def _called(reports: Sequence[Report], position: int) -> str:
    if position >= len(reports):
        return "上一批的表"
    report = reports[position]
    return f"{report.number}．{report.draft.unit or report.draft.department} {report.project}".replace(
        "． ", "．"
    )
