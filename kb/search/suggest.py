"""Suggestions while typing: names, codes, sectors and guides, by characters first, then by pinyin."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from kb.search.snapshot import Snapshot
from kb.search.text import fold

LETTERS = re.compile("[a-z' ]+")
_SCAN = 400  # names that are looked at for one suggestion list


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the list: what to put into the box, and where it leads ("" for a plain search).

    ``kind`` is a public kind, "sector" or "word"; ``note`` tells them apart (sector, code).
    """

    text: str
    kind: str
    code: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Name:
    normal: str
    suggestion: Suggestion
    rank: float
    id: str


class Suggester:
    """Names of one snapshot, ready to be searched by their beginnings and insides."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._names = self._collect()
        self._joined = "\n" + "\n".join(name.normal for name in self._names) + "\n"
        self._starts: list[int] = []
        place = 1
        for name in self._names:
            self._starts.append(place)
            place += len(name.normal) + 1
        self._codes = sorted((row.code, n) for n, row in enumerate(snapshot.rows) if snapshot.live[n])

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """At most ``limit`` suggestions for what stands in the box; () for nothing."""
        typed = fold(text[:60]).strip()
        if not typed or "\n" in typed:
            return ()
        found = [*self._by_code(typed, limit), *self._by_name(typed)]
        if len(found) < limit and LETTERS.fullmatch(typed):
            found += self._by_sound(typed.replace("'", "").replace(" ", ""), limit)
        unique = {s.text + s.code: s for s in found}
        return tuple(unique.values())[:limit]

    def _by_code(self, typed: str, limit: int) -> list[Suggestion]:
        place = bisect_left(self._codes, (typed, -1))
        near = self._codes[place : place + limit]
        return [self._of(n) for code, n in near if code.startswith(typed) and len(typed) > 1]

    def _by_name(self, typed: str) -> list[Suggestion]:
        """Names that begin with the text, then names that hold it, each by the record's weight."""
        begins: list[_Name] = []
        holds: list[_Name] = []
        place = self._joined.find(typed)
        while place >= 0 and len(begins) + len(holds) < _SCAN:
            n = bisect_left(self._starts, place + 1) - 1
            name = self._names[n]
            (begins if place == self._starts[n] else holds).append(name)
            place = self._joined.find(typed, self._starts[n] + len(name.normal))
        ordered = sorted(begins, key=_by_rank) + sorted(holds, key=_by_rank)
        return [name.suggestion for name in ordered]

    def _by_sound(self, letters: str, limit: int) -> list[Suggestion]:
        if len(letters) < 2:
            return []
        words = self._snapshot.sounds().starting(letters, limit)
        return [s for word in words for s in [*self._by_name(word)[:3], Suggestion(word, "word")]]

    def _collect(self) -> list[_Name]:
        names = []
        for n, row in enumerate(self._snapshot.rows):
            if self._snapshot.live[n] and row.status != "retired":
                rank = (2.0 if row.public_kind == "indicator" else 1.0) + row.core + min(row.used, 10) / 10
                names.append(_Name(fold(row.name), self._of(n), rank, row.id))
        sectors = {row.sector for row in self._snapshot.rows if row.sector}
        names += [_Name(fold(s), Suggestion(s, "sector", note="行业"), 9.0, s) for s in sorted(sectors)]
        return names

    def _of(self, number: int) -> Suggestion:
        row = self._snapshot.rows[number]
        return Suggestion(row.name, row.public_kind, row.shown_code, row.url, row.sector)


def _by_rank(name: _Name) -> tuple[float, int, str]:
    return -name.rank, len(name.normal), name.id
