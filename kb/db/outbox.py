"""The outbox: what each search index has yet to take up.

Several indexes may follow one database: every machine with an embedded index has its own. Each keeps
its place here; a row goes once every index has passed it, or when it has waited so long that whoever
is missing it had better build afresh. A sole index therefore leaves an empty outbox behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from kb.db import tables as t
from kb.db.rows import aware

KEPT = timedelta(days=7)
"""How long rows wait for an index that does not come; it is rebuilt when it comes back later."""

_PRUNED = ""
"""Name in the place of an index for how far rows are gone."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an index has to take up: codes, from behind its ``place`` up to outbox row ``last``.

    ``lost`` is True where that cannot be told, because the index is unknown here or rows that it
    missed are gone: it must be rebuilt.
    """

    last: int
    codes: tuple[str, ...]
    place: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Lag:
    """How far an index is behind: rows that wait, and seconds that the oldest has waited."""

    rows: int
    seconds: float


class Outbox:
    """Reading the outbox for an index, and moving the index's place on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing=True)

    def newest(self) -> int:
        """Number of the newest row ever written; costs one look at an index."""
        with self._engine.connect() as connection:
            return _newest(connection)

    def waiting(self, index: str, rows: int | None = None) -> Waiting:
        """What an index has yet to take up, or the first so many ``rows`` of it."""
        row = t.outbox.c
        with self._engine.connect() as connection:
            places = _places(connection)
            last, place = _newest(connection), places.get(index)
            if place is None or place < places.get(_PRUNED, 0):
                return Waiting(last, (), place or 0, lost=True)
            if rows is not None:
                first = select(row.id).where(row.id > place).order_by(row.id).limit(rows).subquery()
                last = connection.execute(select(func.max(first.c.id))).scalar() or last
            query = select(row.code).where(row.id > place, row.id <= last).distinct().order_by(row.code)
            return Waiting(last, tuple(connection.execute(query).scalars()), place)

    def lag(self, index: str) -> Lag:
        """How far an index is behind."""
        row = t.outbox.c
        with self._engine.connect() as connection:
            place = _places(connection).get(index, 0)
            query = select(func.count(), func.min(row.at)).where(row.id > place)
            rows, oldest = connection.execute(query).one()
        return Lag(rows, (datetime.now(UTC) - aware(oldest)).total_seconds() if oldest else 0.0)

    def settle(self, index: str, last: int, now: datetime | None = None) -> None:
        """Note that an index has taken up all rows to ``last``, and forget what nobody needs any more."""
        at = now or datetime.now(UTC)
        row = t.outbox.c
        with self._writing.begin() as connection:
            _move(connection, index, last, at)
            places = _places(connection)
            pruned = places.pop(_PRUNED, 0)
            old = select(func.max(row.id)).where(row.at < at - KEPT)
            cut = max(min(places.values()), connection.execute(old).scalar() or 0)
            if cut <= pruned:
                return
            connection.execute(delete(t.outbox).where(row.id <= cut))
            _move(connection, _PRUNED, cut, at)
            missed = t.index_position.c.position < cut
            gone = missed & (t.index_position.c.at < at - KEPT)
            connection.execute(delete(t.index_position).where(gone))

    def forget(self, index: str = "") -> None:
        """Make an index, or all of them, unknown: each is rebuilt when it next asks what is waiting."""
        with self._writing.begin() as connection:
            query = delete(t.index_position).where(t.index_position.c.name != _PRUNED)
            connection.execute(query.where(t.index_position.c.name == index) if index else query)


def _newest(connection: Connection) -> int:
    newest = connection.execute(select(func.max(t.outbox.c.id))).scalar()
    return newest or _places(connection).get(_PRUNED, 0)


def _places(connection: Connection) -> dict[str, int]:
    place = t.index_position.c
    return {r.name: r.position for r in connection.execute(select(place.name, place.position))}


def _move(connection: Connection, index: str, position: int, at: datetime) -> None:
    mine = t.index_position.c.name == index
    done = connection.execute(update(t.index_position).where(mine).values(position=position, at=at))
    if not done.rowcount:
        connection.execute(insert(t.index_position).values(name=index, position=position, at=at))
