"""Reading: records by code, by kind and by their links. Every method is one or two indexed queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, exists, func, or_, select

from indicators.model import RECORD_TYPES, Kind, Record
from kb.db import tables as t
from kb.db.filed_tables import filed_row
from kb.db.parts import in_parts
from kb.db.rows import aware, digest_of, record_from
from kb.views import Ref, Version

R = TypeVar("R", bound=Record)
_LAST = "\U0010ffff"
_VERSION = tuple(t.revision.c[name] for name in ("version", "actor", "at", "action", "reason", "batch"))


class Pointer(NamedTuple):
    """One record's pointer to another: the code and kind that point, the field, the code pointed to."""

    source: str
    kind: Kind
    role: str
    target: str


class Reader:
    """Read side of the database."""

    def __init__(self, engine: Engine, held: Connection | None = None) -> None:
        """A reader that takes a connection for each question, or asks all of them on one that is ``held``."""
        self.engine = engine
        self._held = held
        self._counted: tuple[str, dict[tuple[Kind, str, bool], int]] | None = None

    @contextmanager
    def together(self) -> Iterator[Reader]:
        """A reader for the questions of one answer: on a server most of their time is that of a connection."""
        with self._connection() as connection:
            yield Reader(self.engine, connection)

    def _connection(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._held) if self._held else self.engine.connect()

    def get(self, code: str) -> Record | None:
        """The record of a code, or None."""
        found = self.many([code])
        return found.get(code)

    def current(self, code: str) -> tuple[Record, int] | None:
        """The record of a code with its version number, read together; None where there is none."""
        query = select(t.record.c.kind, t.record.c.body, t.record.c.version).where(t.record.c.code == code)
        with self._connection() as connection:
            row = connection.execute(query).first()
        return (record_from(row.kind, row.body), row.version) if row else None

    def many(self, codes: Collection[str]) -> dict[str, Record]:
        """Records by code; codes without a record are absent."""
        found: dict[str, Record] = {}
        wanted = dict.fromkeys(codes)
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = select(t.record.c.kind, t.record.c.body).where(t.record.c.code.in_(some))
                for row in connection.execute(query):
                    record = record_from(row.kind, row.body)
                    found[record.code] = record
        return {code: found[code] for code in wanted if code in found}

    def of_type(self, type_: type[R], **columns: Any) -> list[R]:
        """All records of a type, in order of position and code, narrowed by column values."""
        query = select(t.record.c.kind, t.record.c.body).where(t.record.c.kind == type_.kind.value)
        for column, value in columns.items():
            query = query.where(t.record.c[column] == value)
        with self._connection() as connection:
            rows = connection.execute(query.order_by(t.record.c.position, t.record.c.code)).all()
        return [cast("R", record_from(row.kind, row.body)) for row in rows]

    def everything(self) -> Iterator[Record]:
        """Every record, kind by kind."""
        for type_ in RECORD_TYPES.values():
            yield from self.of_type(type_)

    def refs(self, codes: Collection[str]) -> dict[str, Ref]:
        """Kind and name of codes, without loading the records."""
        found: dict[str, Ref] = {}
        wanted = dict.fromkeys(codes)
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = select(t.record.c.kind, t.record.c.code, t.record.c.name)
                query = query.where(t.record.c.code.in_(some))
                for row in connection.execute(query):
                    found[row.code] = Ref(Kind(row.kind), row.code, row.name)
        return found

    def pointing_to(self, code: str, roles: Iterable[str] = (), kind: Kind | None = None) -> list[str]:
        """Codes of the records that point to ``code`` in one of ``roles`` (any if empty), sorted."""
        query = select(t.link.c.source_code).where(t.link.c.target_code == code).distinct()
        if wanted := list(roles):
            query = query.where(t.link.c.role.in_(wanted))
        if kind is not None:
            query = query.join(t.record, t.record.c.code == t.link.c.source_code).where(
                t.record.c.kind == kind.value
            )
        with self._connection() as connection:
            return list(connection.execute(query.order_by(t.link.c.source_code)).scalars())

    def pointers(self, codes: Collection[str]) -> list[Pointer]:
        """All pointers to these codes, each once, by the code that points."""
        found: list[Pointer] = []
        wanted = dict.fromkeys(codes)
        columns = (t.link.c.source_code, t.record.c.kind, t.link.c.role, t.link.c.target_code)
        whole = select(*columns).join(t.record, t.record.c.code == t.link.c.source_code).distinct()
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = whole.where(t.link.c.target_code.in_(some))
                found += [
                    Pointer(r.source_code, Kind(r.kind), r.role, r.target_code)
                    for r in connection.execute(query)
                ]
        return sorted(found)

    def filed_rows(self, codes: Collection[str]) -> dict[str, int]:
        """Number of rows of filed target tables that mean each of these indicators."""
        found: dict[str, int] = {}
        wanted = sorted(codes)
        row = filed_row.c
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = select(row.indicator, func.count().label("n")).group_by(row.indicator)
                query = query.where(row.indicator.in_(some))
                found |= {r.indicator: r.n for r in connection.execute(query)}
        return found

    def rows_using(self, indicator: str) -> list[tuple[str, int]]:
        """(project code, row number) of the published rows linked to an indicator."""
        query = select(t.target.c.project, t.target.c.row).where(t.target.c.indicator == indicator)
        with self._connection() as connection:
            return [
                (r.project, r.row)
                for r in connection.execute(query.order_by(t.target.c.project, t.target.c.row))
            ]

    def projects_using(self, indicators: Collection[str] | None = None) -> dict[str, int]:
        """Number of projects per indicator, over all indicators or the given ones."""
        query = select(t.target.c.indicator, func.count(t.target.c.project.distinct()).label("n"))
        query = query.where(t.target.c.indicator.is_not(None)).group_by(t.target.c.indicator)
        found: dict[str, int] = {}
        with self._connection() as connection:
            if indicators is None:
                return {row.indicator: row.n for row in connection.execute(query)}
            wanted = dict.fromkeys(indicators)
            for some in in_parts(wanted):
                found |= {
                    row.indicator: row.n
                    for row in connection.execute(query.where(t.target.c.indicator.in_(some)))
                }
        return found

    def counts(self) -> dict[Kind, int]:
        """Number of records of each kind that has any."""
        found = dict.fromkeys(sorted(Kind), 0)
        for (kind, _, _), number in self.counts_by_sector().items():
            found[kind] += number
        return {kind: number for kind, number in found.items() if number}

    def stamp(self, *kinds: Kind) -> str:
        """Changes whenever a record of these kinds does: their newest batch. Costs one look each at an index."""
        revision = t.revision.c
        newest = [
            select(func.max(revision.batch)).where(revision.kind == kind.value).scalar_subquery()
            for kind in kinds
        ]
        with self._connection() as connection:
            found = [number for number in connection.execute(select(*newest)).one() if number is not None]
            return _mark(connection, max(found, default=0))

    def counts_by_sector(self) -> dict[tuple[Kind, str, bool], int]:
        """Number of records per (kind, sector code, core); counted once after each batch."""
        group = (t.record.c.kind, t.record.c.sector, t.record.c.core)
        query = select(*group, func.count().label("n")).group_by(*group)
        with self._connection() as connection:
            newest = connection.execute(select(func.max(t.batch.c.id))).scalar()
            mark, kept = _mark(connection, newest or 0), self._counted
            if kept is None or kept[0] != mark:
                rows = connection.execute(query)
                kept = self._counted = mark, {(Kind(r.kind), r.sector, bool(r.core)): r.n for r in rows}
        return dict(kept[1])

    def versions(self, code: str) -> tuple[Version, ...]:
        """Revisions of a record, newest first."""
        query = select(*_VERSION).where(t.revision.c.code == code).order_by(t.revision.c.version.desc())
        with self._connection() as connection:
            return tuple(_version(row) for row in connection.execute(query))

    def revisions(self, code: str) -> tuple[tuple[Version, str, str | None], ...]:
        """Revisions of a record or of a setting (``setting:KEY``) with kind and body as they were, newest first.

        The body is None where it was taken out.
        """
        query = select(t.revision).where(t.revision.c.code == code).order_by(t.revision.c.version.desc())
        with self._connection() as connection:
            return tuple((_version(r), r.kind, r.body) for r in connection.execute(query))

    def as_of(self, codes: Collection[str], batch: int) -> dict[str, Record]:
        """Records as they stood when a batch was written, codes that had none left out."""
        found: dict[str, Record] = {}
        with self._connection() as connection:
            for some in in_parts(dict.fromkeys(codes)):
                newest = (
                    select(t.revision.c.code, func.max(t.revision.c.version).label("version"))
                    .where(t.revision.c.code.in_(some), t.revision.c.batch <= batch)
                    .group_by(t.revision.c.code)
                    .subquery()
                )
                query = select(t.revision.c.code, t.revision.c.kind, t.revision.c.body).join(
                    newest,
                    (newest.c.code == t.revision.c.code) & (newest.c.version == t.revision.c.version),
                )
                found |= {r.code: record_from(r.kind, r.body) for r in connection.execute(query) if r.body}
        return found

    def named(self, kind: Kind, text: str, limit: int) -> list[Ref]:
        """Records of a kind whose code or name holds a text, those that begin with it first."""
        pattern = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        c = t.record.c
        holds = [column.ilike(f"%{pattern}%", escape="\\") for column in (c.code, c.name)]
        begins = [column.ilike(f"{pattern}%", escape="\\") for column in (c.code, c.name)]
        query = select(c.kind, c.code, c.name).where(c.kind == kind.value, or_(*holds))
        query = query.order_by(case((or_(*begins), 0), else_=1), c.code).limit(limit)
        with self._connection() as connection:
            return [Ref(Kind(r.kind), r.code, r.name) for r in connection.execute(query)]

    def used_codes(self, prefix: str) -> frozenset[str]:
        """Codes that begin with a prefix and have or had a record: a code is never given twice."""
        query = select(t.revision.c.code).where(_begins(t.revision.c.code, prefix))
        with self._connection() as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def removed(self, type_: type[R]) -> list[tuple[R, Version]]:
        """Records of a type that were taken out, as they were, with the revision that took them out."""
        last, later = t.revision.alias(), t.revision.alias()
        again = exists().where(later.c.code == t.revision.c.code, later.c.version > t.revision.c.version)
        query = (
            select(t.revision, last.c.body.label("before"))
            .join(last, (last.c.code == t.revision.c.code) & (last.c.version == t.revision.c.version - 1))
            .where(t.revision.c.kind == type_.kind.value, t.revision.c.body.is_(None), ~again)
            .order_by(t.revision.c.at.desc(), t.revision.c.code)
        )
        with self._connection() as connection:
            return [
                (cast("R", record_from(type_.kind.value, r.before)), _version(r))
                for r in connection.execute(query)
                if r.before is not None
            ]

    def versions_of(self, codes: Collection[str]) -> dict[str, int]:
        """Version numbers of the records of these codes; codes without a record are absent."""
        found: dict[str, int] = {}
        wanted = dict.fromkeys(codes)
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = select(t.record.c.code, t.record.c.version)
                query = query.where(t.record.c.code.in_(some))
                found |= {row.code: row.version for row in connection.execute(query)}
        return found

    def newest_change(self, codes: Collection[str]) -> datetime:
        """When any of these records was last changed (aware UTC); the beginning of time where there is none."""
        found = datetime(1980, 1, 1, tzinfo=UTC)
        wanted = dict.fromkeys(codes)
        with self._connection() as connection:
            for some in in_parts(wanted):
                query = select(func.max(t.record.c.updated_at)).where(t.record.c.code.in_(some))
                newest = connection.execute(query).scalar()
                found = max(found, aware(newest)) if newest else found
        return found

    def codes_beginning(self, prefix: str) -> frozenset[str]:
        """Codes of standing records that begin with a prefix."""
        query = select(t.record.c.code).where(_begins(t.record.c.code, prefix))
        with self._connection() as connection:
            return frozenset(connection.execute(query).scalars())

    def batch_name(self, number: int) -> str | None:
        """Name of a batch, None where there is none."""
        with self._connection() as connection:
            return connection.execute(select(t.batch.c.name).where(t.batch.c.id == number)).scalar()

    def codes_folded(self, code: str) -> list[str]:
        """Codes that differ from a text in case at most."""
        query = select(t.record.c.code).where(func.lower(t.record.c.code) == func.lower(code))
        with self._connection() as connection:
            return list(connection.execute(query.order_by(t.record.c.code)).scalars())

    def codes_near(self, text: str, limit: int = 5) -> list[Ref]:
        """Records whose code begins with a text, case ignored."""
        query = select(t.record.c.kind, t.record.c.code, t.record.c.name)
        folded = func.lower(t.record.c.code)
        query = query.where(_begins(folded, text.lower())).order_by(folded, t.record.c.code).limit(limit)
        with self._connection() as connection:
            return [Ref(Kind(r.kind), r.code, r.name) for r in connection.execute(query)]

    def version(self, code: str, back: int) -> Record | None:
        """A record as it was ``-back`` versions ago (0 is now), None where there was none."""
        query = (
            select(t.record.c.kind, t.revision.c.body)
            .join(t.record, t.record.c.code == t.revision.c.code)
            .where(t.revision.c.code == code, t.revision.c.version == t.record.c.version + back)
        )
        with self._connection() as connection:
            row = connection.execute(query).first()
        return record_from(row.kind, row.body) if row and row.body else None

    def broken_bodies(self) -> list[str]:
        """Codes whose stored content does not fit its checksum."""
        query = select(t.record.c.code, t.record.c.body, t.record.c.digest)
        with self._connection() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            return [r.code for r in rows if digest_of(r.body) != r.digest]

    def settings(self) -> dict[str, str]:
        """All stored settings."""
        with self._connection() as connection:
            return {r.key: r.value for r in connection.execute(select(t.setting))}

    def digests(self) -> dict[str, str]:
        """Digest of every record by code."""
        with self._connection() as connection:
            return {r.code: r.digest for r in connection.execute(select(t.record.c.code, t.record.c.digest))}

    def last_edited_outside(self, batch_prefix: str) -> set[str]:
        """Codes whose newest revision is not of a batch whose name starts with ``batch_prefix``."""
        newest = select(t.revision.c.code, func.max(t.revision.c.version).label("version")).group_by(
            t.revision.c.code
        )
        sub = newest.subquery()
        query = (
            select(t.revision.c.code)
            .join(sub, (sub.c.code == t.revision.c.code) & (sub.c.version == t.revision.c.version))
            .join(t.batch, t.batch.c.id == t.revision.c.batch)
            .where(~t.batch.c.name.startswith(batch_prefix))
        )
        with self._connection() as connection:
            return set(connection.execute(query).scalars())

    def written_within(self, batch_prefix: str) -> set[str]:
        """Codes with a revision of a batch whose name starts with ``batch_prefix``."""
        query = (
            select(t.revision.c.code)
            .join(t.batch, t.batch.c.id == t.revision.c.batch)
            .where(t.batch.c.name.startswith(batch_prefix))
            .distinct()
        )
        with self._connection() as connection:
            return set(connection.execute(query).scalars())


def _version(row: Row[Any]) -> Version:
    return Version(row.version, row.actor, aware(row.at), row.action, row.reason, row.batch)


def _begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """That a column begins with a text, as a range: an index answers that on every database, and case counts."""
    return (column >= prefix) & (column < prefix + _LAST)


def _mark(connection: Connection, batch: int) -> str:
    """A batch with its time: numbers alone come again where a backup was brought back."""
    at = connection.execute(select(t.batch.c.at).where(t.batch.c.id == batch)).scalar()
    return f"{batch}/{at}"
