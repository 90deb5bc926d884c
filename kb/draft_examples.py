"""What the example projects teach a drafter: what their rows mean, how they fared, what was criticised.

A row means the indicator it is linked to, else its sure match in the catalogue. Rows in which the
rule pack finds an error teach nothing and are never offered.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from statistics import median

import msgspec

from indicators.choices import LinkKind
from indicators.draft import Draft, DraftRow
from indicators.finding import Severity
from indicators.model import Indicator, Issue, Project, Target
from indicators.value import TargetValue
from kb.draft_quantities import same_unit
from kb.draft_records import SimilarProject, Values
from kb.reviewing import Reviewer, RowReview

_SURE = 0.75
_COLUMNS = frozenset({"project", "level1", "level2", "name", "target", "unit"})
_LONGEST_NAME = 22


class ExampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published row: the indicator it means ("" where none), as read, and whether it is sound."""

    target: Target
    code: str
    level1: str
    level2: str
    value: TargetValue
    sound: bool


class Examples:
    """The example projects' rows, reviewed when first asked for."""

    def __init__(self, projects: Sequence[Project], issues: Iterable[Issue], reviewer: Reviewer) -> None:
        self.projects = tuple(p for p in projects if p.scope == "项目")
        self._reviewer = reviewer
        self._rows: dict[str, tuple[ExampleRow, ...]] = {}
        self._issues: dict[str, list[Issue]] = defaultdict(list)
        self.of_indicator: dict[str, list[Issue]] = defaultdict(list)
        self.of_problem: Counter[str] = Counter()
        self._lock = threading.Lock()
        for issue in issues:
            self.of_problem.update(set(issue.problems))
            for code in issue.projects:
                self._issues[code].append(issue)
            for code in issue.indicators:
                self.of_indicator[code].append(issue)

    def rows(self, project: Project) -> tuple[ExampleRow, ...]:
        """A project's rows, read and reviewed."""
        with self._lock:
            if project.code not in self._rows:
                self._rows[project.code] = tuple(self._read(project)) if project.targets else ()
            return self._rows[project.code]

    def issues(self, project: Project) -> tuple[Issue, ...]:
        """What evaluators criticised in a project."""
        return tuple(self._issues.get(project.code, ()))

    def _read(self, project: Project) -> Iterator[ExampleRow]:
        review = self._reviewer.review(_draft(project))
        for target, row in zip(project.targets, review.rows, strict=True):
            yield ExampleRow(
                target=target,
                code=_meaning(target, row),
                level1=row.level1,
                level2=row.level2,
                value=row.value,
                sound=not any(f.severity is Severity.ERROR for f in row.findings),
            )

    def used(self, without: Collection[str]) -> Counter[str]:
        """How many projects have an indicator among their rows."""
        return Counter(
            code
            for p in self.projects
            if p.code not in without
            for code in {r.code for r in self.rows(p) if r.code}
        )

    def support(self, similar: Sequence[SimilarProject]) -> dict[str, float]:
        """Support that each indicator has from similar projects: likeness, how the project fared, soundness."""
        support: dict[str, float] = defaultdict(float)
        for s in similar:
            trust = self.trust(s.project)
            best: dict[str, float] = {}
            for row in self.rows(s.project):
                if row.code:
                    best[row.code] = max(best.get(row.code, 0.0), 1.0 if row.sound else 0.6)
            for code, soundness in best.items():
                support[code] += s.likeness * trust * soundness
        return support

    def trust(self, project: Project) -> float:
        """How far a project is an example to follow (0..1): third-party score, else unknown; criticism."""
        score = project.third_party_score
        graded = float(score) / 100 if score is not None else 0.9
        return graded * (0.8 if self._issues.get(project.code) else 1.0)

    def own_rows(
        self, similar: Sequence[SimilarProject], least: float
    ) -> Iterator[tuple[SimilarProject, ExampleRow]]:
        """Sound, measurable rows of very similar projects that the catalogue has no counterpart for."""
        for s in similar:
            if s.likeness < least:
                continue
            for row in self.rows(s.project):
                name = row.target.name
                plain = 2 < len(name) <= _LONGEST_NAME and not any(c.isdigit() for c in name)
                if not row.code and row.sound and row.level2 and plain and row.value.value is not None:
                    yield s, row

    def values(self, indicator: Indicator, without: Collection[str] = ()) -> Values:
        """What real projects set for an indicator, in its own unit where any did; other units stay examples."""
        code = indicator.code
        found: dict[str, list[tuple[Decimal, str, str]]] = defaultdict(list)
        told: list[tuple[str, str]] = []
        for project in self.projects:
            if project.code in without or not code:
                continue
            for row in self.rows(project):
                if row.code == code and row.target.target:
                    told.append((project.name, row.target.target))
                    own = not indicator.unit or same_unit(row.value.unit, indicator.unit)
                    if row.value.value is not None and row.value.confident and own:
                        found[row.value.unit].append((row.value.value, project.name, row.target.target))
        if not found:
            return Values(n=0, examples=tuple(told[:5]))
        unit, members = max(found.items(), key=lambda m: len(m[1]))
        members.sort(key=lambda m: m[0])
        numbers = [m[0] for m in members]
        return Values(
            n=len(numbers), unit=unit, minimum=numbers[0], median=median(numbers), maximum=numbers[-1],
            examples=tuple((name, text) for _, name, text in members[:5]),
        )  # fmt: skip

    def warnings(self, indicator: Indicator) -> tuple[str, ...]:
        """What was criticised before: in the indicator itself, then its usual fault."""
        said = []
        if direct := len(self.of_indicator.get(indicator.code, ())):
            said.append(f"指标曾在 {direct} 份评价中被指出问题")
        for pitfall in indicator.pitfalls[:1]:
            times = self.of_problem.get(pitfall.problem, 0)
            seen = f"，同类问题在 {times} 条评价意见中被指出过" if times else ""
            said.append(f"常见毛病（{pitfall.problem}{seen}）：{pitfall.text}")
        return tuple(said)


def fared(project: Project) -> str:
    """How an example project was scored, in words."""
    if project.third_party_score is not None:
        own = f"，自评 {project.self_score.normalize():f} 分" if project.self_score is not None else ""
        return f"第三方评价 {project.third_party_score.normalize():f} 分{own}"
    return f"自评 {project.self_score.normalize():f} 分" if project.self_score is not None else ""


def _meaning(target: Target, row: RowReview) -> str:
    if target.indicator:
        return "" if target.link is LinkKind.BROADER else target.indicator
    return row.match.code if row.match and row.match.score >= _SURE else ""


def _draft(project: Project) -> Draft:
    return Draft(
        project=project.name, unit=project.unit, year=project.year, amount=project.amount,
        sector=project.sector, types=project.types, columns=_COLUMNS,
        rows=tuple(
            DraftRow(number=n, level1=t.level1, level2=t.level2, name=t.name, target=t.target, unit=t.unit)
            for n, t in enumerate(project.targets, 1)
        ),
    )  # fmt: skip
