"""Work on what strangers hand in, in a process of its own: bounded in time and memory, killed when late or called off."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

import msgspec

from loaders.errors import FileError
from loaders.progress import Told, heard_by, tell

_LOOK = 0.2
_DONE, _REFUSED, _MUCH, _TOLD = b"\x00", b"\x01", b"\x02", b"\x03"


class UnreadableError(FileError):
    """The process was late, ran out of memory, broke, or refused the file."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process may take, and the sentences where it takes more (``late``, ``much``) or breaks."""

    seconds: float
    memory: int
    late: str
    much: str
    broken: str


def done_apart(
    file: str,
    bounds: Bounds,
    work: Callable[..., bytes],
    *given: Any,
    look: Callable[[], None] = lambda: None,
    told: Told = tell,
) -> bytes:
    """What ``work(*given)`` gives in another process; nothing that comes back is executed.

    ``look`` is called every now and then; what it raises ends the process. ``told`` hears how far
    reading is. Raises UnreadableError, whatever the file does to its reader.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, bounds.memory, work, given), daemon=True)
    process.start()
    there.close()
    end = monotonic() + bounds.seconds
    try:
        while True:
            while not here.poll(min(_LOOK, max(0.0, end - monotonic()))):
                look()
                if monotonic() >= end:
                    raise UnreadableError(file, bounds.late)
            answer = here.recv_bytes()
            if answer[:1] != _TOLD:
                break
            told(*msgspec.json.decode(answer[1:], type=tuple[str, int, int]))
    except EOFError:
        raise UnreadableError(file, bounds.broken) from None
    finally:
        process.kill()
        process.join()
        here.close()
    if answer[:1] == _DONE:
        return answer[1:]
    raise UnreadableError(file, bounds.much if answer == _MUCH else answer[1:].decode("utf-8", "replace"))


def bound_memory(most: int) -> None:
    """Let this process take at most so many bytes, where the system can bound it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _work(there: Connection, memory: int, work: Callable[..., bytes], given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bound_memory(memory)
    try:
        with heard_by(lambda *far: there.send_bytes(_TOLD + msgspec.json.encode(far))):
            answer = _DONE + work(*given)
    except FileError as error:
        answer = _REFUSED + error.reason.encode("utf-8", "replace")
    except (MemoryError, RecursionError):
        answer = _MUCH
    there.send_bytes(answer)
