"""Reading batches: their list, one by its number, what each changed, and what took it back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select

from kb.db import tables as t
from kb.db.filed_tables import filed_table
from kb.db.rows import aware
from kb.db.undoing import StoredChange, changes_of
from kb.views import BatchInfo


class BatchRows:
    """The batches behind the ledger."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def newest(self, limit: int, before: int = 0) -> list[BatchInfo]:
        """The newest batches that changed anything, each with the number of records, settings and filed tables.

        ``before`` leaves out those from that number on.
        """
        size = _size()
        query = select(t.batch, size).where(size > 0).order_by(t.batch.c.id.desc()).limit(limit)
        if before:
            query = query.where(t.batch.c.id < before)
        with self.engine.connect() as connection:
            return [_info(r) for r in connection.execute(query)]

    def batch(self, number: int) -> BatchInfo | None:
        """A batch by its number, None where there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(t.batch, _size()).where(t.batch.c.id == number)).first()
        return _info(row) if row else None

    def changes(self, number: int) -> list[StoredChange]:
        """What a batch did to each code, by code."""
        with self.engine.connect() as connection:
            return changes_of(connection, number)

    def undoings(self, number: int) -> list[int]:
        """Batches that took this one back, newest first."""
        query = select(t.batch.c.id).where(
            t.batch.c.name.startswith(f"撤回第 {number} 批：", autoescape=True)
        )
        query = query.where(t.batch.c.id > number).order_by(t.batch.c.id.desc())
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())


def _size() -> Any:
    columns = (t.revision.c.batch, filed_table.c.batch, filed_table.c.withdrawn)
    sizes = [select(func.count()).where(column == t.batch.c.id).scalar_subquery() for column in columns]
    return (sizes[0] + sizes[1] + sizes[2]).label("size")


def _info(row: Any) -> BatchInfo:
    return BatchInfo(row.id, row.name, row.actor, row.reason, aware(row.at), row.size)
