"""Beginning a batch: every write belongs to one, and the audit log names it in the same transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from kb.db import tables as t
from kb.db.audit import note


def begin_batch(connection: Connection, name: str, actor: str, reason: str, at: datetime) -> int:
    """Number of a new batch on an open transaction."""
    name = name[:200]
    result = connection.execute(insert(t.batch).values(name=name, actor=actor, reason=reason, at=at))
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an INSERT of one row always has one
    number = int(key[0])
    note(connection, actor, "写入", f"第 {number} 批", f"{name}：{reason}" if reason else name, at)
    return number
