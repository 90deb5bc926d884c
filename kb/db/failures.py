"""Failures of the database that a user can do something about, as errors with a sentence.

SQLAlchemy asks ``translate`` whenever a driver has failed. What is nobody's fault but the program's
(a broken statement, a violated constraint) passes as it is, but for pointers: what they lead to
may go while somebody writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, QueuePool
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from kb.errors import DatabaseBusyError, DatabaseUnavailableError, KnowledgeError, PointedGoneError

BUSY = {
    "55P03",  # a lock was not to be had in time
    "57014",  # the statement took too long
    "40P01",  # deadlock
    "40001",  # serialisation failure
    "53300",  # too many connections
}
AWAY = {
    "57P01",  # the server stops
    "57P02",
    "57P03",  # the server starts
    "53100",  # disk full
    "53200",  # out of memory
    "25006",  # the server is a read-only copy
}
_NOT_THERE = "23503"  # a foreign key leads nowhere
_SQLITE_NOT_THERE = "FOREIGN KEY constraint failed"
_SQLITE_BUSY = ("database is locked", "database table is locked")
_SQLITE_AWAY = ("unable to open", "disk", "readonly", "malformed", "not a database")


def translator(url: URL) -> Callable[[ExceptionContext], KnowledgeError | None]:
    """A handler for SQLAlchemy's ``handle_error`` on a database: gives the error to raise instead, if any."""
    where = url.render_as_string(hide_password=True)

    def translate(context: ExceptionContext) -> KnowledgeError | None:
        # A connection that fails its test before use is replaced by the pool.
        return None if context.is_pre_ping else _sentence(context, where)

    return translate


def _sentence(context: ExceptionContext, where: str) -> KnowledgeError | None:
    error = context.original_exception
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, where)
    state = getattr(error, "sqlstate", None)
    if state in BUSY:
        return DatabaseBusyError()
    if state == _NOT_THERE:
        return PointedGoneError()
    # No SQLSTATE and no statement: the connection itself did not come about.
    if state in AWAY or context.is_disconnect or (state is None and context.statement is None):
        return DatabaseUnavailableError(where, first_line(error))
    return None


def _of_sqlite(error: sqlite3.Error, where: str) -> KnowledgeError | None:
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and text.startswith(_SQLITE_BUSY):
        return DatabaseBusyError()
    if isinstance(error, sqlite3.IntegrityError) and text == _SQLITE_NOT_THERE:
        return PointedGoneError()
    if isinstance(error, sqlite3.DatabaseError) and any(word in text for word in _SQLITE_AWAY):
        return DatabaseUnavailableError(where, text)
    return None


def first_line(error: BaseException | None) -> str:
    """What a driver says, cut to its first line: the rest repeats it for every address tried."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip() if lines else type(error).__name__


class PatientPool(QueuePool):
    """A pool that tells users, not programmers, that all its connections are in use."""

    def connect(self) -> Any:
        """A connection from the pool. Raises DatabaseBusyError where none comes free in time."""
        try:
            return super().connect()
        except NoConnectionLeftError as error:
            raise DatabaseBusyError from error
