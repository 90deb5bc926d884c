"""A plan as requests to the cluster: which records to score, how many serve each want, how many match.

A first request orders records roughly (each want's best word times its rarity, the records' own
weight). Where very many share something with the query, others reckon as ``score.py`` does: its two
sums, what a record gains and what it covers, are counted in one score (``_packed``) and put together
by a script, so that the best thousand hold every record that can come first, and matches are
counted by the same bars. The order that users see is always made by ``score.py`` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kb.search.answer import Filters
from kb.search.cluster.schema import PARTS, characters, pairs
from kb.search.corpus import FACETS
from kb.search.plan import Alternative, Plan, Want
from kb.search.score import Bars
from kb.search.weights import Weights
from kb.search.worth import FULL_GAIN, kind_factors, rarity, want_factor, want_key

Clause = dict[str, Any]

_LITERAL_GAINS = {
    "name_": 0.85,
    "label_": 0.6,
    "gist_": 0.54,
    "": 0.24,
}  # about what a literal fragment gains
_PLACE_GAIN = 0.6  # what being in a named sector or level gains
_SHARES = 4000  # steps in which coverage and gains are counted
_STEP = 4096
_SHAPE_LIMIT = 24
_ANY_OF_MANY = 1000  # values of a facet that are counted

# Coverage in the upper part of the number, gains in the lower; both whole numbers, so that sums stay exact.
_PACK = (
    "double g = Math.min(1.0, _score * params.gain);"
    "double d = params.cover * (params.floor + (1 - params.floor) * Math.min(g / params.full, 1.0));"
    f"return Math.floor(d) * {_STEP} + Math.floor(params.worth * g);"
)
_VALUE = (
    f"double c = Math.floor(_score / {_STEP}); double g = _score - c * {_STEP};"
    f"double share = Math.min(1.0, (c + params.slack) / {_SHARES});"
    "double value = (g + params.slack) / params.worth * Math.pow(share, params.power);"
)
_VALUED = f"{_VALUE} return value;"
_REACHED = (
    f"{_VALUE} boolean p = doc['kind'].value == 'project';"
    "return share >= (p ? params.share0 : params.share1) && value >= (p ? params.value0 : params.value1) ? 1 : 0;"
)
_SHAPE = "_score * params.worth / (Math.max(doc['length'].value - 1, 1) + params.pairs)"

NOTHING: Clause = {"match_none": {}}
EVERYTHING: Clause = {"match_all": {}}


def held(fragment: str, boost: float = 1.0, part: str = "") -> Clause:
    """Records that hold a normal fragment literally, anywhere or in one of the schema's PARTS."""
    if not fragment:
        return NOTHING
    if len(fragment) == 1:
        return {"term": {f"{part}characters": {"value": characters(fragment), "boost": boost}}}
    tokens = pairs(fragment)
    if len(tokens) == 1:
        return {"term": {f"{part}pairs": {"value": tokens[0], "boost": boost}}}
    return {"match_phrase": {f"{part}pairs": {"query": " ".join(tokens), "boost": boost}}}


def held_somewhere(fragment: str, worths: Mapping[str, float], boost: float) -> Clause:
    """Records that hold a fragment, scored by the best part of them that does."""
    return {"dis_max": {"queries": [held(fragment, boost * worth, part) for part, worth in worths.items()]}}


def any_of(clauses: Iterable[Clause]) -> Clause:
    """Records that one of the clauses finds; their scores add up."""
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def all_of(clauses: Iterable[Clause]) -> Clause:
    """Records that all of the clauses find, without scores."""
    return {"bool": {"filter": list(clauses)}}


def one_of(field: str, values: Iterable[str]) -> Clause:
    """Records with one of some values."""
    return {"terms": {field: sorted(values)}}


def filter_clauses(filters: Filters) -> dict[str, Clause]:
    """A clause per filter that is set."""
    return {name: one_of(name, values) for name in FACETS if (values := getattr(filters, name))}


def restrictions(plan: Plan) -> list[Clause]:
    """What phrases, -words and fields of a query let through; [] where it has none."""
    query = plan.query
    if not (query.phrases or query.nots or query.fields):
        return []
    wanted = [held(phrase) for phrase in query.phrases]
    wanted += [_field(name, value) for name, value in query.fields]
    barred = [held(word) for word in query.nots]
    strict: Clause = {"bool": {"filter": wanted, "must_not": barred}}
    # Operators may be part of a text that somebody pasted: who holds it whole is never dropped.
    return [any_of([strict, held(query.text)])]


def _field(name: str, value: str) -> Clause:
    if name == "code":
        return {"prefix": {"code": value}}
    if name == "name":
        return held(value, part="name_")
    escaped = "".join(f"\\{c}" if c in "*?\\" else c for c in value)
    return {"wildcard": {name: {"value": f"*{escaped}*"}}}


class Asking:
    """One plan in the cluster's terms. ``frequency`` are the index's words, ``size`` the number of records."""

    def __init__(self, plan: Plan, frequency: Mapping[str, int], size: int, weights: Weights) -> None:
        self.plan, self._weights, self._size = plan, weights, size
        self._frequency = frequency

    def found(self) -> Clause:
        """Every record that holds anything of the plan, with a rough score."""
        if not self.plan.query.bare and (self.plan.query.fields or not self.plan.query.text):
            return EVERYTHING
        clauses = [clause for want in self.plan.wants for clause in self._scored(want)]
        stems = [held(stem, 0.01) for stem in self.plan.stems]
        if not clauses and not stems:
            return NOTHING
        scale = sum(worth for want in self.plan.wants for _, _, worth in self._shares(want)) or 1.0
        bonuses = self._bonuses((*self.plan.stems, self.plan.meant), scale)
        return {"bool": {"must": [any_of([*clauses, *stems])], "should": list(bonuses)}}

    def weighed(self, query: Clause, climate: Mapping[str, float] | None = None) -> Clause:
        """``query`` with records and kinds as much worth as in ``score.py``; ``climate`` are sectors' factors."""
        w, intent = self._weights, self.plan.intent
        functions: list[Clause] = [{"field_value_factor": {"field": "prior"}}]
        for kind, factor in kind_factors(w, intent.kind).items():
            functions.append({"filter": {"term": {"kind": kind}}, "weight": factor})
        if intent.sectors:
            functions.append({"filter": one_of("sector", intent.sectors), "weight": 1 + w.sector})
        if intent.levels:
            functions.append({"filter": _levels(intent.levels), "weight": 1 + w.level})
        if intent.level_hint:
            functions.append({"filter": {"term": {"level2": intent.level_hint}}, "weight": 1 + w.unit})
        for sector, factor in (climate or {}).items():
            functions.append({"filter": {"term": {"sector": sector}}, "weight": factor})
        return {
            "function_score": {
                "query": query, "functions": functions, "score_mode": "multiply", "boost_mode": "multiply",
            }
        }  # fmt: skip

    def counts(self) -> dict[str, Clause]:
        """A clause per thing that ``Beyond.holders`` wants counted, under the name that ``holders`` reads."""
        clauses: dict[str, Clause] = {}
        for number, want in enumerate(self.plan.wants):
            whole = [self._plain(a) for a in want.alternatives] + _places(want)
            clauses[f"{number}.0"] = any_of(whole)
            for place, part in enumerate(want.parts, 1):
                clauses[f"{number}.{place}"] = any_of([*whole, *(self._plain(a) for a in part.alternatives)])
        return clauses

    def holders(self, counted: Mapping[str, int]) -> dict[str, Sequence[int]]:
        """The counts of ``counts`` by want."""
        return {
            want_key(want): [counted[f"{number}.{place}"] for place in range(len(want.parts) + 1)]
            for number, want in enumerate(self.plan.wants)
        }

    def valued(self, bars: Bars, holders: Mapping[str, Sequence[int]]) -> Clause:
        """What ``found`` finds, scored as ``score.py`` does but for the record's own weight."""
        packed, parameters = self._sums(bars, holders)
        stems = [held(stem, 0.001) for stem in self.plan.stems]
        reckoned = [_script(any_of(packed), _VALUED, parameters)] if packed else []
        bonuses = self._bonuses([bars.stem or self.plan.meant], bars.asked)
        return {"bool": {"must": [any_of([*reckoned, *stems])], "should": list(bonuses)}}

    def matching(self, bars: Bars, holders: Mapping[str, Sequence[int]]) -> Clause:
        """Records that reach the bars of ``score.py``, as exactly as 4,000 steps tell."""
        packed, parameters = self._sums(bars, holders)
        parameters |= {
            "share0": bars.shares[0], "share1": bars.shares[1],
            "value0": bars.values[0], "value1": bars.values[1],
        }  # fmt: skip
        reached = _script(any_of(packed), _REACHED, parameters, least=0.5) if packed else NOTHING
        if bars.demanded:
            intent = self.plan.intent
            places = [one_of("sector", intent.sectors)] if intent.sectors else []
            places += [_levels(intent.levels)] if intent.levels else []
            reached = all_of([reached, *places])
        return any_of([reached, held(bars.stem)]) if bars.stem else reached

    def _sums(self, bars: Bars, holders: Mapping[str, Sequence[int]]) -> tuple[list[Clause], Clause]:
        """A clause per want that counts both sums, and what a script needs to take them apart."""
        served = [(c, worth) for want in self.plan.wants for c, worth in self._served(want, holders)]
        gains = sum(worth for _, worth in served) or 1.0
        packed = [
            _packed(alternatives, worth, bars.asked if covers else 0.0, gains, self._weights.shallow)
            for (alternatives, covers), worth in served
            if worth > 0
        ]
        slack = 0.5 * len(packed)
        return packed, {"worth": _SHARES / gains, "power": self._weights.coverage, "slack": slack}

    def _scored(self, want: Want) -> Iterator[Clause]:
        """A want's clauses for the rough order."""
        for alternatives, places, worth in self._shares(want):
            clauses = [self._clause(a, a.strength * s) for s, group in alternatives for a in group]
            clauses += [{"constant_score": {"filter": c, "boost": _PLACE_GAIN}} for c in places]
            yield {"dis_max": {"queries": clauses, "boost": max(worth, 0.001)}}

    def _shares(
        self, want: Want
    ) -> Iterator[tuple[list[tuple[float, Sequence[Alternative]]], list[Clause], float]]:
        """What serves a want, and about how much that is worth, by the words' frequencies at building."""
        whole, places = want.alternatives, _places(want)
        known = self._expected(whole)
        factor = want_factor(want, known, self._weights)
        if not want.parts:
            yield [(1.0, whole)], places, factor * rarity(known, self._size)
            return
        yield [(1.0, whole)], places, factor * 0.5 * rarity(known, self._size)
        for part in want.parts:
            count = self._expected([*whole, *part.alternatives])
            inner = (self._weights.inner, part.alternatives)
            yield [(1.0, whole), inner], places, factor * rarity(count, self._size)

    def _expected(self, alternatives: Sequence[Alternative]) -> int:
        return min(self._size, sum(self._frequency.get(a.word, 1) for a in alternatives))

    def _served(
        self, want: Want, holders: Mapping[str, Sequence[int]]
    ) -> Iterator[tuple[tuple[list[tuple[Clause, float]], bool], float]]:
        """((alternatives as (clause, factor of its score), whether it counts as coverage), worth)."""
        counted = holders[want_key(want)]
        factor = want_factor(want, counted[0], self._weights)
        whole = [(self._clause(a), a.strength) for a in want.alternatives]
        whole += [({"constant_score": {"filter": c}}, _PLACE_GAIN) for c in _places(want)]
        yield (whole, not want.parts), rarity(counted[0], self._size) * factor * (0.5 if want.parts else 1.0)
        for part, count in zip(want.parts, counted[1:], strict=True):
            inner = [(self._clause(a), a.strength * self._weights.inner) for a in part.alternatives]
            yield ([*whole, *inner], True), rarity(count, self._size) * factor

    def _clause(self, alternative: Alternative, boost: float = 1.0) -> Clause:
        """Records that an alternative serves, scored by what it gains them."""
        word = self._word(alternative.word, boost)
        if not alternative.parts:
            return word
        share = boost * self._weights.inner / len(alternative.parts)
        apart: Clause = {"bool": {"must": [self._word(part, share) for part in alternative.parts]}}
        return {"dis_max": {"queries": [word, apart]}}

    def _word(self, word: str, boost: float) -> Clause:
        if word in self._frequency:
            return {"term": {"words": {"value": word, "boost": boost}}}
        return held_somewhere(word, _LITERAL_GAINS, boost)

    def _plain(self, alternative: Alternative) -> Clause:
        word = self.using(alternative.word)
        if not alternative.parts:
            return word
        return any_of([word, all_of([self.using(part) for part in alternative.parts])])

    def using(self, word: str) -> Clause:
        """Records that a word gives anything."""
        return {"term": {"words": word}} if word in self._frequency else held(word)

    def _bonuses(self, stems: Iterable[str], scale: float) -> Iterator[Clause]:
        """What holding the query as a whole, and sharing its pairs of characters, is worth."""
        w, plan = self._weights, self.plan
        for stem in dict.fromkeys(filter(None, stems)):
            yield held_somewhere(stem, PARTS, w.phrase * scale)
            wholes = (("name", w.whole_name), ("aliases", w.whole_alias), ("keywords", w.whole_keyword))
            for field, worth in wholes:
                yield {"constant_score": {"filter": {"term": {field: stem}}, "boost": worth * scale}}
        text = plan.meant.replace(" ", "")[:_SHAPE_LIMIT]
        shared = sorted({text[i : i + 2] for i in range(len(text) - 1)})
        if shared:
            parameters = {"worth": w.shape * scale, "pairs": len(shared)}
            yield _script(any_of(held(pair, part="name_") for pair in shared), _SHAPE, parameters)


def _script(query: Clause, source: str, parameters: Clause, least: float | None = None) -> Clause:
    """``query`` with its score replaced by what a script makes of it."""
    body: Clause = {"query": query, "script": {"source": source, "params": parameters}}
    return {"script_score": body if least is None else {**body, "min_score": least}}


def _packed(
    alternatives: Sequence[tuple[Clause, float]], worth: float, asked: float, gains: float, floor: float
) -> Clause:
    """A want as one number: how much it covers and gains, by the alternative that serves it best."""
    parameters = {
        "full": FULL_GAIN, "floor": floor, "worth": worth / gains * _SHARES,
        "cover": worth / asked * _SHARES if asked else 0.0,
    }  # fmt: skip
    return {"dis_max": {"queries": [_script(c, _PACK, {**parameters, "gain": s}) for c, s in alternatives]}}


def _places(want: Want) -> list[Clause]:
    """A unit that names a sector or level is served by being in it."""
    found = [one_of("sector", want.unit.sectors)] if want.unit.sectors else []
    return [*found, _levels(want.unit.levels)] if want.unit.levels else found


def _levels(names: Iterable[str]) -> Clause:
    wanted = sorted(names)
    return {
        "bool": {"should": [one_of("level1", wanted), one_of("level2", wanted)], "minimum_should_match": 1}
    }


def facet_counts(chosen: Mapping[str, Clause]) -> dict[str, Any]:
    """Aggregations that count each facet over the records that all other filters let through."""
    counted: dict[str, Any] = {"total": {"filter": all_of(chosen.values()) if chosen else EVERYTHING}}
    for name in FACETS:
        others = [clause for other, clause in chosen.items() if other != name]
        counted[name] = {
            "filter": all_of(others) if others else EVERYTHING,
            "aggs": {"values": {"terms": {"field": name, "size": _ANY_OF_MANY}}},
        }
    return counted


def labels_request() -> dict[str, Any]:
    """Which levels and sectors records have, levels of framework rows apart."""

    def values(name: str) -> dict[str, Any]:
        return {"terms": {"field": name, "size": _ANY_OF_MANY}}

    levels = {"level1": values("level1"), "level2": values("level2")}
    framework: Clause = {"term": {"kind": "framework"}}
    return {
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "sector": values("sector"),
            "framework": {"filter": framework, "aggs": levels},
            "other": {"filter": {"bool": {"must_not": [framework]}}, "aggs": levels},
        },
    }
