"""Leases on uploads: one holder at a time over all machines, for as long as it gives signs of life.

A lease rather than an advisory lock: such a lock is its connection's, and would keep one out of the
pool for as long as a file is read; a machine that loses its power keeps it until the server misses
it, hours by default; and a restart of the server takes all locks away while work goes on.
Times are the database's: the clocks of machines differ.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from time import monotonic

from sqlalchemy import Engine, func, or_, update

from kb.db.shelf_tables import upload
from kb.errors import KnowledgeError

LASTS = timedelta(seconds=10)
"""Without a sign of life for so long an upload is anybody's."""

BEAT = 0.5
"""Seconds between two signs of life of a process, each one statement for all its leases."""

_log = logging.getLogger(__name__)


class Lease:
    """A hold that ``Leases`` keeps alive."""

    def __init__(self, leases: Leases, mark: str, seen: float) -> None:
        self.mark, self.called_off = mark, False
        self._leases, self._seen, self._gone = leases, seen, False

    @property
    def lost(self) -> bool:
        """Whether others have taken the upload over, or may have."""
        return self._gone or monotonic() - self._seen > LASTS.total_seconds()

    def renew(self) -> None:
        """Give a sign of life, and look whether it was called off or lost. Raises what the database does."""
        self._leases.renew([self])

    def release(self) -> None:
        """Let others have the upload."""
        self._leases.release(self)

    def found(self, called_off: bool | None, seen: float) -> None:
        """Take note of what the database told; None where others have the upload, or nobody any more."""
        if called_off is None:
            self._gone = True
        else:
            self._seen, self.called_off = seen, called_off


class Leases:
    """The leases of one process, renewed together by a thread as long as there are any."""

    def __init__(self, engine: Engine) -> None:
        self._writing = engine.execution_options(writing="rows")
        self._held: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, token: str) -> Lease | None:
        """A lease on an upload; None where somebody has one, or there is no such upload."""
        mark, asked = secrets.token_hex(16), monotonic()
        free = or_(upload.c.held_until.is_(None), upload.c.held_until < func.now())
        query = update(upload).where(upload.c.token == token, free)
        with self._writing.begin() as connection:
            taken = connection.execute(
                query.values(
                    holder=mark, held_until=func.now() + LASTS, called_off=False, touched_at=func.now()
                )
            )
        if not taken.rowcount:
            return None
        lease = Lease(self, mark, asked)
        with self._lock:
            self._held[mark] = lease
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name="kb-leases", daemon=True)
                self._thread.start()
        return lease

    def renew(self, leases: Collection[Lease]) -> None:
        """Give a sign of life for leases, and take note of what became of each."""
        asked = monotonic()
        query = update(upload).where(upload.c.holder.in_([lease.mark for lease in leases]))
        query = query.values(held_until=func.now() + LASTS)
        with self._writing.begin() as connection:
            rows = connection.execute(query.returning(upload.c.holder, upload.c.called_off))
            told = {row.holder: row.called_off for row in rows}
        for lease in leases:
            lease.found(told.get(lease.mark), asked)

    def release(self, lease: Lease) -> None:
        """Let others have an upload; where the database is away they have it when the lease runs out."""
        with self._lock:
            self._held.pop(lease.mark, None)
        query = update(upload).where(upload.c.holder == lease.mark).values(holder="", held_until=None)
        with suppress(KnowledgeError), self._writing.begin() as connection:
            connection.execute(query)

    def close(self) -> None:
        """Let go of all."""
        self._ended.set()
        with self._lock:
            left = list(self._held.values())
        for lease in left:
            self.release(lease)

    def _live(self) -> None:
        told = False
        while not self._ended.wait(BEAT):
            with self._lock:
                held = list(self._held.values())
                if not held:
                    self._thread = None
                    return
            try:
                self.renew(held)
                told = False
            except Exception as error:  # a database that is away for a moment: the next beat may reach it
                if not told:
                    _log.warning("leases of uploads were not renewed: %s", error)
                told = True
