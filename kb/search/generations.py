"""Generations of the index in one folder: complete ones only, switched by renaming one small file.

index/CURRENT        name of the generation in force, and a count of its changes
index/gen-…/         a complete generation
index/build-…/       one being built; whoever dies leaves it, the next writer removes it
index/LOCK           held by the one process that writes
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_CURRENT, _LOCK = "CURRENT", "LOCK"


class Generations:
    """The folder of an index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Path | None:
        """Folder of the generation in force; None before the first is complete."""
        try:
            name = (self.folder / _CURRENT).read_text(encoding="utf-8").split()[0]
        except (OSError, IndexError):
            return None
        path = self.folder / name
        return path if path.is_dir() else None

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the index did; costs one ``stat``. (0, 0) where there is none."""
        try:
            found = os.stat(self.folder / _CURRENT)  # noqa: PTH116 - half the cost of Path.stat, once a search
        except OSError:
            return (0, 0)
        return found.st_mtime_ns, found.st_ino

    @contextmanager
    def building(self) -> Iterator[Path]:
        """An empty folder to build in; on success it becomes the generation in force, else it goes."""
        build = self.folder / f"build-{secrets.token_hex(6)}"
        build.mkdir(parents=True)
        try:
            yield build
            done = self.folder / build.name.replace("build-", "gen-")
            _sync_files(build)
            build.rename(done)
            self.publish(done)
        except BaseException:
            shutil.rmtree(build, ignore_errors=True)
            raise
        self.clean()

    def publish(self, generation: Path) -> None:
        """Put a generation in force, or tell others that the one in force has changed."""
        draft = self.folder / f"{_CURRENT}.{secrets.token_hex(4)}"
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(f"{generation.name} {secrets.token_hex(8)}\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self.folder / _CURRENT)
        _sync_folder(self.folder)

    def clean(self) -> None:
        """Remove what is not in force. Call it only while holding the lock."""
        current = self.current()
        for path in self.folder.iterdir():
            if path == current or path.name in {_CURRENT, _LOCK}:
                continue
            if path.name.startswith(("build-", "gen-")):
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith(_CURRENT):
                path.unlink(missing_ok=True)

    @contextmanager
    def lock(self, wait: bool = True) -> Iterator[bool]:
        """Hold the writers' lock; gives False at once where it is taken and ``wait`` is false.

        The system frees the lock of a process that died.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("a+b") as stream:
            held = _acquire(stream, wait)
            try:
                yield held
            finally:
                if held:
                    _release(stream)


if sys.platform == "win32":
    import msvcrt

    def _acquire(stream: IO[bytes], wait: bool) -> bool:
        while True:
            try:
                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False

    def _release(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

    def _sync_folder(folder: Path) -> None:
        """Windows has no such call."""
else:
    import fcntl

    def _acquire(stream: IO[bytes], wait: bool) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)

    def _sync_folder(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync_files(folder: Path) -> None:
    for file in folder.iterdir():
        if file.is_file():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
