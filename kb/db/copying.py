"""Copying a whole database into another, of the same kind or not, and proving that both hold the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Integer, Table, delete, exists, func, select, text

from kb.db.bulk import insert_many
from kb.db.engine import unhurried, visible
from kb.db.schema import IN_WORK, OWN, TABLES

_CHUNK = 2000

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, rows done, rows in all)."""

_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class TableProof:
    """Number of rows of a table and the digest over all of them in the order of their key."""

    table: str
    rows: int
    digest: str


def moved_tables() -> tuple[Table, ...]:
    """The tables that a copy takes along, parents before children."""
    return tuple(table for table in TABLES if table.name not in OWN)


def filled_tables(connection: Connection) -> list[str]:
    """Names of the tables that hold any row."""
    return [
        table.name
        for table in TABLES
        if connection.execute(select(exists(select(1).select_from(table)))).scalar()
    ]


def hold_still(connection: Connection) -> None:
    """Keep everybody from writing what a copy takes along until this transaction ends; reading goes on.

    On SQLite the transaction must have begun as a writing one, which is enough.
    """
    if connection.dialect.name == "postgresql":
        unhurried(connection)
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(table.name) for table in moved_tables())
        connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))


def copy_all(source: Connection, target: Connection, progress: Progress | None = None) -> None:
    """Copy every row into empty tables, within the transactions that both stand in."""
    sizes = {table.name: _size(source, table) for table in moved_tables()}
    done, total = 0, sum(sizes.values())
    for table in moved_tables():
        for chunk in _rows(source, table):
            insert_many(target, table, [dict(zip(table.columns.keys(), row, strict=True)) for row in chunk])
            done += len(chunk)
            if progress:
                progress("复制数据", done, total)
        set_sequence(target, table)


def clear(connection: Connection) -> None:
    """Empty all tables but those of uploads in work; readers see the old content until the transaction commits."""
    emptied = [table for table in TABLES if table.name not in IN_WORK]
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        connection.execute(text(f"TRUNCATE {', '.join(quote(table.name) for table in emptied)}"))
        return
    for table in reversed(emptied):
        connection.execute(delete(table))


def proofs(connection: Connection, what: str = "", progress: Progress | None = None) -> list[TableProof]:
    """Row counts and digests of all moved tables, read as a stream; equal for equal content on any database."""
    total = sum(_size(connection, table) for table in moved_tables()) if progress else 0
    done, found = 0, []
    for table in moved_tables():
        digest, rows = hashlib.sha256(), 0
        for chunk in _rows(connection, table):
            for row in chunk:
                digest.update(_encoder.encode(row))
            rows += len(chunk)
            if progress:
                progress(what, done + rows, total)
        done += rows
        found.append(TableProof(table.name, rows, digest.hexdigest()))
    return found


def freshen(engine: Engine) -> None:
    """Let the planner know how large the tables have become."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))


def dangling(engine: Engine, most: int = 20) -> list[tuple[str, str, str]]:
    """(table, column, value) of rows that point to a row that does not exist; at most ``most`` of each column.

    The constraints keep that from happening; this looks whether they held.
    """
    found: list[tuple[str, str, str]] = []
    with engine.connect() as connection:
        unhurried(connection)
        for table in TABLES:
            for key in sorted(table.foreign_keys, key=lambda k: k.parent.name):
                aim = key.column.table.alias()
                there = exists().where(aim.c[key.column.name] == key.parent)
                query = select(key.parent).where(key.parent.is_not(None), ~there).limit(most)
                found += [(table.name, key.parent.name, str(v)) for v in connection.execute(query).scalars()]
    return found


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[tuple[Any, ...]]]:
    query = select(table).order_by(*table.primary_key.columns)
    stream = connection.execution_options(yield_per=_CHUNK).execute(query)
    for chunk in stream.partitions():
        yield [tuple(map(_plain, row)) for row in chunk]


def _plain(value: Any) -> Any:
    """A value as both databases keep it: times aware in UTC, no NUL in texts."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    return visible(value)


def _size(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def set_sequence(connection: Connection, table: Table) -> None:
    """Let new rows be numbered behind the copied ones."""
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) > 1 or not isinstance(keys[0].type, Integer):
        return
    values: Mapping[str, str] = {"table": table.name, "column": keys[0].name}
    name = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), values).scalar()
    last = connection.execute(select(func.max(keys[0]))).scalar()
    if name and last:
        connection.execute(text("SELECT setval(:name, :last)"), {"name": name, "last": last})
