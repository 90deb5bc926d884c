"""Answers of a cluster: candidates asked for, fetched, and scored by the embedded engine's own arithmetic.

A query that no more than ``reach`` records share anything with is answered exactly: all of them are
scored here, and the result is the embedded engine's. Of more, the best ``reach`` by the engine's
order are scored, with counts over all records from the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kb.search.answer import Filters
from kb.search.cluster import asking
from kb.search.cluster.asking import Asking
from kb.search.cluster.candidates import Candidates, Shelf
from kb.search.cluster.client import Client
from kb.search.cluster.lexical import Lexical, State
from kb.search.cluster.suggest import ClusterSuggester
from kb.search.corpus import FACETS, Beyond, Bools
from kb.search.embedded import score
from kb.search.plan import Plan
from kb.search.ranking import Ranking
from kb.search.score import Scorer
from kb.search.sounds import SoundTable
from kb.search.source import Labels
from kb.search.suggest import Suggestion
from kb.search.weights import Weights

_SCORER_MEMORY = 16 << 20  # of one query
_MOST = 10_000  # records that an index gives for one request
_COUNTS_KEPT = 20_000
_MARGIN = 1.02  # what the cluster reckons differs from what is reckoned here by rounding
_CUBE = {"lang": "expression", "source": "_score*_score*_score"}
_SECTORS = {
    "sectors": {"terms": {"field": "sector", "size": 1000}, "aggs": {"mass": {"sum": {"script": _CUBE}}}}
}


@dataclass(frozen=True, slots=True)
class _Hits:
    """Records by id and version, best first, of how many in all, what was counted, the last one's score."""

    found: list[tuple[str, int]]
    total: int
    counted: Mapping[str, Any]
    least: float

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> _Hits:
        hits = answer["hits"]
        found = [(hit["sort"][1], hit["_version"]) for hit in hits["hits"]]
        least = float(hits["hits"][-1]["_score"] or 0.0) if hits["hits"] else 0.0
        return cls(found, hits["total"]["value"], answer.get("aggregations", {}), least)


class ClusterSource:
    """One state of an index in a cluster. Threads may share it."""

    def __init__(
        self, client: Client, index: str, lexical: Lexical, state: State, shelf: Shelf, weights: Weights
    ) -> None:
        self._client, self.index, self._shelf, self._weights = client, index, shelf, weights
        new = dict.fromkeys(state.added, 1)
        self._lexical = lexical
        self._frequency = {**new, **lexical.frequency} if new else lexical.frequency
        self._means = lexical.mean_lengths()
        self._counts: dict[str, int] = {}
        answer = client.search(index, asking.labels_request())
        self.size: int = answer["hits"]["total"]["value"]
        self._labels = _labels(answer["aggregations"])
        self._suggester = ClusterSuggester(client, index, self.sounds, self._labels.sectors)

    @property
    def frequency(self) -> Mapping[str, int]:
        """Words of the index with the number of records that hold them."""
        return self._frequency

    @cached_property
    def _sounds(self) -> SoundTable:
        return SoundTable.load(self._lexical.sounds)

    def sounds(self) -> SoundTable:
        """Pinyin of the index's words, unpacked at first use."""
        return self._sounds

    def labels(self) -> Labels:
        """Levels and sectors that records have."""
        return self._labels

    def foresee(self, fragments: Iterable[str]) -> None:
        """Look these fragments up in one request."""
        self._count({f"held {f}": asking.held(f) for f in fragments})

    def holding(self, fragment: str) -> int:
        """Number of records that hold a normal fragment literally."""
        return self._count({f"held {fragment}": asking.held(fragment)})[0]

    def using(self, word: str) -> int:
        """Number of records that a word of a query gives anything."""
        known = word in self._frequency
        return self._count({f"word {word}": {"term": {"words": word}}})[0] if known else self.holding(word)

    def has_code(self, text: str) -> bool:
        """True where a record has this normal code."""
        return self._count({f"code {text}": {"term": {"code": text}}})[0] > 0

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """Suggestions for what stands in the search box, best first."""
        return self._suggester.suggest(text, limit)

    def rank(self, plan: Plan, filters: Filters, reach: int) -> Ranking:
        """The records that hold anything of a plan, scored: all, or the best of very many."""
        ask = Asking(plan, self._frequency, self.size, self._weights)
        wanted = min(_MOST, max(self._client.address.reach, 2 * reach))
        first = self._first(ask, wanted)
        if first.total <= len(first.found):
            return self._scored(plan, first.found, Beyond(self.size))
        return self._partial(ask, filters, wanted, reach, first)

    def _first(self, ask: Asking, wanted: int) -> _Hits:
        """The best records by the engine's rough order, and how many serve each want."""
        counts = ask.counts()
        body = _page(ask.weighed(ask.found()), wanted)
        if counts:
            body["aggs"] = {"holders": {"filters": {"filters": counts}}}
        return _Hits.of(self._client.search(self.index, body))

    def _partial(self, ask: Asking, filters: Filters, wanted: int, reach: int, first: _Hits) -> Ranking:
        """The best of more records than are scored here.

        The first round's best tell the bars. Reckoned by those as here, but for the sectors' weight,
        the best come again; only where one left out could still stand among the shown, or where
        filters and operators let few of them through, others are asked for.
        """
        buckets = first.counted["holders"]["buckets"] if "holders" in first.counted else {}
        beyond = Beyond(self.size, ask.holders({n: b["doc_count"] for n, b in buckets.items()}))
        bars = self._scored(ask.plan, first.found, beyond).scores.bars
        query = ask.valued(bars, beyond.holders) if bars else ask.found()
        narrowed = [*asking.filter_clauses(filters).values(), *asking.restrictions(ask.plan)]
        counting = {
            "size": 0,
            "query": asking.all_of(
                [ask.matching(bars, beyond.holders) if bars else query, *asking.restrictions(ask.plan)]
            ),
            "aggs": asking.facet_counts(asking.filter_clauses(filters)),
        }
        best = {**_page(ask.weighed(query), wanted), "aggs": _SECTORS}
        answers = self._client.search_all(self.index, [best, counting])
        found = _Hits.of(answers[0])
        if bars:
            beyond = replace(beyond, masses=_masses(found))
        climate = self._climate(beyond)
        ranking = self._scored(ask.plan, found.found, beyond)
        if narrowed or self._may_miss(ranking, found, reach, climate):
            again = self._again(ask.weighed(query, climate), narrowed, wanted)
            ranking = self._scored(ask.plan, list(dict([*found.found, *again]).items()), beyond)
        return _Partial(
            ranking.plan, ranking.corpus, ranking.scorer, ranking.scores, answers[1]["aggregations"]
        )

    def _again(
        self, query: asking.Clause, narrowed: list[asking.Clause], wanted: int
    ) -> list[tuple[str, int]]:
        """The best records with the sectors' weight known, and of those that filters let through."""
        bodies = [_page(query, wanted)]
        if narrowed:
            bodies.append(_page({"bool": {"must": [query], "filter": narrowed}}, wanted))
        answers = self._client.search_all(self.index, bodies)
        return [hit for answer in answers for hit in _Hits.of(answer).found]

    def _may_miss(self, ranking: Ranking, found: _Hits, reach: int, climate: Mapping[str, float]) -> bool:
        """Whether a record that was left out could stand among the first ``reach``, were its sector's weight known."""
        values = ranking.scores.values[ranking.scores.matched]
        if len(values) < reach:
            return True
        last = float(np.partition(values, len(values) - reach)[len(values) - reach]) if reach else 0.0
        return found.least * max(climate.values(), default=1.0) * _MARGIN >= last

    def _climate(self, beyond: Beyond) -> dict[str, float]:
        """Factor of each sector."""
        masses = {name: mass for name, mass in (beyond.masses or {}).items() if name}
        whole = sum(masses.values())
        if not whole:
            return {}
        return {name: 1 + self._weights.climate * mass / whole for name, mass in masses.items()}

    def _scored(self, plan: Plan, found: Sequence[tuple[str, int]], beyond: Beyond) -> Ranking:
        candidates = self._shelf.take(found)
        corpus = Candidates(self._shelf, candidates, self._frequency, self._means, self._weights, beyond)
        scorer = Scorer(corpus, self._weights, _SCORER_MEMORY)
        return Ranking(plan, corpus, scorer, score(scorer, corpus.codes, plan))

    def _count(self, clauses: Mapping[str, asking.Clause]) -> list[int]:
        """Number of records per clause, remembered for as long as this state of the index lasts."""
        missing = [name for name in clauses if name not in self._counts]
        if missing:
            bodies = [{"size": 0, "track_total_hits": True, "query": clauses[name]} for name in missing]
            answers = self._client.search_all(self.index, bodies)
            if len(self._counts) > _COUNTS_KEPT:
                self._counts.clear()
            self._counts.update(
                {n: a["hits"]["total"]["value"] for n, a in zip(missing, answers, strict=True)}
            )
        return [self._counts.get(name, 0) for name in clauses]


@dataclass(frozen=True, slots=True)
class _Partial(Ranking):
    """A ranking of the best of very many records: pages come from them, counts from the cluster."""

    counted: Mapping[str, Any]

    def _counts(
        self, matched: Bools, final: Bools, chosen: Mapping[str, Bools], filters: Filters
    ) -> tuple[int, dict[str, dict[str, int]]]:
        facets = {}
        for name in FACETS:
            buckets = self.counted[name]["values"]["buckets"]
            values = {b["key"]: b["doc_count"] for b in buckets if b["key"]}
            facets[name] = dict(sorted(values.items(), key=lambda item: (-item[1], item[0])))
        return self.counted["total"]["doc_count"], facets


def _page(query: asking.Clause, size: int) -> dict[str, Any]:
    return {
        "size": size,
        # Ids come with the sort: reading stored fields, even of ids alone, took four fifths of the time.
        "stored_fields": "_none_",
        "version": True,
        "track_total_hits": True,
        "query": query,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "track_scores": True,
    }


def _masses(first: _Hits) -> dict[str, float]:
    return {b["key"]: b["mass"]["value"] for b in first.counted["sectors"]["buckets"]}


def _labels(counted: Mapping[str, Any]) -> Labels:
    def values(group: Mapping[str, Any], *names: str) -> frozenset[str]:
        return frozenset(b["key"] for name in names for b in group[name]["buckets"] if b["key"])

    of_frameworks = values(counted["framework"], "level1", "level2")
    of_others = values(counted["other"], "level1", "level2")
    return Labels(of_frameworks | of_others, of_frameworks - of_others, values(counted, "sector"))
