"""Opening the database: connection settings per engine, and the way to the current schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from kb.db.failures import PatientPool, first_line, translator
from kb.db.timing import watch
from kb.errors import DatabaseUnavailableError, NewerDatabaseError
from kb.settings import Connections

HEAD = "0009"
"""Newest migration; a test holds it against the migration scripts."""

MIGRATIONS = Path(__file__).parent / "migrations"

ONE_WRITER = 7_319_001
"""Advisory lock of PostgreSQL under which batches are written one after another, as SQLite writes all."""

_RECYCLED = 1800  # seconds after which a pooled connection is replaced: firewalls forget idle ones
_REACHED = 10  # seconds within which a server must answer


def open_engine(url: str, connections: Connections | None = None) -> Engine:
    """An engine on a database whose schema is current, migrated where it was not.

    Several processes may do this at once: one migrates, the others wait for it. Raises
    DatabaseUnavailableError or NewerDatabaseError.
    """
    engine = connect(url, connections)
    try:
        migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise DatabaseUnavailableError(engine.url.render_as_string(), first_line(error.orig)) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(url: str, connections: Connections | None = None) -> Engine:
    """An engine with this project's connection settings; opens nothing yet.

    SQLite runs in WAL mode with foreign keys on and waits up to 30 s for a lock. PostgreSQL is reached
    through a pool whose connections are tried before use. Transactions begun with the execution option
    ``writing=True`` come one after another on both; ``writing="rows"`` is for those that need only the
    locks of the rows they touch, which on SQLite is the same. Failures that a user can do something
    about come as KnowledgeErrors. Raises DatabaseUnavailableError for an address that cannot be used.
    """
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 30})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate_for_writes)
    else:
        engine = _postgresql(parsed, connections or Connections())
    event.listen(engine, "handle_error", translator(parsed))
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    watch(engine)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to HEAD; a database of a newer program is refused, not touched."""
    if _is_current(schema_version(engine)):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.execution_options(writing=True).begin() as connection:
        if _is_current(_version(connection)):  # another process was quicker
            return
        unhurried(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
        if connection.dialect.name == "postgresql":
            _order_by_code_point(connection)


def schema_version(engine: Engine) -> str:
    """Version mark of the database, "" for an empty one."""
    with engine.connect() as connection:
        return _version(connection)


def unhurried(connection: Connection) -> None:
    """Let the statements of this transaction take as long as they need."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def shown(url: str) -> str:
    """An address as it may be shown: without its password. Raises DatabaseUnavailableError."""
    return _parsed(url).render_as_string(hide_password=True)


def _is_current(found: str) -> bool:
    if found > HEAD:
        raise NewerDatabaseError(found)
    return found == HEAD


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text itself may hold a password: it is not repeated.
        reason = "看不懂数据库地址，应当像 postgresql+psycopg://用户:密码@主机/库名"
        raise DatabaseUnavailableError("KB_DATABASE", reason) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        reason = f"不认识 {parsed.drivername}，只能用 sqlite 或 postgresql+psycopg"
        raise DatabaseUnavailableError(parsed.render_as_string(), reason)
    return parsed


def _postgresql(url: URL, connections: Connections) -> Engine:
    try:
        engine = create_engine(
            url,
            poolclass=PatientPool,
            pool_size=connections.pool,
            max_overflow=connections.pool,
            pool_timeout=connections.lock_seconds,
            pool_pre_ping=True,
            pool_recycle=_RECYCLED,
            connect_args={
                name: value
                for name, value in {"application_name": "indicator-kb", "connect_timeout": _REACHED}.items()
                if name not in url.query
            },
        )
    except ModuleNotFoundError as error:
        reason = "没有安装 PostgreSQL 的驱动，请运行 pip install 'indicator-kb[postgresql]'"
        raise DatabaseUnavailableError(url.render_as_string(), reason) from error
    limits = {"statement_timeout": connections.statement_seconds, "lock_timeout": connections.lock_seconds}
    orders = ["SET timezone = 'UTC'", *(f"SET {name} = {seconds * 1000}" for name, seconds in limits.items())]

    def prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(orders))
        connection.commit()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _one_writer)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by SQLAlchemy's event below, not implicitly by the driver,
    # so that DDL and reads stand inside them too.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate_for_writes(connection: Connection) -> None:
    # A deferred transaction that turns into a write can fail with SQLITE_BUSY at once; writers
    # say so beforehand and wait their turn.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _one_writer(connection: Connection) -> None:
    # What a writer reads before it writes (versions, counts, the last admin) must still hold when it
    # commits. The lock goes after the commit, so that ids of the outbox come in the order of commits.
    if connection.get_execution_options().get("writing", False) is True:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_WRITER})")


def _without_nul(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Parameters whose NUL characters are replaced: PostgreSQL stores none, so neither does SQLite."""
    if isinstance(parameters, list):
        return statement, [_clean(row) for row in parameters]
    return statement, _clean(parameters)


def _clean(row: Any) -> Any:
    if isinstance(row, dict):
        if any(type(value) is str and "\0" in value for value in row.values()):
            return {key: visible(value) for key, value in row.items()}
    elif isinstance(row, tuple) and any(type(value) is str and "\0" in value for value in row):
        return tuple(visible(value) for value in row)
    return row


def visible(value: Any) -> Any:
    """A value as both databases can store it: U+FFFD in place of each NUL character."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _order_by_code_point(connection: Connection) -> None:
    """Make all text unbounded and ordered by code point, whatever the server's language: as SQLite has it."""
    found = connection.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text')"
            " AND (collation_name IS DISTINCT FROM 'C' OR data_type <> 'text')"
            " AND table_name <> 'alembic_version' ORDER BY table_name, ordinal_position"
        )
    ).all()
    quote = connection.dialect.identifier_preparer.quote
    tables: dict[str, list[str]] = {}
    for row in found:
        tables.setdefault(row.table_name, []).append(
            f'ALTER COLUMN {quote(row.column_name)} TYPE text COLLATE "C"'
        )
    for table, changes in tables.items():
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} {', '.join(changes)}")
