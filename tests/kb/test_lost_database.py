"""A database server that goes away and comes back: a clear message meanwhile, nothing lost, no restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from flask.testing import FlaskClient

from kb.db.engine import connect
from kb.errors import DatabaseUnavailableError
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests import databases
from tests.servers.postgres import NoServerError, PostgresServer, execute
from web.app import create_app

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
ROAD = "JT-SL-01"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, which it may stop."""
    databases.wanted()
    try:
        own = PostgresServer()
    except NoServerError as error:
        databases.give_up(str(error))
    with own:
        own.start()
        yield own


@pytest.fixture
def far(server: PostgresServer, tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base on that server."""
    settings = Settings(home=tmp_path / "home", catalogue=SMALL, database=server.url("postgres"))
    with KnowledgeBase.open(settings) as knowledge:
        yield knowledge


def rename(knowledge: KnowledgeBase, name: str) -> int:
    road = knowledge.record(ROAD)
    return knowledge.write([msgspec.structs.replace(road, name=name)], name="改名", actor="张三", reason="")  # type: ignore[type-var]


def assert_told(client: FlaskClient) -> None:
    page = client.get(f"/i/{ROAD}")
    assert page.status_code == 503
    assert "打不开数据库" in page.text
    assert "Traceback" not in page.text
    found = client.get("/api/v1/search?q=修路")
    assert found.status_code in (200, 503)
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("kill", [False, True])
def test_a_stopped_server_is_told_and_taken_up_again(
    server: PostgresServer, far: KnowledgeBase, kill: bool
) -> None:
    client = create_app(far).test_client()
    assert client.get(f"/i/{ROAD}").status_code == 200
    server.stop(kill)
    assert_told(client)
    with pytest.raises(DatabaseUnavailableError, match="服务是否在运行"):
        rename(far, "停着的时候改")
    assert [hit.code for hit in far.search("农村公路").hits[:1]] == [ROAD]  # the index goes on answering
    server.start()
    assert client.get(f"/i/{ROAD}").status_code == 200
    rename(far, "起来以后改")
    assert "起来以后改" in client.get(f"/i/{ROAD}").text
    assert far.check().findings == ()


def test_a_server_killed_within_a_batch_leaves_nothing_of_it(
    server: PostgresServer, far: KnowledgeBase
) -> None:
    before = [b.number for b in far.batches()]
    records = [msgspec.structs.replace(far.record(ROAD), code=f"JT-SL-{n}") for n in range(1000, 4000)]  # type: ignore[type-var]
    failures: list[BaseException] = []

    def interrupted(done: int, total: int) -> None:
        if done >= total // 2:
            server.stop(kill=True)

    try:
        far._store.put(records, name="入库", actor="张三", reason="", progress=interrupted)
    except DatabaseUnavailableError as error:
        failures.append(error)
    assert len(failures) == 1
    server.start()
    assert [b.number for b in far.batches()] == before
    assert far.check().findings == ()


def test_connections_that_an_admin_ends_are_replaced(server: PostgresServer, far: KnowledgeBase) -> None:
    held = threading.Barrier(2)

    def hold() -> None:
        with far._reader.engine.connect():
            held.wait()

    other = threading.Thread(target=hold)
    other.start()
    far.record(ROAD)
    held.wait()
    other.join()
    execute(
        server.url("postgres"),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'indicator-kb'",
    )
    assert far.record(ROAD).code == ROAD
    assert rename(far, "接上以后改") > 1


def test_a_server_that_is_not_there_is_told_at_the_start(server: PostgresServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", catalogue=SMALL, database=server.url("postgres"))
    server.stop()
    with pytest.raises(DatabaseUnavailableError, match="打不开数据库"):
        KnowledgeBase.open(settings)
    with pytest.raises(DatabaseUnavailableError, match="nowhere"):
        KnowledgeBase.open(replace(settings, database=server.url("nowhere")))
    server.start()
    with pytest.raises(DatabaseUnavailableError, match="nowhere"):
        connect(server.url("nowhere")).connect()
