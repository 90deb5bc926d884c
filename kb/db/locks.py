"""Locks that all machines on one database share; a process that dies lets go of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, text

from kb.errors import DatabaseBusyError, DatabaseUnavailableError

PREPARE = 7_319_002
"""Held while a knowledge base is made ready: schema, catalogue."""

INDEX = 7_319_003
"""Held while a search index that all machines share is written."""

_PAUSE = 0.1


@contextmanager
def database_lock(engine: Engine, number: int, patience: float) -> Iterator[None]:
    """Hold an advisory lock of PostgreSQL; on SQLite, which one machine uses alone, there is none to hold.

    The lock is the connection's: nobody else gets it before this block ends or the process dies.
    Raises DatabaseBusyError where it is not to be had within ``patience`` seconds.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    until = time.monotonic() + patience
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = text("SELECT pg_try_advisory_lock(:number)")
        while not connection.execute(taken, {"number": number}).scalar():
            if time.monotonic() >= until:
                raise DatabaseBusyError
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            with suppress(DatabaseUnavailableError):  # a lost connection has lost its locks with it
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
