"""The audit log: who did what to what, and when. Rows are written beside what they tell of, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select

from kb.db import tables as t
from kb.db.distinct import different
from kb.db.rows import aware


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; ``at`` is aware UTC."""

    number: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str


def note(connection: Connection, actor: str, action: str, target: str, detail: str, at: datetime) -> None:
    """Write a line in the transaction of the deed itself."""
    row = {"at": at, "actor": actor[:80], "action": action[:40], "target": target[:200], "detail": detail}
    connection.execute(insert(t.audit), {**row, "detail": detail[:2000]})


def mark_of(secret: str) -> str:
    """A short fingerprint of an unguessable id: the log names the thing, but does not open it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


class AuditLog:
    """Reading the log, and writing lines about what changes no table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing="rows")

    def write(self, actor: str, action: str, target: str = "", detail: str = "") -> None:
        """Add a line now."""
        with self._writing.begin() as connection:
            note(connection, actor, action, target, detail, datetime.now(UTC))

    def entries(self, limit: int, before: int = 0, actor: str = "", action: str = "") -> list[Entry]:
        """The newest lines first, those older than line ``before`` where it is given."""
        query = select(t.audit).order_by(t.audit.c.id.desc()).limit(limit)
        if before:
            query = query.where(t.audit.c.id < before)
        for column, value in ((t.audit.c.actor, actor), (t.audit.c.action, action)):
            if value:
                query = query.where(column == value)
        with self._engine.connect() as connection:
            return [
                Entry(r.id, aware(r.at), r.actor, r.action, r.target, r.detail)
                for r in connection.execute(query)
            ]

    def everything(self, chunk: int = 1000) -> Iterator[Entry]:
        """The whole log, newest first, read piece by piece."""
        before = 0
        while found := self.entries(chunk, before):
            yield from found
            before = found[-1].number

    def bring_back(self, entries: Iterable[Entry]) -> int:
        """Write lines of before that the log lost when a backup took its place; gives their number."""
        with self._writing.begin() as connection:
            kept = {_content(row) for row in connection.execute(select(t.audit))}
            lost = sorted((e for e in entries if _content(e) not in kept), key=lambda e: e.number)
            for e in lost:
                note(connection, e.actor, e.action, e.target, e.detail, e.at)
        return len(lost)

    def names(self) -> tuple[list[str], list[str]]:
        """All (actors, actions) that the log knows, sorted."""
        columns = (t.audit.c.actor, t.audit.c.action)
        with self._engine.connect() as connection:
            actors, actions = (
                sorted(connection.execute(select(different(column).c.value)).scalars()) for column in columns
            )
            return actors, actions

    def count(self) -> int:
        """Number of lines."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(t.audit)).scalar() or 0


def _content(line: Entry | Row[Any]) -> tuple[datetime, str, str, str, str]:
    return aware(line.at), line.actor, line.action, line.target, line.detail
