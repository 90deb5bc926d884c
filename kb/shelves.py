"""The shelf for uploads that fits the database: tables where machines share it, folders beside the embedded one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from kb.db.shelf import TableShelf
from kb.shelf import FolderShelf, Shelf


def open_shelf(engine: Engine, folder: Path) -> Shelf:
    """A shelf that is called as ``folder``, or is it.

    The embedded database keeps no bytes of uploads: they would swell its one file and its backups,
    and hold up its one writer.
    """
    return TableShelf(engine, folder.name) if engine.dialect.name == "postgresql" else FolderShelf(folder)
