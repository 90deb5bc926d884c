"""What a page, a command or the API shows of a record: the record with everything it is joined to.

Each view answers one question of a user without a further look-up; lists are ordered for
reading. ``url`` of anything is ``kb.links.url_of(kind, code)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from indicators.model import (
    Clause,
    Framework,
    FrameworkNode,
    Guide,
    Indicator,
    IndicatorSet,
    Issue,
    Kind,
    ProblemType,
    Project,
    Sector,
    Source,
    SourceRef,
    Target,
)
from indicators.value import TargetValue


@dataclass(frozen=True, slots=True)
class Ref:
    """A pointer to a record that can be shown as a link without loading it whole."""

    kind: Kind
    code: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A source with the place in it that a record points to."""

    source: Source
    ref: SourceRef


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of a record: number, who, when (aware UTC), why, and the batch it came with."""

    number: int
    actor: str
    at: datetime
    action: str
    reason: str
    batch: int | None


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """A batch of changes: who wrote it, when (aware UTC), why, and how many records and settings it changed."""

    number: int
    name: str
    actor: str
    reason: str
    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Use:
    """A published row that means an indicator: the project, the row, its parsed value."""

    project: Project
    row: int
    target: Target
    value: TargetValue


@dataclass(frozen=True, slots=True)
class Landscape:
    """Spread of the values that real projects set for an indicator, in one unit."""

    unit: str
    n: int
    minimum: Decimal
    median: Decimal
    maximum: Decimal
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What every view has: the record's sources and versions."""

    sources: tuple[CitedSource, ...]
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class IndicatorView(View):
    """An indicator with where it stands, who used it, what they set, and what went wrong."""

    indicator: Indicator
    sector: Sector | None
    places: dict[str, tuple[str, str]]
    sets: tuple[Ref, ...]
    nodes: tuple[Ref, ...]
    uses: tuple[Use, ...]
    landscapes: tuple[Landscape, ...]
    issues: tuple[Issue, ...]
    pitfalls: tuple[tuple[ProblemType | None, str], ...]
    pairs: tuple[Indicator, ...]
    successor: Ref | None
    neighbours: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A project's row with its parsed value and the catalogue indicator it means."""

    number: int
    target: Target
    value: TargetValue
    indicator: Ref | None


@dataclass(frozen=True, slots=True)
class ProjectView(View):
    """A project with its rows, scores, and what evaluators found."""

    project: Project
    sector: Sector | None
    rows: tuple[Row, ...]
    issues: tuple[Issue, ...]
    similar: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class IssueView(View):
    """An evaluation issue with what it touches."""

    issue: Issue
    sector: Sector | None
    problems: tuple[ProblemType, ...]
    projects: tuple[Project, ...]
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class ProblemView(View):
    """A problem type with its clauses, the issues that are instances, the indicators it visits."""

    problem: ProblemType
    issues: tuple[Issue, ...]
    indicators: tuple[Indicator, ...]
    clauses: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of framework rows under one level-1 or level-2 heading."""

    name: str
    branches: tuple[Branch, ...] = ()
    nodes: tuple[FrameworkNode, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameworkView(View):
    """A framework as a tree, and the other editions and scopes to switch to."""

    framework: Framework
    tree: tuple[Branch, ...]
    counterparts: dict[str, tuple[Ref, ...]]
    others: tuple[Framework, ...]


@dataclass(frozen=True, slots=True)
class NodeView(View):
    """One framework row with its counterparts in other editions and the indicators it names."""

    node: FrameworkNode
    framework: Framework
    same_as: tuple[Ref, ...]
    related: tuple[Ref, ...]
    indicators: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class SectorView(View):
    """A sector with its indicators by level 2, its projects and issues."""

    sector: Sector
    groups: tuple[tuple[str, tuple[Indicator, ...]], ...]
    core: tuple[Indicator, ...]
    projects: tuple[Project, ...]
    issues: tuple[Issue, ...]
    sets: tuple[Ref, ...]
    uses: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetView(View):
    """An indicator set with its members; the set below an overlay, and the overlays above a set."""

    set: IndicatorSet
    members: tuple[Indicator, ...]
    base: Ref | None = None
    overlays: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class GuideView(View):
    """A guide with its text as safe HTML, and the neighbours before and after it."""

    guide: Guide
    html: str
    before: Ref | None
    after: Ref | None


@dataclass(frozen=True, slots=True)
class ClauseView(View):
    """A clause with its document and the problem types that rest on it."""

    clause: Clause
    document: Source | None
    problems: tuple[ProblemType, ...]


@dataclass(frozen=True, slots=True)
class SourceView(View):
    """A source with every record that cites it."""

    source: Source
    cited_by: tuple[tuple[Kind, tuple[Ref, ...]], ...]


@dataclass(frozen=True, slots=True)
class SectorCount:
    """A sector with how much the catalogue holds for it."""

    sector: Sector
    indicators: int
    core: int
    projects: int
    issues: int


AnyView = (
    IndicatorView | ProjectView | IssueView | ProblemView | FrameworkView | NodeView
    | SectorView | SetView | GuideView | ClauseView | SourceView
)  # fmt: skip
"""Everything that ``KnowledgeBase.view`` may return."""
