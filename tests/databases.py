"""Which database the tests run on: SQLite, or PostgreSQL with ``--database=postgresql``.

A knowledge base whose settings name no database lives in its home folder. On PostgreSQL each home
gets a database of its own instead, copied from one that is already migrated, so that every test of
the suite runs on both without knowing it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from kb.db.engine import open_engine
from kb.settings import Settings
from tests.servers.postgres import NoServerError, PostgresServer, execute

SERVER = "KB_TEST_POSTGRES"
"""Environment variable with the address of the run's server, for the workers of pytest-xdist."""

_TEMPLATE = "kb_template"
_numbers = count(1)
_homes: dict[str, str] = {}
_started: list[PostgresServer] = []


def on_postgresql(config: pytest.Config) -> bool:
    """True where this run is on PostgreSQL."""
    return str(config.getoption("--database")) == "postgresql"


def give_up(reason: str) -> NoReturn:
    """Skip a test that needs PostgreSQL, or fail it where KB_REQUIRE_POSTGRES=1."""
    if os.environ.get("KB_REQUIRE_POSTGRES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wanted() -> None:
    """Skip where nobody asked for tests that start a PostgreSQL server."""
    if os.environ.get("KB_REQUIRE_POSTGRES") != "1" and SERVER not in os.environ:
        pytest.skip("needs PostgreSQL: KB_REQUIRE_POSTGRES=1 starts one")


def start() -> None:
    """Start the run's server and prepare its template; workers find it by the environment."""
    try:
        _start()
    except NoServerError as error:
        raise pytest.UsageError(f"--database=postgresql: {error}") from error


def start_late() -> None:
    """Start a server for the first test of this process that needs one. Skips or fails where there is none."""
    wanted()
    if _started:
        return
    try:
        _start()
    except NoServerError as error:
        give_up(str(error))


def _start() -> None:
    try:
        server = PostgresServer()
        _started.append(server)
        server.start()
    except NoServerError:
        stop()
        raise
    os.environ[SERVER] = server.url("postgres")
    execute(os.environ[SERVER], f"CREATE DATABASE {_TEMPLATE}")
    open_engine(server.url(_TEMPLATE)).dispose()


def stop() -> None:
    """Stop the run's server."""
    for server in _started:
        server.close()
    _started.clear()


def new_database(template: str = _TEMPLATE) -> str:
    """URL of a new database of the run's server: migrated, and empty."""
    root = os.environ[SERVER]
    name = f"kb_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_{next(_numbers)}"
    execute(root, f"CREATE DATABASE {name} TEMPLATE {template}")
    return root.rpartition("/")[0] + "/" + name


def url_of(home: Path) -> str:
    """URL of the database that stands for the one in a home folder."""
    key = str(home)
    if key not in _homes:
        _homes[key] = new_database()
    return _homes[key]


@contextmanager
def everywhere() -> Iterator[None]:
    """While it lasts, settings that name no database mean the PostgreSQL database of their home."""
    before = Settings.database_url

    def database_url(self: Settings) -> str:
        return self.database or url_of(self.home)

    Settings.database_url = property(database_url)  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Settings.database_url = before  # type: ignore[method-assign]
