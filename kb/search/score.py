"""Scores of all records for a plan, as array arithmetic over decoded postings.

Every record is scored, none is skipped by a bound: the ranking is the exhaustive one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kb.search.answer import Filters
from kb.search.arrays import Docs, Field, Masks
from kb.search.cache import Cache
from kb.search.corpus import FACETS, Bools, Corpus, Floats, Gains
from kb.search.plan import Alternative, Plan, Want
from kb.search.weights import Weights
from kb.search.worth import FULL_GAIN, kind_factors, names_only_places, rarity, want_factor, want_key

_SHAPE_LIMIT = 24  # characters of the query that are compared with names
_SHARES = {
    Field.NAME: 1.0,
    Field.CODE: 1.0,
    Field.ALIAS: 0.7,
    Field.KEYWORD: 0.7,
    Field.GIST: 0.4,
    Field.BODY: 0.2,
    Field.ASIDE: 0.05,
}
_SHARE_OF_MASK = np.array(
    [
        max((share for field, share in _SHARES.items() if mask >> field & 1), default=0.0)
        for mask in range(128)
    ],
    np.float32,
)
"""What the query as a whole is worth by the best of the fields it stands in."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What a match had to reach, each for projects and for other kinds.

    ``shares`` of the query covered, which as a whole is worth ``asked``, and ``values`` before the
    records' own weight. ``demanded`` tells whether its sector and level were demanded too, ``stem``
    is the text whose holders match whatever they reach.
    """

    shares: tuple[float, float]
    values: tuple[float, float]
    asked: float
    demanded: bool
    stem: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of the documents that hold anything of a plan.

    ``places`` are document numbers, ascending, ``values`` their scores, ``matched`` which of them
    count as matches. ``covered`` is the share of the query that the best one covers (0..1),
    ``literal`` tells whether some document holds the query word for word. ``bars`` is None where
    nothing was asked for.
    """

    places: Docs
    values: Floats
    matched: Bools
    covered: float
    literal: bool
    bars: Bars | None = None


@dataclass(frozen=True, slots=True)
class _Served:
    """Documents that serve a want, what each gains and covers by it, and what covering it is worth."""

    docs: npt.NDArray[np.int64]
    gains: Floats
    depth: Floats
    worth: float


class Scorer:
    """Scores plans against one corpus; the fixed part of each record's weight is computed once."""

    def __init__(self, corpus: Corpus, weights: Weights, memory: int) -> None:
        """``memory`` bounds what is kept of words that were asked for before, in bytes."""
        self._corpus, self._weights = corpus, weights
        self._size = corpus.beyond.size if corpus.beyond else int(np.count_nonzero(corpus.live))
        self.prior = self._priors()
        self._kinds = corpus.facets["kind"]
        kinds = np.array([value == "project" for value in self._kinds.values], bool)
        self._is_project: Bools = kinds[self._kinds.codes]
        self._factors = {kind: self._kind_factors(kind) for kind in ("", "problem", "question")}
        self._wants: Cache[tuple[_Served, ...]] = Cache(memory)
        self._name_pairs = np.maximum(corpus.lengths[:, Field.NAME] - 1, 1)
        sectors = corpus.facets["sector"].values
        self._no_sector = [number for number, name in enumerate(sectors) if not name]

    def score(self, plan: Plan) -> Scores:
        """Scores of a plan, before filters."""
        size = self._corpus.size
        total, cover = np.zeros(size, np.float32), np.zeros(size, np.float32)
        asked = sum(self._add_want(want, total, cover) for want in plan.wants)
        stem, docs, masks = self._literal(plan.stems)
        held = cover > 0
        held[docs] = True
        places = np.flatnonzero(held & self._corpus.live).astype(np.int32)
        if not len(places):
            return Scores(places, np.zeros(0, np.float32), np.zeros(0, bool), 0.0, literal=False)
        scale = np.float32(asked or 1.0)
        share = cover[places] / scale
        best = float(share.max())
        values = total[places] * share ** np.float32(self._weights.coverage)
        project = self._is_project[places]
        shares = self._bars(project, share, self._quorum(plan), 1e-6)
        matched, demanded = self._demand(plan, places, share >= np.where(project, *shares))
        least = self._bars(project, values, self._weights.least, 0.0)
        matched &= values >= np.where(project, *least)
        bars = Bars(_pair(shares), _pair(least), float(scale), demanded, stem)
        if stem:
            holders = np.zeros(size, bool)
            holders[docs] = True
            matched |= holders[places]
        else:
            stem, docs, masks = self._literal((plan.meant,))
        values += (self._wholes(stem, docs, masks)[places] + self._shape(plan, places)) * scale
        values *= self.prior[places] * self._factors[plan.intent.kind][self._kinds.codes[places]]
        self._soften(plan, places, values)
        return Scores(places, values, matched, best, literal=stem in plan.stems, bars=bars)

    @property
    def cached_bytes(self) -> int:
        """Bytes that words asked for before take now."""
        return self._wants.used

    def everything(self) -> Scores:
        """All live documents, the most useful first."""
        places = np.flatnonzero(self._corpus.live).astype(np.int32)
        values = self.prior[places] * self._factors[""][self._kinds.codes[places]]
        return Scores(places, values, np.ones(len(places), bool), 1.0, literal=True)

    def restrict(self, plan: Plan, scores: Scores) -> Bools:
        """Matches that the query's phrases, -words and fields let through, along ``places``."""
        matched = scores.matched.copy()
        for phrase in plan.query.phrases:
            matched &= self._holds(phrase)[scores.places]
        for word in plan.query.nots:
            matched &= ~self._holds(word)[scores.places]
        for name, value in plan.query.fields:
            matched &= self._field(name, value)[scores.places]
        if plan.query.phrases or plan.query.nots or plan.query.fields:
            # Operators may be part of a text that somebody pasted: who holds it whole is never dropped.
            matched |= self._holds(plan.query.text)[scores.places] & scores.matched
        return matched

    def narrow(self, filters: Filters) -> dict[str, Bools]:
        """For each filter that is set, the documents it lets through."""
        chosen: dict[str, Bools] = {}
        for name in FACETS:
            values: tuple[str, ...] = getattr(filters, name)
            if values:
                facet = self._corpus.facets[name]
                wanted = np.array([value in values for value in facet.values], bool)
                chosen[name] = wanted[facet.codes]
        return chosen

    def _add_want(self, want: Want, total: Floats, cover: Floats) -> float:
        """Add a want to the totals; gives the weight that covering it is worth."""
        worth = 0.0
        for served in self._served(want):
            total[served.docs] += served.gains
            if served.worth:
                cover[served.docs] += served.depth
                worth += served.worth
        return worth

    def _served(self, want: Want) -> tuple[_Served, ...]:
        """How documents serve a want: by it as a whole and, where it has parts, by each of them."""
        key = want_key(want)
        found = self._wants.get(key)
        if found is None:
            found = self._serve(want)
            self._wants.put(key, found, sum(3 * s.docs.nbytes for s in found) + 500)
        return found

    def _serve(self, want: Want) -> tuple[_Served, ...]:
        whole = self._best(want.alternatives)
        self._satisfy(want, whole)
        counts = self._corpus.beyond.holders.get(want_key(want)) if self._corpus.beyond else None
        holders = counts[0] if counts else int(np.count_nonzero(whole))
        factor = want_factor(want, holders, self._weights)
        if not want.parts:
            return (self._of(whole, factor, holders),)
        inner = np.float32(self._weights.inner)
        parts = [np.maximum(self._best(part.alternatives) * inner, whole) for part in want.parts]
        # The whole word is a bonus on top of its parts, which alone count as coverage.
        bonus = replace(self._of(whole, factor * 0.5, holders), worth=0.0)
        known = counts[1:] if counts else [int(np.count_nonzero(part)) for part in parts]
        return (bonus, *(self._of(part, factor, n) for part, n in zip(parts, known, strict=True)))

    def _of(self, found: Floats, factor: float, holders: int) -> _Served:
        docs = (found > 0).nonzero()[0]
        gains, worth = found[docs], rarity(holders, self._size) * factor
        floor = np.float32(self._weights.shallow)
        depth = floor + (1 - floor) * np.minimum(gains * np.float32(1 / FULL_GAIN), 1)
        return _Served(docs, gains * np.float32(worth), depth * np.float32(worth), worth)

    def _best(self, alternatives: Iterable[Alternative]) -> Floats:
        """Per document the gain of the alternative that serves it best."""
        best = np.zeros(self._corpus.size, np.float32)
        for alternative in alternatives:
            self._offer(best, self._corpus.gains(alternative.word), alternative.strength)
            if alternative.parts:
                apart = self._corpus.gains_of_all(alternative.parts)
                self._offer(best, apart, alternative.strength * self._weights.inner)
        return best

    @staticmethod
    def _offer(best: Floats, gains: Gains, strength: float) -> None:
        if len(gains.docs):
            offered = gains.gains * np.float32(strength)
            best[gains.docs] = np.maximum(best[gains.docs], offered)

    def _satisfy(self, want: Want, found: Floats) -> None:
        """A unit that names a sector or level is satisfied by being in it."""
        for names, facets in ((want.unit.sectors, ("sector",)), (want.unit.levels, ("level1", "level2"))):
            if names:
                inside = self._in(names, facets)
                found[inside] = np.maximum(found[inside], np.float32(0.6))

    def _in(self, names: Iterable[str], facets: Sequence[str]) -> Bools:
        inside = np.zeros(self._corpus.size, bool)
        for name in facets:
            facet = self._corpus.facets[name]
            wanted = np.array([value in names for value in facet.values], bool)
            inside |= wanted[facet.codes]
        return inside

    def _demand(self, plan: Plan, places: Docs, matched: Bools) -> tuple[Bools, bool]:
        """Sector and level are demanded of a query that names nothing else, where anything has them."""
        if not names_only_places(plan):
            return matched, False
        narrowed = matched.copy()
        for names, facets in ((plan.intent.sectors, ("sector",)), (plan.intent.levels, ("level1", "level2"))):
            if names:
                narrowed &= self._in(names, facets)[places]
        return (narrowed, True) if narrowed.any() else (matched, False)

    def _bars(
        self, project: Bools, measured: Floats, share: float, least: float
    ) -> tuple[np.float32, np.float32]:
        """The share of the best that a match must reach, for projects and for other kinds.

        A project named in full must not keep out the indicators that such a project needs: they are
        held against the best of the other kinds, but never against less than a part of the whole.
        """
        best = np.float32(measured.max())
        others = np.float32(measured[~project].max()) if not project.all() else best
        rest = np.maximum(others, best * np.float32(self._weights.beside_project))
        return np.maximum(best * np.float32(share), np.float32(least)), np.maximum(
            rest * np.float32(share), np.float32(least)
        )

    def _quorum(self, plan: Plan) -> float:
        """Share of the best record's coverage that a match needs: most words of a short query."""
        few = sum(1 for want in plan.wants if want.unit.weight >= 0.5) <= 2
        return self._weights.quorum_short if few else self._weights.quorum

    def _literal(self, stems: Sequence[str]) -> tuple[str, Docs, Masks]:
        """The first of some forms of the query that stands literally in any document, and where."""
        for stem in stems:
            docs, masks = self._corpus.find(stem)
            if len(docs):
                return stem, docs, masks
        return "", np.zeros(0, np.int32), np.zeros(0, np.uint8)

    def _wholes(self, stem: str, docs: Docs, masks: Masks) -> Floats:
        """Reward per document for holding the query as a whole, more so as its name or an alias."""
        w, corpus = self._weights, self._corpus
        bonus = np.zeros(corpus.size, np.float32)
        if not stem:
            return bonus
        bonus[docs] = _SHARE_OF_MASK[masks] * np.float32(w.phrase)
        named = docs[(masks >> Field.NAME & 1).astype(bool)]
        bonus[named[corpus.lengths[named, Field.NAME] == len(stem)]] += np.float32(w.whole_name)
        bonus[corpus.whole_items(stem, Field.ALIAS)] += np.float32(w.whole_alias)
        bonus[corpus.whole_items(stem, Field.KEYWORD)] += np.float32(w.whole_keyword)
        return bonus

    def _shape(self, plan: Plan, places: Docs) -> Floats:
        """Character pairs that query and name share: half words and word order count for something."""
        text = plan.meant.replace(" ", "")[:_SHAPE_LIMIT]
        pairs = {text[i : i + 2] for i in range(len(text) - 1)}
        shared = np.zeros(self._corpus.size, np.float32)
        for pair in pairs:
            shared[self._corpus.named(pair)] += 1
        likeness = shared[places] / (self._name_pairs[places] + np.float32(len(pairs)))
        return (likeness * np.float32(self._weights.shape)).astype(np.float32)

    def _soften(self, plan: Plan, places: Docs, values: Floats) -> None:
        """Favour the sector and level that the query names or its matches agree on, in place."""
        w, intent = self._weights, plan.intent
        if intent.sectors:
            values *= 1 + np.float32(w.sector) * self._in(intent.sectors, ("sector",))[places]
        if intent.levels:
            values *= 1 + np.float32(w.level) * self._in(intent.levels, ("level1", "level2"))[places]
        if intent.level_hint:
            values *= 1 + np.float32(w.unit) * self._in({intent.level_hint}, ("level2",))[places]
        facet = self._corpus.facets["sector"]
        codes = facet.codes[places]
        masses = self._corpus.beyond.masses if self._corpus.beyond else None
        if masses is None:
            mass = np.bincount(codes, weights=values * values * values, minlength=len(facet.values))
        else:
            mass = np.array([masses.get(value, 0.0) for value in facet.values])
        mass[self._no_sector] = 0
        whole = mass.sum() if masses is None else sum(n for name, n in masses.items() if name)
        if whole > 0:
            values *= (1 + w.climate * mass / whole).astype(np.float32)[codes]

    def _holds(self, word: str) -> Bools:
        held = np.zeros(self._corpus.size, bool)
        held[self._corpus.find(word)[0]] = True
        return held

    def _field(self, name: str, value: str) -> Bools:
        """Documents whose field holds a value; codes from their start, names and labels anywhere."""
        if name == "code":
            return np.array([row.code.startswith(value) for row in self._corpus.rows], bool)
        if name == "name":
            docs, masks = self._corpus.find(value)
            held = np.zeros(self._corpus.size, bool)
            held[docs[(masks >> Field.NAME & 1).astype(bool)]] = True
            return held
        facet = self._corpus.facets[name]
        wanted = np.array([value in label for label in facet.values], bool)
        return wanted[facet.codes]

    def _priors(self) -> Floats:
        w, rows = self._weights, self._corpus.rows
        core = np.array([row.core for row in rows], np.float32)
        used = np.log1p(np.array([row.used for row in rows], np.float32))
        retired = np.array([row.status == "retired" for row in rows], bool)
        priors = 1 + w.core * core + w.used * used
        return np.where(retired, priors * w.retired, priors).astype(np.float32)

    def _kind_factors(self, kind: str) -> Floats:
        """Factor per kind's number for a query of this intent."""
        factors = kind_factors(self._weights, kind)
        return np.array([factors.get(value, 1.0) for value in self._kinds.values], np.float32)


def _pair(bars: tuple[np.float32, np.float32]) -> tuple[float, float]:
    return float(bars[0]), float(bars[1])
