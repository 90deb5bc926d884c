"""Learning from use: which queries find nothing or lead nowhere, and words that may help them.

Counts are gathered in memory and written every few seconds by one thread, so that a search
never waits for the database. What is counted is a query's normal text and a day, no person.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from indicators.chinese_time import today
from kb.db.counters import Counters, QueryTotal, Tally
from kb.errors import SearchUnavailableError
from kb.search.answer import SearchAnswer
from kb.search.session import CHARACTERS, SOME
from kb.search.text import fold

LONGEST = 60
"""Characters of a query that are kept."""

FLUSH_SECONDS = 5.0
DAYS = 90
LOW = 0.2
"""Follows per search below which a query is on the list of those that lead nowhere."""

_LEAST_ASKED = 3
_MOST_WAITING = 5000  # different queries between two writings; more are dropped
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d(?:[ -]?\d){8,}x?")


def normal_query(text: str) -> str:
    """The form under which a query is counted and answered by hand: one spelling, no long numbers or addresses."""
    masked = _PERSONAL.sub("…", " ".join(fold(text[:400]).split()))
    return masked[:LONGEST].strip()


def is_miss(answer: SearchAnswer) -> bool:
    """Whether nothing was found, or only pieces of what was asked."""
    return not answer.total or answer.relaxed in (SOME, CHARACTERS)


@dataclass(frozen=True, slots=True)
class Miss:
    """A query that found nothing (``zero``) or only pieces; ``proposals`` are words it may have meant."""

    query: str
    asked: int
    missed: int
    zero: bool
    last: date
    proposals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LowClick:
    """A query whose results nobody follows; ``first`` is the name that stands first now."""

    query: str
    asked: int
    followed: int
    last: date
    first: str
    followed_codes: tuple[tuple[str, int], ...]


class Learning:
    """Counting what is searched and followed, and the work that follows from it."""

    def __init__(
        self,
        counters: Counters,
        search: Callable[[str], SearchAnswer],
        near: Callable[[str, int], tuple[str, ...]],
    ) -> None:
        self._counters, self._search, self._near = counters, search, near
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, date], Tally] = {}
        self._follows: dict[tuple[str, date, str], int] = {}
        self._writer: tuple[int, threading.Thread] | None = None
        self._stop = threading.Event()

    def record_search(self, query: str, shown: int, missed: bool) -> None:
        """Count a search with the number of results it showed. Costs microseconds."""
        self._count(query, Tally(asked=1, missed=int(missed), shown=shown))

    def record_follow(self, query: str, code: str) -> None:
        """Count that a result of a search was opened."""
        normal = self._count(query, Tally(followed=1))
        if normal:
            key = (normal, today(), code)
            with self._lock:
                if key in self._follows or len(self._follows) < _MOST_WAITING:
                    self._follows[key] = self._follows.get(key, 0) + 1

    def flush(self) -> None:
        """Write what has been counted so far; what cannot be written waits for the next time."""
        with self._lock:
            tallies, follows = self._tallies, self._follows
            self._tallies, self._follows = {}, {}
        if not tallies:
            return
        try:
            self._counters.add(tallies, follows)
        except Exception:
            self._put_back(tallies, follows)
            raise

    def close(self) -> None:
        """Stop the writing thread and write the rest."""
        self._stop.set()
        if self._writer and self._writer[0] == os.getpid():
            self._writer[1].join(timeout=10)
        self.flush()

    def misses(self, limit: int, handled: Callable[[str], bool] = lambda _: False) -> tuple[Miss, ...]:
        """Queries that still find nothing or only pieces, most missed first; without those ``handled``."""
        found: list[Miss] = []
        totals = [t for t in self._totals() if t.tally.missed]
        for total in sorted(totals, key=lambda t: (-t.tally.missed, t.query))[: limit * 4]:
            if len(found) == limit:
                break
            tally = total.tally
            try:
                answer = self._search(total.query)
                if handled(total.query) or not is_miss(answer):
                    continue
                nothing, proposals = not answer.total, self._near(total.query, 4)
            except SearchUnavailableError:
                nothing, proposals = True, ()  # what was counted is shown all the same
            found.append(Miss(total.query, tally.asked, tally.missed, nothing, total.last, proposals))
        return tuple(found)

    def low_clicks(
        self, limit: int, handled: Callable[[str], bool] = lambda _: False
    ) -> tuple[LowClick, ...]:
        """Queries that find something which hardly anybody opens, those with most in vain first."""
        vain = [
            t
            for t in self._totals()
            if t.tally.asked >= _LEAST_ASKED
            and t.tally.missed * 2 < t.tally.asked
            and t.tally.followed < LOW * t.tally.asked
            and not handled(t.query)
        ]
        ranked = sorted(vain, key=lambda t: (t.tally.followed - t.tally.asked, t.query))[:limit]
        return tuple(
            LowClick(
                t.query, t.tally.asked, t.tally.followed, t.last, self._first(t.query),
                tuple(self._counters.followed(t.query, _since(), 3)),
            )
            for t in ranked
        )  # fmt: skip

    def _totals(self) -> list[QueryTotal]:
        self.flush()
        return self._counters.totals(_since())

    def _first(self, query: str) -> str:
        with suppress(SearchUnavailableError):
            hits = self._search(query).hits
            return hits[0].name if hits else ""
        return ""

    def _count(self, query: str, tally: Tally) -> str:
        normal = normal_query(query)
        if not normal:
            return ""
        key = (normal, today())
        with self._lock:
            if key not in self._tallies and len(self._tallies) >= _MOST_WAITING:
                return ""
            self._tallies[key] = self._tallies.get(key, Tally()) + tally
            self._start()
        return normal

    def _put_back(
        self, tallies: dict[tuple[str, date], Tally], follows: dict[tuple[str, date, str], int]
    ) -> None:
        with self._lock:
            for key, tally in tallies.items():
                self._tallies[key] = self._tallies.get(key, Tally()) + tally
            for followed, number in follows.items():
                self._follows[followed] = self._follows.get(followed, 0) + number

    def _start(self) -> None:
        """Start the writing thread of this process (a forked one has none) at the first count."""
        if self._stop.is_set() or (self._writer and self._writer[0] == os.getpid()):
            return
        thread = threading.Thread(target=self._write_now_and_then, name="kb-learning", daemon=True)
        self._writer = (os.getpid(), thread)
        thread.start()

    def _write_now_and_then(self) -> None:
        pruned = date.min
        while not self._stop.wait(FLUSH_SECONDS):
            try:
                self.flush()
                if today() > pruned:
                    pruned = today()
                    self._counters.prune(pruned)
            except Exception:  # noqa: S112 - a database that is busy or being restored: counts wait for it
                continue


def _since() -> date:
    return today() - timedelta(days=DAYS)
