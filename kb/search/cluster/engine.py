"""The search engine in a cluster as the knowledge base uses it: build, keep up to date, ask, suggest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from kb.errors import SearchUnavailableError
from kb.search.answer import SearchDocument
from kb.search.answering import Answering
from kb.search.cluster.address import Address
from kb.search.cluster.candidates import Shelf
from kb.search.cluster.client import SLOW, Client, IndexGoneError
from kb.search.cluster.lexical import Census, Lexical, State, Words, means_of
from kb.search.cluster.schema import fingerprint, source_of
from kb.search.cluster.source import ClusterSource
from kb.search.cluster.versions import Versions
from kb.search.door import EngineState, Progress, StaleIndexError
from kb.search.prepare import Prepared, field_texts, prepare
from kb.search.segment import Segmenter, segmenter
from kb.search.session import Session
from kb.search.vocabulary import Vocabulary
from kb.search.weights import DEFAULT, Weights

_PACK = 500  # records per bulk request
_LOOK = 0.5  # seconds for which what was last seen of the index is believed

_WRITING = 30.0  # seconds that a batch may take; a cluster that is lost is known before
_TRIES = 5

Stamp = tuple[str, ...]
T = TypeVar("T")


class ClusterEngine(Answering):
    """An index in a cluster with its vocabulary. Threads, processes and machines may share it.

    Connects at the first question; takes up what others changed within half a second.
    """

    rebuild_from: int | None = None
    """No number of waiting records makes building anew the better way."""

    batch: int | None = 500
    """Waiting records that are brought in together; more are brought in one batch after the other."""

    at_once = 0
    """No question waits for what others wrote: the cluster may be slow, or lost."""

    def __init__(
        self, address: Address, vocabulary: Vocabulary, memory_mb: int = 512, weights: Weights = DEFAULT
    ) -> None:
        """An engine on a cluster. ``memory_mb`` bounds the records that are kept here between queries."""
        super().__init__(vocabulary, memory_mb, weights)
        self._client = Client(address)
        self._seen: Stamp = ()
        self._seen_at = float("-inf")
        self._session_stamp: Stamp = ()
        self._learnt: tuple[str, Lexical] | None = None
        self._shelf: tuple[str, Shelf] | None = None

    def stamp(self) -> Stamp:
        """Changes whenever any process changed the index; while the cluster is lost, what was last seen."""
        if time.monotonic() - self._seen_at >= _LOOK:
            with suppress(SearchUnavailableError):
                self._look()
        return self._seen

    def announce(self) -> None:
        """Tell every process on this cluster to look again at what the store says."""
        versions = self._versions()
        if versions.current() is not None:
            versions.words().mark()
            self._seen_at = float("-inf")

    def current(self) -> bool:
        """True where a complete index stands that fits this engine and vocabulary."""
        return self._versions().current() is not None

    def state(self) -> EngineState:
        """Whether the cluster answers and has a complete index."""
        where = f"OpenSearch {self._client.address.shown}"
        try:
            ready = self.current()
        except SearchUnavailableError as error:
            return EngineState(where, reachable=False, ready=False, detail=error.reason)
        return EngineState(where, reachable=True, ready=ready)

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        total: int,
        progress: Progress | None = None,
        version: int = 0,
    ) -> None:
        """Build the whole index beside the old one and put it in force at the end.

        Whatever stops it, the old index answers on. A build that was killed is gone on with: what
        it had brought in is not sent again. ``version`` is the store's state that the documents show.
        """
        documents = documents if isinstance(documents, Sequence) else list(documents)
        means = means_of(tuple(map(len, field_texts(d))) for d in documents)
        versions = self._versions()
        index = versions.unfinished(means.tolist())
        there: dict[str, str] = {}
        if index is None:
            index = versions.begin(means.tolist())
        else:
            self._client.arrange("POST", f"/{index}/_refresh")
            there = self._digests(index)
        words = self.vocabulary.words()
        cut, census = segmenter(words), Census()
        for start in range(0, len(documents), _PACK):
            actions: list[dict[str, Any]] = []
            for document in documents[start : start + _PACK]:
                prepared = prepare(document, cut)
                census.add(prepared)
                if there.pop(document.id, "") != prepared.row.digest:
                    actions += self._put(document, prepared, Lexical({}, [], means.tolist(), b""), version)
            self._client.write(index, actions, SLOW)
            if progress:
                progress(min(start + _PACK, total), total)
        self._client.write(index, ({"delete": {"_id": id_}} for id_ in there), SLOW)
        Words(self._client, index).save(census.result(words, means))
        versions.publish(index, means.tolist())
        self._seen_at = float("-inf")

    def update(self, upserts: Sequence[SearchDocument], deletes: Sequence[str], version: int = 0) -> None:
        """Put documents in (replacing those of the same id) and take ids out; visible at once.

        May be repeated, and may come late: a record that stands there with a higher ``version``
        stays as it is. Raises StaleIndexError where there is no current index to add to.
        """
        versions = self._versions()
        index = versions.current()
        if index is None:
            raise StaleIndexError(self._client.address.shown)
        learnt, cut = self._lexical(index), self._cut(index)
        newest = {d.id: d for d in upserts}
        added: set[str] = set()
        actions: list[dict[str, Any]] = []
        for document in newest.values():
            prepared = prepare(document, cut)
            added |= prepared.words.keys() - learnt.frequency.keys()
            actions += self._put(document, prepared, learnt, version)
        for id_ in deletes:
            if id_ not in newest:
                actions.append({"delete": {"_id": id_, **_versioned(version)}})
        # Through the alias: whatever version is in force by now gets them.
        self._client.write(versions.alias, actions, _WRITING, alias=True)
        self._client.call("POST", f"/{versions.alias}/_refresh", timeout=_WRITING, patience=_WRITING)
        versions.words().mark(sorted(added))
        self._seen_at = float("-inf")

    def index_name(self) -> str:
        """Name of the version in force, "" before the first: by it the store knows how far we have come."""
        return self._versions().current() or ""

    def reached(self) -> int:
        """Outbox row that the index has reached by its own account."""
        state = self._versions().words().state()
        return state.reached if state else 0

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        self._versions().words().note(reached)

    def digests(self) -> dict[str, str]:
        """Content digest of each record in the index, as ``prepare.digest`` makes it."""
        index = self._versions().current()
        return self._digests(index) if index else {}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _versions(self) -> Versions:
        return Versions(self._client, fingerprint(self.vocabulary.fingerprint, self._weights))

    def _look(self) -> None:
        index = self._versions().current()
        state = Words(self._client, index).state() if index else None
        self._seen = (index, state.mark, *state.added) if index and state else ()
        self._seen_at = time.monotonic()

    def _asked(self, question: Callable[[Session], T]) -> T | None:
        """A session's answer; asked again where a newer version took the index's place meanwhile."""
        for attempt in range(_TRIES):
            try:
                session = self._current_session()
                return question(session) if session else None
            except IndexGoneError:
                self._seen_at = float("-inf")
                if attempt == _TRIES - 1:
                    raise
        return None

    def _current_session(self) -> Session | None:
        if time.monotonic() - self._seen_at >= _LOOK:
            self._look()
        session, stamp = self._session, self._seen
        if session is not None and stamp == self._session_stamp:
            return session
        with self._lock:
            if self._session is None or self._seen != self._session_stamp:
                self._session, self._session_stamp = self._open(self._seen), self._seen
            return self._session

    def _open(self, stamp: Stamp) -> Session | None:
        if not stamp:
            return None
        index, mark, *added = stamp
        state = State(mark, list(added))
        source = ClusterSource(
            self._client, index, self._lexical(index), state, self._shelf_of(index), self._weights
        )
        return self._session_on(source)

    def _lexical(self, index: str) -> Lexical:
        learnt = self._learnt
        if learnt is None or learnt[0] != index:
            learnt = self._learnt = (index, Words(self._client, index).load())
        return learnt[1]

    def _cut(self, index: str) -> Segmenter:
        return self._segmenter_of(index, lambda: self._lexical(index).dictionary)

    def _shelf_of(self, index: str) -> Shelf:
        if self._shelf is None or self._shelf[0] != index:
            self._shelf = (index, Shelf(self._client, index, self._memory // 2))
        return self._shelf[1]

    def _put(
        self, document: SearchDocument, prepared: Prepared, learnt: Lexical, version: int
    ) -> list[dict[str, Any]]:
        source = source_of(document, prepared, learnt.mean_lengths(), self._weights)
        return [{"index": {"_id": document.id, **_versioned(version)}}, source]

    def _digests(self, index: str) -> dict[str, str]:
        return {h["sort"][0]: h["fields"]["digest"][0] for h in self._client.scan(index, ["digest"])}


def _versioned(version: int) -> dict[str, Any]:
    return {"version": version, "version_type": "external_gte"}
