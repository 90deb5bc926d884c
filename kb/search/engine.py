"""The search engine as the knowledge base uses it: build, keep up to date, ask, suggest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from kb.garbage import no_collection
from kb.search import text as normal_text
from kb.search.answer import SearchDocument
from kb.search.answering import Answering
from kb.search.arrays import Field, TextArrays
from kb.search.door import EngineState, Progress, StaleIndexError
from kb.search.embedded import SnapshotSource
from kb.search.generations import Generations
from kb.search.index import Writer
from kb.search.prepare import Prepared, prepare
from kb.search.segment import Segmenter, segmenter
from kb.search.session import Session
from kb.search.snapshot import Columns, Snapshot
from kb.search.sounds import SoundTable
from kb.search.vocabulary import NAME_LIMIT, Vocabulary
from kb.search.weights import DEFAULT, Weights

VERSION = "3"
"""Raise it when what is stored changes: every index built before is then rebuilt."""

_TAIL_LEAST, _TAIL_SHARE = 400, 0.1  # documents outside the main part before all is built anew
_TRIES = 5

T = TypeVar("T")


class SearchEngine(Answering):
    """An index folder with its vocabulary. Threads and processes may share the folder.

    Opens at the first question; takes up what other processes changed at the next one.
    """

    batch: int | None = None
    """Waiting records are brought in all together."""

    rebuild_from: int | None = 2000
    """More waiting records than this are cheaper to index afresh."""

    at_once = 200
    """Records of other machines that a question may wait for."""

    def __init__(
        self, folder: Path, vocabulary: Vocabulary, memory_mb: int = 512, weights: Weights = DEFAULT
    ) -> None:
        """An engine on a folder, which need not exist. ``memory_mb`` bounds decoded postings."""
        super().__init__(vocabulary, memory_mb, weights)
        self._generations = Generations(folder)
        self._source: SnapshotSource | None = None
        self._stamp = (0, 0)

    def stamp(self) -> tuple[int, int]:
        """Changes whenever any process changed the index or announced other words."""
        return self._generations.stamp()

    def announce(self) -> None:
        """Tell every process on this folder to look again at what the store says."""
        with self._generations.lock():
            folder = self._generations.current()
            if folder is not None:
                self._generations.publish(folder)

    def current(self) -> bool:
        """True where a complete index stands whose fingerprint fits this engine and vocabulary."""
        generation = self._generations.current()
        try:
            return generation is not None and (generation / "FINGERPRINT").read_text() == self._fingerprint()
        except OSError:
            return False

    def state(self) -> EngineState:
        """Whether a complete index stands in the folder."""
        return EngineState("内置", reachable=True, ready=self.current())

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        total: int,
        progress: Progress | None = None,
        version: int = 0,
    ) -> None:
        """Build the whole index beside the old one and put it in force at the end.

        ``progress`` is called with (documents done, ``total``). Whatever stops it, the old index
        stays in force; what a killed build left is removed by the next writer.
        """
        with self._generations.lock():
            self._generations.clean()
            self._build(documents, total, progress)

    def update(self, upserts: Sequence[SearchDocument], deletes: Sequence[str], version: int = 0) -> None:
        """Put documents in (replacing those of the same id) and take ids out; visible at once.

        Many changes at once rebuild the index, as ``rebuild`` does. Unknown ids are ignored, and so
        is ``version``: one process writes to the folder at a time.
        Raises StaleIndexError where there is no current index to add to.
        """
        with self._generations.lock():
            folder = self._generations.current()
            if folder is None or not self.current():
                raise StaleIndexError(self._generations.folder)
            snapshot = self._load(folder)
            try:
                if snapshot.tail_size + len(upserts) > max(_TAIL_LEAST, _TAIL_SHARE * snapshot.size):
                    self._merge(folder, snapshot, upserts, deletes)
                else:
                    self._append(folder, snapshot, upserts, deletes)
            finally:
                snapshot.close()

    def digests(self) -> dict[str, str]:
        """Content digest of each record in the index, as ``prepare.digest`` makes it."""
        if self._current_session() is None or self._source is None:
            return {}
        snapshot = self._source.snapshot
        return {id_: snapshot.rows[number].digest for id_, number in snapshot.place.items()}

    def close(self) -> None:
        """Close the files; the next question opens them again."""
        with self._lock:
            if self._source is not None:
                self._source.snapshot.close()
            self._source, self._session, self._stamp = None, None, (0, 0)

    def _asked(self, question: Callable[[Session], T]) -> T | None:
        session = self._current_session()
        return question(session) if session else None

    def _current_session(self) -> Session | None:
        stamp = self._generations.stamp()
        session = self._session
        if session is not None and stamp == self._stamp:
            return session
        with self._lock:
            stamp = self._generations.stamp()
            if self._session is None or stamp != self._stamp:
                # The old snapshot is not closed: another thread may be reading it.
                self._source = self._open()
                self._session = self._session_on(self._source) if self._source else None
                self._stamp = stamp if self._source else (0, 0)
            return self._session

    def _open(self) -> SnapshotSource | None:
        for attempt in range(_TRIES):
            folder = self._generations.current()
            if folder is None or not self.current():
                return None
            try:
                return SnapshotSource(self._load(folder), self._weights)
            except FileNotFoundError:
                # Another process put a newer generation in force and removed this one meanwhile.
                if attempt == _TRIES - 1:
                    raise
        return None

    def _load(self, folder: Path) -> Snapshot:
        return Snapshot(folder, self._weights, self._memory)

    def _build(
        self,
        documents: Iterable[SearchDocument],
        total: int,
        progress: Progress | None,
        known: Iterable[str] = (),
    ) -> None:
        words = sorted({*self.vocabulary.words(), *known})
        with self._generations.building() as folder, no_collection():
            (folder / "dictionary.txt").write_text("\n".join(words), encoding="utf-8")
            cut = segmenter(words)
            writer = Writer(folder)
            texts, rows = [], []
            labels: set[str] = set()
            for done, document in enumerate(documents, 1):
                prepared = prepare(document, cut)
                writer.add(prepared.record, prepared.words)
                texts.append(prepared.texts)
                rows.append(prepared.row)
                if len(prepared.texts[Field.NAME]) <= NAME_LIMIT:
                    labels.add(prepared.texts[Field.NAME])
                if progress and (done % 100 == 0 or done == total):
                    progress(done, total)
            frequency = writer.frequencies()
            # NumPy sorts without the interpreter's lock, so the two halves take the time of one.
            with ThreadPoolExecutor(1) as beside:
                arrays = beside.submit(lambda: TextArrays.build(texts).save(folder))
                writer.commit()
                sounds = SoundTable.of_words(words, labels | writer.label_words(), frequency)
                (folder / "sounds.msgpack").write_bytes(sounds.dump())
                arrays.result()
            columns = msgspec.msgpack.encode(Columns(rows, frequency))
            (folder / "columns.msgpack").write_bytes(columns)
            (folder / "FINGERPRINT").write_text(self._fingerprint())
        self._segmenter = (folder.name.replace("build-", "gen-"), cut)

    def _merge(
        self, folder: Path, snapshot: Snapshot, upserts: Sequence[SearchDocument], deletes: Sequence[str]
    ) -> None:
        """Build anew with the words of before: this process may never have been told the catalogue's names."""
        gone = {*deletes, *(d.id for d in upserts)}
        kept = (snapshot.record(n) for id_, n in snapshot.place.items() if id_ not in gone)
        newest = {d.id: d for d in upserts}
        self._build([*kept, *newest.values()], snapshot.size, None, self._words(folder))

    def _append(
        self, folder: Path, snapshot: Snapshot, upserts: Sequence[SearchDocument], deletes: Sequence[str]
    ) -> None:
        newest = {d.id: d for d in upserts}
        gone = [snapshot.place[id_] for id_ in {*deletes, *newest} if id_ in snapshot.place]
        cut = self._cut(folder) if newest else None
        writer = Writer(folder)
        try:
            writer.delete(gone)
            for document in newest.values():
                assert cut is not None  # noqa: S101 - there is something to add
                prepared: Prepared = prepare(document, cut)
                writer.add(prepared.record, prepared.words)
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        self._generations.publish(folder)

    def _cut(self, folder: Path) -> Segmenter:
        return self._segmenter_of(folder.name, lambda: self._words(folder))

    @staticmethod
    def _words(folder: Path) -> list[str]:
        return (folder / "dictionary.txt").read_text(encoding="utf-8").split("\n")

    def _fingerprint(self) -> str:
        parts = (VERSION, normal_text.VERSION, self.vocabulary.fingerprint)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()
