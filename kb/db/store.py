"""Writing: a batch of records in one transaction, each with its revision and outbox row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from indicators.model import Record
from kb.db import tables as t
from kb.db.rows import body_of, columns_of, links_of, targets_of

_CHUNK = 500


def now() -> datetime:
    """The time, aware and in UTC; tests replace it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Batch:
    """A finished batch: its number, and how many records it added, changed and left alone."""

    number: int
    new: int
    changed: int
    same: int


class Store:
    """Write side of the database. Readers see a batch whole or not at all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine.execution_options(writing=True)

    def put(
        self,
        records: Sequence[Record],
        *,
        name: str,
        actor: str,
        reason: str,
        settings: dict[str, str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Batch:
        """Write records as one named batch; those whose content is unchanged are left alone.

        ``settings`` are stored in the same transaction. Raises
        ``sqlalchemy.exc.IntegrityError`` where a record points to a code that does not exist.
        """
        with self.engine.begin() as connection:
            at = now()
            number = _insert_batch(connection, name, actor, reason, at)
            known = {r.code: (r.version, r.digest) for r in connection.execute(
                select(t.record.c.code, t.record.c.version, t.record.c.digest))}  # fmt: skip
            writer = _Writer(connection, number, actor, reason, at, known)
            for start in range(0, len(records), _CHUNK):
                writer.write(records[start : start + _CHUNK])
                if progress:
                    progress(min(start + _CHUNK, len(records)), len(records))
            for key, value in (settings or {}).items():
                _set(connection, key, value)
        return Batch(number, writer.new, writer.changed, writer.same)

    def set(self, key: str, value: str) -> None:
        """Store one setting."""
        with self.engine.begin() as connection:
            _set(connection, key, value)

    def settle(self, last: int) -> None:
        """Forget the outbox rows up to ``last``: their records stand in the index now."""
        with self.engine.begin() as connection:
            connection.execute(delete(t.outbox).where(t.outbox.c.id <= last))


class _Writer:
    """Rows of one batch, chunk by chunk, on an open transaction."""

    def __init__(
        self,
        connection: Connection,
        batch: int,
        actor: str,
        reason: str,
        at: datetime,
        known: dict[str, tuple[int, str]],
    ) -> None:
        self.connection, self.known = connection, known
        self.stamp = {"actor": actor, "reason": reason, "at": at, "batch": batch}
        self.new = self.changed = self.same = 0

    def write(self, records: Iterable[Record]) -> None:
        fresh: list[dict[str, Any]] = []
        altered: list[dict[str, Any]] = []
        touched: list[Record] = []
        for record in records:
            columns = columns_of(record, body_of(record))
            version, digest = self.known.get(record.code, (0, ""))
            if digest == columns["digest"]:
                self.same += 1
                continue
            columns |= {"version": version + 1, "updated_at": self.stamp["at"]}
            self.known[record.code] = (version + 1, columns["digest"])
            (altered if version else fresh).append(columns)
            touched.append(record)
        self.new += len(fresh)
        self.changed += len(altered)
        self._save(fresh, altered)
        self._derive(touched)

    def _save(self, fresh: list[dict[str, Any]], altered: list[dict[str, Any]]) -> None:
        if fresh:
            self.connection.execute(insert(t.record), fresh)
        if altered:
            rows = [{**c, "wanted": c["code"]} for c in altered]
            self.connection.execute(update(t.record).where(t.record.c.code == bindparam("wanted")), rows)
        history = [
            {"code": c["code"], "version": c["version"], "body": c["body"], "action": action, **self.stamp}
            for action, group in (("new", fresh), ("change", altered))
            for c in group
        ]
        if history:
            self.connection.execute(insert(t.revision), history)
            self.connection.execute(insert(t.outbox), [{"code": h["code"]} for h in history])

    def _derive(self, records: list[Record]) -> None:
        codes = [r.code for r in records]
        if not codes:
            return
        self.connection.execute(delete(t.link).where(t.link.c.source_code.in_(codes)))
        self.connection.execute(delete(t.target).where(t.target.c.project.in_(codes)))
        if links := [row for r in records for row in links_of(r)]:
            self.connection.execute(insert(t.link), links)
        if targets := [row for r in records for row in targets_of(r)]:
            self.connection.execute(insert(t.target), targets)


def _insert_batch(connection: Connection, name: str, actor: str, reason: str, at: datetime) -> int:
    result = connection.execute(insert(t.batch).values(name=name, actor=actor, reason=reason, at=at))
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an INSERT of one row always has one
    return int(key[0])


def _set(connection: Connection, key: str, value: str) -> None:
    done = connection.execute(update(t.setting).where(t.setting.c.key == key).values(value=value))
    if not done.rowcount:
        connection.execute(insert(t.setting).values(key=key, value=value))


def last_outbox_id(connection: Connection) -> int:
    """Number of the newest outbox row, 0 when it is empty."""
    return connection.execute(select(func.max(t.outbox.c.id))).scalar() or 0
