"""Keeping a knowledge base sound: verify it, copy it while in use, bring a copy back."""

from __future__ import annotations

import json
import shlex
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine

from kb.db.copying import clear, copy_all, dangling, freshen
from kb.db.engine import HEAD, open_engine, schema_version, unhurried
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

    The file is a ZIP of a SQLite database and a manifest with its checksum, whatever database the
    knowledge base lives in; it replaces an existing file only when complete. Raises BackupError.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".kb-backup-") as folder:
        copy = Path(folder, _DATABASE)
        _copy_out(engine, copy)
        with closing(sqlite3.connect(copy)) as target:
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
    with tempfile.TemporaryDirectory(prefix="kb-restore-") as folder:
        copy, info = _unpack(file, Path(folder))
        with closing(sqlite3.connect(copy)) as source:
            if source.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise BackupError(file, "数据库已损坏，没有恢复，现有数据没有改动。请换一份备份。")
            if engine.dialect.name == "sqlite":
                with closing(_raw(engine)) as target:
                    source.backup(target)
                return info
        _copy_in(copy, engine)
    return info


def _copy_out(engine: Engine, file: Path) -> None:
    """Write the database as it is at one moment to a SQLite file."""
    if engine.dialect.name == "sqlite":
        with closing(_raw(engine)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
        return
    copy = open_engine(f"sqlite:///{file}")
    try:
        moment = engine.execution_options(isolation_level="REPEATABLE READ")
        with moment.begin() as reading, copy.execution_options(writing=True).begin() as writing:
            unhurried(reading)
            copy_all(reading, writing)
        with copy.connect() as connection:  # all in the one file, nothing in a log beside it
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    finally:
        copy.dispose()


def _copy_in(file: Path, engine: Engine) -> None:
    """Put the content of a SQLite file in the place of all there is; no index knows its place afterwards."""
    copy = open_engine(f"sqlite:///{file}")
    try:
        with copy.connect() as reading, engine.execution_options(writing=True).begin() as writing:
            unhurried(writing)
            clear(writing)
            copy_all(reading, writing)
    finally:
        copy.dispose()
    freshen(engine)


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
    """Faults of the database itself: broken pages, rows that point to nothing."""
    remedy = "请用 kb restore 恢复最近的备份"
    found = []
    if engine.dialect.name == "sqlite":
        with closing(_raw(engine)) as connection:
            answer = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
        found = [Finding(f"数据库页损坏：{line}", remedy) for line in answer if line != "ok"]
    lost = dangling(engine)
    return found + [Finding(f"表 {t} 的 {column} 指向不存在的 {v}", remedy) for t, column, v in lost[:20]]


def dump_commands(engine: Engine) -> tuple[str, str] | None:
    """The commands of PostgreSQL's own tools that save and bring back this database; None on SQLite.

    No password is told: the tools ask for it, or find it in ``~/.pgpass``.
    """
    if engine.dialect.name != "postgresql":
        return None
    url = engine.url
    parts = {"host": url.host, "port": url.port, "username": url.username, "dbname": url.database}
    where = " ".join(f"--{name}={shlex.quote(str(value))}" for name, value in parts.items() if value)
    return (
        f"pg_dump --format=custom --file=kb.dump {where}",
        f"pg_restore --clean --if-exists --single-transaction {where} kb.dump",
    )


def _raw(engine: Engine) -> sqlite3.Connection:
    return sqlite3.connect(str(engine.url.database), timeout=30)
