"""Filed target tables of past seasons (历年目标表): what a new table is compared with, and what values units set.

A province files hundreds of thousands of tables. They are kept apart from the catalogue's records:
nobody edits them, they come and go by batch, and a table is found by the bands of its MinHash
(``kb.minhash``), so that comparing with all of them costs no more than comparing with the few that meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

import numpy as np

from indicators.draft import Draft, DraftRow
from indicators.rules.facts import RowFacts, joined, read_row
from indicators.rules.fitness import row_keys
from kb.db.filed import FiledRows, figure
from kb.errors import KnowledgeError
from kb.filed_records import Alike, FiledLine, FiledRow, FiledTable, FiledTotals, Landscape, Season
from kb.matching import match
from kb.minhash import bands
from kb.review_batch import SAME_SHARE
from kb.reviewing import Reviewer

Progress = Callable[[str, int, int], None]

LEAST_ROWS = 4
"""Rows from which a table says enough to be compared."""

_SURE = 0.8
"""Score from which a row's match counts in a landscape."""

_MEETING, _SHOWN = 400, 20
_FEW = 3
"""Values from which a landscape is worth showing."""


class UnknownFiledError(KnowledgeError):
    """No filed table has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有第 {number} 号历年目标表，或它已随批次撤回。")


class FiledTables:
    """The filed tables of a knowledge base."""

    def __init__(self, rows: FiledRows) -> None:
        self._rows = rows

    def add(
        self,
        drafts: Iterable[Draft],
        reviewer: Reviewer,
        *,
        name: str,
        actor: str,
        region: str = "",
        progress: Progress | None = None,
        total: int = 0,
    ) -> tuple[int, int, int]:
        """File tables as one batch that ``undo`` takes back; gives (batch, new tables, tables filed before).

        Tables without rows are left out; batch 0 says that nothing was new. Landscapes are summed up anew.
        """
        reader = _Reader(reviewer, region)
        told = (lambda done: progress("存入目标表", done, max(total, done))) if progress else None
        now = datetime.now(UTC)
        done = self._rows.add(
            (reader.read(d) for d in drafts if d.rows), name=name, actor=actor, reason="", now=now, progress=told
        )  # fmt: skip
        if done[1]:
            self.rebuild()
        return done

    def alike(self, draft: Draft) -> tuple[Alike, ...]:
        """Filed tables nearly the same as a draft, the most alike and then the newest first.

        The draft itself (the same project of the same unit and year) is not told. Costs one look-up in
        an index and the reading of what meets there, however many tables are filed.
        """
        own = row_keys(draft)
        if sum(own.values()) < LEAST_ROWS:
            return ()
        ids = self._rows.meeting(bands(own), _MEETING)
        found = []
        for line, rows in self._rows.tables(ids).values():
            other = _draft(line, rows)
            theirs = row_keys(other)
            share = sum((own & theirs).values()) / max(1, sum((own | theirs).values()))
            if share >= SAME_SHARE and not _is_itself(draft, line):
                found.append(Alike(line=line, share=round(share, 3), draft=other))
        return tuple(sorted(found, key=lambda a: (-a.share, -(a.line.year or 0), -a.line.id))[:_SHOWN])

    def table(self, number: int) -> tuple[FiledLine, tuple[FiledRow, ...]]:
        """A filed table whole. Raises UnknownFiledError."""
        found = self._rows.tables([number]).get(number)
        if found is None or found[0].withdrawn is not None:
            raise UnknownFiledError(number)
        return found

    def landscapes(self, indicator: str) -> list[Landscape]:
        """Spread of the values that filed tables set for an indicator, by unit, where three or more did."""
        return self._rows.landscapes(indicator)

    def seasons(self) -> list[Season]:
        """Batches of filed tables, the newest first."""
        return self._rows.seasons()

    def totals(self) -> FiledTotals:
        """Numbers of tables and rows that count."""
        return self._rows.totals()

    def peers(self, draft: Draft) -> list[Draft]:
        """Filed tables nearly the same as a draft, as the review compares it with other tables."""
        return [a.draft for a in self.alike(draft)]

    def concerns(self, batch: int) -> bool:
        """Whether a batch brought or withdrew filed tables."""
        return self._rows.concerns(batch)

    def rebuild(self) -> int:
        """Sum up the landscapes anew, for the nightly run and after each batch; gives their number."""
        now = datetime.now(UTC)
        return self._rows.set_landscapes(_landscapes(self._rows.values(), now))


class _Reader:
    """Drafts to filed tables; what a name means is looked up once."""

    def __init__(self, reviewer: Reviewer, region: str) -> None:
        self._index, self._region = reviewer.index, region
        self._codes = {s.name: s.code for s in reviewer.sectors}
        self._known: dict[tuple[str, ...], str | None] = {}

    def read(self, draft: Draft) -> FiledTable:
        """A draft as it is filed."""
        sector = self._codes.get(draft.sector, draft.sector)
        rows = tuple(self._row(number, row, sector) for number, row in enumerate(draft.rows, 1))
        line = FiledLine(
            project=draft.project, unit=draft.unit or draft.department, region=self._region, year=draft.year,
            sector=sector, amount=draft.amount, file=draft.file,
        )  # fmt: skip
        keys = row_keys(draft)
        heading = (line.project, line.unit, line.region, line.year, line.amount)
        digest = hashlib.sha256(repr((heading, sorted(keys.items()))).encode()).hexdigest()[:32]
        return FiledTable(line=line, rows=rows, digest=digest, bands=bands(keys))

    def _row(self, number: int, row: DraftRow, sector: str) -> FiledRow:
        facts = read_row(row)
        value = facts.value
        number_read = facts.number if value.confident and facts.unit else None
        return FiledRow(
            number=number, level1=facts.level1, level2=facts.level2, name=row.name, target=joined(row), unit=row.unit,
            indicator=self._meaning(facts, sector), value=float(number_read) if number_read is not None else None,
            value_unit=facts.unit[:80] if number_read is not None else None,
        )  # fmt: skip

    def _meaning(self, facts: RowFacts, sector: str) -> str | None:
        key = (facts.name, facts.level2, facts.family, sector)
        if key not in self._known:
            found = match(facts, self._index, sector)
            self._known[key] = found.code if found and found.score >= _SURE else None
        return self._known[key]


def _draft(line: FiledLine, rows: Iterable[FiledRow]) -> Draft:
    return Draft(
        project=line.project, unit=line.unit, year=line.year, sector=line.sector, file=line.file,
        rows=tuple(
            DraftRow(number=r.number, level1=r.level1, level2=r.level2, name=r.name, target=r.target, unit=r.unit)
            for r in rows
        ),
    )  # fmt: skip


def _is_itself(draft: Draft, line: FiledLine) -> bool:
    same_unit = (not draft.unit and not draft.department) or line.unit in ("", draft.unit, draft.department)
    same_year = draft.year is None or line.year is None or draft.year == line.year
    return draft.project == line.project and same_unit and same_year


def _landscapes(values: Iterable[tuple[str, str, float]], now: datetime) -> Iterator[Landscape]:
    """Landscapes of (indicator, unit, value) that come in this order."""
    for (indicator, unit), members in groupby(values, key=lambda v: (v[0], v[1])):
        found = np.array([m[2] for m in members])
        if len(found) >= _FEW:
            low, lower, middle, upper, high = (figure(q) for q in np.quantile(found, [0, 0.25, 0.5, 0.75, 1]))
            yield Landscape(
                indicator=indicator, unit=unit, n=len(found), minimum=low, lower=lower, median=middle, upper=upper,
                maximum=high, built_at=now,
            )  # fmt: skip
