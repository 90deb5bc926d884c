"""One generation in memory: columns as arrays, postings decoded once, the same for all threads.

The generation's main part is mapped from files; documents that came later (few, bounded by
the engine) are the tail, whose arrays are derived on loading.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from kb.search.answer import SearchDocument
from kb.search.arrays import Docs, Field, Masks, TextArrays
from kb.search.cache import Cache
from kb.search.corpus import FACETS, Beyond, Bools, Facet, Floats, Gains, Loaded, field_norms, mean_lengths
from kb.search.index import COUNT_BITS, COUNT_SHIFTS, Reader
from kb.search.prepare import Row, decode, encode, field_texts, row_of
from kb.search.sounds import SoundTable
from kb.search.weights import Weights


class Columns(msgspec.Struct, frozen=True):
    """File beside the postings: rows of the main part, known words with their frequency, sounds."""

    rows: list[Row]
    frequency: dict[str, int]


class Snapshot:
    """A generation at one moment. Threads may share it; ``close`` when none uses it any more."""

    def __init__(self, folder: Path, weights: Weights, memory: int) -> None:
        """Load a generation's folder; ``memory`` bounds decoded postings and records, in bytes."""
        self._lock = threading.Lock()
        self._weights, self.memory = weights, memory
        self._reader = Reader(folder)
        columns = msgspec.msgpack.decode((folder / "columns.msgpack").read_bytes(), type=Columns)
        self._main = TextArrays.load(folder)
        self._sounds_file = folder / "sounds.msgpack"
        self._sounds: SoundTable | None = None
        tail = [decode(self._reader.record(n)) for n in range(len(columns.rows), self._reader.size)]
        self._tail = TextArrays.build([field_texts(d) for d in tail]) if tail else None
        self.rows = [*columns.rows, *(row_of(d, encode(d)) for d in tail)]
        self.frequency = columns.frequency
        if tail:
            new = dict.fromkeys(self._reader.words_after(len(columns.rows)), 1)
            self.frequency = {**new, **columns.frequency}
        self.beyond: Beyond | None = None
        self.size = len(self.rows)
        self.live: Bools = np.ones(self.size, bool)
        self.live[self._reader.deleted()] = False
        self.facets = {name: Facet.of(name, self.rows) for name in FACETS}
        self.lengths = self._lengths()
        self._norms = field_norms(weights, self.lengths, mean_lengths(self.lengths))
        self._gains: Cache[Gains] = Cache(memory // 3)
        self._literals: Cache[tuple[Docs, Masks]] = Cache(memory // 8)
        self._records: Cache[Loaded] = Cache(memory // 6)
        self.place = {row.id: n for n, row in enumerate(self.rows) if self.live[n]}
        self.codes = {row.code: n for n, row in enumerate(self.rows) if self.live[n] and row.code}
        self.order = (
            np.argsort(np.argsort([row.id for row in self.rows])) if self.size else np.zeros(0, np.int64)
        )

    @property
    def tail_size(self) -> int:
        """Number of documents outside the main part."""
        return self._tail.size if self._tail else 0

    @property
    def cached_bytes(self) -> int:
        """Bytes that decoded postings and records take now."""
        return self._gains.used + self._literals.used + self._records.used

    def sounds(self) -> SoundTable:
        """Pinyin of the generation's words, loaded at first use."""
        if self._sounds is None:
            self._sounds = SoundTable.load(self._sounds_file.read_bytes())
        return self._sounds

    def find(self, fragment: str) -> tuple[Docs, Masks]:
        """Documents that hold a normal fragment literally, with a mask of the fields it stands in."""
        if len(fragment) < 3:  # read off the postings; longer ones had to be verified and are kept
            return self._find(fragment)
        found = self._literals.get(fragment)
        if found is None:
            found = self._find(fragment)
            self._literals.put(fragment, found, found[0].nbytes + found[1].nbytes + 200)
        return found

    def _find(self, fragment: str) -> tuple[Docs, Masks]:
        docs, masks = self._main.find(fragment)
        if self._tail is None:
            return docs, masks
        tail_docs, tail_masks = self._tail.find(fragment)
        shifted = tail_docs + np.int32(self._main.size)
        return np.concatenate([docs, shifted]), np.concatenate([masks, tail_masks])

    def named(self, fragment: str) -> Docs:
        """Documents whose name holds a fragment."""
        key = f"n\x00{fragment}"
        found = self._literals.get(key)
        if found is None:
            docs, masks = self.find(fragment)
            named = docs[(masks >> Field.NAME & 1).astype(bool)]
            found = named, np.zeros(0, np.uint8)
            self._literals.put(key, found, named.nbytes + 200)
        return found[0]

    def whole_items(self, fragment: str, field: Field) -> Docs:
        """Documents in which one whole item of a field (one alias, one keyword) is this fragment."""
        key = f"{field.value}\x00{fragment}"
        found = self._literals.get(key)
        if found is None:
            docs, masks = self.find(fragment)
            held = docs[(masks >> field & 1).astype(bool)]
            main = held[held < self._main.size]
            whole = self._main.whole_items(fragment, field, main) if len(main) else main
            if self._tail is not None and len(main) < len(held):
                late = self._tail.whole_items(fragment, field, held[len(main) :] - np.int32(self._main.size))
                whole = np.concatenate([whole, late + np.int32(self._main.size)])
            found = whole, np.zeros(0, np.uint8)
            self._literals.put(key, found, whole.nbytes + 200)
        return found[0]

    def gains(self, word: str) -> Gains:
        """What a word gives the documents that hold it; a word or any literal fragment."""
        found = self._gains.get(word)
        if found is None:
            found = self._word_gains(word) if word in self.frequency else self._literal_gains(word)
            self._gains.put(word, found, found.docs.nbytes + found.gains.nbytes + 200)
        return found

    def gains_of_all(self, words: tuple[str, ...]) -> Gains:
        """What several words together give the documents that hold them all: their mean."""
        key = "&".join(words)
        found = self._gains.get(key)
        if found is None:
            found = Gains.together([self.gains(word) for word in words])
            self._gains.put(key, found, found.docs.nbytes + found.gains.nbytes + 200)
        return found

    def loaded(self, document: int) -> Loaded:
        """A document by its number, with its normal texts."""
        key = str(document)
        found = self._records.get(key)
        if found is None:
            with self._lock:
                record = self._reader.record(document)
            found = Loaded.of(decode(record))
            self._records.put(key, found, 12 * len(record) + 800)
        return found

    def record(self, document: int) -> SearchDocument:
        """The document by its number."""
        return self.loaded(document).document

    def bring(self, ids: Collection[str]) -> None:
        """All documents are here."""

    def close(self) -> None:
        """Close the generation's files."""
        with self._lock:
            self._reader.close()

    def _word_gains(self, word: str) -> Gains:
        with self._lock:
            docs, packed = self._reader.postings(word)
        total = np.zeros(len(docs), np.float32)
        for field, (bits, shift) in enumerate(zip(COUNT_BITS, COUNT_SHIFTS, strict=True), Field.NAME):
            counts = (packed >> shift) & ((1 << bits) - 1)
            total += counts * self._norms[docs, field]
        return self._saturate(docs, total)

    def _literal_gains(self, fragment: str) -> Gains:
        docs, masks = self.find(fragment)
        total = np.zeros(len(docs), np.float32)
        for field in Field:
            total += ((masks >> field) & 1) * self._norms[docs, field]
        return self._saturate(docs, total)

    def _saturate(self, docs: Docs, total: Floats) -> Gains:
        alive = self.live[docs]
        docs, total = docs[alive], total[alive]
        return Gains(docs, (total / (total + np.float32(self._weights.k1))).astype(np.float32))

    def _lengths(self) -> npt.NDArray[np.int32]:
        if self._tail is None:
            return self._main.lengths
        return np.concatenate([self._main.lengths, self._tail.lengths])
