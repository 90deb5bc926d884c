"""The engines that are measured, each used as its users would use it, on the same documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from kb.search.answer import Filters, SearchDocument
from kb.search.engine import SearchEngine
from kb.search.segment import LATIN, Segmenter, segmenter
from kb.search.text import fold
from kb.search.vocabulary import Vocabulary

LIMIT = 10


class Contender(Protocol):
    """An engine under measurement."""

    name: str

    def build(self, documents: Sequence[SearchDocument]) -> None:
        """Index the documents in an empty folder."""
        ...

    def search(self, query: str) -> list[str]:
        """Ids of the best ten, with whatever a page of hits needs fetched."""
        ...


class Ours:
    """The engine of the project: facets, highlights, reasons and ten hits."""

    name = "kb.search"

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self.engine = SearchEngine(folder / "ours", vocabulary)

    def build(self, documents: Sequence[SearchDocument]) -> None:
        self.engine.rebuild(documents, len(documents))

    def search(self, query: str) -> list[str]:
        return [hit.id for hit in self.engine.search(query, Filters(), LIMIT, 0).hits]


class StockWhoosh:
    """Whoosh with jieba's ChineseAnalyzer and the default query parser, as its tutorials show."""

    name = "Whoosh + jieba"

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self._folder = folder / "whoosh"

    def build(self, documents: Sequence[SearchDocument]) -> None:
        from jieba.analyse import ChineseAnalyzer
        from whoosh import fields, index, qparser

        analyzer = ChineseAnalyzer()
        text = {"analyzer": analyzer, "stored": True}
        schema = fields.Schema(
            id=fields.ID(stored=True, unique=True),
            name=fields.TEXT(field_boost=3.0, **text),
            words=fields.TEXT(**text),
            body=fields.TEXT(**text),
            kind=fields.ID(stored=True),
            sector=fields.ID(stored=True),
        )
        self._folder.mkdir()
        self._index: Any = index.create_in(str(self._folder), schema)
        writer = self._index.writer(limitmb=256)
        for d in documents:
            writer.add_document(
                id=d.id,
                name=d.name,
                words=" ".join((*d.aliases, *d.keywords)),
                body="\n".join(d.body),
                kind=d.public_kind,
                sector=d.sector,
            )
        writer.commit()
        self._searcher = self._index.searcher()
        self._parser = qparser.MultifieldParser(["name", "words", "body"], schema, group=qparser.OrGroup)

    def search(self, query: str) -> list[str]:
        results = self._searcher.search(self._parser.parse(query), limit=LIMIT)
        for hit in results:
            hit.highlights("body")
        return [hit["id"] for hit in results]


class Fts5:
    """SQLite FTS5 with bm25, over the words that our segmenter finds."""

    name = "FTS5 words"
    tokenizer = "unicode61"

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self._file = folder / f"{self.tokenizer}.sqlite3"
        self._cut: Segmenter = segmenter(vocabulary.words())

    def build(self, documents: Sequence[SearchDocument]) -> None:
        self._base = sqlite3.connect(self._file)
        self._base.execute(
            f"CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, name, words, body, tokenize='{self.tokenizer}')"
        )
        rows = (
            (d.id, *map(self.text, (d.name, " ".join((*d.aliases, *d.keywords)), "\n".join(d.body))))
            for d in documents
        )
        self._base.executemany("INSERT INTO docs VALUES (?, ?, ?, ?)", rows)
        self._base.commit()

    def text(self, text: str) -> str:
        """What is stored of a text."""
        normal = fold(text)
        return " ".join(self._cut.words(normal) + LATIN.findall(normal))

    def match(self, query: str) -> str:
        """The MATCH expression of a query."""
        words = dict.fromkeys(self.text(query).split() or fold(query).split())
        return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)

    def search(self, query: str) -> list[str]:
        found = self._base.execute(
            "SELECT id, snippet(docs, 3, '<', '>', '…', 24) FROM docs WHERE docs MATCH ? "
            f"ORDER BY bm25(docs, 0, 5, 3, 1) LIMIT {LIMIT}",
            (self.match(query) or '""',),
        )
        return [row[0] for row in found]


class Trigram(Fts5):
    """SQLite FTS5 with its trigram tokenizer, over plain text; queries of under three characters use LIKE."""

    name = "FTS5 trigram"
    tokenizer = "trigram"

    def text(self, text: str) -> str:
        return fold(text)

    def match(self, query: str) -> str:
        parts = [fold(query)[i : i + 3] for i in range(len(query) - 2)] or [fold(query)]
        return " OR ".join('"' + part.replace('"', '""') + '"' for part in parts)

    def search(self, query: str) -> list[str]:
        if len(fold(query)) >= 3:
            return super().search(query)
        like = f"%{fold(query)}%"
        found = self._base.execute(
            f"SELECT id FROM docs WHERE name LIKE ? OR body LIKE ? LIMIT {LIMIT}", (like, like)
        )
        return [row[0] for row in found]


class Tantivy:
    """tantivy over the same words: about as fast as an engine gets. Optional package ``tantivy``."""

    name = "tantivy"

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        import tantivy

        self._tantivy: Any = tantivy
        self._folder = folder / "tantivy"
        self._cut = segmenter(vocabulary.words())

    def build(self, documents: Sequence[SearchDocument]) -> None:
        schema = self._tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw")
        for name in ("name", "words", "body"):
            schema.add_text_field(name, stored=True, tokenizer_name="whitespace")
        self._folder.mkdir()
        self._index: Any = self._tantivy.Index(schema.build(), path=str(self._folder))
        writer = self._index.writer()
        for d in documents:
            writer.add_document(
                self._tantivy.Document(
                    id=d.id,
                    name=self._text(d.name),
                    words=self._text(" ".join((*d.aliases, *d.keywords))),
                    body=self._text("\n".join(d.body)),
                )
            )
        writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def _text(self, text: str) -> str:
        normal = fold(text)
        return " ".join(self._cut.words(normal) + LATIN.findall(normal))

    def search(self, query: str) -> list[str]:
        words = [w for w in dict.fromkeys(self._text(query).split()) if w.isalnum()]
        if not words:
            return []
        parsed = self._index.parse_query(" ".join(words), ["name", "words", "body"])
        found = self._searcher.search(parsed, LIMIT).hits
        return [self._searcher.doc(address)["id"][0] for _, address in found]


def contenders() -> list[Callable[[Path, Vocabulary], Contender]]:
    """All engines that can be run here; tantivy only where it is installed."""
    found: list[Callable[[Path, Vocabulary], Contender]] = [Ours, StockWhoosh, Fts5, Trigram]
    try:
        import tantivy  # noqa: F401
    except ImportError:
        return found
    return [*found, Tantivy]
