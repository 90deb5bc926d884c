"""Writing a row in the place of one with the same key, or beside it: one statement, safe among many writers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def put_row(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or set ``values`` where its key exists."""
    _put(connection, table, key, values, values)


def add_to_row(
    connection: Connection, table: Table, key: Mapping[str, Any], amounts: Mapping[str, int]
) -> None:
    """Insert a row of amounts, or add them to the row of the same key."""
    more = {name: table.c[name] + amount for name, amount in amounts.items()}
    _put(connection, table, key, amounts, more)


def _put(
    connection: Connection,
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    standing: Mapping[str, Any],
) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = insert(table).values(**key, **values)
    connection.execute(query.on_conflict_do_update(index_elements=list(key), set_=dict(standing)))
