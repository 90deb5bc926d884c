"""Uploaded files on their way into the knowledge base: each on its shelf, never a served one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from kb.errors import InputError
from kb.imports import Decisions, SetAbout
from kb.shelf import Hold, Shelf
from loaders.found import Hints, Learned
from loaders.kept import unpack
from loaders.loading import LoadedFile
from web.load_plan import Asked

PACK = "pack"
"""Kind of an upload that is an edition pack; all others are files of ``loaders.loading.KINDS``."""
KEPT = timedelta(days=1)
"""Time after which an upload that nobody touched is forgotten."""
MOST = 40
MOST_BYTES = 1024**3
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ABOUT, _STATE, _DATA, _READ = "about.json", "state.json", "data", "read.msgpack"


class TooManyUploadsError(InputError):
    """So many unfinished uploads that another one has no room."""

    def __init__(self) -> None:
        super().__init__("没有完成的上传太多，放不下新的文件。请先在下面入库或放弃几个，再上传。")


class UploadGoneError(InputError):
    """The upload was given up, or nobody went on with it for too long."""

    def __init__(self) -> None:
        super().__init__("这个上传已经放弃，或者超过一天没有继续。请重新上传。")


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
    """One uploaded file on its shelf; ``held`` by this process where it came from ``hold``."""

    token: str
    shelf: Shelf
    held: Hold | None = None

    @property
    def about(self) -> About:
        """What it is and what was chosen over it."""
        return msgspec.json.decode(self._part(_ABOUT), type=About)

    @property
    def state(self) -> State:
        """How far it is."""
        return msgspec.json.decode(self._part(_STATE), type=State)

    @property
    def data(self) -> bytes:
        """The file itself."""
        return self._part(_DATA)

    @property
    def was_read(self) -> bool:
        """Whether what was read of it is kept beside it."""
        return self.shelf.has(self.token, _READ)

    def read(self) -> LoadedFile:
        """What was read of it."""
        return unpack(self._part(_READ))

    def hints(self, learned: Learned) -> Hints:
        """What reading is told."""
        about = self.about
        return Hints("" if about.kind == "auto" else about.kind, about.corrections, learned)

    def hold(self) -> Upload | None:
        """The same upload, kept from all other processes until ``release``; None where one is at it."""
        held = self.shelf.hold(self.token)
        return replace(self, held=held) if held else None

    def release(self) -> None:
        """Let others have it."""
        if self.held:
            self.held.release()

    def look(self) -> None:
        """Learn at once whether it was called off; ``called_off`` may be behind by a second."""
        if self.held:
            self.held.renew()

    @property
    def called_off(self) -> bool:
        """Whether whoever holds it is to stop: ``call_off`` was asked for, or the hold was lost."""
        return self.held is not None and (self.held.called_off or self.held.lost)

    @property
    def lost(self) -> bool:
        """Whether others may work on it by now, because this process gave no sign of life."""
        return self.held is not None and self.held.lost

    @property
    def busy(self) -> bool:
        """Whether any process works on it."""
        return self.shelf.held(self.token)

    def call_off(self) -> None:
        """Tell whichever process works on it to stop."""
        self.shelf.call_off(self.token)

    def keep_about(self, about: About) -> None:
        """Take note of what was chosen."""
        self._write(_ABOUT, msgspec.json.encode(about))

    def keep_read(self, packed: bytes) -> None:
        """Keep what was read."""
        self._write(_READ, packed)

    def forget_read(self) -> None:
        """Read it anew next time."""
        self.shelf.drop(self.token, _READ)

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
        state = State(phase=phase, done=done, total=total, unit=unit, message=message, batch=batch)
        self._write(_STATE, msgspec.json.encode(state))

    def settle(self, batch: int) -> None:
        """Only what is needed to lead back to its batch stays."""
        self.tell(Phase.DONE, batch=batch)
        self.shelf.drop(self.token, _DATA, _READ)

    def _part(self, name: str) -> bytes:
        data = self.shelf.get(self.token, name)
        if data is None:
            raise UploadGoneError
        return data

    def _write(self, name: str, data: bytes) -> None:
        self.shelf.put(self.token, name, data, self.held.mark if self.held else "")


class Uploads:
    """The uploads of a knowledge base."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def add(
        self, name: str, data: bytes, *, kind: str, replace: bool, actor: str, set_name: str = "",
        set_about: SetAbout | None = None,
    ) -> Upload:  # fmt: skip
        """Keep a new file. Raises TooManyUploadsError."""
        self._shelf.sweep(KEPT)
        open_ = [about for _, about, state in self.overview() if state.phase is not Phase.DONE]
        if len(open_) >= MOST or sum(about.size for about in open_) + len(data) > MOST_BYTES:
            raise TooManyUploadsError
        token = secrets.token_hex(16)
        about = About(
            name=name, actor=actor, at=datetime.now(UTC), size=len(data), kind=kind, set_name=set_name, replace=replace,
            set_about=set_about.given if set_about else {},
        )  # fmt: skip
        state = State(phase=Phase.READING)
        parts = {_DATA: data, _ABOUT: msgspec.json.encode(about), _STATE: msgspec.json.encode(state)}
        self._shelf.add(token, parts)
        return Upload(token, self._shelf)

    def get(self, token: str) -> Upload | None:
        """An upload by its token, None where there is none (any more)."""
        there = _TOKEN.fullmatch(token) and self._shelf.has(token, _STATE)
        return Upload(token, self._shelf) if there else None

    def all(self) -> list[Upload]:
        """Every upload, newest first."""
        return [upload for upload, _, _ in self.overview()]

    def overview(self) -> list[tuple[Upload, About, State]]:
        """Every upload with what it is and how far, newest first."""
        found = [
            (
                Upload(token, self._shelf),
                msgspec.json.decode(parts[_ABOUT], type=About),
                msgspec.json.decode(parts[_STATE], type=State),
            )
            for token, parts in self._shelf.listed(_ABOUT, _STATE).items()
        ]
        return sorted(found, key=lambda listed: listed[1].at, reverse=True)

    def discard(self, upload: Upload) -> None:
        """Give an upload up."""
        self._shelf.discard(upload.token)
