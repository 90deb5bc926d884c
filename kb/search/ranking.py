"""A scored query on its way to a page: partners, matches, filters, the page itself, counts per facet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kb.search.answer import Filters
from kb.search.arrays import Docs
from kb.search.corpus import FACETS, Bools, Corpus
from kb.search.partners import with_partners
from kb.search.plan import Plan
from kb.search.score import Scorer, Scores


@dataclass(frozen=True, slots=True)
class Page:
    """Documents of a page with their scores, the number of all matches, and counts per facet."""

    top: tuple[tuple[int, float], ...]
    total: int
    facets: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """A plan with the scores it got on a corpus."""

    plan: Plan
    corpus: Corpus
    scorer: Scorer
    scores: Scores

    def joined(self, share: float) -> Ranking:
        """The same with the benefits of the leading outputs, worth ``share`` of them."""
        return replace(self, scores=with_partners(self.corpus, self.scores, share))

    def page(self, filters: Filters, limit: int, offset: int) -> Page:
        """``limit`` documents from ``offset`` on. Each facet is counted over the matches of all other filters."""
        matched, chosen, final = self._narrowed(filters)
        total, facets = self._counts(matched, final, chosen, filters)
        return Page(tuple(self._top(final, limit, offset)), total, facets)

    def count(self, filters: Filters) -> int:
        """Number of matches that pass the filters."""
        return int(np.count_nonzero(self._narrowed(filters)[2]))

    def _narrowed(self, filters: Filters) -> tuple[Bools, dict[str, Bools], Bools]:
        """Matches, those that each filter lets pass, and those that all let pass."""
        matched = self.scorer.restrict(self.plan, self.scores)
        chosen = {n: mask[self.scores.places] for n, mask in self.scorer.narrow(filters).items()}
        final = matched.copy()
        for mask in chosen.values():
            final &= mask
        return matched, chosen, final

    def _top(self, final: Bools, limit: int, offset: int) -> list[tuple[int, float]]:
        """Documents of the page with their scores: by score, equals by id."""
        places, values = self.scores.places[final], self.scores.values[final]
        count = offset + limit
        if 0 < count < len(places):
            least = np.partition(values, len(values) - count)[len(values) - count]
            places, values = places[values >= least], values[values >= least]
        order = np.lexsort((self.corpus.order[places], -values))[offset:count]
        return list(zip(places[order].tolist(), values[order].tolist(), strict=True))

    def _counts(
        self, matched: Bools, final: Bools, chosen: Mapping[str, Bools], filters: Filters
    ) -> tuple[int, dict[str, dict[str, int]]]:
        """Number of matches, and counts per value of each facet, largest first."""
        places = self.scores.places
        counts: dict[str, dict[str, int]] = {}
        for name in FACETS:
            counted = places[final]
            if name in chosen:
                others = matched.copy()
                for other, mask in chosen.items():
                    if other != name:
                        others &= mask
                counted = places[others]
            counts[name] = self._count(name, counted)
        return int(np.count_nonzero(final)), counts

    def _count(self, name: str, places: Docs) -> dict[str, int]:
        facet = self.corpus.facets[name]
        found = np.bincount(facet.codes[places], minlength=len(facet.values)).tolist()
        filled = [(value, n) for value, n in zip(facet.values, found, strict=True) if n and value]
        return dict(sorted(filled, key=lambda item: (-item[1], item[0])))
