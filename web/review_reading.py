"""Reading files that strangers hand in: in processes of their own, bounded in memory and time.

A file that makes its reader hang, crash or eat memory is told of by name and the rest of the batch
goes on. Nothing in a file is ever executed; the readers only look at bytes.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as Late
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from math import inf
from time import monotonic

from kb.timing import PARSE, timed
from loaders.drafts import ReadFile, may_abort, read_drafts
from loaders.errors import FileError

SECONDS = 30
"""Time that one file may take to read."""

MEMORY = 3 * 2**30
"""Bytes of address space that a reading process may use."""

PROCESSES = 2
_AHEAD = 6
_TOO_LONG = f"读了 {SECONDS} 秒还没有读完，已放弃。请删去无关的工作表、图片和成片的空格式，另存后再交。"
_BROKEN = "文件结构异常，读取时中断，已跳过。请用 WPS 或 Excel 打开后另存，再交一次。"


class TimeUpError(FileError):
    """The time for one request or job is used up."""

    def __init__(self, file: str, seconds: float) -> None:
        super().__init__(file, f"{seconds / 60:g} 分钟用完了，这个文件起没有再读。请分几次提交。")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: what was read, or the sentence that tells why not."""

    name: str
    read: ReadFile | None = None
    error: str = ""


Read = Callable[[Iterable[tuple[str, bytes | FileError]]], Iterator[Outcome]]
"""Reads files, or passes on why they cannot be had: their outcomes in the same order."""


def read_here(name: str, data: bytes | FileError) -> Outcome:
    """Read one file in this process."""
    if isinstance(data, FileError):
        return Outcome(name, error=str(data))
    try:
        return Outcome(name, read_drafts(name, data))
    except FileError as error:
        return Outcome(name, error=str(error))
    except TimeoutError:
        return Outcome(name, error=f"{name}：{_TOO_LONG}")
    except (MemoryError, RecursionError):
        return Outcome(name, error=f"{name}：{_BROKEN}")
    except Exception:  # whatever a hostile file provokes in a parser is that file's fault, not the batch's
        return Outcome(name, error=f"{name}：{_BROKEN}")


@dataclass(frozen=True, slots=True)
class _Task:
    """A file being read, and the processes that read it."""

    name: str
    data: bytes | FileError
    future: Future[Outcome] | None = None
    pool: ProcessPoolExecutor | None = None


class ReadingRoom:
    """Processes that read files; started at the first need, replaced when a file breaks one."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False
        self._lock = threading.Lock()

    def read(self, files: Iterable[tuple[str, bytes | FileError]], seconds: float = inf) -> Iterator[Outcome]:
        """Outcomes in the order of the files; only a few files are in memory at once.

        What comes up after ``seconds`` is refused instead of read.
        """
        end = monotonic() + seconds
        waiting: deque[_Task] = deque()
        for name, data in files:
            waiting.append(self._submit(name, data if monotonic() < end else TimeUpError(name, seconds)))
            if len(waiting) > _AHEAD:
                yield self._await(waiting.popleft())
        while waiting:
            yield self._await(waiting.popleft())

    def close(self) -> None:
        """End the processes; nothing is read any more."""
        with self._lock:
            self._closed = True
            self._end()

    def _submit(self, name: str, data: bytes | FileError) -> _Task:
        if isinstance(data, FileError):
            return _Task(name, data)
        with self._lock:
            for _ in range(0 if self._closed else 2):
                if self._pool is None:
                    self._pool = ProcessPoolExecutor(
                        self._processes, multiprocessing.get_context("spawn"), initializer=_prepare
                    )
                try:
                    return _Task(name, data, self._pool.submit(_read, name, data), self._pool)
                except (BrokenProcessPool, RuntimeError):
                    self._end()
        return _Task(name, data)

    def _await(self, task: _Task) -> Outcome:
        """The outcome of a file; where some file broke the processes, this one is read by itself again."""
        if isinstance(task.data, FileError):
            return read_here(task.name, task.data)
        with timed(PARSE):
            return self._outcome(task)

    def _outcome(self, task: _Task) -> Outcome:
        for again in (task, None):
            now = again or self._submit(task.name, task.data)
            if now.future is None:
                break
            try:
                return now.future.result(SECONDS * _AHEAD if again else SECONDS * 2)
            except (Late, BrokenProcessPool, CancelledError) as error:
                self._drop(now.pool)
                if isinstance(error, Late):
                    return Outcome(task.name, error=f"{task.name}：{_TOO_LONG}")
        return Outcome(task.name, error=f"{task.name}：{_BROKEN}")

    def _drop(self, pool: ProcessPoolExecutor | None) -> None:
        """End processes that broke, unless others have been started since."""
        with self._lock:
            if pool is self._pool:
                self._end()

    def _end(self) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        for process in list(
            (pool._processes or {}).values()
        ):  # the pool has no public way to end a stuck one
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def read_for_command(files: Iterable[tuple[str, bytes | FileError]]) -> Iterator[Outcome]:
    """Outcomes in the order of the files: those whose reader may abort read apart, the others in this process."""
    with contextlib.closing(ReadingRoom(1)) as room:
        for name, data in files:
            if isinstance(data, bytes) and may_abort(data):
                yield from room.read([(name, data)])
            else:
                yield read_here(name, data)


def _prepare() -> None:
    """Bounds of a reading process: memory, no interrupt from the keyboard, no life after its parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _end_with_parent() -> None:
    """End this process once the one that started it was killed; its queues would never tell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(name: str, data: bytes) -> Outcome:
    """Read in a process of its own, for at most ``SECONDS``."""
    if not hasattr(signal, "setitimer"):
        return read_here(name, data)
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return read_here(name, data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _late(_number: int, _frame: object) -> None:
    raise TimeoutError
