"""Record types of the knowledge base, as the catalogue files, the store and every door know them.

A record is a frozen value with a stable ``code``. Text fields hold exactly what the source
says or what the catalogue's editors wrote; an empty string or tuple is a blank and is shown
as a blank ("逐字或留空"). Field names follow 财预〔2021〕101号 where it has a term for them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

import msgspec

from indicators.choices import Direction, LinkKind, ProjectType, Status, Strength


class Kind(StrEnum):
    """What a record is; the value names it in links, storage and search results."""

    SOURCE = "source"
    SECTOR = "sector"
    SET = "set"
    INDICATOR = "indicator"
    FRAMEWORK = "framework"
    NODE = "node"
    PROJECT = "project"
    ISSUE = "issue"
    PROBLEM = "problem"
    CLAUSE = "clause"
    GUIDE = "guide"
    SYNONYMS = "synonyms"


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every record has: a stable code and a name as its source writes it."""

    kind: ClassVar[Kind]
    code: str
    name: str


class SourceRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A pointer into a Source: its code, and where in it (page, table, clause).

    ``field`` names the one field that stands there (``formula``, ``standards.plan``); "" is the record
    as a whole.
    """

    source: str
    place: str = ""
    note: str = ""
    field: str = ""


class Source(Record, frozen=True, kw_only=True):
    """A document that facts were taken from.

    ``url`` is filled only where the address may be named; ``verified`` is true where the text
    itself was read. ``note`` says what was not checked.
    """

    kind: ClassVar[Kind] = Kind.SOURCE
    number: str = ""
    issuer: str = ""
    date: str = ""
    page: str = ""
    url: str = ""
    verified: bool = False
    note: str = ""


class Subsector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A branch of a sector and the uses of funds (资金用途) usual in it."""

    name: str
    uses: tuple[str, ...] = ()


class Sector(Record, frozen=True, kw_only=True):
    """One of the 28 sectors, mapped to 政府收支分类 classes or items (``functional``)."""

    kind: ClassVar[Kind] = Kind.SECTOR
    order: int
    functional: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    summary: str = ""
    aliases: tuple[str, ...] = ()
    subsectors: tuple[Subsector, ...] = ()
    note: str = ""
    sources: tuple[SourceRef, ...] = ()


class IndicatorSet(Record, frozen=True, kw_only=True):
    """A published collection of indicators with its edition, issuer, region and validity.

    An overlay (本地指标集) names the set it was made over: ``base``, the edition of it
    (``base_edition``) and the members it had then (``base_members``), so that next year's can be merged.
    """

    kind: ClassVar[Kind] = Kind.SET
    edition: str = ""
    issuer: str = ""
    region: str = ""
    valid_from: str = ""
    valid_to: str = ""
    summary: str = ""
    members: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()
    base: str = ""
    base_edition: str = ""
    base_members: tuple[str, ...] = ()


class Standards(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The five value standards, each a text of its own (绩效标准分列)."""

    plan: str = ""
    history: str = ""
    industry: str = ""
    budget: str = ""
    other: str = ""


class Pitfall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A usual fault with this very indicator, with the problem type it is an instance of."""

    problem: str
    text: str


class Placement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an edition's classification puts an indicator."""

    edition: str
    level1: str
    level2: str


class Indicator(Record, frozen=True, kw_only=True):
    """A performance indicator (三级指标) with the fields of 财预〔2021〕101号.

    ``level1``/``level2`` are its place in the 2021 classification; other editions follow from
    ``taxonomy.place`` unless ``placements`` says otherwise. ``wording`` is a good target with
    ``{slots}``; ``bad_wording`` one that reviewers return. A local copy (本地口径) of another set's
    indicator points to it by ``overlays`` and keeps it as it stood then in ``original``.
    """

    kind: ClassVar[Kind] = Kind.INDICATOR
    level1: str = ""
    level2: str = ""
    placements: tuple[Placement, ...] = ()
    sector: str = ""
    subsector: str = ""
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    explanation: str = ""
    formula: str = ""
    numerator: str = ""
    denominator: str = ""
    unit: str = ""
    direction: Direction | None = None
    wording: str = ""
    bad_wording: str = ""
    fits: tuple[ProjectType, ...] = ()
    unfit: tuple[str, ...] = ()
    core: bool = False
    standards: Standards = Standards()
    value_method: str = ""
    data_source: str = ""
    evidence: str = ""
    scoring: str = ""
    weight_min: Decimal | None = None
    weight_max: Decimal | None = None
    frequency: str = ""
    pitfalls: tuple[Pitfall, ...] = ()
    pairs: tuple[str, ...] = ()
    status: Status = Status.ACTIVE
    successor: str = ""
    valid_from: str = ""
    valid_to: str = ""
    sources: tuple[SourceRef, ...] = ()
    overlays: str = ""
    original: Indicator | None = None


class Framework(Record, frozen=True, kw_only=True):
    """A common indicator framework (共性指标体系框架) in one edition."""

    kind: ClassVar[Kind] = Kind.FRAMEWORK
    edition: str
    scope: str = ""
    summary: str = ""
    note: str = ""
    sources: tuple[SourceRef, ...] = ()


class FrameworkNode(Record, frozen=True, kw_only=True):
    """One row of a framework: its place, the points it asks for, and our own explanation.

    ``same_as`` names the rows of other editions that ask for the same thing (crosswalk);
    ``related`` those that moved, split or merged, with ``crosswalk_note`` saying how.
    ``verified`` is false where only the name or nothing could be checked against the document.
    """

    kind: ClassVar[Kind] = Kind.NODE
    framework: str
    order: int
    level1: str = ""
    level2: str = ""
    points: tuple[str, ...] = ()
    explanation: str = ""
    formula: str = ""
    nature: str = ""
    verified: bool = False
    note: str = ""
    same_as: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    crosswalk_note: str = ""
    indicators: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()


class FundLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row of a project list as printed: one project may have several (amounts in 万元)."""

    name: str = ""
    amount: Decimal | None = None
    self_score: Decimal | None = None
    third_party_score: Decimal | None = None
    grade: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A target row as published, kept verbatim, and the catalogue indicator it means.

    The parsed comparator, value and unit are computed from ``target`` and ``unit`` by
    ``indicators.value`` and stored beside it, never instead of it.
    """

    level1: str = ""
    level2: str = ""
    name: str
    target: str = ""
    unit: str = ""
    actual: str = ""
    score: str = ""
    indicator: str = ""
    link: LinkKind | None = None
    linked_by: str = ""


class Project(Record, frozen=True, kw_only=True):
    """A real project (or a department's whole expenditure) with amounts, scores and rows.

    ``scope`` is 项目, 部门整体 or 政策. Amounts are 万元. ``partial`` is true where the
    published table could only be read in part.
    """

    kind: ClassVar[Kind] = Kind.PROJECT
    scope: str = "项目"
    unit: str = ""
    region: str = ""
    year: int | None = None
    sector: str = ""
    types: tuple[ProjectType, ...] = ()
    amount: Decimal | None = None
    lines: tuple[FundLine, ...] = ()
    self_score: Decimal | None = None
    third_party_score: Decimal | None = None
    grade: str = ""
    evaluator: str = ""
    summary: str = ""
    targets: tuple[Target, ...] = ()
    partial: bool = False
    note: str = ""
    sources: tuple[SourceRef, ...] = ()


class Issue(Record, frozen=True, kw_only=True):
    """A problem that evaluators found: what, why, and the fix they asked for, in our words.

    ``name`` is a short title; ``what`` the finding. ``stated`` tells whether cause and fix
    were in the document ("原文") or are blank.
    """

    kind: ClassVar[Kind] = Kind.ISSUE
    what: str = ""
    cause: str = ""
    fix: str = ""
    problems: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    sector: str = ""
    year: int | None = None
    region: str = ""
    sources: tuple[SourceRef, ...] = ()


class ExampleRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A made-up target row that shows a fault or its repair."""

    level1: str = ""
    level2: str = ""
    name: str = ""
    comparator: str = ""
    value: str = ""
    unit: str = ""
    weight: str = ""
    explanation: str = ""


class ProblemType(Record, frozen=True, kw_only=True):
    """One of the ways P01..P68 in which a target table goes wrong."""

    kind: ClassVar[Kind] = Kind.PROBLEM
    group: str
    review_item: str = ""
    severity: str = ""
    stage: str = ""
    description: str = ""
    objection: str = ""
    phrases: tuple[str, ...] = ()
    fix: str = ""
    bad: tuple[ExampleRow, ...] = ()
    good: tuple[ExampleRow, ...] = ()
    caution: str = ""
    indicators: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()


class Clause(Record, frozen=True, kw_only=True):
    """What a policy document says on one point, in our own words, with number, date, issuer."""

    kind: ClassVar[Kind] = Kind.CLAUSE
    document: str
    text: str = ""
    verified: bool = False
    note: str = ""
    problems: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()


class Guide(Record, frozen=True, kw_only=True):
    """A short Markdown guide; ``text`` is its body, links to records are ``[名称](kb:CODE)``."""

    kind: ClassVar[Kind] = Kind.GUIDE
    order: int = 0
    summary: str = ""
    minutes: int = 0
    aliases: tuple[str, ...] = ()
    text: str = ""
    sources: tuple[SourceRef, ...] = ()


class SynonymGroup(Record, frozen=True, kw_only=True):
    """Words that stand for each other; ``name`` is the standard word, ``words`` the others.

    ``not_same`` lists words that look alike but must never be merged, each with its reason.
    """

    kind: ClassVar[Kind] = Kind.SYNONYMS
    words: tuple[str, ...] = ()
    strength: Strength = Strength.SAME
    not_same: tuple[tuple[str, str], ...] = ()


RECORD_TYPES: dict[Kind, type[Record]] = {
    t.kind: t
    for t in (
        Source, Sector, IndicatorSet, Indicator, Framework, FrameworkNode,
        Project, Issue, ProblemType, Clause, Guide, SynonymGroup,
    )
}  # fmt: skip
