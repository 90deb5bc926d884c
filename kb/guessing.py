"""Telling a project's sector and sub-sector by the pieces of text that their records are made of."""

from __future__ import annotations

import copy
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from indicators.choices import Status
from indicators.model import Indicator, Project, Sector
from kb.pieces import pieces

COMMON = "TX"
"""Code of 通用项目: no sector of its own, its indicators come by the type of project."""

_PRIOR = 3.0
_SMOOTH = 0.5
_LEAST_SUBSECTOR = 0.8


class SectorGuesser:
    """A naive Bayes over character pieces of two to four.

    Learned from names, aliases, keywords, sub-sectors, uses of funds and the example projects' names.
    Building it costs about 0.2 s.
    """

    def __init__(
        self, sectors: Sequence[Sector], indicators: Iterable[Indicator], projects: Iterable[Project]
    ) -> None:
        active = [i for i in indicators if i.status is Status.ACTIVE]
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sector in sectors:
            for text, weight in _texts_of_sector(sector):
                _count(counts[sector.code], text, weight)
        for indicator in active:
            for text in (indicator.name, *indicator.aliases, *indicator.keywords):
                _count(counts[indicator.sector], text, 1.0)
        self._codes = [s.code for s in sectors if s.code != COMMON]
        self._counts = counts
        self._projects = _named(projects)
        self._totals = {code: sum(counts[code].values()) for code in self._codes}
        branches: dict[tuple[str, str], list[Indicator]] = defaultdict(list)
        for indicator in active:
            branches[indicator.sector, indicator.subsector].append(indicator)
        self._parts = {s.code: _parts_of(s, branches) for s in sectors}
        self._everywhere = {code: _everywhere(parts) for code, parts in self._parts.items()}

    def among(self, projects: Iterable[Project]) -> SectorGuesser:
        """The same with other example projects; costs next to nothing."""
        other = copy.copy(self)
        other._projects = _named(projects)
        return other

    def guess(self, text: str, without: Iterable[str] = ()) -> list[tuple[str, float]]:
        """(sector code, share of belief) likeliest first; ``without`` names projects to forget."""
        found = set(pieces(text))
        if not found:
            return []
        seen = self._seen(found, set(without))
        scores = dict.fromkeys(self._codes, 0.0)
        for piece in found:
            self._add_evidence(scores, piece, seen[piece])
        best = max(scores.values())
        weights = {code: math.exp(min(0.0, score - best)) for code, score in scores.items()}
        total = sum(weights.values())
        return sorted(((code, w / total) for code, w in weights.items()), key=lambda x: (-x[1], x[0]))

    def subsectors(self, text: str, sector: str) -> tuple[str, ...]:
        """Sub-sectors of a sector that a text speaks of, likeliest first."""
        parts = self._parts.get(sector, {})
        said = set(pieces(text))
        held = Counter(piece for words in parts.values() for piece in said & words.keys())
        scored = []
        for name, words in parts.items():
            score = sum(
                (len(p) - 1) * words[p] * math.log(1 + len(parts) / held[p]) for p in said & words.keys()
            )
            if score >= _LEAST_SUBSECTOR:
                scored.append((score, name))
        scored.sort(key=lambda s: -s[0])
        return tuple(name for score, name in scored if score >= 0.6 * scored[0][0])[:3]

    def everywhere(self, sector: str) -> frozenset[str]:
        """Pieces that stand all over a sector and so tell none of its branches (义务教育, 退役军人)."""
        return self._everywhere.get(sector, frozenset())

    def _seen(self, wanted: set[str], without: set[str]) -> dict[str, Counter[str]]:
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for code, sector, found in self._projects:
            if code not in without:
                for piece in wanted & found.keys():
                    seen[piece][sector] += 1
        return seen

    def _add_evidence(self, scores: dict[str, float], piece: str, seen: Counter[str]) -> None:
        """Add how much a piece speaks for each sector against the average sector."""
        rates = {
            c: (self._counts[c][piece] + 2 * seen[c]) / (1 + self._totals[c] / 2000) for c in self._codes
        }
        whole = sum(rates.values())
        if not whole:
            return
        size = len(self._codes)
        for code, rate in rates.items():
            share = (rate + _SMOOTH) / (whole + _SMOOTH * size)
            scores[code] += (len(piece) - 1) * math.log(share * size) / _PRIOR


def _named(projects: Iterable[Project]) -> list[tuple[str, str, Counter[str]]]:
    """Code, sector and pieces of the name of each project that tells something of a sector."""
    return [(p.code, p.sector, Counter(pieces(p.name))) for p in projects if p.sector and p.sector != COMMON]


def _parts_of(
    sector: Sector, branches: Mapping[tuple[str, str], Sequence[Indicator]]
) -> dict[str, dict[str, float]]:
    """Pieces of each sub-sector with their weight: its own words first, then those of its indicators."""
    parts: dict[str, dict[str, float]] = {}
    for subsector in sector.subsectors:
        words: dict[str, float] = {}
        for indicator in branches.get((sector.code, subsector.name), ()):
            for text in (indicator.name, *indicator.aliases, *indicator.keywords):
                words |= dict.fromkeys(pieces(text), 0.7)
        for text in (subsector.name, *subsector.uses):
            words |= dict.fromkeys(pieces(text), 1.0)
        parts[subsector.name] = words
    return parts


def _everywhere(parts: Mapping[str, Mapping[str, float]]) -> frozenset[str]:
    held = Counter(piece for words in parts.values() for piece in words)
    return frozenset(piece for piece, n in held.items() if n >= 3)


def _texts_of_sector(sector: Sector) -> Iterator[tuple[str, float]]:
    yield sector.name, 4.0
    for text in (*sector.aliases, *sector.units):
        yield text, 3.0
    for subsector in sector.subsectors:
        yield subsector.name, 3.0
        for use in subsector.uses:
            yield use, 2.0


def _count(counter: Counter[str], text: str, weight: float) -> None:
    for piece in pieces(text):
        counter[piece] = counter.get(piece, 0) + weight  # type: ignore[assignment]
