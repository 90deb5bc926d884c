"""Moving a knowledge base between databases: everything arrives, or nothing; the proof finds any difference."""

from __future__ import annotations

import dataclasses
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, inspect, text, update

from indicators.draft import Draft, DraftRow
from kb import moving
from kb.accounts import Role
from kb.db import tables as t
from kb.db.copying import moved_tables, proofs
from kb.db.counters import Tally
from kb.db.engine import open_engine
from kb.db.schema import OWN, TABLES
from kb.draft_saved import Saved
from kb.errors import DatabaseUnavailableError
from kb.knowledge import KnowledgeBase
from kb.moving import MoveError, move
from kb.settings import Settings

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"


@pytest.fixture
def used(settings: Settings) -> Settings:
    """Settings of a knowledge base in which something stands in most tables."""
    with KnowledgeBase.open(settings) as knowledge:
        road = knowledge.record("JT-SL-01")
        knowledge.write([msgspec.structs.replace(road, name="改过")], name="改名", actor="张三", reason="试")  # type: ignore[type-var]
        knowledge.undo(knowledge.batches()[0].number, actor="李四")
        knowledge.accounts.add("小管", Role.ADMIN, "一句好记的话当作密码", actor="测试")
        knowledge.tuning.pin("修路", ["JT-SL-01"], actor="张三")
        rows = (DraftRow(number=1, level2="数量指标", name="里程", target="≥5公里"),)
        knowledge.drafts.create(Saved(draft=Draft(project="修路", rows=rows), text="修路"))
        knowledge.learning._counters.add({("修路", date(2026, 3, 1)): Tally(asked=3, shown=9)}, {})
    return settings


@pytest.fixture
def target(database: str, postgresql_url: str, tmp_path: Path) -> str:
    """Address of an empty database of the other kind."""
    return f"sqlite:///{tmp_path / 'target.sqlite3'}" if database == "postgresql" else postgresql_url


def test_everything_arrives_and_the_knowledge_base_goes_on_there(used: Settings, target: str) -> None:
    steps: set[str] = set()
    moved = move(used, target, lambda what, done, total: steps.add(what))
    assert steps == {"复制数据", "核对原库", "核对新库"}
    sizes = {proof.table: proof.rows for proof in moved.tables}
    assert sizes["record"] > 10
    assert {name for name, size in sizes.items() if size} >= {
        "account", "audit", "batch", "draft_version", "link", "query_count", "record", "revision",
        "saved_draft", "setting", "target",
    }  # fmt: skip
    assert set(sizes) == {table.name for table in TABLES} - OWN
    with KnowledgeBase.open(dataclasses.replace(used, database=target)) as there:
        assert there.check().findings == ()
        assert there.search("修路").hits[0].code == "JT-SL-01"
        before = there.batches()[0].number
        road = there.record("JT-SL-01")
        number = there.write(
            [msgspec.structs.replace(road, name="搬后改")], name="改名", actor="张三", reason=""
        )  # type: ignore[type-var]
        assert number == before + 1  # numbered behind what was moved
        there.undo(number, actor="张三")
        assert there.record("JT-SL-01") == road


def test_there_and_back_is_the_same(used: Settings, target: str, database: str, tmp_path: Path) -> None:
    there = move(used, target)
    again = move(dataclasses.replace(used, database=target), f"sqlite:///{tmp_path / 'back.sqlite3'}")
    assert again.tables == there.tables


def test_a_target_that_is_not_empty_is_refused_untouched(used: Settings, target: str) -> None:
    engine = open_engine(target)
    with engine.begin() as connection:
        connection.execute(t.setting.insert().values(key="a", value="1"))
    with pytest.raises(MoveError, match="不是空的"):
        move(used, target)
    assert _contents(engine) == {"setting": 1}


def test_nowhere_and_nothing_are_refused(used: Settings, target: str, tmp_path: Path) -> None:
    with pytest.raises(MoveError, match="正是现在的库"):
        move(used, used.database_url)
    with pytest.raises(DatabaseUnavailableError, match="不认识"):
        move(used, "mysql://kb:geheim@host/kb")
    (tmp_path / "other").mkdir()
    with pytest.raises(MoveError, match="现在的库是空的"):
        move(Settings(home=tmp_path / "other", catalogue=SMALL), target)


def test_a_move_that_fails_leaves_nothing(
    used: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.db.copying._CHUNK", 5)

    def stop(what: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(used, target, stop)
    assert _contents(open_engine(target)) == {}
    assert sum(table.rows for table in move(used, target).tables) > 50


def test_a_difference_takes_the_move_back(
    used: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_all = moving.copy_all

    def careless(source, target, progress):  # type: ignore[no-untyped-def]
        copy_all(source, target, progress)
        target.execute(update(t.record).where(t.record.c.code == "JT-SL-01").values(core=text("NOT core")))

    monkeypatch.setattr(moving, "copy_all", careless)
    with pytest.raises(MoveError, match=r"（record）"):
        move(used, target)
    assert _contents(open_engine(target)) == {}


def test_nobody_writes_to_the_source_meanwhile(used: Settings, target: str) -> None:
    order: list[str] = []

    def write() -> None:
        with KnowledgeBase.open(used) as knowledge:
            knowledge.audit.write("张三", "登录")
        order.append("written")

    def slowly(what: str, done: int, total: int) -> None:
        if what == "复制数据" and not order:
            order.append("copying")
            writer.start()
            time.sleep(0.5)

    writer = threading.Thread(target=write)
    moved = move(used, target, slowly)
    order.append("moved")
    writer.join()
    # The line that was written behind the move stands in the source only.
    with open_engine(used.database_url).connect() as connection:
        now = {proof.table: proof.rows for proof in proofs(connection)}
    assert now["audit"] == {p.table: p.rows for p in moved.tables}["audit"] + 1
    assert order[0] == "copying"


def test_the_proof_is_of_content_not_of_engines(
    database_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    moment = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
    found = []
    for url in (f"sqlite:///{tmp_path / 'a.sqlite3'}", postgresql_url):
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.execute(t.batch.insert(), [
                {"id": n, "name": name, "actor": "张三", "reason": "", "at": moment + timedelta(microseconds=n)}
                for n, name in enumerate(["修路", "a\0b", "\U0001f6e3", "行\n二", ""], 1)
            ])  # fmt: skip
            connection.execute(t.audit.insert().values(
                at=moment.astimezone(), actor="", action="", target="", detail="x" * 5000
            ))  # fmt: skip
        with engine.connect() as connection:
            found.append(proofs(connection))
    assert found[0] == found[1]
    assert {p.table: p.rows for p in found[0]}["batch"] == 5


def test_every_table_of_the_database_is_known(database_url: str) -> None:
    names = set(inspect(open_engine(database_url)).get_table_names())
    assert names == {table.name for table in TABLES} | {"alembic_version"}
    assert {table.name for table in moved_tables()} == names - OWN - {"alembic_version"}


def _contents(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        found = {p.table: p.rows for p in proofs(connection)}
    return {name: rows for name, rows in found.items() if rows}
