"""A document as the index takes it: its row of columns, its normal texts, its words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from kb.search.answer import SearchDocument
from kb.search.arrays import NEXT_ITEM, Field
from kb.search.index import pack_counts
from kb.search.segment import LATIN, Segmenter
from kb.search.text import fold

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SearchDocument)


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What filtering, facets and ranking need of every document, in memory at all times."""

    id: str
    digest: str
    code: str
    public_kind: str
    sector: str
    level1: str
    level2: str
    set: str
    status: str
    core: bool
    used: int
    name: str
    url: str
    shown_code: str
    pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be written: ``texts`` has one normal text per Field."""

    row: Row
    record: bytes
    texts: tuple[str, ...]
    words: Mapping[str, int]


def prepare(document: SearchDocument, segmenter: Segmenter) -> Prepared:
    """What the index stores of a document."""
    record = encode(document)
    texts = field_texts(document)
    words = pack_counts([_counts(text, segmenter) for text in texts[Field.NAME : Field.ASIDE]])
    return Prepared(row_of(document, record), record, texts, words)


def encode(document: SearchDocument) -> bytes:
    """A document as bytes; ``decode`` brings it back."""
    return _ENCODER.encode(document)


def decode(record: bytes) -> SearchDocument:
    """The document that ``encode`` wrote."""
    return _DECODER.decode(record)


def digest(document: SearchDocument) -> str:
    """Identifies a document's content: 32 hexadecimal digits."""
    return _digest(encode(document))


def field_texts(document: SearchDocument) -> tuple[str, ...]:
    """One normal text per Field; the items of a field are kept apart by a separator."""
    gist, rest = document.body[:1], document.body[1:]
    items = (
        (document.code,),
        (document.name,),
        document.aliases,
        document.keywords,
        gist,
        rest,
        document.aside,
    )
    return tuple(NEXT_ITEM.join(map(_squeeze, texts)) for texts in items)


def row_of(document: SearchDocument, record: bytes) -> Row:
    """The columns of a document."""
    return Row(
        id=document.id,
        digest=_digest(record),
        code=fold(document.code),
        public_kind=document.public_kind,
        sector=document.sector,
        level1=document.level1,
        level2=document.level2,
        set=document.set,
        status=document.status,
        core=document.core,
        used=document.used,
        name=document.name,
        url=document.url,
        shown_code=document.code,
        pairs=document.pairs,
    )


def _squeeze(text: str) -> str:
    """Normal text with single blanks, as queries have them."""
    return " ".join(fold(text).split())


def _digest(record: bytes) -> str:
    return hashlib.blake2b(record, digest_size=16).hexdigest()


def _counts(text: str, segmenter: Segmenter) -> Mapping[str, int]:
    words = segmenter.words(text) + LATIN.findall(text) if text else []
    return Counter(words)
