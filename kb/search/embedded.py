"""The source of answers that the embedded index is: one snapshot, scored as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from kb.search.answer import Filters
from kb.search.plan import Plan
from kb.search.ranking import Ranking
from kb.search.score import Scorer, Scores
from kb.search.snapshot import Snapshot
from kb.search.sounds import SoundTable
from kb.search.source import Labels
from kb.search.suggest import Suggester, Suggestion
from kb.search.weights import Weights


class SnapshotSource:
    """Everything asked of one snapshot. Threads may share it."""

    def __init__(self, snapshot: Snapshot, weights: Weights) -> None:
        self.snapshot = snapshot
        self._scorer = Scorer(snapshot, weights, snapshot.memory // 4)

    @property
    def cached_bytes(self) -> int:
        """Bytes that everything decoded so far takes."""
        return self.snapshot.cached_bytes + self._scorer.cached_bytes

    @property
    def frequency(self) -> Mapping[str, int]:
        """Words of the index with the number of records that hold them."""
        return self.snapshot.frequency

    def sounds(self) -> SoundTable:
        """Pinyin of the index's words, loaded at first use."""
        return self.snapshot.sounds()

    def labels(self) -> Labels:
        """Levels and sectors that records have."""
        facets = self.snapshot.facets
        kinds = facets["kind"]
        framework = kinds.values.index("framework") if "framework" in kinds.values else -1
        inside = kinds.codes == framework
        of_frameworks, of_others = set(), set()
        for name in ("level1", "level2"):
            facet = facets[name]
            of_frameworks |= {facet.values[c] for c in np.unique(facet.codes[inside])}
            of_others |= {facet.values[c] for c in np.unique(facet.codes[~inside])}
        levels = {v for name in ("level1", "level2") for v in facets[name].values if v}
        only = frozenset(of_frameworks - of_others - {""})
        return Labels(frozenset(levels), only, frozenset(facets["sector"].values))

    def foresee(self, fragments: Iterable[str]) -> None:
        """Looking up costs microseconds here."""

    def holding(self, fragment: str) -> int:
        """Number of records that hold a normal fragment literally."""
        return len(self.snapshot.find(fragment)[0])

    def using(self, word: str) -> int:
        """Number of records that a word of a query gives anything."""
        return len(self.snapshot.gains(word).docs)

    def has_code(self, text: str) -> bool:
        """True where a record has this normal code."""
        return text in self.snapshot.codes

    def rank(self, plan: Plan, filters: Filters, reach: int) -> Ranking:
        """All records scored, whatever the filters."""
        return Ranking(plan, self.snapshot, self._scorer, score(self._scorer, self.snapshot.codes, plan))

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """Suggestions for what stands in the search box, best first."""
        return self._suggester.suggest(text, limit)

    @cached_property
    def _suggester(self) -> Suggester:
        """Made at the first suggestion."""
        return Suggester(self.snapshot)


def score(scorer: Scorer, codes: Mapping[str, int], plan: Plan) -> Scores:
    """Scores of a plan; the record whose code the query is stands before all others."""
    scores = scorer.score(plan)
    if not plan.query.bare:
        # Nothing to look for (an empty query, or fields alone): all there is, best records first.
        return scorer.everything() if plan.query.fields or not plan.query.text else scores
    exact = codes.get(plan.query.text)
    if exact is not None:
        here = scores.places == exact
        scores.values[here] = scores.values.max() * 2 + 1
        scores.matched[here] = True
    return scores
