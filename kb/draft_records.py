"""What drafting answers with: similar projects, proposals with their reasons, the balance of a table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from indicators.finding import Finding
from indicators.model import Indicator, Project, Sector
from kb.describing import Description


class SimilarProject(msgspec.Struct, frozen=True, kw_only=True):
    """An example project like the one described: in which words, how it fared, what was criticised."""

    project: Project
    likeness: float
    why: str
    fared: str = ""
    criticised: tuple[str, ...] = ()


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What real projects set for an indicator: number, spread in ``unit``, (project, target) examples."""

    n: int = 0
    unit: str = ""
    minimum: Decimal | None = None
    median: Decimal | None = None
    maximum: Decimal | None = None
    examples: tuple[tuple[str, str], ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed row. ``value`` is None unless the text states it; ``basis`` says where to look.

    A row taken from a published table as it stands has an indicator without code, and ``source``
    is the project's code. ``wording`` is a good way to write it, ``fault`` one that is returned.
    ``answers`` are codes of chosen outputs that this benefit follows from.
    """

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
    values: Values = Values()
    wording: str = ""
    fault: str = ""
    answers: tuple[str, ...] = ()
    source: str = ""


class DraftProposal(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: what was understood, similar projects, proposals in the form's order, coverage.

    ``coverage`` counts the chosen rows by "level 1/level 2"; ``gaps`` are sentences about classes
    that were left empty and why.
    """

    description: Description
    sector: Sector | None
    similar: tuple[SimilarProject, ...]
    proposals: tuple[Proposal, ...]
    coverage: Mapping[str, int]
    gaps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much each reason counts, set by hand.

    ``tests.bench draft --tune`` finds no better ones: of 40 drawn at random the best by cross-validation
    found 0.377 of the held-out rows against 0.374, less than one project makes.
    """

    text: float = 1.2  # words of the description in names, aliases, keywords
    explanation: float = 0.25  # the same in the explanation
    example: float = 1.6  # used by a similar project, by its likeness and how it fared
    verbatim: float = 1.0  # a similar project's row that has no counterpart in the catalogue
    core: float = 0.45  # on the sector's core list
    subsector: float = 0.4  # of a sub-sector that the text names
    sector: float = 1.0  # share of belief in the indicator's sector
    group: float = 0.6  # a common indicator (通用项目) whose group fits the project's type
    general: float = 0.3  # a general common indicator (综合通用)
    used: float = 0.3  # any real project used it
    unfit: float = -0.5  # written for other types of project
