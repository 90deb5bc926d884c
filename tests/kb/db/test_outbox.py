"""The outbox for several indexes: none misses a change, none keeps rows for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Engine, func, select, update

from indicators.model import Sector
from kb.db import tables as t
from kb.db.engine import open_engine
from kb.db.outbox import KEPT, Outbox
from kb.db.store import Store

ROADS = Sector(code="JT", name="交通运输", order=1)
WATER = Sector(code="SL", name="水利", order=2)


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_engine(database_url)


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


@pytest.fixture
def outbox(engine: Engine) -> Outbox:
    return Outbox(engine)


def put(store: Store, *records: Sector) -> None:
    store.put(records, name="测试", actor="张三", reason="")


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(t.outbox)).scalar() or 0


def test_unknown_index_must_be_built(store: Store, outbox: Outbox) -> None:
    assert outbox.waiting("a").lost
    put(store, ROADS)
    found = outbox.waiting("a")
    assert (found.lost, found.codes, found.last) == (True, (), 1)


def test_a_sole_index_takes_each_change_once_and_leaves_nothing(
    store: Store, outbox: Outbox, engine: Engine
) -> None:
    outbox.settle("a", 0)
    put(store, ROADS, WATER)
    put(store, msgspec.structs.replace(ROADS, summary="路"))
    found = outbox.waiting("a")
    assert (found.codes, found.lost) == (("JT", "SL"), False)
    put(store, msgspec.structs.replace(WATER, summary="后来的改动"))
    outbox.settle("a", found.last)
    assert outbox.waiting("a").codes == ("SL",)
    outbox.settle("a", outbox.newest())
    assert outbox.waiting("a").codes == ()
    assert rows(engine) == 0


def test_numbers_are_not_used_again_after_all_rows_are_gone(store: Store, outbox: Outbox) -> None:
    outbox.settle("a", 0)
    put(store, ROADS)
    outbox.settle("a", 1)
    assert outbox.newest() == 1
    put(store, WATER)
    assert outbox.waiting("a").codes == ("SL",)
    assert outbox.newest() == 2


def test_a_setting_is_told_to_all_indexes(store: Store, outbox: Outbox) -> None:
    outbox.settle("a", 0)
    store.tune({"answer:路": "[]"}, name="精选", actor="张三", reason="")
    assert outbox.waiting("a").codes == ("setting:answer:路",)


def test_no_index_starves_another(store: Store, outbox: Outbox, engine: Engine) -> None:
    outbox.settle("a", 0)
    outbox.settle("b", 0)
    put(store, ROADS)
    outbox.settle("a", 1)
    assert outbox.waiting("a").codes == ()
    assert outbox.waiting("b").codes == ("JT",)
    put(store, WATER)
    outbox.settle("b", 1)
    assert rows(engine) == 1
    assert outbox.waiting("a").codes == outbox.waiting("b").codes == ("SL",)


def test_an_index_that_stays_away_is_given_up_and_rebuilt_when_it_comes_back(
    store: Store, outbox: Outbox, engine: Engine
) -> None:
    now = datetime.now(UTC)
    outbox.settle("here", 0)
    outbox.settle("away", 0, now - KEPT - timedelta(days=1))
    put(store, ROADS)
    outbox.settle("here", 1)
    assert rows(engine) == 1
    with engine.begin() as connection:
        connection.execute(update(t.outbox).values(at=now - KEPT - timedelta(minutes=1)))
    put(store, WATER)
    outbox.settle("here", 2)
    assert rows(engine) == 1
    assert outbox.waiting("away").lost
    with engine.connect() as connection:
        assert set(connection.execute(select(t.index_position.c.name)).scalars()) == {"", "here"}
    put(store, msgspec.structs.replace(WATER, summary="水"))
    outbox.settle("here", 3)
    assert rows(engine) == 0


def test_forgotten_indexes_are_rebuilt(store: Store, outbox: Outbox) -> None:
    put(store, ROADS)
    for name in ("a", "b", "c"):
        outbox.settle(name, 1)
    outbox.forget("a")
    assert [outbox.waiting(name).lost for name in ("a", "b", "c")] == [True, False, False]
    outbox.forget()
    assert [outbox.waiting(name).lost for name in ("a", "b", "c")] == [True, True, True]
    assert outbox.newest() == 1
