"""Reading one file to be loaded in a process of its own, bounded in time and memory, killed when late or called off."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from time import monotonic

from loaders.errors import FileError
from loaders.kept import pack
from loaders.kinds import Hints
from loaders.loading import load_file

SECONDS = 90
MEMORY = 3 * 2**30
_LOOK = 0.2
_READ, _REFUSED = b"\x00", b"\x01"


class UnreadableError(FileError):
    """The reading process was late, ran out of memory or broke."""


def read_apart(
    name: str, data: bytes, hints: Hints, seconds: float = SECONDS, look: Callable[[], None] = lambda: None
) -> bytes:
    """``load_file`` in another process, packed as ``loaders.kept`` does; nothing that comes back is executed.

    ``look`` is called every now and then; what it raises ends the process. Raises a FileError,
    whatever the file does to its reader.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(there, name, data, hints), daemon=True)
    process.start()
    there.close()
    end = monotonic() + seconds
    try:
        while not here.poll(min(_LOOK, max(0.0, end - monotonic()))):
            look()
            if monotonic() >= end:
                raise UnreadableError(
                    name,
                    f"读了 {seconds:g} 秒还没有读完，已放弃。请删去无关的工作表、图片和成片的空格式，另存后再交。",
                )
        answer = here.recv_bytes()
    except EOFError:
        raise UnreadableError(
            name, "文件结构异常，读取时中断。请用 WPS 或 Excel 打开后另存，再交一次。"
        ) from None
    finally:
        process.kill()
        process.join()
        here.close()
    if answer[:1] == _READ:
        return answer[1:]
    raise UnreadableError(name, answer[1:].decode("utf-8", "replace"))


def _read(there: Connection, name: str, data: bytes, hints: Hints) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        there.send_bytes(_READ + pack(load_file(name, data, hints)))
    except FileError as error:
        there.send_bytes(_REFUSED + error.reason.encode())
    except (MemoryError, RecursionError):
        there.send_bytes(_REFUSED + "文件太大或结构异常，读不下去。请拆成几个文件再交。".encode())
