"""Scores of all records for a plan, as array arithmetic over decoded postings.

Every record is scored, none is skipped by a bound: the ranking is the exhaustive one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.search.answer import Filters
from kb.search.arrays import Field
from kb.search.plan import Alternative, Plan, Want
from kb.search.snapshot import FACETS, Bools, Floats, Snapshot
from kb.search.weights import Weights

_WHOLE_LIMIT = 400  # exact equality is checked in so many records that hold the query literally
_SHAPE_LIMIT = 24  # characters of the query that are compared with names
_SHARES = (
    (Field.NAME, 1.0),
    (Field.ALIAS, 0.7),
    (Field.KEYWORD, 0.7),
    (Field.GIST, 0.4),
    (Field.BODY, 0.2),
    (Field.CODE, 1.0),
)


@dataclass(frozen=True, slots=True)
class Scores:
    """Score per document, who matches, how much of the query the best one covers (0..1)."""

    scores: Floats
    matched: Bools
    covered: float
    missing: tuple[str, ...]
    literal: bool


class Scorer:
    """Scores plans against one snapshot; the fixed part of each record's weight is computed once."""

    def __init__(self, snapshot: Snapshot, weights: Weights) -> None:
        self._snapshot, self._weights = snapshot, weights
        self.prior = self._priors()
        self._kinds = snapshot.facets["kind"]

    def score(self, plan: Plan) -> Scores:
        """Scores of a plan, before filters."""
        size = self._snapshot.size
        total, cover = np.zeros(size, np.float32), np.zeros(size, np.float32)
        asked, missing = 0.0, []
        for want in plan.wants:
            weight = self._add_want(want, total, cover)
            asked += weight
            if not weight:
                missing.append(want.unit.text)
        if asked:
            cover /= asked
        base = total * cover ** np.float32(self._weights.coverage)
        literal = self._add_wholes(plan, base, max(asked, 1.0))
        best = float(cover.max(initial=0))
        matched = cover >= max(best * self._quorum(plan), 1e-6)
        matched[literal] = True
        scores = base * self.prior * self._kind_factors(plan.intent.kind)
        self._soften(plan, scores)
        matched &= self._snapshot.live
        return Scores(scores, matched, best, tuple(missing), bool(len(literal)))

    def restrict(self, plan: Plan, matched: Bools) -> None:
        """Drop what the query's phrases, -words and fields exclude, in place."""
        for phrase in plan.query.phrases:
            matched &= self._holds([phrase])
        for word in plan.query.nots:
            matched &= ~self._holds([word])
        for name, value in plan.query.fields:
            matched &= self._field(name, value)

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
        whole = self._best(want.alternatives)
        self._satisfy(want, whole)
        factor = self._weights.generic if want.unit.weight < 1 else 1.0
        if not want.unit.known and not want.unit.text.isascii():
            factor = min(factor, self._weights.unknown)
        if not want.parts:
            return self._add(whole, factor, total, cover)
        rarity = self._rarity(whole)
        total += whole * np.float32(rarity * factor * 0.5)
        inner = np.float32(self._weights.inner)
        worth = 0.0
        for part in want.parts:
            found = np.maximum(self._best(part.alternatives) * inner, whole)
            worth += self._add(found, factor, total, cover)
        return worth

    def _add(self, found: Floats, factor: float, total: Floats, cover: Floats) -> float:
        rarity = self._rarity(found)
        if rarity <= 0:
            return 0.0
        worth = rarity * factor
        total += found * np.float32(worth)
        cover += (found > 0) * np.float32(worth)
        return worth

    def _rarity(self, found: Floats) -> float:
        count, size = int(np.count_nonzero(found)), self._snapshot.size
        return math.log(1 + (size - count + 0.5) / (count + 0.5)) if count else 0.0

    def _best(self, alternatives: Iterable[Alternative]) -> Floats:
        """Per document the gain of the alternative that serves it best."""
        best = np.zeros(self._snapshot.size, np.float32)
        for alternative in alternatives:
            gains = self._snapshot.gains(alternative.word)
            if len(gains.docs):
                offered = gains.gains * np.float32(alternative.strength)
                best[gains.docs] = np.maximum(best[gains.docs], offered)
        return best

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

    def _quorum(self, plan: Plan) -> float:
        """Share of the best record's coverage that a match needs: most words of a short query."""
        few = sum(1 for want in plan.wants if want.unit.weight >= 1) <= 2
        return max(self._weights.quorum, 0.6) if few else self._weights.quorum

    def _add_wholes(self, plan: Plan, base: Floats, scale: float) -> npt.NDArray[np.int32]:
        """Reward records that hold the query as a whole; gives those that hold it literally."""
        w, snapshot = self._weights, self._snapshot
        literal: list[npt.NDArray[np.int32]] = []
        for stem in plan.stems:
            docs, masks = snapshot.find(stem)
            if not len(docs):
                continue
            literal.append(docs)
            share = np.zeros(len(docs), np.float32)
            for field, value in _SHARES:
                share = np.maximum(share, np.where(masks >> field & 1, np.float32(value), np.float32(0)))
            base[docs] += share * np.float32(scale * w.phrase)
            named = docs[(masks >> Field.NAME & 1).astype(bool)]
            exact = named[snapshot.lengths[named, Field.NAME] == len(stem)]
            base[exact] += np.float32(scale * w.whole_name)
            self._add_aliases(stem, docs, masks, base, scale)
            break
        self._add_shape(plan, base, scale)
        return np.concatenate(literal) if literal else np.zeros(0, np.int32)

    def _add_aliases(
        self, stem: str, docs: npt.NDArray[np.int32], masks: npt.NDArray[np.uint8], base: Floats, scale: float
    ) -> None:
        bonus = np.float32(scale * self._weights.whole_alias)
        for field, share in ((Field.ALIAS, 1.0), (Field.KEYWORD, 0.6)):
            for document in docs[(masks >> field & 1).astype(bool)][:_WHOLE_LIMIT].tolist():
                if self._snapshot.field_equals(document, field, stem):
                    base[document] += bonus * np.float32(share)

    def _add_shape(self, plan: Plan, base: Floats, scale: float) -> None:
        """Character pairs that query and name share: half words and word order count for something."""
        text = (plan.stems[-1] if plan.stems else plan.compact).replace(" ", "")[:_SHAPE_LIMIT]
        pairs = {text[i : i + 2] for i in range(len(text) - 1)}
        if not pairs:
            return
        shared = np.zeros(self._snapshot.size, np.float32)
        for pair in pairs:
            docs, masks = self._snapshot.find(pair)
            shared[docs[(masks >> Field.NAME & 1).astype(bool)]] += 1
        names = np.maximum(self._snapshot.lengths[:, Field.NAME] - 1, 1)
        likeness = 2 * shared / (names + len(pairs))
        base += likeness * (base > 0) * np.float32(scale * self._weights.shape * 0.5)

    def _soften(self, plan: Plan, scores: Floats) -> None:
        """Favour the sector and level that the query names or its matches agree on, in place."""
        w, intent = self._weights, plan.intent
        if intent.sectors:
            scores *= 1 + np.float32(w.sector) * self._in(intent.sectors, ("sector",))
        if intent.levels:
            scores *= 1 + np.float32(w.level) * self._in(intent.levels, ("level1", "level2"))
        if intent.level_hint:
            scores *= 1 + np.float32(w.unit) * self._in({intent.level_hint}, ("level2",))
        facet = self._snapshot.facets["sector"]
        mass = np.bincount(facet.codes, weights=scores.astype(np.float64) ** 3, minlength=len(facet.values))
        mass[[n for n, value in enumerate(facet.values) if not value]] = 0
        if mass.sum() > 0:
            share = (mass / mass.sum()).astype(np.float32)
            scores *= 1 + np.float32(w.climate) * share[facet.codes]

    def _holds(self, words: Iterable[str]) -> Bools:
        held = np.zeros(self._snapshot.size, bool)
        for word in words:
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
        w = self._weights
        factors = {
            "indicator": w.kind_indicator,
            "framework": w.kind_framework,
            "project": w.kind_project,
            "issue": w.kind_issue,
            "guide": w.kind_guide,
        }
        if kind == "problem":
            factors["issue"] *= w.problem_boost
            factors["guide"] *= w.problem_boost**0.5
        elif kind == "question":
            factors["framework"] *= w.question_boost
            factors["guide"] *= w.question_boost
            factors["issue"] *= w.question_boost**0.5
        table = np.array([factors.get(value, 1.0) for value in self._kinds.values], np.float32)
        return table[self._kinds.codes]
