"""The records that the cluster gave for one query, as the corpus that is scored.

Records are fetched by id and version and kept: a query mostly meets records that another query
met before, and then nothing but ids travels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from kb.search.answer import SearchDocument
from kb.search.arrays import NEXT_FIELD, NEXT_ITEM, Docs, Field, Masks
from kb.search.cache import Cache
from kb.search.cluster.client import Client
from kb.search.cluster.schema import FULL
from kb.search.corpus import FACETS, Beyond, Bools, Facet, Floats, Gains, Loaded, field_norms
from kb.search.prepare import Row, encode, field_texts, row_of
from kb.search.weights import Weights

_PACK = 500  # records per request


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record as scoring reads it: columns, normal texts, its words by number with their gains."""

    document: SearchDocument
    row: Row
    texts: tuple[str, ...]
    lengths: tuple[int, ...]
    whole: str
    words: npt.NDArray[np.uint32]
    gains: npt.NDArray[np.uint16]

    @property
    def bytes(self) -> int:
        """About what this takes in memory."""
        return 8 * len(self.whole) + self.words.nbytes + self.gains.nbytes + 1500


class Shelf:
    """Records fetched before, by id and version, for all queries on one index. Threads may share it."""

    def __init__(self, client: Client, index: str, memory: int) -> None:
        """``memory`` bounds what is kept, in bytes."""
        self._client, self._index = client, index
        self._kept: Cache[Candidate] = Cache(memory)
        self._loaded: Cache[Loaded] = Cache(memory // 8)
        self._numbers: dict[str, int] = {}
        self._next = count()

    @property
    def cached_bytes(self) -> int:
        """Bytes that fetched records take."""
        return self._kept.used + self._loaded.used

    def number(self, word: str) -> int:
        """The number that stands for a word here; -1 where no record met so far has it."""
        return self._numbers.get(word, -1)

    def take(self, wanted: Sequence[tuple[str, int]]) -> list[Candidate]:
        """Records by id and version, in this order; those deleted meanwhile are left out."""
        found = {id_: self._kept.get(f"{id_} {version}") for id_, version in wanted}
        found |= self.fetch([id_ for id_, candidate in found.items() if candidate is None])
        return [candidate for id_, _ in wanted if (candidate := found[id_]) is not None]

    def fetch(self, ids: Sequence[str]) -> dict[str, Candidate]:
        """Records by id as they are now, without those that are not there."""
        found: dict[str, Candidate] = {}
        for start in range(0, len(ids), _PACK):
            for record in self._client.records(self._index, ids[start : start + _PACK]):
                candidate = self._read(record["_source"])
                found[record["_id"]] = candidate
                self._kept.put(f"{record['_id']} {record['_version']}", candidate, candidate.bytes)
        return found

    def loaded(self, candidate: Candidate) -> Loaded:
        """A record with its normal texts."""
        key = f"{candidate.row.id} {candidate.row.digest}"
        found = self._loaded.get(key)
        if found is None:
            found = Loaded.of(candidate.document)
            self._loaded.put(key, found, 12 * len(candidate.whole) + 800)
        return found

    def _number(self, word: str) -> int:
        """A word's number, a new one where it has none; no lock, and never one number for two words."""
        known = self._numbers.get(word)
        return self._numbers.setdefault(word, next(self._next)) if known is None else known

    def _read(self, source: Mapping[str, Any]) -> Candidate:
        document = msgspec.convert(source["record"], SearchDocument)
        texts = field_texts(document)
        parts = [piece.rpartition("|") for piece in source["words"].split(" ") if piece]
        words = [self._number(word) for word, _, _ in parts]
        return Candidate(
            document,
            row_of(document, encode(document)),
            texts,
            tuple(map(len, texts)),
            NEXT_FIELD.join(texts),
            np.array(words, np.uint32),
            np.array([int(gain) for _, _, gain in parts], np.uint16),
        )


class Candidates:
    """A corpus of fetched records, for one query in one thread."""

    def __init__(
        self,
        shelf: Shelf,
        candidates: Iterable[Candidate],
        frequency: Mapping[str, int],
        means: Floats,
        weights: Weights,
        beyond: Beyond,
    ) -> None:
        """``frequency`` are the index's words: any other word is looked for as a literal fragment."""
        self._shelf, self._frequency, self._means, self._weights = shelf, frequency, means, weights
        self.beyond: Beyond | None = beyond
        self._candidates: list[Candidate] = []
        self._found: dict[str, tuple[Docs, Masks]] = {}
        self._gains: dict[str, Gains] = {}
        self._take_in(candidates)

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self._candidates)

    def _take_in(self, candidates: Iterable[Candidate]) -> None:
        self._candidates.extend(candidates)
        self._found.clear()
        self._gains.clear()
        every = self._candidates
        self.rows: Sequence[Row] = [c.row for c in every]
        self.live: Bools = np.ones(len(every), bool)
        self.facets: Mapping[str, Facet] = {name: Facet.of(name, self.rows) for name in FACETS}
        lengths = [c.lengths for c in every]
        self.lengths: npt.NDArray[np.int32] = np.array(lengths, np.int32).reshape(-1, len(Field))
        self._norms = field_norms(self._weights, self.lengths, self._means)
        ids = [row.id for row in self.rows]
        self.order: npt.NDArray[np.int64] = np.argsort(np.argsort(ids)) if ids else np.zeros(0, np.int64)
        self.place: Mapping[str, int] = {id_: n for n, id_ in enumerate(ids)}
        self.codes: Mapping[str, int] = {row.code: n for n, row in enumerate(self.rows) if row.code}
        sizes = [len(c.words) for c in every]
        self._holders = np.repeat(np.arange(len(every), dtype=np.int32), sizes)
        self._words = np.concatenate([c.words for c in every]) if every else np.zeros(0, np.uint32)
        self._word_gains = np.concatenate([c.gains for c in every]) if every else np.zeros(0, np.uint16)

    def bring(self, ids: Collection[str]) -> None:
        """Take these records in where they exist and are not here yet."""
        missing = sorted(set(ids) - self.place.keys())
        if missing:
            self._take_in(self._shelf.fetch(missing).values())

    def find(self, fragment: str) -> tuple[Docs, Masks]:
        """Records that hold a normal fragment literally, with a mask of the fields it stands in."""
        found = self._found.get(fragment)
        if found is None:
            held = [n for n, c in enumerate(self._candidates) if fragment in c.whole] if fragment else []
            masks = [
                sum(1 << field for field, text in enumerate(self._candidates[n].texts) if fragment in text)
                for n in held
            ]
            found = self._found[fragment] = np.array(held, np.int32), np.array(masks, np.uint8)
        return found

    def named(self, fragment: str) -> Docs:
        """Records whose name holds a fragment."""
        held = [n for n, c in enumerate(self._candidates) if fragment in c.texts[Field.NAME]]
        return np.array(held, np.int32)

    def whole_items(self, fragment: str, field: Field) -> Docs:
        """Records in which one whole item of a field is this fragment."""
        docs, masks = self.find(fragment)
        held = docs[(masks >> field & 1).astype(bool)].tolist()
        whole = [n for n in held if fragment in self._candidates[n].texts[field].split(NEXT_ITEM)]
        return np.array(whole, np.int32)

    def gains(self, word: str) -> Gains:
        """What a word gives the records that hold it; a word or any literal fragment."""
        found = self._gains.get(word)
        if found is None:
            found = self._of_word(word) if word in self._frequency else self._of_fragment(word)
            self._gains[word] = found
        return found

    def gains_of_all(self, words: tuple[str, ...]) -> Gains:
        """What several words together give the records that hold them all: their mean."""
        return Gains.together([self.gains(word) for word in words])

    def loaded(self, document: int) -> Loaded:
        """A record by its number, with its normal texts."""
        return self._shelf.loaded(self._candidates[document])

    def _of_word(self, word: str) -> Gains:
        number = self._shelf.number(word)
        here = np.flatnonzero(self._words == number) if number >= 0 else np.zeros(0, np.int64)
        return Gains(self._holders[here], (self._word_gains[here] / np.float32(FULL)).astype(np.float32))

    def _of_fragment(self, fragment: str) -> Gains:
        docs, masks = self.find(fragment)
        total: Floats = np.zeros(len(docs), np.float32)
        for field in Field:
            total += ((masks >> field) & 1) * self._norms[docs, field]
        return Gains(docs, (total / (total + np.float32(self._weights.k1))).astype(np.float32))
