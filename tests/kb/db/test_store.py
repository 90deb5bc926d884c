"""The store on a real database: batches, revisions, outbox, links, migrations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, text

from indicators.choices import LinkKind
from indicators.model import RECORD_TYPES, Indicator, Kind, Project, Record, Sector, Source, SourceRef, Target
from kb.db.engine import HEAD, MIGRATIONS, migrate, open_engine, schema_version
from kb.db.outbox import Outbox
from kb.db.reader import Reader
from kb.db.rows import body_of, record_from
from kb.db.store import Store
from kb.db.tables import metadata
from kb.errors import DatabaseUnavailableError, NewerDatabaseError, PointedGoneError

SOURCE = Source(code="doc", name="某文件")
SECTOR = Sector(code="JT", name="交通运输", order=1)
ROAD = Indicator(
    code="JT-SL-01", name="农村公路里程", sector="JT", level2="数量指标", sources=(SourceRef(source="doc"),)
)
PROJECT = Project(
    code="XM-1", name="修路", sector="JT", amount=Decimal("98.86676"), sources=(SourceRef(source="doc"),),
    targets=(Target(name="里程", target="≥5公里", indicator="JT-SL-01", link=LinkKind.SAME),),
)  # fmt: skip
INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix_%'",
}
"""Names of all indexes that no constraint made; SQLAlchemy does not see those on expressions everywhere."""

ALL = [SOURCE, SECTOR, ROAD, PROJECT]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


@pytest.fixture
def reader(engine: Engine) -> Reader:
    return Reader(engine)


def put(store: Store, *records: Record, name: str = "一批") -> int:
    return store.put(records, name=name, actor="张三", reason="试").number


def test_records_come_back_as_they_went_in(store: Store, reader: Reader) -> None:
    put(store, *ALL)
    assert reader.get("XM-1") == PROJECT
    assert reader.many(["JT-SL-01", "没有", "doc"]) == {"JT-SL-01": ROAD, "doc": SOURCE}
    assert reader.of_type(Indicator, sector="JT") == [ROAD]
    assert reader.counts() == {Kind.SOURCE: 1, Kind.SECTOR: 1, Kind.INDICATOR: 1, Kind.PROJECT: 1}


def test_every_kind_survives_its_body(catalogue: list[Record]) -> None:
    seen = set()
    for record in catalogue:
        assert record_from(record.kind.value, body_of(record)) == record
        seen.add(record.kind)
    assert seen == set(RECORD_TYPES)


@given(
    st.text(), st.decimals(allow_nan=False, allow_infinity=False), st.lists(st.text(max_size=20), max_size=4)
)
def test_any_text_and_amount_survive(name: str, amount: Decimal, words: list[str]) -> None:
    name = name.encode("utf-8", "ignore").decode()
    words = [w.encode("utf-8", "ignore").decode() for w in words]
    project = Project(code="X", name=name, amount=amount)
    indicator = Indicator(code="Y", name=name, aliases=tuple(words))
    assert record_from("project", body_of(project)) == project
    assert record_from("indicator", body_of(indicator)) == indicator


def test_joins_follow_links(store: Store, reader: Reader) -> None:
    put(store, *ALL)
    assert reader.rows_using("JT-SL-01") == [("XM-1", 1)]
    assert reader.projects_using() == {"JT-SL-01": 1}
    assert reader.pointing_to("doc", ["sources"]) == ["JT-SL-01", "XM-1"]
    assert reader.pointing_to("doc", ["sources"], Kind.PROJECT) == ["XM-1"]
    put(store, msgspec.structs.replace(PROJECT, targets=()))
    assert reader.rows_using("JT-SL-01") == []


def test_unchanged_records_make_no_revision(store: Store, reader: Reader) -> None:
    put(store, *ALL)
    batch = store.put(
        [ROAD, msgspec.structs.replace(SECTOR, summary="路")], name="二批", actor="李四", reason="补概要"
    )
    assert (batch.new, batch.changed, batch.same) == (0, 1, 1)
    assert len(reader.versions("JT-SL-01")) == 1
    newest, first = reader.versions("JT")
    assert (newest.number, newest.action, newest.actor, newest.reason) == (2, "change", "李四", "补概要")
    assert (first.number, first.action, first.batch) == (1, "new", 1)
    assert newest.at.tzinfo is UTC
    assert reader.version("JT", -1) == SECTOR
    assert reader.version("JT", -2) is None


def test_dangling_link_writes_nothing(store: Store, reader: Reader) -> None:
    with pytest.raises(PointedGoneError):
        put(store, SOURCE, SECTOR, msgspec.structs.replace(ROAD, pairs=("JT-SH-99",)))
    assert reader.counts() == {}
    assert Outbox(reader.engine).newest() == 0


def test_edits_outside_the_catalogue_are_told_apart(store: Store, reader: Reader) -> None:
    put(store, *ALL, name="内置目录 1")
    put(store, msgspec.structs.replace(SECTOR, summary="本县改过"), name="改一条")
    assert reader.last_edited_outside("内置目录") == {"JT"}


def test_near_codes_take_wildcards_literally_and_ignore_case(store: Store, reader: Reader) -> None:
    put(store, *ALL)
    assert [r.code for r in reader.codes_near("jt")] == ["JT", "JT-SL-01"]
    assert reader.codes_near("%") == reader.codes_near("_") == []
    assert reader.codes_folded("jt-sl-01") == ["JT-SL-01"]
    assert reader.codes_folded("jt-sl") == reader.codes_folded("JT%") == []
    assert reader.codes_beginning("JT-") == {"JT-SL-01"}
    assert reader.codes_beginning("jt") == reader.codes_beginning("J_") == frozenset()


def test_settings_are_kept(store: Store, reader: Reader) -> None:
    store.set("a", "1")
    store.set("a", "2")
    assert reader.settings() == {"a": "2"}


def test_broken_body_is_noticed(store: Store, reader: Reader, engine: Engine) -> None:
    put(store, *ALL)
    assert reader.broken_bodies() == []
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE record SET body = replace(body, '农村', '乡村') WHERE code = 'JT-SL-01'")
        )
    assert reader.broken_bodies() == ["JT-SL-01"]


def test_migrations_lead_to_the_tables(engine: Engine) -> None:
    assert schema_version(engine) == HEAD == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    found = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in found.get_columns(table.name)}
        assert columns == {c.name: c.nullable for c in table.columns}, table.name
    with engine.connect() as connection:
        assert set(connection.execute(text(INDEXES[engine.dialect.name])).scalars()) == {
            index.name for table in metadata.sorted_tables for index in table.indexes
        }
    migrate(engine)  # a second time changes nothing


@pytest.mark.sqlite
def test_sqlite_runs_with_wal_and_foreign_keys(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_newer_database_is_refused_untouched(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="9999"):
        migrate(engine)
    assert schema_version(engine) == "9999"


def test_unreachable_database_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="打不开数据库"):
        open_engine(f"sqlite:///{tmp_path}/没有这个文件夹/kb.sqlite3")
