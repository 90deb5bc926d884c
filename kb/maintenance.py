"""Keeping a knowledge base sound: verify it, copy it while in use, bring a copy back."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine

from kb.db.engine import HEAD, schema_version
from kb.errors import BackupError

FORMAT = "indicator-kb backup 1"
_DATABASE, _MANIFEST = "kb.sqlite3", "manifest.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``check`` found wrong, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup file holds: when it was made (aware UTC), its schema and its records."""

    file: Path
    made: datetime
    schema: str
    records: int


def backup(engine: Engine, file: Path) -> BackupInfo:
    """Write one file with the whole database, consistent while others read and write.

    The file is a ZIP of a SQLite database and a manifest with its checksum; it replaces an
    existing file only when complete. Raises BackupError.
    """
    _require_sqlite(engine, file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".kb-backup-") as folder:
        copy = Path(folder, _DATABASE)
        with closing(_raw(engine)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            records = target.execute("SELECT count(*) FROM record").fetchone()[0]
        made, schema = datetime.now(UTC), schema_version(engine)
        manifest = {
            "format": FORMAT,
            "made": made.isoformat(timespec="seconds"),
            "schema": schema,
            "records": records,
            "sha256": sha256(copy.read_bytes()).hexdigest(),
        }
        packed = Path(folder, "packed.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, _DATABASE)
            archive.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        packed.replace(file)
    return BackupInfo(file, made, schema, records)


def restore(engine: Engine, file: Path) -> BackupInfo:
    """Replace the database's content by a backup's, in one transaction that others see whole.

    The file is verified first (format, checksum, integrity, schema). Raises BackupError and
    leaves the database untouched where the file is not fit.
    """
    _require_sqlite(engine, file)
    with tempfile.TemporaryDirectory(prefix="kb-restore-") as folder:
        copy, info = _unpack(file, Path(folder))
        with closing(sqlite3.connect(copy)) as source:
            if source.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise BackupError(file, "数据库已损坏，没有恢复，现有数据没有改动。请换一份备份。")
            with closing(_raw(engine)) as target:
                source.backup(target)
    return info


def _unpack(file: Path, folder: Path) -> tuple[Path, BackupInfo]:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest["format"] != FORMAT:
                raise BackupError(file, f"格式“{manifest['format']}”不认识，请用写出它的程序版本恢复。")
            archive.extract(_DATABASE, folder)
        info = BackupInfo(
            file, datetime.fromisoformat(manifest["made"]), manifest["schema"], manifest["records"]
        )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise BackupError(file, f"不是本程序的备份文件或已损坏（{error}），现有数据没有改动。") from error
    copy = folder / _DATABASE
    if sha256(copy.read_bytes()).hexdigest() != manifest["sha256"]:
        raise BackupError(file, "校验和不符，文件已损坏，现有数据没有改动。请换一份备份。")
    if info.schema > HEAD:
        raise BackupError(file, f"由更新的程序版本写成（{info.schema}），请先升级程序。")
    return copy, info


def integrity(engine: Engine) -> list[Finding]:
    """Faults of the database file itself: broken pages, dangling foreign keys."""
    if engine.dialect.name != "sqlite":
        return []
    remedy = "请用 kb restore 恢复最近的备份"
    with closing(_raw(engine)) as connection:
        answer = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    found = [Finding(f"数据库页损坏：{line}", remedy) for line in answer if line != "ok"]
    return found + [Finding(f"表 {row[0]} 第 {row[1]} 行指向不存在的记录", remedy) for row in dangling[:20]]


def _raw(engine: Engine) -> sqlite3.Connection:
    return sqlite3.connect(str(engine.url.database), timeout=30)


def _require_sqlite(engine: Engine, file: Path) -> None:
    if engine.dialect.name != "sqlite":
        raise BackupError(
            file, f"数据库是 {engine.dialect.name}，请用它自己的备份工具（如 pg_dump 与 pg_restore）。"
        )
