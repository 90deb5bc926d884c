"""The half of every engine that answers: questions to the session in force, whatever index stands behind it."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from kb.errors import SearchUnavailableError
from kb.search import text as normal_text
from kb.search.answer import Filters, SearchAnswer
from kb.search.segment import Segmenter, segmenter
from kb.search.session import Session
from kb.search.source import Source
from kb.search.suggest import Suggestion
from kb.search.synonyms import Synonyms
from kb.search.vocabulary import Vocabulary
from kb.search.weights import Weights

T = TypeVar("T")


class Answering(ABC):
    """An engine's vocabulary and its session; which one is in force, ``_asked`` of the engine says."""

    def __init__(self, vocabulary: Vocabulary, memory_mb: int, weights: Weights) -> None:
        self._memory, self._weights = memory_mb << 20, weights
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._segmenter: tuple[str, Segmenter] | None = None
        self.vocabulary = vocabulary
        self._synonyms = Synonyms(vocabulary.groups)

    @abstractmethod
    def _asked(self, question: Callable[[Session], T]) -> T | None:
        """The answer of the session in force, None where there is no index."""

    def use(self, vocabulary: Vocabulary) -> None:
        """Take another vocabulary; new synonyms work from the next question on."""
        with self._lock:
            self.vocabulary, self._synonyms = vocabulary, Synonyms(vocabulary.groups)
            if self._session is not None:
                self._session = self._session_on(self._session.source)

    def search(
        self, text: str, filters: Filters | None = None, limit: int = 10, offset: int = 0
    ) -> SearchAnswer:
        """Answer a query: ``limit`` hits from ``offset`` on, with counts over all matches.

        Any text is a legal query; an empty one lists everything. ``took_ms`` is the time in here.
        Raises SearchUnavailableError where the engine is lost.
        """
        began = time.perf_counter()
        chosen, size, start = filters or Filters(), max(0, limit), max(0, offset)
        answer = self._asked(lambda session: session.answer(text, chosen, size, start))
        if answer is None:
            return SearchAnswer(text, 0, 0.0, (), {})
        return replace(answer, took_ms=round((time.perf_counter() - began) * 1000, 3))

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """Suggestions for what stands in the search box, best first; none while the engine is lost."""
        with suppress(SearchUnavailableError):
            return self._asked(lambda session: session.source.suggest(text, limit)) or ()
        return ()

    def near(self, text: str, limit: int = 4) -> tuple[str, ...]:
        """Words of the index that share characters or sound with a text, nearest first."""
        return self._asked(lambda session: session.near.find(normal_text.fold(text), limit)) or ()

    def _session_on(self, source: Source) -> Session:
        return Session(source, self._synonyms, self.vocabulary, self._weights)

    def _segmenter_of(self, version: str, dictionary: Callable[[], Sequence[str]]) -> Segmenter:
        """The segmenter with the dictionary that a version of the index was built with."""
        kept = self._segmenter
        if kept is None or kept[0] != version:
            kept = self._segmenter = (version, segmenter(dictionary()))
        return kept[1]
