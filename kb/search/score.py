"""Scores of all records for a plan, as array arithmetic over decoded postings.

Every record is scored, none is skipped by a bound: the ranking is the exhaustive one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kb.search.answer import Filters
from kb.search.arrays import Docs, Field, Masks
from kb.search.plan import Alternative, Plan, Want
from kb.search.snapshot import FACETS, Bools, Cache, Floats, Gains, Snapshot
from kb.search.weights import Weights

_FULL_GAIN = 0.6  # a word in the name gains about so much
_ESTABLISHED = 3  # records that must hold a run of characters for it to count as a word
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
class Scores:
    """Scores of the documents that hold anything of a plan.

    ``places`` are document numbers, ascending, ``values`` their scores, ``matched`` which of them
    count as matches. ``covered`` is the share of the query that the best one covers (0..1),
    ``literal`` tells whether some document holds the query word for word.
    """

    places: Docs
    values: Floats
    matched: Bools
    covered: float
    literal: bool


@dataclass(frozen=True, slots=True)
class _Served:
    """Documents that serve a want, what each gains and covers by it, and what covering it is worth."""

    docs: npt.NDArray[np.int64]
    gains: Floats
    depth: Floats
    worth: float


class Scorer:
    """Scores plans against one snapshot; the fixed part of each record's weight is computed once."""

    def __init__(self, snapshot: Snapshot, weights: Weights, memory: int) -> None:
        """``memory`` bounds what is kept of words that were asked for before, in bytes."""
        self._snapshot, self._weights = snapshot, weights
        self.prior = self._priors()
        self._kinds = snapshot.facets["kind"]
        kinds = np.array([value == "project" for value in self._kinds.values], bool)
        self._is_project: Bools = kinds[self._kinds.codes]
        self._factors = {kind: self._kind_factors(kind) for kind in ("", "problem", "question")}
        self._wants: Cache[tuple[_Served, ...]] = Cache(memory)
        self._name_pairs = np.maximum(snapshot.lengths[:, Field.NAME] - 1, 1)
        sectors = snapshot.facets["sector"].values
        self._no_sector = [number for number, name in enumerate(sectors) if not name]

    def score(self, plan: Plan) -> Scores:
        """Scores of a plan, before filters."""
        size = self._snapshot.size
        total, cover = np.zeros(size, np.float32), np.zeros(size, np.float32)
        asked = sum(self._add_want(want, total, cover) for want in plan.wants)
        stem, docs, masks = self._literal(plan.stems)
        held = cover > 0
        held[docs] = True
        places = np.flatnonzero(held & self._snapshot.live).astype(np.int32)
        if not len(places):
            return Scores(places, np.zeros(0, np.float32), np.zeros(0, bool), 0.0, literal=False)
        scale = np.float32(asked or 1.0)
        share = cover[places] / scale
        best = float(share.max())
        values = total[places] * share ** np.float32(self._weights.coverage)
        matched = self._demand(
            plan, places, share >= np.maximum(self._bar(places, share) * self._quorum(plan), 1e-6)
        )
        matched &= values >= self._bar(places, values) * np.float32(self._weights.least)
        if stem:
            holders = np.zeros(size, bool)
            holders[docs] = True
            matched |= holders[places]
        else:
            stem, docs, masks = self._literal((plan.meant,))
        values += (self._wholes(stem, docs, masks)[places] + self._shape(plan, places)) * scale
        values *= self.prior[places] * self._factors[plan.intent.kind][self._kinds.codes[places]]
        self._soften(plan, places, values)
        return Scores(places, values, matched, best, literal=stem in plan.stems)

    @property
    def cached_bytes(self) -> int:
        """Bytes that words asked for before take now."""
        return self._wants.used

    def everything(self) -> Scores:
        """All live documents, the most useful first."""
        places = np.flatnonzero(self._snapshot.live).astype(np.int32)
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
                facet = self._snapshot.facets[name]
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
        key = f"{want.unit.text}\x00{want.unit.weight}{want.unit.known}\x00{'、'.join(sorted(want.unit.levels | want.unit.sectors))}"
        found = self._wants.get(key)
        if found is None:
            found = self._serve(want)
            self._wants.put(key, found, sum(3 * s.docs.nbytes for s in found) + 500)
        return found

    def _serve(self, want: Want) -> tuple[_Served, ...]:
        whole = self._best(want.alternatives)
        self._satisfy(want, whole)
        factor = self._weights.generic if want.unit.weight < 0.5 else want.unit.weight
        if not want.unit.known and np.count_nonzero(whole) < _ESTABLISHED:
            factor = min(factor, self._weights.unknown)
        if not want.parts:
            return (self._of(whole, factor),)
        inner = np.float32(self._weights.inner)
        parts = (np.maximum(self._best(part.alternatives) * inner, whole) for part in want.parts)
        # The whole word is a bonus on top of its parts, which alone count as coverage.
        bonus = replace(self._of(whole, factor * 0.5), worth=0.0)
        return (bonus, *(self._of(part, factor) for part in parts))

    def _of(self, found: Floats, factor: float) -> _Served:
        docs = (found > 0).nonzero()[0]
        gains, worth = found[docs], self._rarity(len(docs)) * factor
        floor = np.float32(self._weights.shallow)
        depth = floor + (1 - floor) * np.minimum(gains * np.float32(1 / _FULL_GAIN), 1)
        return _Served(docs, gains * np.float32(worth), depth * np.float32(worth), worth)

    def _rarity(self, count: int) -> float:
        size = self._snapshot.size
        return math.log(1 + (size - count + 0.5) / (count + 0.5)) if count else 0.0

    def _best(self, alternatives: Iterable[Alternative]) -> Floats:
        """Per document the gain of the alternative that serves it best."""
        best = np.zeros(self._snapshot.size, np.float32)
        for alternative in alternatives:
            self._offer(best, self._snapshot.gains(alternative.word), alternative.strength)
            if alternative.parts:
                apart = self._snapshot.gains_of_all(alternative.parts)
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
        inside = np.zeros(self._snapshot.size, bool)
        for name in facets:
            facet = self._snapshot.facets[name]
            wanted = np.array([value in names for value in facet.values], bool)
            inside |= wanted[facet.codes]
        return inside

    def _demand(self, plan: Plan, places: Docs, matched: Bools) -> Bools:
        """Sector and level are demanded of a query that names nothing else, where anything has them."""
        if not plan.wants or any(not (w.unit.sectors or w.unit.levels) for w in plan.wants):
            return matched
        narrowed = matched.copy()
        for names, facets in ((plan.intent.sectors, ("sector",)), (plan.intent.levels, ("level1", "level2"))):
            if names:
                narrowed &= self._in(names, facets)[places]
        return narrowed if narrowed.any() else matched

    def _bar(self, places: Docs, measured: Floats) -> Floats:
        """The best a match is held against, per place.

        A project named in full must not keep out the indicators that such a project needs: they are
        held against the best of the other kinds, but never against less than a part of the whole.
        """
        project = self._is_project[places]
        best = np.float32(measured.max())
        others = np.float32(measured[~project].max()) if not project.all() else best
        rest = np.maximum(others, best * np.float32(self._weights.beside_project))
        return np.where(project, best, rest).astype(np.float32)

    def _quorum(self, plan: Plan) -> float:
        """Share of the best record's coverage that a match needs: most words of a short query."""
        few = sum(1 for want in plan.wants if want.unit.weight >= 0.5) <= 2
        return self._weights.quorum_short if few else self._weights.quorum

    def _literal(self, stems: Sequence[str]) -> tuple[str, Docs, Masks]:
        """The first of some forms of the query that stands literally in any document, and where."""
        for stem in stems:
            docs, masks = self._snapshot.find(stem)
            if len(docs):
                return stem, docs, masks
        return "", np.zeros(0, np.int32), np.zeros(0, np.uint8)

    def _wholes(self, stem: str, docs: Docs, masks: Masks) -> Floats:
        """Reward per document for holding the query as a whole, more so as its name or an alias."""
        w, snapshot = self._weights, self._snapshot
        bonus = np.zeros(snapshot.size, np.float32)
        if not stem:
            return bonus
        bonus[docs] = _SHARE_OF_MASK[masks] * np.float32(w.phrase)
        named = docs[(masks >> Field.NAME & 1).astype(bool)]
        bonus[named[snapshot.lengths[named, Field.NAME] == len(stem)]] += np.float32(w.whole_name)
        bonus[snapshot.whole_items(stem, Field.ALIAS)] += np.float32(w.whole_alias)
        bonus[snapshot.whole_items(stem, Field.KEYWORD)] += np.float32(w.whole_keyword)
        return bonus

    def _shape(self, plan: Plan, places: Docs) -> Floats:
        """Character pairs that query and name share: half words and word order count for something."""
        text = plan.meant.replace(" ", "")[:_SHAPE_LIMIT]
        pairs = {text[i : i + 2] for i in range(len(text) - 1)}
        shared = np.zeros(self._snapshot.size, np.float32)
        for pair in pairs:
            shared[self._snapshot.named(pair)] += 1
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
        facet = self._snapshot.facets["sector"]
        codes = facet.codes[places]
        mass = np.bincount(codes, weights=values * values * values, minlength=len(facet.values))
        mass[self._no_sector] = 0
        if mass.sum() > 0:
            values *= (1 + w.climate * mass / mass.sum()).astype(np.float32)[codes]

    def _holds(self, word: str) -> Bools:
        held = np.zeros(self._snapshot.size, bool)
        held[self._snapshot.find(word)[0]] = True
        return held

    def _field(self, name: str, value: str) -> Bools:
        """Documents whose field holds a value; codes from their start, names and labels anywhere."""
        if name == "code":
            return np.array([row.code.startswith(value) for row in self._snapshot.rows], bool)
        if name == "name":
            docs, masks = self._snapshot.find(value)
            held = np.zeros(self._snapshot.size, bool)
            held[docs[(masks >> Field.NAME & 1).astype(bool)]] = True
            return held
        facet = self._snapshot.facets[name]
        wanted = np.array([value in label for label in facet.values], bool)
        return wanted[facet.codes]

    def _priors(self) -> Floats:
        w, rows = self._weights, self._snapshot.rows
        core = np.array([row.core for row in rows], np.float32)
        used = np.log1p(np.array([row.used for row in rows], np.float32))
        retired = np.array([row.status == "retired" for row in rows], bool)
        prior = 1 + w.core * core + w.used * used
        return np.where(retired, prior * w.retired, prior).astype(np.float32)

    def _kind_factors(self, kind: str) -> Floats:
        """Factor per kind's number for a query of this intent."""
        w = self._weights
        factors = {
            "indicator": w.kind_indicator,
            "framework": w.kind_framework,
            "project": w.kind_project,
            "issue": w.kind_issue,
            "guide": w.kind_guide,
        }
        if kind:
            factors["indicator"] *= w.other_kinds
            factors["project"] *= w.other_kinds
        if kind == "problem":
            factors["issue"] *= w.problem_boost
            factors["guide"] *= w.problem_boost**0.5
        elif kind == "question":
            factors["framework"] *= w.question_boost
            factors["guide"] *= w.question_boost
            factors["issue"] *= w.question_boost**0.5
        return np.array([factors.get(value, 1.0) for value in self._kinds.values], np.float32)
