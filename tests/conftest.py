"""Fixtures shared by all tests: one knowledge base on the shipped catalogue, built once a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from indicators.model import Record
from indicators.shipped import read_catalogue
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests import databases, engines
from tests.servers.opensearch import Cluster
from web.app import create_app

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # how long an example takes is no matter of right or wrong
settings.register_profile("quick", settings.get_profile("shared machine"), max_examples=10)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database`` and ``--search``: what the knowledge bases of the tests live in."""
    parser.addoption(
        "--database", choices=("sqlite", "postgresql"), default=os.environ.get("KB_TEST_DATABASE", "sqlite"),
        help="database of the knowledge bases under test; postgresql starts a server of its own",
    )  # fmt: skip
    parser.addoption(
        "--search", choices=("embedded", "opensearch"), default=os.environ.get("KB_TEST_SEARCH", "embedded"),
        help="search engine of the knowledge bases under test; opensearch starts a server of its own",
    )  # fmt: skip
    parser.addoption(
        "--quick", action="store_true",
        help="leave out what drives a browser or takes more than a few seconds; property tests try ten examples",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Start the server that this run is on; workers of pytest-xdist use that of their parent."""
    if config.getoption("--quick"):
        settings.load_profile("quick")
    config.addinivalue_line("markers", "embedded: about the embedded search engine; not run on OpenSearch")
    config.addinivalue_line("markers", "sqlite: about the embedded database; not run on PostgreSQL")
    if databases.on_postgresql(config) and not hasattr(config, "workerinput"):
        databases.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this run started."""
    databases.stop()
    engines.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about SQLite or the embedded index alone where the run is on something else.

    With ``--quick`` also what is slow.
    """
    marks = ["sqlite"] if databases.on_postgresql(config) else []
    marks += ["embedded"] if engines.on_opensearch(config) else []
    marks += ["slow", "browser"] if config.getoption("--quick") else []
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in marks)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Kind of the database that all knowledge bases of this run live in."""
    if not databases.on_postgresql(request.config):
        yield "sqlite"
        return
    with databases.everywhere():
        yield "postgresql"


@pytest.fixture(scope="session", autouse=True)
def search_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Kind of the search engine of all knowledge bases of this run."""
    if not engines.on_opensearch(request.config):
        yield "embedded"
        return
    with engines.everywhere():
        yield "opensearch"


@pytest.fixture(scope="session")
def opensearch() -> Cluster:
    """A running OpenSearch of one node, shared by the tests of this process."""
    return engines.one_node()


@pytest.fixture
def database_url(database: str, tmp_path: Path) -> str:
    """URL of a new, migrated database of this run's kind."""
    return databases.new_database() if database == "postgresql" else f"sqlite:///{tmp_path / 'kb.sqlite3'}"


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


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """URL of a new, migrated PostgreSQL database in a run of either kind; skipped where there is no server."""
    if not databases.on_postgresql(request.config):
        databases.start_late()
    return databases.new_database()
