"""A real ``kb serve`` in processes of its own, and clients that keep asking it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from kb.settings import Settings

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "cases" / "catalogue"
_KB = [sys.executable, "-c", "from web.cli import main; main()"]


def environment(home: Path, **changed: str) -> dict[str, str]:
    """The environment of a program on a home folder with the small catalogue; "" takes a setting away."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("KB_", "PROMETHEUS_"))}
    # The database and the engine that this run of the tests gives a home, which the program would not know of.
    here = Settings(home=home)
    given = {"KB_DATABASE": here.database_url, "KB_SEARCH": here.search_url}
    found = {**own, **given, "KB_HOME": str(home), "KB_CATALOGUE": str(SMALL), **changed}
    return {name: value for name, value in found.items() if value}


def kb(
    home: Path, *arguments: str, text: str | None = None, **changed: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``changed`` are settings."""
    return subprocess.run(
        [*_KB, *arguments], env=environment(home, **changed), input=text, capture_output=True, text=True, cwd=ROOT, timeout=120,
        check=False,
    )  # fmt: skip


@dataclass
class Office:
    """A server that runs."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(re.findall(r":(\d+)/", self.address)[0])

    def workers(self) -> list[int]:
        """Processes that the server started to answer requests, oldest first."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split() if _name(int(pid)) != "resource_tracker"]

    def staffed(self, number: int, seconds: float = 60) -> list[int]:
        """The workers, once there are so many: the first one answers before the last one has begun."""
        end = time.monotonic() + seconds
        while len(found := self.workers()) != number and time.monotonic() < end:
            time.sleep(0.05)
        assert len(found) == number, self.log.read_text()
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal."""
        self.process.send_signal(number)

    def stopped(self, seconds: float = 40) -> int:
        """The exit code, once it has stopped."""
        return self.process.wait(seconds)

    def get(self, path: str) -> requests.Response:
        """An answer over a connection of its own."""
        return requests.get(self.address + path.lstrip("/"), timeout=20)


def _name(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return "resource_tracker" if b"resource_tracker" in line else "worker"


@contextmanager
def serving(home: Path, *arguments: str, **changed: str) -> Iterator[Office]:
    """A server on a home folder and a free port; stopped at the end, by force where need be."""
    home.parent.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*_KB, "serve", "--port", "0", *arguments], env=environment(home, **changed), cwd=ROOT,
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline())
        assert found, log.read_text()
        yield Office(process, found[0], log)
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@dataclass
class Stream:
    """Clients that ask again and again, and what came of it."""

    asks: list[Callable[[requests.Session], requests.Response]]
    clients: int = 4
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Stream:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(n,), daemon=True) for n in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def answered(self, more: int, seconds: float = 20) -> None:
        """Wait until so many more requests were answered."""
        wanted = self.statuses.total() + more
        end = time.monotonic() + seconds
        while self.statuses.total() < wanted and time.monotonic() < end:
            time.sleep(0.02)
        assert self.statuses.total() >= wanted, "the server does not answer any more"

    def _ask(self, number: int) -> None:
        session = requests.Session()
        turn = number
        while not self._stop.is_set():
            ask = self.asks[turn % len(self.asks)]
            turn += 1
            try:
                answer = ask(session)
            except requests.RequestException as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                session.close()
            else:
                self.statuses[answer.status_code] += 1
