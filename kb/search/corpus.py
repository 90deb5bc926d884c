"""What scoring and showing read of documents, wherever those are kept: the boundary of ``score.py``.

Documents have numbers from 0 on. ``snapshot.Snapshot`` holds a whole index, ``cluster.candidates``
the documents that an engine elsewhere gave for one query.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kb.search.answer import SearchDocument
from kb.search.arrays import Docs, Field, Masks
from kb.search.prepare import Row, field_texts
from kb.search.text import Normal, normalise
from kb.search.weights import Weights

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FACETS = ("kind", "sector", "level1", "level2", "set", "status")
_COLUMN = {"kind": "public_kind"}


@dataclass(frozen=True, slots=True)
class Facet:
    """A column with few values: a number per document and what the numbers mean."""

    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, name: str, rows: Sequence[Row]) -> Facet:
        """A facet's column of some rows."""
        column = _COLUMN.get(name, name)
        numbers: dict[str, int] = {}
        codes = [numbers.setdefault(value, len(numbers)) for value in map(attrgetter(column), rows)]
        return cls(tuple(numbers), np.array(codes, np.int32))


@dataclass(frozen=True, slots=True)
class Gains:
    """What a word gives each document that holds it: 0..1, before its rarity."""

    docs: Docs
    gains: Floats

    @classmethod
    def together(cls, lists: Sequence[Gains]) -> Gains:
        """What several words together give the documents that hold them all: their mean."""
        lists = sorted(lists, key=lambda gains: len(gains.docs))
        docs, total = lists[0].docs, lists[0].gains.copy()
        for other in lists[1:]:
            place = np.minimum(other.docs.searchsorted(docs), max(len(other.docs) - 1, 0))
            both = other.docs[place] == docs if len(other.docs) else np.zeros(len(docs), bool)
            docs, total = docs[both], total[both] + other.gains[place[both]]
        return cls(docs, (total / np.float32(len(lists))).astype(np.float32))


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


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is known of all documents where a corpus holds only some of them.

    ``size`` is their number; ``holders`` tells for a want's key how many serve it (as a whole, then
    by each part); ``masses`` how much each sector weighs among all that were found.
    """

    size: int
    holders: Mapping[str, Sequence[int]] = field(default_factory=dict)
    masses: Mapping[str, float] | None = None


class Corpus(Protocol):
    """Documents by number. ``place`` and ``codes`` map ids and normal codes to numbers."""

    @property
    def size(self) -> int:
        """Number of documents, dead ones included."""
        ...

    @property
    def rows(self) -> Sequence[Row]:
        """Columns of each document."""
        ...

    @property
    def live(self) -> Bools:
        """Which documents count."""
        ...

    @property
    def facets(self) -> Mapping[str, Facet]:
        """A Facet for each of FACETS."""
        ...

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Characters per document and Field."""
        ...

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Rank of each document among all by id."""
        ...

    @property
    def place(self) -> Mapping[str, int]:
        """Number of each live document by id."""
        ...

    @property
    def codes(self) -> Mapping[str, int]:
        """Number of each live document by normal code."""
        ...

    @property
    def beyond(self) -> Beyond | None:
        """What is known of documents that are not here; None where all are."""
        ...

    def find(self, fragment: str) -> tuple[Docs, Masks]:
        """Documents that hold a normal fragment literally, with a mask of the fields it stands in."""
        ...

    def named(self, fragment: str) -> Docs:
        """Documents whose name holds a fragment."""
        ...

    def whole_items(self, fragment: str, field: Field) -> Docs:
        """Documents in which one whole item of a field (one alias, one keyword) is this fragment."""
        ...

    def gains(self, word: str) -> Gains:
        """What a word gives the documents that hold it; a word or any literal fragment."""
        ...

    def gains_of_all(self, words: tuple[str, ...]) -> Gains:
        """What several words together give the documents that hold them all: their mean."""
        ...

    def loaded(self, document: int) -> Loaded:
        """A document by its number, with its normal texts."""
        ...

    def bring(self, ids: Collection[str]) -> None:
        """Take these documents in where they exist and are not here yet; numbers given stay valid."""
        ...


def field_norms(weights: Weights, lengths: npt.NDArray[np.int32], means: Floats) -> Floats:
    """Weight of one occurrence per document and field, by the field's weight and length."""
    w = weights
    factors = np.array([w.code, w.name, w.alias, w.keyword, w.gist, w.body, w.aside], np.float32)
    b = np.array([0, w.b_name, w.b_name, w.b_name, w.b_body, w.b_body, w.b_body], np.float32)
    norms: Floats = (factors / (1 - b + b * lengths.astype(np.float32) / means)).astype(np.float32)
    return norms


def mean_lengths(lengths: npt.NDArray[np.int32]) -> Floats:
    """Mean length of each field, at least 1."""
    if not len(lengths):
        return np.ones(len(Field), np.float32)
    means: Floats = np.maximum(lengths.astype(np.float32).mean(axis=0), 1)
    return means
