"""How a record lies in an OpenSearch index: words cut and weighed by us, character pairs, columns.

The engine splits at blanks and analyses nothing. ``words`` carries each word with its gain as the
frequency, so that one term's score is what the word gives the record, on every shard the same;
``pairs`` holds neighbouring characters in order, so that a phrase of them is a literal fragment.
"""

from __future__ import annotations

import hashlib
from operator import add
from typing import Any

import msgspec
import numpy as np

from kb.search import text as normal_text
from kb.search.answer import SearchDocument
from kb.search.arrays import NEXT_FIELD, NEXT_ITEM, Field
from kb.search.cluster.address import Address
from kb.search.corpus import Floats, field_norms
from kb.search.index import COUNT_BITS, COUNT_SHIFTS
from kb.search.prepare import Prepared
from kb.search.text import fold
from kb.search.weights import Weights
from kb.search.worth import prior

VERSION = "1"
"""Raise it when anything here changes: indexes of another version are then built anew beside."""

FULL = 65535
"""The frequency of a word that gives a record as much as any word can."""

BLANK, BREAK = "\u2420", "\u241f"
"""What stands for a blank and for the end of an item among the character pairs."""

_SEEN = str.maketrans({" ": BLANK, NEXT_FIELD: BREAK, NEXT_ITEM: BREAK})
_LONGEST = 512  # of a whole name or alias, in characters
_SHIFTS = np.array(COUNT_SHIFTS, np.int64)
_MASKS = np.array([(1 << bits) - 1 for bits in COUNT_BITS], np.int64)

PARTS = {"name_": 1.0, "label_": 0.7, "gist_": 0.4, "": 0.2}
"""Parts of a record whose literal texts are looked up apart, and what holding a query there is worth: its
name, its aliases and keywords, its explanation, anything. As ``score.py`` has it, but for codes and asides."""

COLUMNS = ("kind", "sector", "level1", "level2", "set", "status")


def fingerprint(vocabulary: str, weights: Weights) -> str:
    """Identifies everything that an index depends on beside its records."""
    parts = (VERSION, normal_text.VERSION, vocabulary, repr(weights))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def index_body(address: Address, meta: dict[str, Any]) -> dict[str, Any]:
    """Settings and mapping of a new index, without copies and refreshes while it is built."""
    keyword: dict[str, Any] = {"type": "keyword", "ignore_above": _LONGEST}
    text: dict[str, Any] = {"type": "text", "analyzer": "blanks", "norms": False, "similarity": "boolean"}
    return {
        "settings": {
            "number_of_shards": address.shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "gc_deletes": "1h",  # how long a late retry is known to be older than a deletion
            "similarity": {
                "gain": {
                    "type": "scripted",
                    "script": {"source": f"return query.boost * doc.freq / {FULL}.0;"},
                }
            },
            "analysis": {
                "filter": {"gains": {"type": "delimited_term_freq", "delimiter": "|"}},
                "analyzer": {
                    "gains": {"type": "custom", "tokenizer": "whitespace", "filter": ["gains"]},
                    "blanks": {"type": "custom", "tokenizer": "whitespace"},
                },
            },
        },
        "mappings": {
            "dynamic": False,
            "_meta": meta,
            "_source": {"includes": ["record", "words"]},
            "properties": {
                "id": {"type": "keyword"},
                "digest": {"type": "keyword", "index": False},
                "code": keyword,
                **dict.fromkeys(COLUMNS, keyword),
                "prior": {"type": "double", "index": False},
                "rank": {"type": "double", "index": False},
                "length": {"type": "integer", "index": False},
                "name": keyword,
                "aliases": keyword,
                "keywords": keyword,
                "words": {
                    "type": "text", "analyzer": "gains", "search_analyzer": "blanks", "norms": False,
                    "index_options": "freqs", "similarity": "gain",
                },
                **{f"{part}pairs": text for part in PARTS},
                **{f"{part}characters": {**text, "index_options": "docs"} for part in PARTS},
                "record": {"type": "object", "enabled": False},
            },
        },
    }  # fmt: skip


def source_of(
    document: SearchDocument, prepared: Prepared, means: Floats, weights: Weights
) -> dict[str, Any]:
    """A record as it is sent to the engine. ``means`` are the mean lengths that the index goes by."""
    row, texts = prepared.row, prepared.texts
    labels = f"{texts[Field.ALIAS]}{NEXT_FIELD}{texts[Field.KEYWORD]}"
    literal = {"name_": texts[Field.NAME], "label_": labels, "gist_": texts[Field.GIST]}
    seen = {part: characters(literal.get(part, NEXT_FIELD.join(texts))) for part in PARTS}
    return {
        "id": row.id,
        "digest": row.digest,
        "code": row.code,
        "kind": row.public_kind,
        **{column: getattr(row, column) for column in COLUMNS if column != "kind"},
        "prior": prior(weights, row.core, row.used, row.status),
        "rank": suggestion_rank(row.public_kind, row.core, row.used),
        "length": len(fold(document.name)),
        "name": fold(document.name),
        "aliases": _items(texts[Field.ALIAS]),
        "keywords": _items(texts[Field.KEYWORD]),
        "words": _weighed(prepared, means, weights),
        **{f"{part}pairs": " ".join(map(add, text, text[1:])) for part, text in seen.items()},
        **{f"{part}characters": " ".join(set(text)) for part, text in seen.items()},
        "record": msgspec.to_builtins(document),
    }


def characters(text: str) -> str:
    """A normal text without anything that the engine would split at."""
    return text.translate(_SEEN)


def pairs(fragment: str) -> list[str]:
    """Neighbouring characters of a normal fragment, as they stand in the index."""
    seen = characters(fragment)
    return list(map(add, seen, seen[1:]))


def suggestion_rank(kind: str, core: bool, used: int) -> float:
    """Order of names among suggestions."""
    return (2.0 if kind == "indicator" else 1.0) + core + min(used, 10) / 10


def _items(text: str) -> list[str]:
    return [item for item in text.split(NEXT_ITEM) if item]


def _weighed(prepared: Prepared, means: Floats, weights: Weights) -> str:
    """Words with what each gives this record, in 65535ths."""
    if not prepared.words:
        return ""
    lengths = np.array([[len(text) for text in prepared.texts]], np.int32)
    norms = field_norms(weights, lengths, means)[0, Field.NAME : Field.ASIDE]
    packed = np.fromiter(prepared.words.values(), np.int64, len(prepared.words))
    totals = (((packed[:, None] >> _SHIFTS) & _MASKS).astype(np.float32) * norms).sum(axis=1)
    gains = np.maximum(1, np.rint(totals / (totals + np.float32(weights.k1)) * FULL)).astype(np.int64)
    return " ".join(f"{word}|{gain}" for word, gain in zip(prepared.words, gains.tolist(), strict=True))
