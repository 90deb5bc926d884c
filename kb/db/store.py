"""Writing: a batch of records or settings in one transaction, each with its revision and outbox row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from indicators.model import Record
from kb.db import tables as t
from kb.db.batches import begin_batch
from kb.db.filed import withdraw
from kb.db.parts import MANY, in_parts
from kb.db.rows import body_of, columns_of, links_of, record_from, targets_of
from kb.db.undoing import SETTING, changes_to_undo, names_of
from kb.errors import ChangedMeanwhileError, UndoConflictError, UnknownBatchError

Also = Callable[[Connection, int], None]
"""Writes more in the transaction of a batch, whose number it is given."""


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
        expected: dict[str, int] | None = None,
        progress: Callable[[int, int], None] | None = None,
        action: str = "",
        also: Also | None = None,
    ) -> Batch:
        """Write records as one named batch; those whose content is unchanged are left alone.

        ``settings`` are stored in the same transaction. ``expected`` maps codes to the version
        that the writer saw (0 for none). Raises ChangedMeanwhileError where another one stands,
        and PointedGoneError where a record points to a code that does not exist (any more).
        ``action`` names the deed in the history (新建 and 修改 where it is ""); ``also`` writes what
        belongs to the batch in the same transaction.
        """
        with self.engine.begin() as connection:
            writer = _begin(connection, name, actor, reason)
            writer.expect(expected or {})
            for done, some in enumerate(in_parts(records), 1):
                writer.write(some, action)
                if progress:
                    progress(min(done * MANY, len(records)), len(records))
            for key, value in (settings or {}).items():
                _set(connection, key, value)
            if also:
                also(connection, writer.number)
        return writer.batch

    def remove(
        self, codes: Sequence[str], *, name: str, actor: str, reason: str, expected: dict[str, int]
    ) -> Batch:
        """Take records out as one batch; their history stays, so that undo can bring them back.

        Raises ChangedMeanwhileError, or UndoConflictError where another record points to one.
        """
        with self.engine.begin() as connection:
            writer = _begin(connection, name, actor, reason)
            writer.expect(expected)
            writer.remove(codes, "retire")
        return writer.batch

    def tune(self, values: dict[str, str | None], *, name: str, actor: str, reason: str) -> Batch:
        """Store settings as one batch with revisions, so that it can be undone; None takes one out."""
        with self.engine.begin() as connection:
            writer = _begin(connection, name, actor, reason)
            for key, value in values.items():
                writer.tune(key, value, "change")
        return writer.batch

    def undo(self, number: int, *, actor: str, reason: str) -> Batch:
        """Put back what a batch changed, as a batch of its own, which can be undone in turn.

        Raises UnknownBatchError; and UndoConflictError, with nothing written, where a record or
        setting was changed again since or another record needs what would go.
        """
        with self.engine.begin() as connection:
            row = connection.execute(select(t.batch.c.name).where(t.batch.c.id == number)).first()
            if row is None:
                raise UnknownBatchError(number)
            writer = _begin(connection, f"撤回第 {number} 批：{row.name}"[:200], actor, reason)
            _undo(connection, writer, number)
            writer.changed += withdraw(connection, number, writer.number)
        return writer.batch

    def set(self, key: str, value: str) -> None:
        """Store one setting."""
        with self.engine.begin() as connection:
            _set(connection, key, value)


class _Writer:
    """Rows of one batch, chunk by chunk, on an open transaction."""

    def __init__(
        self,
        connection: Connection,
        batch: int,
        actor: str,
        reason: str,
        at: datetime,
    ) -> None:
        self.connection = connection
        # code -> (version, digest) of the codes looked up so far; the digest is "" where only history is left.
        self.known: dict[str, tuple[int, str]] = {}
        self.stamp = {"actor": actor, "reason": reason, "at": at, "batch": batch}
        self.number = batch
        self.new = self.changed = self.same = 0

    @property
    def batch(self) -> Batch:
        """What was done so far."""
        return Batch(self.number, self.new, self.changed, self.same)

    def look_up(self, codes: Iterable[str]) -> None:
        """Learn versions and digests of codes; costs by their number, not by that of all records."""
        wanted = [code for code in dict.fromkeys(codes) if code not in self.known]
        for some in in_parts(wanted):
            record, revision = t.record.c, t.revision.c
            standing = select(record.code, record.version, record.digest).where(record.code.in_(some))
            self.known |= {r.code: (r.version, r.digest) for r in self.connection.execute(standing)}
            if gone := [code for code in some if code not in self.known]:
                newest = select(revision.code, func.max(revision.version).label("version"))
                kept = newest.where(revision.code.in_(gone)).group_by(revision.code)
                self.known |= {r.code: (r.version, "") for r in self.connection.execute(kept)}

    def expect(self, versions: dict[str, int]) -> None:
        """Raise ChangedMeanwhileError where a record is not at the version that its editor saw."""
        self.look_up(versions)
        for code, version in versions.items():
            now_at, digest = self.known.get(code, (0, ""))
            if (now_at if digest else 0) != version:
                raise ChangedMeanwhileError(code)

    def write(self, records: Sequence[Record], action: str = "") -> None:
        self.look_up(record.code for record in records)
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
            (altered if digest else fresh).append(columns)
            touched.append(record)
        self.new += len(fresh)
        self.changed += len(altered)
        self._save(fresh, altered, action)
        self._derive(touched)

    def remove(self, codes: Sequence[str], action: str) -> None:
        """Delete records; those that they pointed to are indexed anew."""
        going = set(codes)
        for some in in_parts(codes):
            self._remove(some, going, action)

    def _remove(self, codes: Sequence[str], going: set[str], action: str) -> None:
        link, record = t.link.c, t.record.c
        pointing = select(link.source_code, link.target_code).where(link.target_code.in_(codes))
        needing = [row for row in self.connection.execute(pointing) if row.source_code not in going]
        if needing:
            names = names_of(self.connection, {code for row in needing for code in row})
            raise UndoConflictError(
                [
                    f"“{row[0]} {names.get(row[0], '')}”指向“{row[1]} {names.get(row[1], '')}”"
                    for row in needing
                ]
            )
        near = select(link.target_code).where(link.source_code.in_(codes)).distinct()
        touched = {*codes, *self.connection.execute(near).scalars()}
        standing = self.connection.execute(
            select(record.code, record.kind).where(record.code.in_(codes))
        ).all()
        self._derive_from(codes)
        self.connection.execute(delete(t.record).where(record.code.in_(codes)))
        self.look_up(row.code for row in standing)
        for row in standing:
            version = self.known[row.code][0] + 1
            self.known[row.code] = (version, "")
            self._revise(row.code, row.kind, version, action, None)
        self._announce(sorted(touched))
        self.changed += len(standing)

    def tune(self, key: str, value: str | None, action: str) -> None:
        """Store or take out one setting with its revision; an unchanged one is left alone."""
        found = select(t.setting.c.value).where(t.setting.c.key == key)
        before = self.connection.execute(found).scalar()
        if before == value:
            self.same += 1
            return
        if value is None:
            self.connection.execute(delete(t.setting).where(t.setting.c.key == key))
        else:
            _set(self.connection, key, value)
        code = SETTING + key
        newest = select(func.max(t.revision.c.version)).where(t.revision.c.code == code)
        version = (self.connection.execute(newest).scalar() or 0) + 1
        self._revise(code, "", version, action, value)
        self._announce([code])
        self.new += before is None
        self.changed += before is not None

    def _announce(self, codes: Iterable[str]) -> None:
        """Tell all indexes of changes."""
        rows = [{"code": code, "at": self.stamp["at"]} for code in codes]
        self.connection.execute(insert(t.outbox), rows)

    def _revise(self, code: str, kind: str, version: int, action: str, body: str | None) -> None:
        row = {"code": code, "kind": kind, "version": version, "action": action, "body": body}
        self.connection.execute(insert(t.revision), row | self.stamp)

    def _save(self, fresh: list[dict[str, Any]], altered: list[dict[str, Any]], action: str) -> None:
        if fresh:
            self.connection.execute(insert(t.record), fresh)
        if altered:
            rows = [{**c, "wanted": c["code"]} for c in altered]
            self.connection.execute(update(t.record).where(t.record.c.code == bindparam("wanted")), rows)
        history = [
            {**{key: c[key] for key in ("code", "kind", "version", "body")}, "action": done, **self.stamp}
            for done, group in ((action or "new", fresh), (action or "change", altered))
            for c in group
        ]
        if history:
            self.connection.execute(insert(t.revision), history)
            self._announce([h["code"] for h in history])

    def _derive(self, records: list[Record]) -> None:
        codes = [r.code for r in records]
        if not codes:
            return
        self._derive_from(codes)
        if links := [row for r in records for row in links_of(r)]:
            self.connection.execute(insert(t.link), links)
        if targets := [row for r in records for row in targets_of(r)]:
            self.connection.execute(insert(t.target), targets)

    def _derive_from(self, codes: Sequence[str]) -> None:
        """Forget what was derived from records."""
        self.connection.execute(delete(t.link).where(t.link.c.source_code.in_(codes)))
        self.connection.execute(delete(t.target).where(t.target.c.project.in_(codes)))


def _begin(connection: Connection, name: str, actor: str, reason: str) -> _Writer:
    """A writer on a new batch, which the audit log names."""
    at = now()
    number = begin_batch(connection, name, actor, reason, at)
    return _Writer(connection, number, actor, reason, at)


def _undo(connection: Connection, writer: _Writer, number: int) -> None:
    changes = changes_to_undo(connection, number)
    for change in changes:
        if not change.kind:
            writer.tune(change.code.removeprefix(SETTING), change.before, "undo")
    back = [record_from(c.kind, c.before) for c in changes if c.kind and c.before is not None]
    for some in in_parts(back):
        writer.write(some, "undo")
    gone = [c.code for c in changes if c.kind and c.before is None and c.after is not None]
    if gone:
        writer.remove(gone, "undo")


def _set(connection: Connection, key: str, value: str) -> None:
    done = connection.execute(update(t.setting).where(t.setting.c.key == key).values(value=value))
    if not done.rowcount:
        connection.execute(insert(t.setting).values(key=key, value=value))
