"""Uploads as rows, for machines that share a PostgreSQL database: what one of them took in, all can go on with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from kb.db.leases import Lease, Leases
from kb.db.shelf_tables import upload, upload_part

PIECE = 2**20
"""Bytes of a piece. 64 MB in one value take three times as long to write, and 190 MB more memory."""

_AT_ONCE = 4 * PIECE


class TableShelf:
    """Uploads of one area in the database."""

    def __init__(self, engine: Engine, area: str) -> None:
        self._reading, self._area = engine, area
        self._writing = engine.execution_options(writing="rows")
        self._leases = Leases(engine)

    def add(self, token: str, parts: Mapping[str, bytes]) -> None:
        """Keep a new upload, with all its parts or not at all."""
        row = {
            "token": token,
            "area": self._area,
            "touched_at": func.now(),
            "holder": "",
            "called_off": False,
        }
        with self._writing.begin() as connection:
            connection.execute(insert(upload).values(**row))
            _write(connection, token, parts)

    def has(self, token: str, name: str) -> bool:
        """Whether there is such a part."""
        query = select(upload_part.c.number).where(_part(token, name), upload_part.c.number == 0)
        with self._reading.connect() as connection:
            return connection.execute(query).first() is not None

    def get(self, token: str, name: str) -> bytes | None:
        """A part, None where there is none (any more)."""
        query = select(upload_part.c.data).where(_part(token, name)).order_by(upload_part.c.number)
        with self._reading.connect() as connection:
            pieces = connection.execute(query).scalars().all()
        return b"".join(pieces) if pieces else None

    def listed(self, *names: str) -> dict[str, dict[str, bytes]]:
        """These parts of every upload that has all of them, by token."""
        part = upload_part.c
        query = select(part.token, part.name, part.data).join(upload, upload.c.token == part.token)
        query = query.where(upload.c.area == self._area, part.name.in_(names))
        found: dict[str, dict[str, bytes]] = {}
        with self._reading.connect() as connection:
            for token, name, data in connection.execute(query.order_by(part.token, part.name, part.number)):
                parts = found.setdefault(token, {})
                parts[name] = parts.get(name, b"") + data
        return {token: parts for token, parts in found.items() if len(parts) == len(names)}

    def put(self, token: str, name: str, data: bytes, mark: str = "") -> None:
        """Keep a part in place of the one before; nothing where the upload is gone, or the hold of ``mark`` lost."""
        there = update(upload).where(upload.c.token == token).values(touched_at=func.now())
        with self._writing.begin() as connection:
            if connection.execute(there.where(upload.c.holder == mark) if mark else there).rowcount:
                connection.execute(delete(upload_part).where(_part(token, name)))
                _write(connection, token, {name: data})

    def drop(self, token: str, *names: str) -> None:
        """Forget parts."""
        part = upload_part.c
        with self._writing.begin() as connection:
            connection.execute(delete(upload_part).where(part.token == token, part.name.in_(names)))

    def discard(self, token: str) -> None:
        """Forget an upload."""
        with self._writing.begin() as connection:
            connection.execute(delete(upload).where(upload.c.token == token))

    def sweep(self, age: timedelta) -> None:
        """Forget uploads that nobody touched for so long."""
        row = upload.c
        idle = or_(row.held_until.is_(None), row.held_until < func.now())
        old = delete(upload).where(row.area == self._area, row.touched_at < func.now() - age, idle)
        with self._writing.begin() as connection:
            connection.execute(old)

    def hold(self, token: str) -> Lease | None:
        """Keep all other processes from an upload; None where one is at it."""
        return self._leases.take(token)

    def held(self, token: str) -> bool:
        """Whether any process works on an upload."""
        query = select(upload.c.held_until > func.now()).where(upload.c.token == token)
        with self._reading.connect() as connection:
            return bool(connection.execute(query).scalar())

    def call_off(self, token: str) -> None:
        """Tell whichever process works on an upload to stop."""
        with self._writing.begin() as connection:
            connection.execute(update(upload).where(upload.c.token == token).values(called_off=True))

    def close(self) -> None:
        """Let go of what this process still holds."""
        self._leases.close()


def _part(token: str, name: str) -> Any:
    return (upload_part.c.token == token) & (upload_part.c.name == name)


def _write(connection: Connection, token: str, parts: Mapping[str, bytes]) -> None:
    """Write parts in pieces, some at a time: all of them at once would stand in memory once more."""
    waiting, size = list[dict[str, Any]](), 0
    for row in _pieces(token, parts.items()):
        waiting.append(row)
        size += len(row["data"])
        if size >= _AT_ONCE:
            connection.execute(insert(upload_part), waiting)
            waiting, size = [], 0
    if waiting:
        connection.execute(insert(upload_part), waiting)


def _pieces(token: str, parts: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, Any]]:
    for name, data in parts:
        for number, start in enumerate(range(0, max(len(data), 1), PIECE)):
            yield {"token": token, "name": name, "number": number, "data": data[start : start + PIECE]}
