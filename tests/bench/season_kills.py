"""Workers killed at random, and what each kill cost: requests in a thread, requests not read yet, idle connections."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.office import Office
from tests.servers.sockets import unread

EVERY = 20.0  # seconds between two kills
FAILURES = "SEASON_FAILURES"
"""Setting that names the file to which the users add each failure as a line: when it began, ended and what it was."""
_NOTICED = 1.0
"""Seconds after a kill within which its clients have noticed."""


@dataclass
class Killer:
    """Kills a worker every twenty seconds until told to stop."""

    office: Office
    workers: int
    unread: list[int] = field(default_factory=list)
    """Connections of each worker killed on which a request lay that nobody had read."""
    at: list[float] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        """Kill at random while there are as many workers as there should be."""
        chance = random.Random(7)
        while not stop.wait(EVERY):
            alive = self.office.workers()
            if len(alive) >= self.workers:
                self._kill(chance.choice(alive))

    def _kill(self, pid: int) -> None:
        """Hold the worker still for the look, so that what is counted is what dies."""
        os.kill(pid, signal.SIGSTOP)
        self.unread.append(sum(size > 0 for size in unread(pid, self.office.port)))
        self.at.append(time.time())
        os.kill(pid, signal.SIGKILL)

    def cost(self, failures: list[dict[str, float | str]]) -> str:
        """What the kills cost in words: requests in hand at a kill, of them unread, and begun after it."""
        kinds = Counter(self._kind(float(f["began"]), float(f["ended"])) for f in failures)
        most = max(self.unread, default=0)
        return (
            f"in hand at a kill: {kinds['in hand']}; lay unread on connections taken in: {sum(self.unread)} "
            f"(at most {most} a kill); begun on a connection after its worker's end: {kinds['after']}; "
            f"at other times: {kinds['other']}"
        )

    def _kind(self, began: float, ended: float) -> str:
        if any(began <= at <= ended for at in self.at):
            return "in hand"
        return "after" if any(at < began < at + _NOTICED for at in self.at) else "other"


def failures_of(file: Path) -> list[dict[str, float | str]]:
    """What the users noted."""
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )
