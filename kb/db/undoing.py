"""What a batch changed, and how it is taken back beside later changes; who stands in the way is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from indicators.fields import label_of
from indicators.model import Kind
from kb.db import tables as t
from kb.db.parts import in_parts
from kb.db.rows import body_of, record_from, without_change
from kb.errors import UndoConflictError

SETTING = "setting:"
"""Before the key of a setting in ``revision.code``, so that settings have versions as records have."""


@dataclass(frozen=True, slots=True)
class StoredChange:
    """What a batch did to one code: kind ("" for a setting), body before and after (None: none)."""

    code: str
    kind: str
    before: str | None
    after: str | None


def changes_of(connection: Connection, number: int) -> list[StoredChange]:
    """Every code that a batch changed, with its body before the batch's first and after its last revision."""
    before = t.revision.alias()
    query = (
        select(t.revision.c.code, t.revision.c.kind, t.revision.c.body, before.c.body.label("before"))
        .outerjoin(
            before, (before.c.code == t.revision.c.code) & (before.c.version == t.revision.c.version - 1)
        )
        .where(t.revision.c.batch == number)
        .order_by(t.revision.c.code, t.revision.c.version)
    )
    found: dict[str, StoredChange] = {}
    for row in connection.execute(query):
        first = found.get(row.code)
        found[row.code] = StoredChange(row.code, row.kind, first.before if first else row.before, row.body)
    return list(found.values())


def changes_to_undo(connection: Connection, number: int) -> list[StoredChange]:
    """What a batch changed, told against what stands now, so that writing ``before`` takes back only that.

    A field that nobody changed since goes back beside later changes to other fields. Raises
    UndoConflictError, which names each record, field and later batch in the way.
    """
    newest = _newest_bodies(connection, number)
    changes: list[StoredChange] = []
    conflicts: dict[str, tuple[str, ...]] = {}
    for change in changes_of(connection, number):
        now = newest[change.code]
        if now == change.after:
            changes.append(change)
            continue
        kept, fields = _beside_later(change, now)
        if kept is None:
            conflicts[change.code] = fields
        else:
            changes.append(kept)
    if conflicts:
        raise _conflict(connection, number, conflicts)
    return changes


def _beside_later(change: StoredChange, now: str | None) -> tuple[StoredChange | None, tuple[str, ...]]:
    """A change told against what stands now, or None with the fields that were changed again since."""
    if not change.kind or now is None or change.before is None or change.after is None:
        return None, ()
    before, after, latest = (record_from(change.kind, body) for body in (change.before, change.after, now))
    kept, fields = without_change(before, after, latest)
    if kept is None:
        return None, fields
    return StoredChange(change.code, change.kind, body_of(kept), now), ()


def _conflict(
    connection: Connection, number: int, conflicts: dict[str, tuple[str, ...]]
) -> UndoConflictError:
    later = dict(_later_batches(connection, number, conflicts))
    names = names_of(connection, conflicts)
    reasons = []
    for code, fields in conflicts.items():
        batch, kind = later.get(code, (0, ""))
        where = "、".join(label_of(Kind(kind), f) for f in fields) if kind else ""
        what = f"{code} {names[code]}" if code in names else code.removeprefix(SETTING)
        reasons.append(f"“{what}”{f'的{where}' if where else ''}在第 {batch} 批又改过")
    return UndoConflictError(reasons, sorted({batch for batch, _ in later.values()}, reverse=True))


def _later_batches(
    connection: Connection, number: int, codes: Collection[str]
) -> Iterator[tuple[str, tuple[int, str]]]:
    """The newest batch after this one that changed each code, and the code's kind."""
    for some in in_parts(sorted(codes)):
        r = t.revision.c
        query = select(r.code, func.max(r.batch).label("batch"), func.max(r.kind).label("kind"))
        query = query.where(r.code.in_(some), r.batch > number).group_by(r.code)
        for row in connection.execute(query):
            yield row.code, (row.batch, row.kind)


def names_of(connection: Connection, codes: Collection[str]) -> dict[str, str]:
    """Names of the standing records among codes."""
    found: dict[str, str] = {}
    for some in in_parts(sorted(codes)):
        query = select(t.record.c.code, t.record.c.name)
        query = query.where(t.record.c.code.in_(some))
        found |= {row.code: row.name for row in connection.execute(query)}
    return found


def _newest_bodies(connection: Connection, number: int) -> dict[str, str | None]:
    """What stands now under the codes of a batch, by their newest revisions."""
    codes = select(t.revision.c.code).where(t.revision.c.batch == number)
    newest = (
        select(t.revision.c.code, func.max(t.revision.c.version).label("version"))
        .where(t.revision.c.code.in_(codes))
        .group_by(t.revision.c.code)
        .subquery()
    )
    query = select(t.revision.c.code, t.revision.c.body).join(
        newest, (newest.c.code == t.revision.c.code) & (newest.c.version == t.revision.c.version)
    )
    return {row.code: row.body for row in connection.execute(query)}
