"""Opening the database: connection settings per engine, and the way to the current schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from kb.errors import DatabaseUnavailableError, NewerDatabaseError

HEAD = "0005"
"""Newest migration; a test holds it against the migration scripts."""

MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str) -> Engine:
    """An engine on a database whose schema is current, migrated where it was not.

    SQLite runs in WAL mode with foreign keys on and waits up to 30 s for a lock. Raises
    DatabaseUnavailableError or NewerDatabaseError.
    """
    engine = connect(url)
    try:
        migrate(engine)
    except (OperationalError, DBAPIError) as error:
        engine.dispose()
        raise DatabaseUnavailableError(make_url(url).render_as_string(), str(error.orig)) from error
    return engine


def connect(url: str) -> Engine:
    """An engine with this project's connection settings; opens nothing yet."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": 30} if sqlite else {})
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate_for_writes)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to HEAD; a database of a newer program is refused, not touched."""
    found = schema_version(engine)
    if found == HEAD:
        return
    if found and found > HEAD:
        raise NewerDatabaseError(found)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schema_version(engine: Engine) -> str:
    """Version mark of the database, "" for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by SQLAlchemy's event below, not implicitly by the driver,
    # so that DDL and reads stand inside them too.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate_for_writes(connection: Any) -> None:
    # A deferred transaction that turns into a write can fail with SQLITE_BUSY at once; writers
    # say so beforehand and wait their turn.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
