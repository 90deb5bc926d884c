"""Reading and writing the tables of the drafts. Every method is one transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update

from kb.db.audit import mark_of, note
from kb.db.draft_tables import draft_version, saved_draft
from kb.draft_saved import SavedLine, VersionLine


class DraftRows:
    """The rows behind the draft store."""

    def __init__(self, engine: Engine) -> None:
        self.reading = engine
        self.writing = engine.execution_options(writing="rows")

    def add(self, line: SavedLine, version: VersionLine, body: bytes) -> None:
        """Write a new draft with its first version."""
        with self.writing.begin() as connection:
            connection.execute(
                insert(saved_draft).values({n: getattr(line, n) for n in SavedLine.__struct_fields__})
            )
            connection.execute(insert(draft_version).values(_version(line.id, version, body)))
            note(connection, version.who, "新建草稿", _named(line.id), version.what, version.at)

    def line(self, id_: str) -> SavedLine | None:
        """A draft's line by its secret id, or None."""
        with self.reading.connect() as connection:
            row = connection.execute(select(saved_draft).where(saved_draft.c.id == id_)).mappings().first()
        return SavedLine(**row) if row else None

    def current(self, id_: str) -> tuple[SavedLine, bytes] | None:
        """A draft with its state, read at one moment: a saver may replace version and body meanwhile."""
        own, version = saved_draft.c, draft_version.c
        joined = saved_draft.join(draft_version, (version.draft == own.id) & (version.number == own.version))
        query = select(saved_draft, version.body).select_from(joined).where(own.id == id_)
        with self.reading.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        line = SavedLine(**{name: row[name] for name in SavedLine.__struct_fields__})
        return line, zlib.decompress(row["body"])

    def body(self, id_: str, number: int) -> bytes | None:
        """A version whole."""
        query = select(draft_version.c.body).where(
            draft_version.c.draft == id_, draft_version.c.number == number
        )
        with self.reading.connect() as connection:
            packed = connection.execute(query).scalar()
        return zlib.decompress(packed) if packed is not None else None

    def versions(self, id_: str) -> list[VersionLine]:
        """Versions of a draft, newest first."""
        v = draft_version.c
        query = select(v.number, v.at, v.who, v.what).where(v.draft == id_).order_by(v.number.desc())
        with self.reading.connect() as connection:
            return [VersionLine(**row) for row in connection.execute(query).mappings()]

    def put(self, line: SavedLine, based_on: int, version: VersionLine, body: bytes, keep: bool) -> bool:
        """Write the state after ``based_on``; False where somebody else wrote meanwhile.

        ``keep`` leaves the version before in place; without it that version is written over, and the audit
        log is not told again.
        """
        with self.writing.begin() as connection:
            done = connection.execute(
                update(saved_draft)
                .where(saved_draft.c.id == line.id, saved_draft.c.version == based_on)
                .values(version=line.version, touched_at=line.touched_at, expires_at=line.expires_at)
            )
            if not done.rowcount:
                return False
            if keep:
                about = f"第 {version.number} 版：{version.what}"
                note(connection, version.who, "改草稿", _named(line.id), about, version.at)
            else:
                connection.execute(
                    delete(draft_version).where(
                        draft_version.c.draft == line.id, draft_version.c.number == based_on
                    )
                )
            connection.execute(insert(draft_version).values(_version(line.id, version, body)))
        return True

    def delete(self, id_: str, who: str, why: str, at: datetime) -> None:
        """Forget a draft with all its versions."""
        with self.writing.begin() as connection:
            connection.execute(delete(draft_version).where(draft_version.c.draft == id_))
            connection.execute(delete(saved_draft).where(saved_draft.c.id == id_))
            note(connection, who, "删除草稿", _named(id_), why, at)

    def owned(self, owner: str, now: datetime, most: int) -> list[SavedLine]:
        """Drafts of an account that still live, last touched first."""
        d = saved_draft.c
        query = select(saved_draft).where(d.owner == owner, d.expires_at >= now)
        with self.reading.connect() as connection:
            rows = connection.execute(query.order_by(d.touched_at.desc()).limit(most)).mappings()
            return [SavedLine(**row) for row in rows]

    def newest(self, now: datetime) -> Iterator[tuple[SavedLine, bytes]]:
        """Every draft that still lives with its newest version, read as a stream."""
        d, v = saved_draft.c, draft_version.c
        query = select(saved_draft, v.body).join(draft_version, (v.draft == d.id) & (v.number == d.version))
        with self.reading.connect() as connection:
            rows = connection.execution_options(yield_per=200).execute(query.where(d.expires_at >= now))
            for row in rows.mappings():
                line = SavedLine(**{name: row[name] for name in SavedLine.__struct_fields__})
                yield line, zlib.decompress(row["body"])

    def expired(self, now: datetime) -> list[str]:
        """Drafts whose time is over."""
        with self.reading.connect() as connection:
            query = select(saved_draft.c.id).where(saved_draft.c.expires_at < now)
            return list(connection.execute(query).scalars())


def _named(id_: str) -> str:
    return f"草稿 {mark_of(id_)}"


def _version(id_: str, version: VersionLine, body: bytes) -> dict[str, object]:
    values = {n: getattr(version, n) for n in VersionLine.__struct_fields__}
    return values | {"draft": id_, "body": zlib.compress(body)}
