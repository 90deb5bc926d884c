"""Upgrading the program: before an older database is brought to the new schema, it is kept as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kb import maintenance
from kb.db.engine import HEAD, connect, schema_version
from kb.settings import Settings


def keep_before_upgrade(settings: Settings) -> Path | None:
    """A backup of the embedded database where this program is about to migrate it; None where it is not.

    The file is what the older program restores from, so that an upgrade can be taken back. A database
    server is backed up by its own tools.
    """
    if settings.database or not settings.database_file.exists():
        return None
    engine = connect(settings.database_url)
    try:
        found = schema_version(engine)
        if not found or found >= HEAD:
            return None
        name = f"before-upgrade-{found}-{datetime.now(UTC):%Y%m%d-%H%M%S}.kbz"
        return maintenance.backup(engine, settings.home / "backups" / name).file
    finally:
        engine.dispose()
