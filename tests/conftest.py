"""Fixtures shared by all tests: one knowledge base on the shipped catalogue, built once a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from indicators.model import Record
from indicators.shipped import read_catalogue
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web.app import create_app


@pytest.fixture(scope="session")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A ready knowledge base on the shipped catalogue; tests must not write to it."""
    home = tmp_path_factory.mktemp("home")
    with KnowledgeBase.open(Settings(home=home)) as opened:
        yield opened


@pytest.fixture(scope="session")
def catalogue() -> list[Record]:
    """Every record of the shipped catalogue."""
    return read_catalogue()


@pytest.fixture
def client(kb: KnowledgeBase) -> FlaskClient:
    """A client of the pages on the session's knowledge base."""
    return create_app(kb).test_client()
