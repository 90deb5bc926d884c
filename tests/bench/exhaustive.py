"""The same ranking computed the slow and obvious way, to prove that the arrays change nothing.

Every text is scanned for every fragment, every document's words are counted one by one; no
postings, no pairs of characters, no cache.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kb.search.arrays import FIELDS, NEXT_ITEM, Docs, Field, Masks
from kb.search.corpus import Gains
from kb.search.index import COUNT_BITS, COUNT_SHIFTS
from kb.search.prepare import field_texts, prepare
from kb.search.segment import segmenter
from kb.search.snapshot import Snapshot
from kb.search.weights import Weights


class ExhaustiveSnapshot(Snapshot):
    """A snapshot that looks at every document for everything."""

    def __init__(self, folder: Path, weights: Weights) -> None:
        super().__init__(folder, weights, memory=64 << 20)
        cut = segmenter((folder / "dictionary.txt").read_text(encoding="utf-8").split("\n"))
        documents = [self.record(number) for number in range(self.size)]
        self._texts = [field_texts(document) for document in documents]
        self._words = [prepare(document, cut).words for document in documents]

    def find(self, fragment: str) -> tuple[Docs, Masks]:
        found = [
            (number, sum(1 << field for field in range(FIELDS) if fragment in texts[field]))
            for number, texts in enumerate(self._texts)
        ]
        held = [(number, mask) for number, mask in found if mask and fragment]
        return np.array([n for n, _ in held], np.int32), np.array([m for _, m in held], np.uint8)

    def gains(self, word: str) -> Gains:
        known = word in self.frequency
        docs, gains = [], []
        for number in range(self.size):
            total = np.float32(self._of_word(word, number) if known else self._of_fragment(word, number))
            if total > 0 and self.live[number]:
                docs.append(number)
                gains.append(total / (total + np.float32(self._weights.k1)))
        return Gains(np.array(docs, np.int32), np.array(gains, np.float32))

    def gains_of_all(self, words: tuple[str, ...]) -> Gains:
        found = [self.gains(word) for word in words]
        common = sorted(set.intersection(*(set(gains.docs.tolist()) for gains in found)))
        tables = [dict(zip(gains.docs.tolist(), gains.gains, strict=True)) for gains in found]
        by_size = sorted(range(len(words)), key=lambda n: len(found[n].docs))
        total = [
            sum((tables[n][doc] for n in by_size), np.float32(0)) / np.float32(len(words)) for doc in common
        ]
        return Gains(np.array(common, np.int32), np.array(total, np.float32))

    def named(self, fragment: str) -> Docs:
        docs, masks = self.find(fragment)
        return docs[(masks >> Field.NAME & 1).astype(bool)]

    def whole_items(self, fragment: str, field: Field) -> Docs:
        held = [n for n, texts in enumerate(self._texts) if fragment in texts[field].split(NEXT_ITEM)]
        return np.array(held, np.int32)

    def _of_word(self, word: str, number: int) -> np.float32:
        packed, total = self._words[number].get(word, 0), np.float32(0)
        for field, (bits, shift) in enumerate(zip(COUNT_BITS, COUNT_SHIFTS, strict=True), Field.NAME):
            total += np.float32(packed >> shift & (1 << bits) - 1) * self._norms[number, field]
        return total

    def _of_fragment(self, fragment: str, number: int) -> np.float32:
        total = np.float32(0)
        for field in Field:
            total += np.float32(fragment in self._texts[number][field]) * self._norms[number, field]
        return total
