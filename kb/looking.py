"""Looking at what stands in a knowledge base: a record with all it is joined to, and the lists of each kind."""

from __future__ import annotations

from typing import TypeVar

from indicators.model import (
    Clause,
    Framework,
    Guide,
    IndicatorSet,
    Kind,
    ProblemType,
    Project,
    Record,
    Sector,
    Source,
)
from kb.db.reader import Reader
from kb.errors import UnknownCodeError
from kb.joins import view_of
from kb.links import PATHS
from kb.views import AnyView, Ref, SectorCount

R = TypeVar("R", bound=Record)


class Looking:
    """The part of a knowledge base that only reads records."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def view(self, code: str) -> AnyView:
        """A record with everything it is joined to. Raises UnknownCodeError."""
        with self._reader.together() as reader:
            return view_of(reader, _record(reader, code))

    def preview(self, record: Record) -> AnyView:
        """A record that need not be stored, joined to what is: how its page would look."""
        with self._reader.together() as reader:
            return view_of(reader, record)

    def record(self, code: str) -> Record:
        """A record that has a page, by its code (letter case ignored). Raises UnknownCodeError."""
        with self._reader.together() as reader:
            return _record(reader, code)

    def sectors(self) -> tuple[SectorCount, ...]:
        """All sectors in order, each with how much the catalogue holds for it."""
        counts = self._reader.counts_by_sector()

        def total(kind: Kind, sector: str, cores: tuple[bool, ...] = (False, True)) -> int:
            return sum(counts.get((kind, sector, core), 0) for core in cores)

        return tuple(
            SectorCount(
                sector=s,
                indicators=total(Kind.INDICATOR, s.code),
                core=total(Kind.INDICATOR, s.code, (True,)),
                projects=total(Kind.PROJECT, s.code),
                issues=total(Kind.ISSUE, s.code),
            )
            for s in self._all(Sector)
        )

    def frameworks(self) -> tuple[Framework, ...]:
        """All frameworks, by code."""
        return self._all(Framework)

    def problems(self) -> tuple[ProblemType, ...]:
        """All problem types, P01 first."""
        return self._all(ProblemType)

    def guides(self) -> tuple[Guide, ...]:
        """All guides in reading order."""
        return self._all(Guide)

    def clauses(self) -> tuple[Clause, ...]:
        """All clauses of policy documents."""
        return self._all(Clause)

    def sets(self) -> tuple[IndicatorSet, ...]:
        """All indicator sets."""
        return self._all(IndicatorSet)

    def sources(self) -> tuple[Source, ...]:
        """All documents that facts were taken from."""
        return self._all(Source)

    def projects(self, sector: str = "") -> tuple[Project, ...]:
        """All projects, or those of a sector (by code)."""
        narrowed = {"sector": sector} if sector else {}
        return tuple(self._reader.of_type(Project, **narrowed))

    def counts(self) -> dict[Kind, int]:
        """Number of records of each kind."""
        return self._reader.counts()

    def _all(self, type_: type[R]) -> tuple[R, ...]:
        return tuple(self._reader.of_type(type_))


def _record(reader: Reader, code: str) -> Record:
    found = reader.get(code) or _by_any_case(reader, code)
    if found is None or found.kind not in PATHS:
        raise UnknownCodeError(code, [(r.kind, r.code, r.name) for r in _near(reader, code)])
    return found


def _by_any_case(reader: Reader, code: str) -> Record | None:
    same = reader.codes_folded(code)
    return reader.get(same[0]) if same else None


def _near(reader: Reader, code: str) -> list[Ref]:
    stem = code.rsplit("-", 1)[0]
    return [r for r in reader.codes_near(stem) if r.kind in PATHS] if len(stem) > 1 else []
