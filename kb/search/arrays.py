"""Character arrays: which documents hold a fragment, and in which field, proved on the text itself.

Texts lie one behind the other as 16-bit character numbers. Characters and pairs of characters
have postings (document and field mask); a longer fragment is looked up by its pairs and then
verified in the text, so an answer is exact.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Docs = npt.NDArray[np.int32]
Masks = npt.NDArray[np.uint8]


class Field(IntEnum):
    """Fields of a document in the order of their importance to a reader."""

    CODE = 0
    NAME = 1
    ALIAS = 2
    KEYWORD = 3
    GIST = 4
    BODY = 5
    ASIDE = 6


FIELDS = len(Field)
NEXT_FIELD, NEXT_ITEM = "\x00", "\x01"
"""Separators between fields and between the items of one; control characters are in no normal text."""

_FIELD, _ITEM = b"\x00\x00", b"\x01\x00"  # the separators as 16-bit numbers, little-endian
_DOC_SHIFT = 7  # a posting is document << 6 | mask of fields
_EMPTY = np.zeros(0, np.int32), np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Postings:
    """Sorted keys, where each key's postings start, and the postings."""

    keys: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.uint32]

    def find(self, key: int) -> tuple[Docs, Masks]:
        """Documents and field masks of a key; empty where there is none."""
        place = int(self.keys.searchsorted(np.uint32(key)))
        if place == len(self.keys) or int(self.keys[place]) != key:
            return _EMPTY
        items = self.items[self.starts[place] : self.starts[place + 1]]
        return (items >> _DOC_SHIFT).astype(np.int32), (items & 127).astype(np.uint8)


class TextArrays:
    """The normal texts of some documents with their character and pair postings. Immutable."""

    def __init__(
        self,
        alphabet: npt.NDArray[np.uint32],
        text: bytes | mmap.mmap,
        starts: npt.NDArray[np.int64],
        singles: Postings,
        pairs: Postings,
    ) -> None:
        self._alphabet, self._text, self._starts = alphabet, text, starts
        self._singles, self._pairs = singles, pairs
        self._numbers = {chr(code): number for number, code in enumerate(alphabet.tolist())}
        self.size = (len(starts) - 1) // FIELDS
        self.lengths: npt.NDArray[np.int32] = (
            (np.diff(starts) - 1).astype(np.int32).reshape(self.size, FIELDS)
        )

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> TextArrays:
        """Arrays over documents given as one normal text per Field."""
        texts = [text for document in documents for text in document]
        sizes = np.fromiter((len(t) + 1 for t in texts), np.int64, len(texts))
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        joined = NEXT_FIELD.join(texts) + (NEXT_FIELD if texts else "")
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        seen = np.zeros(0x110000, bool)
        seen[[0, 1]] = True
        seen[codes] = True
        alphabet = np.flatnonzero(seen)[:0xFFFF].astype(np.uint32)
        numbers = np.full(0x110000, 0xFFFF, np.uint16)
        numbers[alphabet] = np.arange(len(alphabet), dtype=np.uint16)
        text = numbers[codes]
        places = np.repeat(np.arange(len(texts), dtype=np.uint64), sizes)
        singles = _invert(text.astype(np.uint32), places, text > 1)
        first, second = text[:-1].astype(np.uint32), text[1:].astype(np.uint32)
        pairs = _invert(first << np.uint32(16) | second, places[:-1], (first > 1) & (second > 1))
        return cls(alphabet, text.astype("<u2").tobytes(), starts, singles, pairs)

    def save(self, folder: Path) -> None:
        """Write the arrays as files that ``load`` maps into memory."""
        (folder / "text.u16").write_bytes(self._text[:])
        arrays: dict[str, npt.NDArray[Any]] = {"alphabet": self._alphabet, "starts": self._starts}
        for name, postings in (("singles", self._singles), ("pairs", self._pairs)):
            arrays |= {
                f"{name}-keys": postings.keys,
                f"{name}-starts": postings.starts,
                f"{name}-items": postings.items,
            }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def load(cls, folder: Path) -> TextArrays:
        """Arrays of a folder, mapped, so that only what searches touch is read."""

        def array(name: str) -> npt.NDArray[np.generic]:
            loaded: npt.NDArray[np.generic] = np.load(folder / f"{name}.npy", mmap_mode="r")
            # A plain view: slicing np.memmap costs microseconds each time.
            return loaded.view(np.ndarray)

        def postings(name: str) -> Postings:
            parts = [array(f"{name}-{part}") for part in ("keys", "starts", "items")]
            return Postings(*parts)  # type: ignore[arg-type]

        return cls(
            array("alphabet"),  # type: ignore[arg-type]
            _map(folder / "text.u16"),
            np.array(array("starts"), np.int64),
            postings("singles"),
            postings("pairs"),
        )

    def find(self, fragment: str) -> tuple[Docs, Masks]:
        """Documents that hold a normal fragment literally, ascending, with a mask of the fields."""
        numbers = [self._numbers.get(c, -1) for c in fragment]
        if not numbers or min(numbers) < 0:
            return _EMPTY
        if len(numbers) == 1:
            return self._singles.find(numbers[0])
        grams = {a << 16 | b for a, b in pairwise(numbers)}
        lists = sorted((self._pairs.find(gram) for gram in grams), key=lambda found: len(found[0]))
        docs, masks = lists[0]
        for other, other_masks in lists[1:]:
            if not len(docs):
                return _EMPTY
            place = np.minimum(other.searchsorted(docs), len(other) - 1)
            both = np.where(other[place] == docs, masks & other_masks[place], 0).astype(np.uint8)
            docs, masks = docs[both > 0], both[both > 0]
        return (docs, masks) if len(numbers) == 2 else self._verify(numbers, docs, masks)

    def whole_items(self, fragment: str, field: Field, docs: Docs) -> Docs:
        """Those of the documents in which one whole item of a field (one alias) is this normal text."""
        needle = np.array([self._numbers[c] for c in fragment], "<u2").tobytes()
        found = [
            document
            for document in docs.tolist()
            if self._has_item(
                needle, *self._starts[document * FIELDS + field : document * FIELDS + field + 2].tolist()
            )
        ]
        return np.array(found, np.int32)

    def _has_item(self, needle: bytes, start: int, end: int) -> bool:
        """True where the needle stands between separators; the numbers of those are 0 and 1."""
        place = 2 * start
        while (place := self._text.find(needle, place, 2 * end)) >= 0:
            after = place + len(needle)
            opens = place == 2 * start or self._text[place - 2 : place] == _ITEM
            if place % 2 == 0 and opens and self._text[after : after + 2] in (_FIELD, _ITEM):
                return True
            place += 1
        return False

    def _verify(self, numbers: list[int], docs: Docs, masks: Masks) -> tuple[Docs, Masks]:
        needle = np.array(numbers, "<u2").tobytes()
        proved = np.zeros(len(docs), np.uint8)
        for row, (document, mask) in enumerate(zip(docs.tolist(), masks.tolist(), strict=True)):
            for field in range(FIELDS):
                if mask >> field & 1:
                    start, end = self._starts[
                        document * FIELDS + field : document * FIELDS + field + 2
                    ].tolist()
                    if _contains(self._text, needle, 2 * start, 2 * end):
                        proved[row] |= 1 << field
        return docs[proved > 0], proved[proved > 0]


def _contains(text: bytes | mmap.mmap, needle: bytes, start: int, end: int) -> bool:
    while True:
        place = text.find(needle, start, end)
        if place < 0:
            return False
        if place % 2 == 0:
            return True
        start = place + 1


def _invert(
    keys: npt.NDArray[np.uint32], places: npt.NDArray[np.uint64], wanted: npt.NDArray[np.bool_]
) -> Postings:
    """Postings from (key, place) pairs, where place is document * FIELDS + field."""
    # Sorting beats np.unique, which hashes: five times as fast on these.
    entries = keys[wanted].astype(np.uint64) << np.uint64(32) | places[wanted]
    entries.sort()
    entries = entries[np.flatnonzero(np.diff(entries, prepend=~entries[:1]))]
    if not len(entries):
        return Postings(np.zeros(0, np.uint32), np.zeros(1, np.int64), np.zeros(0, np.uint32))
    key, place = (
        (entries >> np.uint64(32)).astype(np.uint32),
        (entries & np.uint64(0xFFFFFFFF)).astype(np.uint32),
    )
    document, field = place // FIELDS, place % FIELDS
    new = np.ones(len(entries), bool)
    new[1:] = (key[1:] != key[:-1]) | (document[1:] != document[:-1])
    heads = np.flatnonzero(new)
    masks = np.bitwise_or.reduceat(np.uint32(1) << field.astype(np.uint32), heads)
    items = document[heads] << np.uint32(_DOC_SHIFT) | masks
    heads_of_keys = np.flatnonzero(np.append(True, key[heads][1:] != key[heads][:-1]))
    starts = np.append(heads_of_keys, len(items)).astype(np.int64)
    return Postings(key[heads][heads_of_keys], starts, items.astype(np.uint32))


def _map(file: Path) -> bytes | mmap.mmap:
    if not file.stat().st_size:
        return b""
    with file.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
