"""Uploaded files on their way into the knowledge base: each a folder under the home, never a served one."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from kb.errors import InputError
from kb.imports import Decisions, SetAbout
from loaders.found import Hints, Learned
from loaders.kept import unpack
from loaders.loading import LoadedFile
from web.load_plan import Asked

PACK = "pack"
"""Kind of an upload that is an edition pack; all others are files of ``loaders.loading.KINDS``."""
KEPT = 24 * 3600
"""Seconds after which an upload that nobody touched is forgotten."""
MOST = 40
MOST_BYTES = 1024**3
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ABOUT, _STATE, _DATA, _READ = "about.json", "state.json", "data", "read.msgpack"
_LOCK, _OFF = "work.lock", "called-off"
_GLANCE = 0.5  # seconds: longer than another process takes to see whether anybody is at work


class TooManyUploadsError(InputError):
    """So many unfinished uploads that another one has no room."""

    def __init__(self) -> None:
        super().__init__("没有完成的上传太多，放不下新的文件。请先在下面入库或放弃几个，再上传。")


class Phase(StrEnum):
    """Where an upload stands."""

    READING = "reading"
    PLANNING = "planning"
    READY = "ready"
    WRITING = "writing"
    CLOSING = "closing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """What people read."""
        return _LABELS[self]

    @property
    def working(self) -> bool:
        """Whether somebody works on it."""
        return self in (Phase.READING, Phase.PLANNING, Phase.WRITING, Phase.CLOSING)


_LABELS = {
    Phase.READING: "正在读取", Phase.PLANNING: "正在与库里比对", Phase.READY: "等待确认", Phase.WRITING: "正在写入",
    Phase.CLOSING: "正在提交并更新索引", Phase.DONE: "已入库",
    Phase.FAILED: "没有读出", Phase.CANCELLED: "已取消读取",
}  # fmt: skip


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an upload is, and what the admin chose over it."""

    name: str
    actor: str
    at: datetime
    size: int
    kind: str = "auto"
    set_name: str = ""
    set_about: dict[str, str] = {}
    replace: bool = False
    corrections: dict[str, str] = {}
    merge: dict[str, str] = {}
    retire: dict[str, str] = {}
    keep: frozenset[str] = frozenset()
    title: str = ""
    reason: str = ""

    @property
    def is_pack(self) -> bool:
        """Whether it is an edition pack, signed and trusted or not, rather than a file of tables."""
        return self.kind == PACK

    @property
    def asked(self) -> Asked:
        """What a plan is told."""
        decided = Decisions(merge=self.merge, retire=self.retire, keep=self.keep, replace=self.replace)
        return Asked(self.set_name, about=SetAbout(**self.set_about), decisions=decided)

    def without(self, code: str | None) -> About:
        """The same without what was decided about a code; without any such decision where it is None."""
        known = code in self.merge or code in self.retire
        merge = {c: v for c, v in self.merge.items() if known and c != code}
        retire = {c: v for c, v in self.retire.items() if known and c != code}
        return msgspec.structs.replace(self, merge=merge, retire=retire)


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far an upload is. ``batch`` is the one that it became, 0 where nothing was to be written."""

    phase: Phase
    done: int = 0
    total: int = 0
    unit: str = ""
    message: str = ""
    batch: int = 0

    @property
    def count(self) -> str:
        """How far in words, "" where that is not known."""
        if self.unit:
            return f"第 {self.done} / 共 {self.total} {self.unit}"
        return f"{self.done} / {self.total}" if self.total else ""


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file in its folder."""

    token: str
    folder: Path

    @property
    def about(self) -> About:
        """What it is and what was chosen over it."""
        return msgspec.json.decode((self.folder / _ABOUT).read_bytes(), type=About)

    @property
    def state(self) -> State:
        """How far it is."""
        return msgspec.json.decode((self.folder / _STATE).read_bytes(), type=State)

    @property
    def data(self) -> bytes:
        """The file itself."""
        return (self.folder / _DATA).read_bytes()

    @property
    def was_read(self) -> bool:
        """Whether what was read of it is kept beside it."""
        return (self.folder / _READ).is_file()

    def read(self) -> LoadedFile:
        """What was read of it."""
        return unpack((self.folder / _READ).read_bytes())

    def hints(self, learned: Learned) -> Hints:
        """What reading is told."""
        about = self.about
        return Hints("" if about.kind == "auto" else about.kind, about.corrections, learned)

    def hold(self) -> FileLock | None:
        """Keep all other processes from working on it, until released; None where one is at it.

        The system lets go for a process that died.
        """
        lock = FileLock(self.folder / _LOCK, timeout=_GLANCE, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return None
        (self.folder / _OFF).unlink(missing_ok=True)
        return lock

    @property
    def held(self) -> bool:
        """Whether any process works on it."""
        lock = FileLock(self.folder / _LOCK, timeout=0)
        try:
            with lock:
                return False
        except Timeout:
            return True

    def call_off(self) -> None:
        """Tell whichever process works on it to stop."""
        (self.folder / _OFF).touch()

    @property
    def called_off(self) -> bool:
        """Whether ``call_off`` was asked for since work began."""
        return (self.folder / _OFF).exists()

    def keep_about(self, about: About) -> None:
        """Take note of what was chosen."""
        self._write(_ABOUT, msgspec.json.encode(about))

    def keep_read(self, packed: bytes) -> None:
        """Keep what was read."""
        self._write(_READ, packed)

    def forget_read(self) -> None:
        """Read it anew next time."""
        (self.folder / _READ).unlink(missing_ok=True)

    def tell(
        self,
        phase: Phase,
        done: int = 0,
        total: int = 0,
        *,
        unit: str = "",
        message: str = "",
        batch: int = 0,
    ) -> None:
        """Take note of how far it is; an upload that was given up meanwhile stays given up."""
        if self.folder.is_dir():
            state = State(phase=phase, done=done, total=total, unit=unit, message=message, batch=batch)
            self._write(_STATE, msgspec.json.encode(state))

    def settle(self, batch: int) -> None:
        """Only what is needed to lead back to its batch stays."""
        self.tell(Phase.DONE, batch=batch)
        for name in (_DATA, _READ):
            (self.folder / name).unlink(missing_ok=True)

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all: whoever reads meanwhile sees the old or the new."""
        beside = self.folder / f"{name}.{secrets.token_hex(4)}"
        beside.write_bytes(data)
        beside.replace(self.folder / name)


class Uploads:
    """The uploads of a knowledge base."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(
        self, name: str, data: bytes, *, kind: str, replace: bool, actor: str, set_name: str = "",
        set_about: SetAbout | None = None,
    ) -> Upload:  # fmt: skip
        """Keep a new file. Raises TooManyUploadsError."""
        self.sweep()
        open_ = [u for u in self.all() if u.state.phase is not Phase.DONE]
        if len(open_) >= MOST or sum(u.about.size for u in open_) + len(data) > MOST_BYTES:
            raise TooManyUploadsError
        token = secrets.token_hex(16)
        upload = Upload(token, self._root / token)
        upload.folder.mkdir(parents=True)
        (upload.folder / _DATA).write_bytes(data)
        upload.keep_about(
            About(
                name=name, actor=actor, at=datetime.now(UTC), size=len(data), kind=kind, set_name=set_name, replace=replace,
                set_about=set_about.given if set_about else {},
            )
        )  # fmt: skip
        upload.tell(Phase.READING)
        return upload

    def get(self, token: str) -> Upload | None:
        """An upload by its token, None where there is none (any more)."""
        upload = Upload(token, self._root / token)
        return upload if _TOKEN.fullmatch(token) and _is_whole(upload.folder) else None

    def all(self) -> list[Upload]:
        """Every upload, newest first."""
        folders = [f for f in self._root.iterdir() if _is_whole(f)] if self._root.is_dir() else []
        found = [Upload(f.name, f) for f in folders]
        return sorted(found, key=lambda u: u.about.at, reverse=True)

    def discard(self, upload: Upload) -> None:
        """Give an upload up."""
        shutil.rmtree(upload.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Forget uploads that nobody went on with."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.is_dir() and time.time() - folder.stat().st_mtime > KEPT:
                shutil.rmtree(folder, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    return (folder / _ABOUT).is_file() and (folder / _STATE).is_file()
