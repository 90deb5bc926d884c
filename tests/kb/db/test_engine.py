"""Opening databases: addresses that cannot be used, text that only one of them could store, collation."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, select, text

from kb.db import tables as t
from kb.db.engine import connect, open_engine
from kb.db.reader import Reader
from kb.errors import DatabaseUnavailableError


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_engine(database_url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("not an address geheim", "看不懂数据库地址"),
        ("postgresql://kb:geheim@host:port/kb", "看不懂数据库地址"),
        ("mysql://kb:geheim@host/kb", "不认识 mysql"),
        ("postgresql://kb:geheim@127.0.0.1:1/kb", "refused"),
    ],
)
def test_unusable_addresses_are_told_without_the_password(url: str, told: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match=told) as raised:
        open_engine(url)
    assert "geheim" not in str(raised.value)


def test_postgresql_goes_by_psycopg_whatever_its_short_name() -> None:
    for name in ("postgres", "postgresql", "postgresql+psycopg"):
        assert connect(f"{name}://kb@127.0.0.1:1/kb").driver == "psycopg"


def test_nul_characters_are_stored_visibly_and_ask_for_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(t.setting), [{"key": "a\0b", "value": "1\0"}, {"key": "c", "value": "2"}])
        connection.execute(insert(t.setting).values(key="d\0", value="3"))
    assert Reader(engine).settings() == {"a\ufffdb": "1\ufffd", "c": "2", "d\ufffd": "3"}
    assert Reader(engine).get("JT\0") is None


def test_text_is_ordered_by_code_point(engine: Engine) -> None:
    keys = ["a", "B", "Z", "é", "a-b", "ab", "路", "一", "\U00020000", "～"]
    with engine.begin() as connection:
        connection.execute(insert(t.setting), [{"key": key, "value": ""} for key in keys])
    with engine.connect() as connection:
        assert list(
            connection.execute(select(t.setting.c.key).order_by(t.setting.c.key)).scalars()
        ) == sorted(keys)


def test_text_has_no_bound_on_either_database(engine: Engine) -> None:
    key = "路" * 300
    with engine.begin() as connection:
        connection.execute(insert(t.setting).values(key=key, value="1"))
        connection.execute(text("UPDATE setting SET value = '2'"))
    assert Reader(engine).settings() == {key: "2"}
