"""Counters of queries and of what was followed from them, by day; nothing about who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select, update

from kb.db import tables as t
from kb.db.upsert import add_to_row

MOST_A_DAY = 20_000
"""Different queries that are kept for one day: whoever floods the search cannot fill the disk."""

KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted for a query: times asked and missed, results shown, results followed."""

    asked: int = 0
    missed: int = 0
    shown: int = 0
    followed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.asked + other.asked,
            self.missed + other.missed,
            self.shown + other.shown,
            self.followed + other.followed,
        )


@dataclass(frozen=True, slots=True)
class QueryTotal:
    """A query with its tally over some days, and the last day it was asked."""

    query: str
    tally: Tally
    last: date


class Counters:
    """The counters in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing="rows")

    def add(
        self, tallies: Mapping[tuple[str, date], Tally], follows: Mapping[tuple[str, date, str], int]
    ) -> None:
        """Add to the counters, all in one transaction."""
        with self._writing.begin() as connection:
            room = {day: MOST_A_DAY - _rows(connection, day) for day in {day for _, day in tallies}}
            for (query, day), tally in sorted(tallies.items(), key=itemgetter(0)):  # one order: no deadlock
                amounts = {"asked": tally.asked, "missed": tally.missed}
                amounts |= {"shown": tally.shown, "followed": tally.followed}
                new = _add(connection, t.query_count, {"query": query, "day": day}, amounts, room[day] > 0)
                room[day] -= new
            for (query, day, code), number in sorted(follows.items()):
                key = {"query": query, "day": day, "code": code}
                _add(connection, t.query_follow, key, {"followed": number}, room.get(day, 1) > 0)

    def totals(self, since: date) -> list[QueryTotal]:
        """Every query asked since a day, with its sums."""
        c = t.query_count.c
        sums = [func.sum(c[name]).label(name) for name in ("asked", "missed", "shown", "followed")]
        query = select(c.query, *sums, func.max(c.day).label("last")).where(c.day >= since).group_by(c.query)
        with self._engine.connect() as connection:
            return [
                QueryTotal(r.query, Tally(r.asked, r.missed, r.shown, r.followed), r.last)
                for r in connection.execute(query)
            ]

    def followed(self, query: str, since: date, limit: int) -> list[tuple[str, int]]:
        """(code, times) of the records most followed from a query."""
        c = t.query_follow.c
        times = func.sum(c.followed).label("times")
        found = select(c.code, times).where(c.query == query, c.day >= since).group_by(c.code)
        with self._engine.connect() as connection:
            rows = connection.execute(found.order_by(times.desc(), c.code).limit(limit))
            return [(r.code, r.times) for r in rows]

    def prune(self, today: date) -> None:
        """Forget what is older than ``KEPT``."""
        with self._writing.begin() as connection:
            for table in (t.query_count, t.query_follow):
                connection.execute(delete(table).where(table.c.day < today - KEPT))


def _rows(connection: Connection, day: date) -> int:
    query = select(func.count()).select_from(t.query_count).where(t.query_count.c.day == day)
    return connection.execute(query).scalar() or 0


def _add(
    connection: Connection, table: Table, key: Mapping[str, Any], amounts: Mapping[str, int], room: bool
) -> bool:
    """Add to one row; True where a new row was made, which needs ``room``."""
    mine = [table.c[name] == value for name, value in key.items()]
    more = {name: table.c[name] + amount for name, amount in amounts.items()}
    if connection.execute(update(table).where(*mine).values(**more)).rowcount:
        return False
    if room:
        add_to_row(connection, table, key, amounts)  # another process may have made it meanwhile
    return room
