"""The index on disk, kept by Whoosh: postings of words with their counts per field, and the documents.

The only module that knows Whoosh. Whoosh writes posting by posting in Python, which caps
indexing at 1,500 records a second; here each word's postings are sorted with NumPy and handed
to its codec as one block, which leaves files, segments and deletions as Whoosh makes them.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh import columns, fields, formats
from whoosh import index as whoosh_index
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3PerDocWriter
from whoosh.reading import TermNotFound

WORDS, RECORD = "words", "record"

Ints = npt.NDArray[np.int32]

# Counts of a word per field, packed in one posting weight: 18 bits, exact in Whoosh's 32-bit floats.
COUNT_BITS = (2, 3, 3, 4, 6)
"""Bits for name, aliases, keywords, gist and body; a higher count is cut to what fits."""
COUNT_SHIFTS = tuple(sum(COUNT_BITS[:i]) for i in range(len(COUNT_BITS)))
LABEL_COUNTS = (1 << COUNT_SHIFTS[3]) - 1
"""Bits of the counts in name, aliases and keywords."""


def pack_counts(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Word -> counts in name, aliases, keywords, gist, body as one number."""
    packed: dict[str, int] = {}
    for field_counts, bits, shift in zip(counts, COUNT_BITS, COUNT_SHIFTS, strict=True):
        most = (1 << bits) - 1
        for word, times in field_counts.items():
            packed[word] = packed.get(word, 0) + ((times if times < most else most) << shift)
    return packed


class Writer:
    """Adds documents to an index folder; nothing is visible before ``commit``."""

    def __init__(self, folder: Path) -> None:
        """A writer on a folder that holds an index, or on an empty one. Raises whoosh's LockError."""
        exists = whoosh_index.exists_in(str(folder))
        if not exists:
            schema = fields.Schema(words=fields.KEYWORD(), record=fields.STORED())
            whoosh_index.create_in(str(folder), schema).close()
        self._index = whoosh_index.open_dir(str(folder))
        self._writer: Any = self._index.writer(codec=_Codec())
        self._numbers: dict[str, int] = defaultdict(count().__next__)
        self._words, self._docs, self._weights = array("I"), array("I"), array("I")
        self._added = 0

    def add(self, record: bytes, words: Mapping[str, int]) -> None:
        """Add a document: what ``Reader.record`` gives back, and its packed word counts."""
        self._words.extend(map(self._numbers.__getitem__, words))
        self._weights.extend(words.values())
        self._docs.extend([self._added] * len(words))
        self._writer.add_document(record=record)
        self._added += 1

    def delete(self, documents: Collection[int]) -> None:
        """Mark documents of earlier commits as deleted, by number."""
        for document in documents:
            self._writer.delete_document(document)

    def frequencies(self) -> dict[str, int]:
        """Number of added documents that hold each word."""
        counts = np.bincount(np.frombuffer(self._words, np.uint32), minlength=len(self._numbers))
        return dict(zip(self._numbers, counts.tolist(), strict=True))

    def label_words(self) -> set[str]:
        """Words that stand in the name, an alias or a keyword of an added document."""
        words, weights = np.frombuffer(self._words, np.uint32), np.frombuffer(self._weights, np.uint32)
        labelled = np.zeros(len(self._numbers), bool)
        labelled[words[weights & LABEL_COUNTS > 0]] = True
        return {word for word, number in self._numbers.items() if labelled[number]}

    def commit(self) -> None:
        """Write everything; the index changes at once, at the renaming of its table of contents."""
        self._writer.pool = _SortedPool(self._numbers, self._words, self._docs, self._weights)
        self._writer.commit(merge=False)
        self._index.close()

    def cancel(self) -> None:
        """Leave the index as it was."""
        self._writer.cancel()
        self._index.close()


class Reader:
    """One generation of an index. Reading is not thread-safe: the caller holds a lock."""

    def __init__(self, folder: Path) -> None:
        """Open the folder's newest commit. Raises whoosh's EmptyIndexError where there is none."""
        self._index = whoosh_index.open_dir(str(folder))
        self._reader: Any = self._index.reader()
        leaves = [leaf for leaf, _ in self._reader.leaf_readers()]
        sizes = [leaf.doc_count_all() for leaf in leaves]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self._leaves = list(zip(starts, leaves, strict=True))
        self._format = formats.Frequency()
        self.size: int = self._reader.doc_count_all()

    def deleted(self) -> list[int]:
        """Numbers of deleted documents."""
        return [
            start + document
            for start, leaf in self._leaves
            if leaf.has_deletions()
            for document in range(leaf.doc_count_all())
            if leaf.is_deleted(document)
        ]

    def postings(self, word: str) -> tuple[Ints, Ints]:
        """Documents that hold a word, ascending, and their packed counts; deleted ones included."""
        docs: list[Ints] = []
        weights: list[Ints] = []
        for start, leaf in self._leaves:
            for ids, counts in self._blocks(leaf, word):
                docs.append(ids + np.int32(start))
                weights.append(counts)
        if not docs:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        return np.concatenate(docs), np.concatenate(weights)

    def record(self, document: int) -> bytes:
        """The bytes stored with a document."""
        stored: bytes = self._reader.stored_fields(document)[RECORD]
        return stored

    def words_after(self, base: int) -> Iterator[str]:
        """Words of the segments that were added after the first ``base`` documents."""
        for start, leaf in self._leaves:
            if start >= base:
                yield from (text.decode() for text in leaf.lexicon(WORDS))

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
        self._index.close()

    def _blocks(self, leaf: Any, word: str) -> Iterator[tuple[Ints, Ints]]:
        try:
            matcher = leaf._terms.matcher(WORDS, word.encode(), self._format)
        except (TermNotFound, KeyError):
            return
        while matcher.is_active():
            matcher._read_ids()
            matcher._read_weights()
            ids = np.array(matcher._ids, np.int32)
            yield ids, np.array(matcher._weights, np.float64).astype(np.int32)
            matcher._next_block()


class _SortedPool:
    """Stands in for Whoosh's posting pool: all postings of a word at once, words in order of bytes."""

    def __init__(
        self, numbers: Mapping[str, int], words: array[int], docs: array[int], weights: array[int]
    ) -> None:
        texts = sorted((word.encode(), number) for word, number in numbers.items())
        ranks = np.zeros(len(texts), np.uint64)
        ranks[[number for _, number in texts]] = np.arange(len(texts), dtype=np.uint64)
        rank = ranks[np.frombuffer(words, np.uint32)] if len(words) else np.zeros(0, np.uint64)
        document = np.frombuffer(docs, np.uint32)
        order = np.argsort(rank << np.uint64(32) | document)
        self._texts = [text for text, _ in texts]
        self._ends = np.cumsum(np.bincount(rank.astype(np.int64), minlength=len(texts)))
        self._docs = document[order]
        self._weights = np.frombuffer(weights, np.uint32)[order].astype(np.float32)

    def iter_postings(self) -> Iterator[tuple[bytes, array[int], array[float]]]:
        start = 0
        for text, end in zip(self._texts, self._ends.tolist(), strict=True):
            yield (
                text,
                array("I", self._docs[start:end].tobytes()),
                array("f", self._weights[start:end].tobytes()),
            )
            start = end

    def add(self, posting: object) -> None:
        raise NotImplementedError("postings come from Writer.add")

    def cleanup(self) -> None:
        """Nothing was written to temporary files."""


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Takes each word's postings as one block."""

    def add_postings(self, schema: Any, lengths: Any, items: Any) -> None:
        self.start_field(WORDS, schema[WORDS])
        for text, ids, weights in items:
            self.start_term(text)
            self._postwriter._ids, self._postwriter._weights = ids, weights
            self._postwriter._maxweight = max(weights)
            self.finish_term()
        self.finish_field()


class _DocumentWriter(W3PerDocWriter):  # type: ignore[misc]
    """Stores records without squeezing them, which took a tenth of the time of building."""

    def _create_column(self, name: str, column: Any) -> None:
        stored = columns.PickleColumn(columns.CompressedBytesColumn(level=0))
        super()._create_column(name, stored if name == "_stored" else column)


class _Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's own format, written through ``_FieldWriter``; read back by the stock codec."""

    def __init__(self) -> None:
        super().__init__(compression=0, inlinelimit=0)

    def per_document_writer(self, storage: Any, segment: Any) -> _DocumentWriter:
        return _DocumentWriter(self, storage, segment)

    def field_writer(self, storage: Any, segment: Any) -> _FieldWriter:
        return _FieldWriter(self, storage, segment)
