"""From a project described in words to a balanced table of proposals, each with its reasons.

No catalogue starts from the project; this does: similar example projects and their rows, the
sector's core list and the common indicators of the project's type are weighed together, and
what evaluators criticised is said beside it. Values are taken over only where the text states
them; every other value is for the drafter to fill.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from indicators.finding import Finding
from indicators.model import Indicator, Issue, LinkKind, Project, ProjectType, Record, Sector, Status
from indicators.units import comparable
from indicators.weights import balanced_weights
from kb.describing import Description, SectorGuesser, describe, pieces
from kb.search.text import fold

MOST_PROPOSALS = 20
_COMMON = "TX"
_GENERAL = "综合通用"


class SimilarProject(msgspec.Struct, frozen=True, kw_only=True):
    """An example project like the one described, and in which words it is like it."""

    project: Project
    likeness: float
    why: str


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What real projects set for an indicator: number, spread in ``unit``, and examples."""

    n: int
    unit: str
    minimum: Decimal | None
    median: Decimal | None
    maximum: Decimal | None
    examples: tuple[tuple[str, str], ...]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed row. ``value`` is None unless the text states it; ``basis`` says where to look."""

    indicator: Indicator
    comparator: str
    value: Decimal | None
    unit: str
    weight: Decimal | None
    basis: str
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    score: float
    chosen: bool


class DraftProposal(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: what was understood, similar projects, proposals in the form's order, coverage."""

    description: Description
    sector: Sector | None
    similar: tuple[SimilarProject, ...]
    proposals: tuple[Proposal, ...]
    coverage: Mapping[str, int]
    findings: tuple[Finding, ...] = ()


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much each reason counts. Tuned on the published projects, each left out in turn."""

    text: float = 1.0  # words of the description in names, aliases, keywords
    explanation: float = 0.25  # the same in the explanation
    example: float = 1.6  # used by a similar project, by its likeness
    core: float = 0.45  # on the sector's core list
    subsector: float = 0.4  # of a sub-sector that the text names
    sector: float = 1.2  # share of belief in the indicator's sector
    common: float = 0.5  # a common indicator (通用项目) whose type fits
    used: float = 0.12  # any real project used it
    elsewhere: float = -0.6  # of another sub-sector and in none of the text's words
    unfit: float = -0.5  # written for other types of project
    pair: float = 0.25  # benefit paired with a strong output, or the other way


class Quota(msgspec.Struct, frozen=True):
    """Rows of a class: chosen for the table; shown of the sector's own; shown of the common ones."""

    chosen: int
    own: int
    common: int


_QUOTAS: dict[str, Quota] = {
    "经济成本指标": Quota(1, 1, 1), "社会成本指标": Quota(0, 0, 0), "生态环境成本指标": Quota(0, 0, 0),
    "数量指标": Quota(3, 4, 1), "质量指标": Quota(2, 2, 1), "时效指标": Quota(1, 1, 2),
    "经济效益指标": Quota(1, 1, 0), "社会效益指标": Quota(1, 2, 1), "生态效益指标": Quota(0, 1, 0),
    "可持续影响指标": Quota(1, 1, 0), "服务对象满意度指标": Quota(1, 1, 1),
}  # fmt: skip
"""A table that covers what reviewers ask for; the published tables' own shares are close to it."""

ORDER = tuple(_QUOTAS)


class PieceIndex:
    """Which texts hold which pieces, rare pieces counting more; likeness is a weighted share."""

    def __init__(self, texts: Iterable[Sequence[tuple[str, float]]]) -> None:
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.size = 0
        for number, fields in enumerate(texts):
            weights: dict[str, float] = {}
            for text, weight in fields:
                for piece in set(pieces(text)):
                    weights[piece] = max(weights.get(piece, 0.0), weight)
            for piece, weight in weights.items():
                self._postings[piece].append((number, weight))
            self.size = number + 1

    def scores(self, text: str) -> dict[int, float]:
        """Likeness of each text that shares a piece with ``text``; the whole of it would be about 1."""
        wanted = set(pieces(text))
        found: Counter[int] = Counter()
        total = 0.0
        for piece in wanted:
            weight = self._weight(piece)
            total += weight
            for number, share in self._postings.get(piece, ()):
                found[number] += weight * share  # type: ignore[assignment]
        return {n: score / total for n, score in found.items()} if total else {}

    def _weight(self, piece: str) -> float:
        seen = len(self._postings.get(piece, ()))
        return (len(piece) - 1) * math.log(1 + self.size / (1 + seen)) if seen else 0.3 * (len(piece) - 1)


class Drafter:
    """What drafting needs to know, prepared once from the catalogue."""

    def __init__(
        self,
        sectors: Sequence[Sector],
        indicators: Sequence[Indicator],
        projects: Sequence[Project],
        issues: Sequence[Issue] = (),
        weights: Weights | None = None,
    ) -> None:
        self.sectors = tuple(sectors)
        self.indicators = tuple(i for i in indicators if i.status is Status.ACTIVE)
        self.projects = tuple(p for p in projects if p.scope == "项目")
        self.weights = weights or Weights()
        self.guesser = SectorGuesser(sectors, self.indicators, self.projects)
        self._by_code = {i.code: n for n, i in enumerate(self.indicators)}
        self._names = PieceIndex([_named(i) for i in self.indicators])
        self._explained = PieceIndex([[(i.explanation, 1.0)] for i in self.indicators])
        self._project_names = PieceIndex([[(p.name, 1.0), (p.summary, 0.4)] for p in self.projects])
        self._criticised = _criticised(issues)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Drafter:
        """A drafter from catalogue records."""
        everything = list(records)
        sectors = sorted((r for r in everything if isinstance(r, Sector)), key=lambda s: s.order)
        return cls(
            sectors,
            [r for r in everything if isinstance(r, Indicator)],
            [r for r in everything if isinstance(r, Project)],
            [r for r in everything if isinstance(r, Issue)],
        )

    def propose(
        self, text: str, *, sector: str = "", amount: Decimal | None = None, exclude: Iterable[str] = ()
    ) -> DraftProposal:
        """Proposals for a project text.

        ``sector`` is a code or name that the user chose; ``exclude`` names example projects to
        leave out as if they were not in the catalogue. At most ``MOST_PROPOSALS`` rows.
        """
        without = frozenset(exclude)
        code = next((s.code for s in self.sectors if sector in (s.code, s.name)), "")
        said = describe(text, self.guesser, self.sectors, sector=code, amount=amount, without=without)
        similar = self._similar(said, without)
        ranked = self._ranked(said, similar, without)
        proposals = _balanced(ranked, said, self)
        counts = Counter(f"{p.indicator.level1}/{p.indicator.level2}" for p in proposals if p.chosen)
        chosen = next((s for s in self.sectors if said.sectors and s.code == said.sectors[0]), None)
        return DraftProposal(
            description=said,
            sector=chosen,
            similar=tuple(similar[:6]),
            proposals=proposals,
            coverage=dict(counts),
        )

    def criticised(self, indicator: str) -> int:
        """Number of evaluation issues that concern an indicator or a project that used it."""
        return self._criticised.get(indicator, 0)

    def values(self, indicator: str, without: Iterable[str] = ()) -> list[tuple[Project, str]]:
        """(project, value as published) of the rows linked to an indicator."""
        left_out = frozenset(without)
        return [
            (p, t.target)
            for p in self.projects
            if p.code not in left_out
            for t in p.targets
            if t.indicator == indicator and t.link is not LinkKind.BROADER and t.target
        ]

    def _similar(self, said: Description, without: frozenset[str]) -> list[SimilarProject]:
        found = []
        for number, likeness in self._project_names.scores(said.text[:400]).items():
            project = self.projects[number]
            if project.code in without:
                continue
            likeness *= 1.0 if project.sector in said.sectors else 0.5
            likeness *= 1.0 if project.targets else 0.8
            if likeness >= 0.06:
                shared = _shared_words(said.text, project.name)
                found.append(
                    SimilarProject(project=project, likeness=likeness, why=f"名称同有“{'、'.join(shared)}”")
                )
        return sorted(found, key=lambda s: (-s.likeness, s.project.code))[:12]

    def _ranked(
        self, said: Description, similar: Sequence[SimilarProject], without: frozenset[str]
    ) -> list[tuple[float, Indicator, list[str]]]:
        w = self.weights
        belief = dict(self.guesser.guess(said.text, without))
        if said.sectors:
            belief[said.sectors[0]] = max(belief.get(said.sectors[0], 0.0), 0.6)
        names, explained = self._names.scores(said.text[:600]), self._explained.scores(said.text[:600])
        examples = _examples(similar)
        used = _used(self.projects, without)
        ranked = []
        for number, indicator in enumerate(self.indicators):
            near = belief.get(indicator.sector, 0.0)
            common = indicator.sector == _COMMON
            score = w.text * names.get(number, 0.0) + w.explanation * explained.get(number, 0.0)
            score += w.example * min(1.0, examples.get(indicator.code, 0.0))
            if score == 0 and near < 0.1 and not common:
                continue
            score += w.sector * near + w.used * min(1.0, used.get(indicator.code, 0) / 3)
            score += w.core * indicator.core * (near if not common else 0.5)
            score += w.subsector * near * (indicator.subsector in said.subsectors)
            if said.subsectors and not common and indicator.subsector not in said.subsectors:
                score += w.elsewhere * max(0.0, 1 - 8 * names.get(number, 0.0))
            score += _type_score(indicator, said.types, common, w)
            ranked.append((score, indicator, self._why(indicator, names.get(number, 0.0), similar, said)))
        ranked.sort(key=lambda r: (-r[0], r[1].code))
        return ranked

    def _why(
        self, indicator: Indicator, likeness: float, similar: Sequence[SimilarProject], said: Description
    ) -> list[str]:
        why = []
        users = [
            s.project.name for s in similar if any(t.indicator == indicator.code for t in s.project.targets)
        ]
        if users:
            why.append(f"相似项目用过：{'、'.join(users[:2])}")
        if likeness >= 0.1:
            words = _shared_words(
                said.text, " ".join([indicator.name, *indicator.aliases, *indicator.keywords])
            )
            why += [f"与“{'、'.join(words)}”相符"] if words else []
        if indicator.core:
            why.append("通用核心指标" if indicator.sector == _COMMON else "行业核心指标")
        return why or [f"{indicator.subsector or '本行业'}常用"]


def _named(indicator: Indicator) -> list[tuple[str, float]]:
    return [
        (indicator.name, 1.0),
        *((a, 0.9) for a in indicator.aliases),
        *((k, 0.8) for k in indicator.keywords),
        (indicator.subsector, 0.5),
    ]


def _criticised(issues: Iterable[Issue]) -> dict[str, int]:
    return dict(Counter(code for issue in issues for code in issue.indicators))


def _examples(similar: Sequence[SimilarProject]) -> dict[str, float]:
    """Support that each indicator has from similar projects, by likeness and by how the project fared."""
    support: dict[str, float] = defaultdict(float)
    for s in similar:
        graded = float(s.project.third_party_score or 90) / 100
        for code in {t.indicator for t in s.project.targets if t.indicator}:
            support[code] += s.likeness * graded
    return support


def _used(projects: Iterable[Project], without: frozenset[str]) -> Counter[str]:
    return Counter(
        code
        for p in projects
        if p.code not in without
        for code in {t.indicator for t in p.targets if t.indicator}
    )


def _type_score(indicator: Indicator, types: Sequence[ProjectType], common: bool, w: Weights) -> float:
    if common and not types:
        return w.common if indicator.subsector == _GENERAL else w.unfit
    if not types or not indicator.fits:
        return 0.0
    fits = bool(set(types) & set(indicator.fits))
    if common:
        return w.common if fits or indicator.subsector == _GENERAL else w.unfit
    return 0.1 if fits else w.unfit / 2


def _shared_words(text: str, other: str) -> list[str]:
    """The longest pieces two texts share, at most three, none inside another."""
    shared = sorted(set(pieces(text)) & set(pieces(other)), key=lambda p: (-len(p), fold(text).find(p)))
    kept: list[str] = []
    for piece in shared:
        if not any(piece in longer for longer in kept) and len(kept) < 3:
            kept.append(piece)
    return kept


def _balanced(
    ranked: Sequence[tuple[float, Indicator, list[str]]], said: Description, drafter: Drafter
) -> tuple[Proposal, ...]:
    """The best of each class in the scheme's order, the chosen rows of a class before its alternatives."""
    own: Counter[str] = Counter()
    common: Counter[str] = Counter()
    picked: list[tuple[Indicator, float, list[str], bool]] = []
    for score, indicator, why in ranked:
        quota, level2 = _QUOTAS[indicator.level2], indicator.level2
        counted, most = (common, quota.common) if _is_common(indicator, said) else (own, quota.own)
        if counted[level2] < most:
            picked.append((indicator, score, why, own[level2] + common[level2] < quota.chosen))
            counted[level2] += 1
    picked.sort(key=lambda p: (ORDER.index(p[0].level2), not p[3], -p[1]))
    weights = balanced_weights([(p[0].level1, p[0].weight_min, p[0].weight_max) for p in picked if p[3]])
    shares = iter(weights)
    return tuple(
        _proposal(indicator, score, why, chosen, next(shares) if chosen else None, said, drafter)
        for indicator, score, why, chosen in picked
    )


def _is_common(indicator: Indicator, said: Description) -> bool:
    return indicator.sector == _COMMON and (not said.sectors or said.sectors[0] != _COMMON)


def _proposal(
    indicator: Indicator,
    score: float,
    why: list[str],
    chosen: bool,
    weight: Decimal | None,
    said: Description,
    drafter: Drafter,
) -> Proposal:
    stated = _stated(indicator, said)
    comparator = {"正向": "≥", "反向": "≤", "等于": "="}.get(indicator.direction or "", "")
    warnings = [f"{p.text}（{p.problem}）" for p in indicator.pitfalls[:1]]
    if n := drafter.criticised(indicator.code):
        warnings.insert(0, f"曾在 {n} 份评价中被指出问题")
    return Proposal(
        indicator=indicator,
        comparator=comparator,
        value=stated,
        unit=indicator.unit,
        weight=weight,
        basis="项目描述中的数量" if stated is not None else _basis(indicator),
        why=tuple(why),
        warnings=tuple(warnings),
        score=round(score, 4),
        chosen=chosen,
    )


def _stated(indicator: Indicator, said: Description) -> Decimal | None:
    """A quantity of the text that is this indicator's: same unit, and the counted thing in its words."""
    if indicator.level2 != "数量指标" and indicator.level1 != "效益指标":
        return None
    words = " ".join([indicator.name, *indicator.aliases, *indicator.keywords])
    for quantity in said.quantities:
        if not comparable(quantity.unit, indicator.unit):
            continue
        subject = set(pieces(quantity.subject[:6]))
        if subject & set(pieces(words)):
            return quantity.value
    return None


def _basis(indicator: Indicator) -> str:
    standards = indicator.standards
    for label, text in (
        ("计划标准", standards.plan), ("行业标准", standards.industry), ("预算支出标准", standards.budget),
        ("历史标准", standards.history), ("其他标准", standards.other),
    ):  # fmt: skip
        if text:
            return f"{label}：{text}"
    return ""
