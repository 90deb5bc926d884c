"""Serving in several processes through gunicorn, which keeps them running, rolls them over and stops them.

Gunicorn rather than our own supervisor: it shares one listening socket, lets requests end before a
worker goes, answers what a kept-alive connection still sends meanwhile, and restarts what was killed.
Added here: a rolling restart replaces one worker after the other, each only when its successor is
ready, workers that die at once come back ever more slowly, and none takes in more than it can answer
(``web.door``). POSIX only.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import sys
import time
from collections.abc import Callable
from signal import SIGTERM
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from kb.errors import KnowledgeError
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web import logs, memory, metrics
from web.app import compile_templates
from web.door import Worker
from web.metrics_folder import FOLDER
from web.server import GRACE, THREADS, address_of
from web.serving import Served

BOOT = 120.0
"""Seconds within which a successor must be ready, else its predecessor stays."""

_KEPT_ALIVE = 15
_HUNG = 120  # seconds after which a worker whose main loop does not turn is replaced
_LONGEST_LINE = 8190
_log = logging.getLogger(__name__)


def run(settings: Settings, host: str, port: int, workers: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP rolls the workers over. ``ready`` hears the address, in a worker.

    The knowledge base must have been made ready and closed again, and ``metrics_folder.prepare`` called
    before this module was imported. Does not return: exits the process.
    """
    logs.configure(settings.watching.log)
    compile_templates()
    memory.settle()  # what all workers share stays shared: nobody's search for garbage writes to it
    try:
        _Rolling(_Application(settings, host, port, workers, ready)).run()
    finally:
        if not _Application.in_worker:
            shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


class _Application(BaseApplication):  # type: ignore[misc]
    """Gunicorn's settings, and the application that each worker opens for itself."""

    in_worker = False

    def __init__(
        self, settings: Settings, host: str, port: int, workers: int, ready: Callable[[str], None]
    ) -> None:
        self.settings, self.host, self.port, self.workers, self.told = settings, host, port, workers, ready
        self.reading, self.writing = os.pipe()
        self.served: Served | None = None
        super().__init__()

    def load_config(self) -> None:
        """Settings of the processes and their sockets."""
        options = {
            "bind": f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}",
            "workers": self.workers, "worker_class": Worker, "threads": THREADS, "keepalive": _KEPT_ALIVE,
            "graceful_timeout": int(GRACE), "timeout": _HUNG, "limit_request_line": _LONGEST_LINE,
            "control_socket_disable": True, "forwarded_allow_ips": "", "logger_class": _Log,
            "loglevel": "error", "proc_name": "kb", "post_worker_init": self.booted,
            "worker_exit": self.exiting, "child_exit": self.reaped,
        }  # fmt: skip
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker. A failure ends the worker, and the next one tries again."""
        _Application.in_worker = True
        try:
            self.served = Served(KnowledgeBase.open(self.settings))
            self.served.warm()
        except KnowledgeError as error:
            _log.error("%s", error)
            sys.exit(1)
        except Exception:
            _log.exception("the knowledge base does not open")
            sys.exit(1)
        return self.served.app

    def booted(self, worker: Any) -> None:
        """Tell the parent that a worker answers, and the user when it is the first."""
        os.write(self.writing, f"{os.getpid()}\n".encode())
        if worker.age == 1:
            self.told(address_of(self.host, worker.sockets[0].getsockname()[1]))

    def exiting(self, _server: Any, _worker: Any) -> None:
        """Close what a worker has opened."""
        if self.served is not None:
            self.served.close()

    @staticmethod
    def reaped(_server: Any, worker: Any) -> None:
        """Forget the figures that only a living worker has."""
        metrics.gone(worker.pid)


class _Rolling(Arbiter):  # type: ignore[misc]
    """Replaces workers one by one, and restarts those that die with growing pauses."""

    def __init__(self, app: _Application) -> None:
        super().__init__(app)
        self._app, self._ready = app, set[int]()
        self._unread = b""
        self._pauses, self._next = 0, 0.0

    def reload(self) -> None:
        """Put a new worker in the place of each; where one does not get ready, the rest stay."""
        for pid in sorted(self.WORKERS, key=lambda pid: self.WORKERS[pid].age):
            successor = self.spawn_worker()
            if not self._gets_ready(successor):
                self.log.error("worker %s did not get ready; the others stay", successor)
                self.kill_worker(successor, SIGTERM)
                return
            self.kill_worker(pid, SIGTERM)

    def spawn_workers(self) -> None:
        """Start the workers that are missing, unless they died too fast too often."""
        if time.monotonic() < self._next:
            return
        super().spawn_workers()

    def reap_workers(self) -> None:
        """Note who has ended; workers that never got ready make the next ones wait."""
        before = set(self.WORKERS)
        super().reap_workers()
        self._listen(0)
        ended = before - set(self.WORKERS)
        if ended - self._ready:
            self._pauses = min(self._pauses + 1, 5)
            self._next = time.monotonic() + 2**self._pauses
        elif ended:
            self._pauses = 0
        self._ready -= ended

    def _gets_ready(self, pid: int) -> bool:
        end = time.monotonic() + BOOT
        while time.monotonic() < end and pid in self.WORKERS:
            self._listen(0.2)
            if pid in self._ready:
                return True
            self.reap_workers()
        return False

    def _listen(self, seconds: float) -> None:
        """Take up which workers told that they are ready."""
        while select.select([self._app.reading], [], [], seconds)[0]:
            lines = (self._unread + os.read(self._app.reading, 4096)).split(b"\n")
            self._unread = lines.pop()
            self._ready.update(int(line) for line in lines)
            seconds = 0


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's own messages go where ours go."""

    def setup(self, cfg: Any) -> None:
        """No handlers of its own."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
