"""Questions to one snapshot: understand, score, relax where nothing is found, show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kb.search.answer import Filters, SearchAnswer
from kb.search.arrays import Docs
from kb.search.correct import Corrector
from kb.search.intent import Known, understand
from kb.search.near import NearWords
from kb.search.partners import with_partners
from kb.search.plan import Plan, make_plan
from kb.search.query import Query, parse
from kb.search.score import Scorer, Scores
from kb.search.segment import Lexicon
from kb.search.show import Shown, show_hits
from kb.search.snapshot import FACETS, Bools, Snapshot
from kb.search.suggest import Suggester
from kb.search.synonyms import Synonyms
from kb.search.vocabulary import Vocabulary
from kb.search.weights import Weights

_LETTERS = re.compile(r"[a-z']{2,40}(?: [a-z']{1,40})*")
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,24}")
_HAN = re.compile("[\u3400-\u9fff]+")
_SYNONYM_FREQUENCY = 5  # a synonym that no record holds is still a word of queries
_PROJECT_NAME = 8  # a query this long describes a project: outputs bring their benefits along
_LONG = 40  # a text this long is not asked for one slip
_HELD = 3  # records that hold two characters together make them a word
_GOOD = 0.75  # coverage from which on a query needs no repair
_RARE = 5  # letters that records hold are still read as pinyin of words that so many times more hold
_ENOUGH = 0.5  # coverage below which an answer is called partial

PINYIN, ONE_OFF, SOME, CHARACTERS = "拼音", "一字之差", "部分词", "部分字"
"""Names of the steps that relax a query, as ``SearchAnswer.relaxed`` says them."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A plan with its scores; ``step`` and ``meant`` tell how the query was read anew."""

    plan: Plan
    scores: Scores
    step: str = ""
    meant: str | None = None


class Session:
    """One snapshot with everything derived from it. Threads may share it."""

    def __init__(
        self, snapshot: Snapshot, synonyms: Synonyms, vocabulary: Vocabulary, weights: Weights
    ) -> None:
        self.snapshot, self._synonyms, self._weights = snapshot, synonyms, weights
        self._scorer = Scorer(snapshot, weights, snapshot.memory // 4)
        spoken = dict.fromkeys((*synonyms.words, *vocabulary.sectors), _SYNONYM_FREQUENCY)
        self._lexicon = Lexicon({**spoken, **snapshot.frequency})
        self._known = self._make_known(vocabulary)

    def answer(self, text: str, filters: Filters, limit: int, offset: int) -> SearchAnswer:
        """A page of the answer to a query; ``took_ms`` is left at 0."""
        query = parse(text)
        found = self._find(query)
        if len(query.bare) >= _PROJECT_NAME:
            found = replace(found, scores=with_partners(self.snapshot, found.scores, self._weights.partner))
        matched = self._scorer.restrict(found.plan, found.scores)
        chosen = {name: mask[found.scores.places] for name, mask in self._scorer.narrow(filters).items()}
        final = matched.copy()
        for mask in chosen.values():
            final &= mask
        top = self._top(found.scores, final, limit, offset)
        shown = Shown(self.snapshot, found.plan, self._synonyms, query.text, found.step, found.meant)
        hits = show_hits(shown, top, offset)
        return SearchAnswer(
            query=text,
            total=int(np.count_nonzero(final)),
            took_ms=0.0,
            hits=hits,
            facets=self._facets(found.scores.places, matched, final, chosen),
            relaxed=found.step,
            did_you_mean=found.meant,
            related=shown.related(hits),
        )

    @property
    def cached_bytes(self) -> int:
        """Bytes that everything decoded so far takes."""
        return self.snapshot.cached_bytes + self._scorer.cached_bytes

    @cached_property
    def suggester(self) -> Suggester:
        """Made at the first suggestion."""
        return Suggester(self.snapshot)

    @cached_property
    def near(self) -> NearWords:
        """Made when an admin first asks for proposals."""
        return NearWords(self.snapshot.sounds(), self.snapshot.frequency)

    @cached_property
    def _corrector(self) -> Corrector:
        sounds = self.snapshot.sounds()
        return Corrector((w for words in sounds.full.values() for w in words), sounds)

    def _make_known(self, vocabulary: Vocabulary) -> Known:
        facets = self.snapshot.facets
        levels = {v for name in ("level1", "level2") for v in facets[name].values if v}
        kinds = facets["kind"]
        framework = kinds.values.index("framework") if "framework" in kinds.values else -1
        inside = kinds.codes == framework
        of_frameworks, of_others = set(), set()
        for name in ("level1", "level2"):
            facet = facets[name]
            of_frameworks |= {facet.values[c] for c in np.unique(facet.codes[inside])}
            of_others |= {facet.values[c] for c in np.unique(facet.codes[~inside])}
        present = set(facets["sector"].values)
        sectors = {word: name for word, name in vocabulary.sectors.items() if name in present}
        return Known(self._lexicon, sectors, frozenset(levels), frozenset(of_frameworks - of_others - {""}))

    def _find(self, query: Query) -> _Found:
        """The query as it stands or, where that finds too little, as it was probably meant."""
        plan = self._plan(query)
        scores = self._score(plan)
        found = _Found(plan, scores)
        if not query.bare or query.text in self.snapshot.codes or scores.literal:
            return found if not _LETTERS.fullmatch(query.text) else self._by_sound(query, scores) or found
        steps: list[Callable[[Query, Scores], _Found | None]] = [self._by_sound, self._by_one_off]
        for step in steps:
            better = step(query, scores)
            if better is not None:
                return better
        if not scores.matched.any():
            return self._by_characters(query) or found
        return replace(found, step=SOME) if scores.covered < _ENOUGH else found

    def _plan(self, query: Query) -> Plan:
        intent = understand(query, self._known)
        return make_plan(query, intent, self._synonyms, self._lexicon, self._weights)

    def _score(self, plan: Plan) -> Scores:
        scores = self._scorer.score(plan)
        if not plan.query.bare:
            # Nothing to look for (an empty query, or fields alone): all there is, best records first.
            return self._scorer.everything() if plan.query.fields or not plan.query.text else scores
        exact = self.snapshot.codes.get(plan.query.text)
        if exact is not None:
            here = scores.places == exact
            scores.values[here] = scores.values.max() * 2 + 1
            scores.matched[here] = True
        return scores

    def _by_sound(self, query: Query, scores: Scores) -> _Found | None:
        """Runs of Latin letters that no record holds, read as pinyin."""
        said = False

        def read(match: re.Match[str]) -> str:
            nonlocal said
            letters = match.group()
            held = len(self.snapshot.find(letters)[0])
            words = self.snapshot.sounds().read(letters.replace(" ", "").replace("'", ""), full=held > 0)
            if held and sum(len(self.snapshot.gains(word).docs) for word in words) <= _RARE * held:
                return letters
            said = said or bool(words)
            return "".join(words) or letters

        text = _LETTERS.sub(read, query.text)
        return self._again(text, PINYIN) if said else None

    def _by_one_off(self, query: Query, scores: Scores) -> _Found | None:
        """Words that are no words, one character away from one that is."""
        text, sure = query.text, False
        if len(query.bare) > _LONG:
            return None
        for run in dict.fromkeys(_HAN_RUN.findall(query.bare)):
            if len(self.snapshot.find(run)[0]):
                continue
            pieces = self._pieces(run)
            repair = self._corrector.repair(run, pieces, self._is_word)
            if repair is not None:
                text, sure = text.replace(run, repair.text), sure or repair.sure
        if text == query.text:
            return None
        again = self._again(text, ONE_OFF)
        if again is None or not (sure or scores.covered < _GOOD or again.scores.literal):
            return None
        return again

    def _pieces(self, run: str) -> list[str]:
        """A run cut into words; neighbouring characters that records hold together are one piece."""
        pieces: list[str] = []
        for word in self._lexicon.cut(run):
            joined = pieces[-1] + word if pieces and len(pieces[-1]) == len(word) == 1 else ""
            if joined and self._is_word(joined):
                pieces[-1] = joined
            else:
                pieces.append(word)
        return pieces

    def _is_word(self, text: str) -> bool:
        return text in self._lexicon or (len(text) == 2 and len(self.snapshot.find(text)[0]) >= _HELD)

    def _again(self, text: str, step: str) -> _Found | None:
        plan = self._plan(parse(text))
        scores = self._score(plan)
        return _Found(plan, scores, step, text) if scores.matched.any() else None

    def _by_characters(self, query: Query) -> _Found | None:
        """Pairs of characters, then characters: whatever Chinese of the query is somewhere.

        Single Latin letters stand in codes and units everywhere and say nothing.
        """
        compact = "".join(_HAN.findall(query.bare))
        for size in (2, 1):
            pieces = dict.fromkeys(compact[i : i + size] for i in range(len(compact) - size + 1))
            held = [piece for piece in pieces if len(self.snapshot.find(piece)[0])]
            if held:
                plan = self._plan(
                    Query(query.text, terms=tuple(held[:12]), nots=query.nots, fields=query.fields)
                )
                scores = self._score(plan)
                if scores.matched.any():
                    return _Found(plan, scores, CHARACTERS)
        return None

    def _top(self, scores: Scores, final: Bools, limit: int, offset: int) -> list[tuple[int, float]]:
        """Documents of the page with their scores: by score, equals by id."""
        places, values = scores.places[final], scores.values[final]
        count = offset + limit
        if 0 < count < len(places):
            least = np.partition(values, len(values) - count)[len(values) - count]
            places, values = places[values >= least], values[values >= least]
        order = np.lexsort((self.snapshot.order[places], -values))[offset:count]
        return list(zip(places[order].tolist(), values[order].tolist(), strict=True))

    def _facets(
        self, places: Docs, matched: Bools, final: Bools, chosen: dict[str, Bools]
    ) -> dict[str, dict[str, int]]:
        """Counts per value over the matches of all other filters, largest first."""
        everywhere = places[final]
        counts: dict[str, dict[str, int]] = {}
        for name in FACETS:
            counted = everywhere
            if name in chosen:
                others = matched.copy()
                for other, mask in chosen.items():
                    if other != name:
                        others &= mask
                counted = places[others]
            facet = self.snapshot.facets[name]
            found = np.bincount(facet.codes[counted], minlength=len(facet.values)).tolist()
            filled = [(value, n) for value, n in zip(facet.values, found, strict=True) if n and value]
            counts[name] = dict(sorted(filled, key=lambda item: (-item[1], item[0])))
        return counts
