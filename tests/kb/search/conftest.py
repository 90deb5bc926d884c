"""Engines for the search tests: one on the shipped catalogue, and small ones that tests may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indicators.model import Kind, Record, SynonymGroup
from kb.search.answer import Filters, SearchAnswer, SearchDocument
from kb.search.documents import Names, catalogue_names, documents
from kb.search.engine import SearchEngine
from kb.search.vocabulary import Vocabulary

Search = Callable[..., SearchAnswer]


@pytest.fixture(scope="session")
def shipped(catalogue: list[Record]) -> list[SearchDocument]:
    """Search documents of the shipped catalogue."""
    return list(documents(catalogue, Names.of(catalogue)))


@pytest.fixture(scope="session")
def vocabulary(catalogue: list[Record]) -> Vocabulary:
    """The shipped vocabulary with the catalogue's names."""
    groups = [record for record in catalogue if isinstance(record, SynonymGroup)]
    return Vocabulary.load(groups, catalogue_names(catalogue))


@pytest.fixture(scope="session")
def engine(
    tmp_path_factory: pytest.TempPathFactory, shipped: list[SearchDocument], vocabulary: Vocabulary
) -> Iterator[SearchEngine]:
    """An engine on the shipped catalogue; tests must not write to it."""
    engine = SearchEngine(tmp_path_factory.mktemp("index"), vocabulary)
    engine.rebuild(shipped, len(shipped))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def search(engine: SearchEngine) -> Search:
    """Ask the shipped catalogue."""

    def ask(text: str, limit: int = 10, **filters: tuple[str, ...]) -> SearchAnswer:
        return engine.search(text, Filters(**filters), limit, 0)

    return ask


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SearchEngine]:
    """An engine on a folder that does not exist yet, without vocabulary."""
    engine = SearchEngine(tmp_path / "index", Vocabulary())
    yield engine
    engine.close()


def document(code: str, name: str, *body: str, **more: object) -> SearchDocument:
    """A search document with little in it."""
    fields: dict[str, object] = {
        "kind": Kind.INDICATOR,
        "public_kind": "indicator",
        "url": f"/i/{code}",
        **more,
    }
    return SearchDocument(id=code, code=code, name=name, body=body, **fields)  # type: ignore[arg-type]
