"""Where uploaded bytes lie until the work on them is done, and who works on them.

Two kinds: folders of the home, beside a database that one machine uses alone; and tables, beside a
database that several machines share, so that each of them can go on with what another one took in.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

_LOCK, _OFF = "work.lock", "called-off"
_GLANCE = 0.5  # seconds: longer than another process takes to see whether anybody is at work


class Hold(Protocol):
    """The right of one process to work on an upload; all others are kept from it until ``release``."""

    @property
    def mark(self) -> str:
        """What ``Shelf.put`` knows this hold by, "" where none can lose it."""

    @property
    def called_off(self) -> bool:
        """Whether ``Shelf.call_off`` was asked for since work began; told within a second, at no cost."""

    @property
    def lost(self) -> bool:
        """Whether others may have taken the upload over, because this process gave no sign of life."""

    def renew(self) -> None:
        """Look at once whether it was called off or lost."""

    def release(self) -> None:
        """Let others have the upload."""


class Shelf(Protocol):
    """Uploads by token, each with parts by name. Parts are whole: whoever reads meanwhile gets the old or the new."""

    def add(self, token: str, parts: Mapping[str, bytes]) -> None:
        """Keep a new upload, with all its parts or not at all."""

    def has(self, token: str, name: str) -> bool:
        """Whether there is such a part."""

    def get(self, token: str, name: str) -> bytes | None:
        """A part, None where there is none (any more)."""

    def listed(self, *names: str) -> dict[str, dict[str, bytes]]:
        """These parts of every upload that has all of them, by token."""

    def put(self, token: str, name: str, data: bytes, mark: str = "") -> None:
        """Keep a part in place of the one before; nothing where the upload is gone, or the hold of ``mark`` lost."""

    def drop(self, token: str, *names: str) -> None:
        """Forget parts."""

    def discard(self, token: str) -> None:
        """Forget an upload."""

    def sweep(self, age: timedelta) -> None:
        """Forget uploads that nobody touched for so long."""

    def hold(self, token: str) -> Hold | None:
        """Keep all other processes from an upload; None where one is at it.

        A process that dies loses what it holds.
        """

    def held(self, token: str) -> bool:
        """Whether any process works on an upload."""

    def call_off(self, token: str) -> None:
        """Tell whichever process works on an upload to stop."""

    def close(self) -> None:
        """Let go of what this process still holds."""


class FolderHold:
    """A lock of the system, which lets go for a process that dies and is never lost before."""

    mark, lost = "", False

    def __init__(self, lock: FileLock, off: Path) -> None:
        self._lock, self._off = lock, off

    @property
    def called_off(self) -> bool:
        """Whether it was called off since work began."""
        return self._off.exists()

    def renew(self) -> None:
        """Nothing to do: ``called_off`` always looks."""

    def release(self) -> None:
        """Let others have the upload."""
        self._lock.release()


class FolderShelf:
    """Uploads as folders, of one machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, token: str, parts: Mapping[str, bytes]) -> None:
        """Keep a new upload, with all its parts or not at all."""
        self._root.mkdir(parents=True, exist_ok=True)
        draft = self._root / f".{token}.{secrets.token_hex(4)}"
        draft.mkdir(mode=0o700)
        for name, data in parts.items():
            (draft / name).write_bytes(data)
        draft.rename(self._folder(token))

    def has(self, token: str, name: str) -> bool:
        """Whether there is such a part."""
        return (self._folder(token) / name).is_file()

    def get(self, token: str, name: str) -> bytes | None:
        """A part, None where there is none (any more)."""
        try:
            return (self._folder(token) / name).read_bytes()
        except FileNotFoundError:
            return None

    def listed(self, *names: str) -> dict[str, dict[str, bytes]]:
        """These parts of every upload that has all of them, by token."""
        found = {}
        for folder in self._root.glob("[!.]*"):
            parts = {name: self.get(folder.name, name) for name in names}
            whole = {name: data for name, data in parts.items() if data is not None}
            if len(whole) == len(names):
                found[folder.name] = whole
        return found

    def put(self, token: str, name: str, data: bytes, mark: str = "") -> None:
        """Keep a part in place of the one before; nothing where the upload is gone."""
        folder = self._folder(token)
        if folder.is_dir():
            beside = folder / f"{name}.{secrets.token_hex(4)}"
            beside.write_bytes(data)
            beside.replace(folder / name)

    def drop(self, token: str, *names: str) -> None:
        """Forget parts."""
        for name in names:
            (self._folder(token) / name).unlink(missing_ok=True)

    def discard(self, token: str) -> None:
        """Forget an upload."""
        shutil.rmtree(self._folder(token), ignore_errors=True)

    def sweep(self, age: timedelta) -> None:
        """Forget uploads that nobody touched for so long, and what a process left that died while adding one."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.is_dir() and time.time() - folder.stat().st_mtime > age.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)

    def hold(self, token: str) -> FolderHold | None:
        """Keep all other processes from an upload; None where one is at it."""
        folder = self._folder(token)
        lock = FileLock(folder / _LOCK, timeout=_GLANCE, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return None
        (folder / _OFF).unlink(missing_ok=True)
        return FolderHold(lock, folder / _OFF)

    def held(self, token: str) -> bool:
        """Whether any process works on an upload."""
        try:
            with FileLock(self._folder(token) / _LOCK, timeout=0):
                return False
        except Timeout:
            return True

    def call_off(self, token: str) -> None:
        """Tell whichever process works on an upload to stop."""
        (self._folder(token) / _OFF).touch()

    def close(self) -> None:
        """Nothing to do: the system lets go of the locks."""

    def _folder(self, token: str) -> Path:
        safe = "".join(c for c in token if c.isalnum() or c in "-_")
        return self._root / (safe or "-")
