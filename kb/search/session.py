"""Questions to one source: understand, rank, relax where nothing is found, show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from kb.search.answer import Filters, SearchAnswer
from kb.search.correct import Corrector
from kb.search.intent import Known, understand
from kb.search.near import NearWords
from kb.search.plan import make_plan
from kb.search.query import Query, parse
from kb.search.ranking import Ranking
from kb.search.score import Scores
from kb.search.segment import Lexicon
from kb.search.show import Shown, show_hits
from kb.search.source import Source
from kb.search.synonyms import Synonyms
from kb.search.vocabulary import Vocabulary
from kb.search.weights import Weights

_LETTERS = re.compile(r"[a-z']{2,40}(?: [a-z']{1,40})*")
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,24}")
_HAN = re.compile("[\u3400-\u9fff]+")
_SYNONYM_FREQUENCY = 5  # a synonym that no record holds is still a word of queries
_PROJECT_NAME = 8  # a query this long describes a project: outputs bring their benefits along
_ROOM = 10
"""With fewer answers than a page there is room for the benefits of outputs, however short the query."""
_WORD = 2
_LONG = 40  # a text this long is not asked for one slip
_HELD = 3  # records that hold two characters together make them a word
_GOOD = 0.75  # coverage from which on a query needs no repair
_RARE = 5  # letters that records hold are still read as pinyin of words that so many times more hold
_ENOUGH = 0.5  # coverage below which an answer is called partial

PINYIN, ONE_OFF, SOME, CHARACTERS = "拼音", "一字之差", "部分词", "部分字"
"""Names of the steps that relax a query, as ``SearchAnswer.relaxed`` says them."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A ranking; ``step`` and ``meant`` tell how the query was read anew."""

    ranking: Ranking
    step: str = ""
    meant: str | None = None

    @property
    def scores(self) -> Scores:
        """The ranking's scores."""
        return self.ranking.scores


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query with what is wanted of its answer; ``reach`` is the last hit that is shown."""

    query: Query
    filters: Filters
    reach: int


def _has_room(query: Query, ranking: Ranking, filters: Filters) -> bool:
    """Whether a query of words found what it says, but less than a page of it."""
    said = len(query.bare) >= _WORD and ranking.scores.covered >= _GOOD
    return said and ranking.count(filters) < _ROOM


class Session:
    """One source with everything derived from it. Threads may share it."""

    def __init__(self, source: Source, synonyms: Synonyms, vocabulary: Vocabulary, weights: Weights) -> None:
        self.source, self._synonyms, self._weights = source, synonyms, weights
        spoken = dict.fromkeys((*synonyms.words, *vocabulary.sectors), _SYNONYM_FREQUENCY)
        self._lexicon = Lexicon({**spoken, **source.frequency})
        labels = source.labels()
        sectors = {word: name for word, name in vocabulary.sectors.items() if name in labels.sectors}
        self._known = Known(self._lexicon, sectors, labels.levels, labels.framework_levels)

    def answer(self, text: str, filters: Filters, limit: int, offset: int) -> SearchAnswer:
        """A page of the answer to a query; ``took_ms`` is left at 0."""
        query = parse(text)
        found = self._find(_Asked(query, filters, offset + limit))
        ranking = found.ranking
        if len(query.bare) >= _PROJECT_NAME or _has_room(query, ranking, filters):
            ranking = ranking.joined(self._weights.partner)
        page = ranking.page(filters, limit, offset)
        shown = Shown(ranking.corpus, ranking.plan, self._synonyms, query.text, found.step, found.meant)
        hits = show_hits(shown, page.top, offset)
        return SearchAnswer(
            query=text,
            total=page.total,
            took_ms=0.0,
            hits=hits,
            facets=page.facets,
            relaxed=found.step,
            did_you_mean=found.meant,
            related=shown.related(hits),
        )

    @cached_property
    def near(self) -> NearWords:
        """Made when an admin first asks for proposals."""
        return NearWords(self.source.sounds(), self.source.frequency)

    @cached_property
    def _corrector(self) -> Corrector:
        sounds = self.source.sounds()
        return Corrector((w for words in sounds.full.values() for w in words), sounds)

    def _find(self, asked: _Asked) -> _Found:
        """The query as it stands or, where that finds too little, as it was probably meant."""
        query = asked.query
        found = _Found(self._rank(query, asked))
        scores = found.scores
        if not query.bare or scores.literal or self.source.has_code(query.text):
            return found if not _LETTERS.fullmatch(query.text) else self._by_sound(asked, scores) or found
        steps: list[Callable[[_Asked, Scores], _Found | None]] = [self._by_sound, self._by_one_off]
        for step in steps:
            better = step(asked, scores)
            if better is not None:
                return better
        if not scores.matched.any():
            return self._by_characters(asked) or found
        return replace(found, step=SOME) if scores.covered < _ENOUGH else found

    def _rank(self, query: Query, asked: _Asked) -> Ranking:
        intent = understand(query, self._known)
        plan = make_plan(query, intent, self._synonyms, self._lexicon, self._weights)
        return self.source.rank(plan, asked.filters, asked.reach)

    def _by_sound(self, asked: _Asked, scores: Scores) -> _Found | None:
        """Runs of Latin letters that no record holds, read as pinyin."""
        said, source = False, self.source

        def read(match: re.Match[str]) -> str:
            nonlocal said
            letters = match.group()
            held = source.holding(letters)
            words = source.sounds().read(letters.replace(" ", "").replace("'", ""), full=held > 0)
            if held and sum(source.using(word) for word in words) <= _RARE * held:
                return letters
            said = said or bool(words)
            return "".join(words) or letters

        text = _LETTERS.sub(read, asked.query.text)
        return self._again(text, PINYIN, asked) if said else None

    def _by_one_off(self, asked: _Asked, scores: Scores) -> _Found | None:
        """Words that are no words, one character away from one that is."""
        query = asked.query
        text, sure = query.text, False
        if len(query.bare) > _LONG:
            return None
        runs = list(dict.fromkeys(_HAN_RUN.findall(query.bare)))
        self.source.foresee(f for run in runs for f in (run, *(run[i : i + 2] for i in range(len(run) - 1))))
        for run in runs:
            if self.source.holding(run):
                continue
            pieces = self._pieces(run)
            repair = self._corrector.repair(run, pieces, self._is_word)
            if repair is not None:
                text, sure = text.replace(run, repair.text), sure or repair.sure
        if text == query.text:
            return None
        again = self._again(text, ONE_OFF, asked)
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
        return text in self._lexicon or (len(text) == 2 and self.source.holding(text) >= _HELD)

    def _again(self, text: str, step: str, asked: _Asked) -> _Found | None:
        ranking = self._rank(parse(text), asked)
        return _Found(ranking, step, text) if ranking.scores.matched.any() else None

    def _by_characters(self, asked: _Asked) -> _Found | None:
        """Pairs of characters, then characters: whatever Chinese of the query is somewhere.

        Single Latin letters stand in codes and units everywhere and say nothing.
        """
        query = asked.query
        compact = "".join(_HAN.findall(query.bare))
        for size in (2, 1):
            pieces = dict.fromkeys(compact[i : i + size] for i in range(len(compact) - size + 1))
            self.source.foresee(pieces)
            held = [piece for piece in pieces if self.source.holding(piece)]
            if held:
                parts = Query(query.text, terms=tuple(held[:12]), nots=query.nots, fields=query.fields)
                ranking = self._rank(parts, asked)
                if ranking.scores.matched.any():
                    return _Found(ranking, CHARACTERS)
        return None
