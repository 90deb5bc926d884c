"""Reviewing target tables: matches, findings, the pre-filled form and the grade.

``Reviewer`` holds what is prepared once (indicators, sectors, value landscapes); its ``review`` is
pure: the same draft and pack give the same review, for page, command, API and tests alike.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from indicators.choices import LinkKind, ProjectType
from indicators.draft import Draft, DraftRow
from indicators.finding import Finding, Severity
from indicators.model import Indicator, Project, Record, Sector, Target
from indicators.rules.base import RulePack
from indicators.rules.check import check_table, default_pack
from indicators.rules.facts import Match, RowFacts, Spread, TableFacts, read_row
from indicators.taxonomy import Edition
from indicators.value import TargetValue
from kb.guessing import SectorGuesser
from kb.matching import MatchIndex, guess_sector, guess_types, match, match_rows
from kb.review_form import Bounds, ExAntePoint, FormItem, fill_ex_ante, fill_form
from kb.search.text import fold

_BELIEVED = 0.6
"""Share of belief from which a sector is taken from the project's name alone."""

_SURE = 0.8
"""Score from which a match of a published row counts in a landscape."""


class RowReview(msgspec.Struct, frozen=True, kw_only=True):
    """A row as written, as parsed, what it means in the catalogue, and what is wrong with it.

    ``level1``/``level2`` are the standard names as read, "" where unread.
    """

    row: DraftRow
    level1: str
    level2: str
    value: TargetValue
    match: Match | None
    findings: tuple[Finding, ...]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A table reviewed. ``findings`` are about the table as a whole; ``points`` is the form's sum.

    ``sector`` and ``types`` are the draft's own or guessed; ``edition`` is the classification used.
    """

    draft: Draft
    sector: str
    types: tuple[ProjectType, ...]
    edition: Edition
    rows: tuple[RowReview, ...]
    findings: tuple[Finding, ...]
    form: tuple[FormItem, ...]
    points: Decimal
    grade: str
    ex_ante: tuple[ExAntePoint, ...]
    pack: str

    def all_findings(self) -> list[Finding]:
        """Findings of the table and of its rows, the table's first."""
        return [*self.findings, *(f for row in self.rows for f in row.findings)]

    @property
    def capped(self) -> str:
        """Why the grade is lower than the points alone would give, in a sentence; "" where it is not."""
        share = faulty_share(self.rows)
        if self.grade == Bounds().grade(self.points):
            return ""
        if share >= Bounds().faulty_fair:
            return f"有错误的行占 {share:.0%}，等级因此封顶"
        return "审核表有小项得零分，等级因此封顶"

    @property
    def risk(self) -> tuple[int, int, int]:
        """Numbers of errors, warnings and hints: sorts the worst tables first when reversed."""
        found = self.all_findings()
        levels = (Severity.ERROR, Severity.WARNING, Severity.HINT)
        return tuple(sum(f.severity is level for f in found) for level in levels)  # type: ignore[return-value]


class Landscapes(msgspec.Struct, frozen=True, kw_only=True):
    """Values that published projects set, and what they paid for a unit (万元), by indicator code."""

    spreads: Mapping[str, tuple[Spread, ...]] = {}
    costs: Mapping[str, tuple[Spread, ...]] = {}


class Reviewer:
    """What a review needs to know, prepared once."""

    def __init__(
        self,
        index: MatchIndex,
        sectors: Sequence[Sector] = (),
        landscapes: Landscapes | None = None,
        guesser: SectorGuesser | None = None,
    ) -> None:
        self.guesser = guesser
        self.index = index
        self.sectors = tuple(sectors)
        self.landscapes = landscapes or Landscapes()
        self._names = {s.code: s.name for s in self.sectors}
        self._cores: dict[str, list[Indicator]] = defaultdict(list)
        for indicator in index.indicators:
            if indicator.core:
                self._cores[indicator.sector].append(indicator)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Reviewer:
        """A reviewer from catalogue records (indicators, sectors, projects)."""
        everything = list(records)
        index = MatchIndex(r for r in everything if isinstance(r, Indicator))
        sectors = sorted((r for r in everything if isinstance(r, Sector)), key=lambda s: s.order)
        projects = [r for r in everything if isinstance(r, Project)]
        guesser = SectorGuesser(sectors, index.indicators, projects)
        return cls(index, sectors, landscapes_of(projects, index), guesser)

    def review(
        self,
        draft: Draft,
        pack: RulePack | None = None,
        peers: Sequence[Draft] = (),
        bounds: Bounds | None = None,
    ) -> Review:
        """Review one table. ``peers`` are other tables to compare with (the same unit's, last year's)."""
        pack = pack or default_pack()
        simplify = _simplifier(draft)
        rows = [read_row(row, simplify) for row in draft.rows]
        sector = self._sector_of(draft, rows)
        matches = match_rows(rows, self.index, sector)
        for facts in rows:
            facts.match = matches.get(facts.row.number)
        known = msgspec.structs.replace(draft, sector=self._names.get(sector, draft.sector))
        table = TableFacts(
            draft=known, rows=rows, spreads=self.landscapes.spreads, costs=self.landscapes.costs, peers=peers,
            cores=self._cores.get(sector, ()),
        )  # fmt: skip
        return _review(draft, table, sector, pack, check_table(table, pack), bounds or Bounds())

    def _sector_of(self, draft: Draft, rows: Sequence[RowFacts]) -> str:
        """Sector code: as the draft says, else by its name where that is clear, else by its rows too."""
        if not draft.sector and self.guesser and draft.project:
            believed = self.guesser.guess(f"{draft.project} {draft.unit}")
            if believed and believed[0][1] >= _BELIEVED:
                return believed[0][0]
        return guess_sector(draft, rows, self.index, self.sectors)

    def review_all(
        self,
        drafts: Iterable[Draft],
        pack: RulePack | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Review]:
        """Review many tables; those of one unit are compared with each other.

        ``progress`` is called with (done, all).
        """
        everything = list(drafts)
        by_unit: dict[str, list[Draft]] = defaultdict(list)
        for draft in everything:
            if draft.unit or draft.department:
                by_unit[draft.unit or draft.department].append(draft)
        reviews = []
        for done, draft in enumerate(everything, 1):
            others = by_unit.get(draft.unit or draft.department, [])
            reviews.append(self.review(draft, pack, [d for d in others if d is not draft]))
            if progress:
                progress(done, len(everything))
        return reviews


def review(
    draft: Draft,
    pack: RulePack,
    index: MatchIndex,
    landscapes: Landscapes | None = None,
    peers: Sequence[Draft] = (),
) -> Review:
    """Review one table with what is given; ``Reviewer`` does the same with things prepared once."""
    return Reviewer(index, landscapes=landscapes).review(draft, pack, peers)


def _simplifier(draft: Draft) -> Callable[[str], str] | None:
    """A way to simplified characters for a table written in traditional ones, else None."""
    heads = "".join(f"{row.level1}{row.level2}" for row in draft.rows)
    plain = unicodedata.normalize("NFKC", heads).lower().replace("\n", " ")
    return fold if heads and fold(heads) != plain else None


def _review(
    draft: Draft, table: TableFacts, sector: str, pack: RulePack, found: Sequence[Finding], bounds: Bounds
) -> Review:
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in found:
        by_row[finding.row].append(finding)
    form = fill_form(draft, found, pack.rules)
    points = sum((item.score for item in form), Decimal(0))
    zeros = sum(part.score == 0 for item in form for part in item.parts)
    rows = tuple(
        RowReview(
            row=r.row, level1=r.level1, level2=r.level2, value=r.value, match=r.match,
            findings=tuple(by_row.get(r.row.number, ())),
        )
        for r in table.rows
    )  # fmt: skip
    return Review(
        draft=draft, sector=sector, types=guess_types(draft), edition=pack.edition or _edition(table),
        rows=rows, findings=tuple(by_row.get(0, ())), form=form, points=points, grade=bounds.grade(points, zeros, faulty_share(rows)),
        ex_ante=fill_ex_ante(draft, found), pack=pack.name,
    )  # fmt: skip


def faulty_share(rows: Sequence[RowReview]) -> Decimal:
    """Share of a table's rows with at least one 错误 (0 to 1)."""
    faulty = sum(any(f.severity is Severity.ERROR for f in row.findings) for row in rows)
    return Decimal(faulty) / max(1, len(rows))


def _edition(table: TableFacts) -> Edition:
    """The classification that a table uses: 成本 on its own is the newer one."""
    if any(r.level1 == "成本指标" for r in table.rows):
        return Edition.E2021
    old = any(r.level1 == "产出指标" and r.level2 == "经济成本指标" for r in table.rows)
    return Edition.E2015 if old else Edition.E2021


def landscapes_of(projects: Iterable[Project], index: MatchIndex) -> Landscapes:
    """Landscapes of published rows: by the indicator a row is linked to, else by a sure match.

    Only plain numbers that were read with confidence count. What a unit cost is the project's amount
    by the value of a quantity row, for projects that have just one such row.
    """
    values: dict[tuple[str, str], list[tuple[Decimal, str]]] = defaultdict(list)
    costs: dict[tuple[str, str], list[tuple[Decimal, str]]] = defaultdict(list)
    for project in projects:
        quantities = []
        for target in project.targets:
            facts = _facts(target)
            code = _code(target, facts, index, project.sector)
            if not code or facts.number is None or not facts.value.confident or not facts.unit:
                continue
            values[code, facts.unit].append((facts.number, project.name))
            if facts.level2 == "数量指标" and facts.number > 0:
                quantities.append((code, facts.unit, facts.number))
        if project.amount and len(quantities) == 1:
            code, unit, number = quantities[0]
            costs[code, unit].append((project.amount / number, project.name))
    return Landscapes(spreads=_spreads(values), costs=_spreads(costs))


def _facts(target: Target) -> RowFacts:
    return read_row(
        DraftRow(
            number=0, level1=target.level1, level2=target.level2, name=target.name, target=target.target,
            unit=target.unit,
        )
    )  # fmt: skip


def _code(target: Target, facts: RowFacts, index: MatchIndex, sector: str) -> str:
    if target.indicator:
        return "" if target.link is LinkKind.BROADER else target.indicator
    found = match(facts, index, sector)
    return found.code if found and found.score >= _SURE else ""


def _spreads(found: Mapping[tuple[str, str], list[tuple[Decimal, str]]]) -> dict[str, tuple[Spread, ...]]:
    by_code: dict[str, list[Spread]] = defaultdict(list)
    for (code, unit), members in found.items():
        values, names = zip(*sorted(members), strict=True)
        by_code[code].append(Spread(unit=unit, values=values, projects=names))
    return {code: tuple(spreads) for code, spreads in by_code.items()}
