"""One generation in memory: columns as arrays, postings decoded once, the same for all threads.

The generation's main part is mapped from files; documents that came later (few, bounded by
the engine) are the tail, whose arrays are derived on loading.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from kb.search.answer import SearchDocument
from kb.search.arrays import Docs, Field, Masks, TextArrays
from kb.search.index import COUNT_BITS, COUNT_SHIFTS, Reader
from kb.search.prepare import Row, decode, encode, field_texts, row_of
from kb.search.segment import Lexicon
from kb.search.sounds import SoundTable
from kb.search.text import Normal, normalise
from kb.search.weights import Weights

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FACETS = ("kind", "sector", "level1", "level2", "set", "status")
_COLUMN = {"kind": "public_kind"}


class Columns(msgspec.Struct, frozen=True):
    """File beside the postings: rows of the main part, known words with their frequency, sounds."""

    rows: list[Row]
    frequency: dict[str, int]


@dataclass(frozen=True, slots=True)
class Facet:
    """A column with few values: a number per document and what the numbers mean."""

    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Gains:
    """What a word gives each document that holds it: 0..1, before its rarity."""

    docs: Docs
    gains: Floats


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document with its normal texts, for showing it."""

    document: SearchDocument
    name: Normal
    bodies: tuple[tuple[str, Normal], ...]
    text: str

    @classmethod
    def of(cls, document: SearchDocument) -> Loaded:
        """The document with its texts normalised."""
        bodies = tuple((body, normalise(body)) for body in (*document.body, *document.aside))
        return cls(document, normalise(document.name), bodies, "\n".join(field_texts(document)))


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
        self.lexicon = Lexicon(self.frequency)
        self.size = len(self.rows)
        self.live: Bools = np.ones(self.size, bool)
        self.live[self._reader.deleted()] = False
        self.facets = {name: self._facet(name) for name in FACETS}
        self.lengths = self._lengths()
        self._norms = self._field_norms()
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
            self._sounds = SoundTable.load(self._sounds_file)
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
            lists = sorted((self.gains(word) for word in words), key=lambda gains: len(gains.docs))
            docs, total = lists[0].docs, lists[0].gains.copy()
            for other in lists[1:]:
                place = np.minimum(other.docs.searchsorted(docs), max(len(other.docs) - 1, 0))
                both = other.docs[place] == docs if len(other.docs) else np.zeros(len(docs), bool)
                docs, total = docs[both], total[both] + other.gains[place[both]]
            found = Gains(docs, (total / np.float32(len(words))).astype(np.float32))
            self._gains.put(key, found, docs.nbytes + total.nbytes + 200)
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

    def _facet(self, name: str) -> Facet:
        column = _COLUMN.get(name, name)
        numbers: dict[str, int] = {}
        codes = [numbers.setdefault(getattr(row, column), len(numbers)) for row in self.rows]
        return Facet(tuple(numbers), np.array(codes, np.int32))

    def _lengths(self) -> npt.NDArray[np.int32]:
        if self._tail is None:
            return self._main.lengths
        return np.concatenate([self._main.lengths, self._tail.lengths])

    def _field_norms(self) -> Floats:
        """Weight of one occurrence per document and field, by the field's weight and length."""
        w = self._weights
        weights = np.array([w.code, w.name, w.alias, w.keyword, w.gist, w.body, w.aside], np.float32)
        b = np.array([0, w.b_name, w.b_name, w.b_name, w.b_body, w.b_body, w.b_body], np.float32)
        lengths = self.lengths.astype(np.float32)
        mean = np.maximum(lengths.mean(axis=0), 1) if self.size else np.ones(len(weights), np.float32)
        norms: Floats = (weights / (1 - b + b * lengths / mean)).astype(np.float32)
        return norms


Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The newest entries that fit into a number of bytes. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self.used = 0
        self._limit = limit
        self._entries: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Value | None:
        entry = self._entries.get(key)
        return entry[0] if entry else None

    def put(self, key: str, value: Value, size: int) -> None:
        if size > self._limit:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            self.used += size - (old[1] if old else 0)
            self._entries[key] = (value, size)
            while self.used > self._limit:
                _, (_, freed) = self._entries.popitem(last=False)
                self.used -= freed
