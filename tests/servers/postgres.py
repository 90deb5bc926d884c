"""A PostgreSQL server for tests: an empty cluster in a temporary folder, on a free port of loopback.

``python -m tests.servers.postgres`` starts one by hand, prints its address and stops it when it is told to end.
The server refuses to run as root, so root starts it as an unprivileged user.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
USERS = ("postgres", "nobody")
PATIENCE = 60.0

# A test's data may be lost with the machine: nothing waits for the disk. Not with a killed server,
# which tests do: commits stay synchronous.
CARELESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "autovacuum_naptime": "10min",
    "lc_messages": "C",
}


class NoServerError(Exception):
    """PostgreSQL is not installed or does not start."""


def programs() -> Path:
    """Folder of ``initdb`` and ``postgres`` (KB_POSTGRES_BIN, the newest of the usual places, or PATH)."""
    if given := os.environ.get("KB_POSTGRES_BIN"):
        return Path(given)
    places = [p.parent for place in PLACES for p in Path(place).glob("*/bin/initdb")]
    if not places and (found := shutil.which("initdb")):
        return Path(found).resolve().parent
    if not places:
        raise NoServerError("没有安装 PostgreSQL（Debian：apt-get install postgresql）")
    return max(places, key=lambda p: [int(n) for n in re.findall(r"\d+", p.parent.name)])


class PostgresServer:
    """One server with its data; start, stop and start again. Close it, or use it as a context.

    ``careless`` leaves out waiting for the disk, as tests may and measurements must not.
    """

    def __init__(self, careless: bool = True) -> None:
        self._settings = CARELESS if careless else {"lc_messages": "C"}
        self._programs = programs()
        self._user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="kb-postgres-"))
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(self.folder, *self._user)
        made = self._run("initdb", "-D", "data", "-U", "kb", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        if made.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise NoServerError(made.stderr.decode(errors="replace"))

    def start(self) -> None:
        """Start the server and wait until it answers. Raises NoServerError."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [
            self._programs / "postgres", "-D", "data", "-h", "127.0.0.1", "-p", str(self.port),
            "-k", str(self.folder), *options,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **self._as_user(),
            )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise NoServerError((self.folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self, kill: bool = False) -> None:
        """End every connection and the server; its data stay. ``kill`` ends it without tidying up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if kill else signal.SIGINT)
            self._process.wait(PATIENCE)
            self._process = None

    def url(self, database: str) -> str:
        """SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://kb@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        """Stop the server and forget its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)).returncode == 0

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._programs / program, *arguments], cwd=self.folder, capture_output=True, check=False,
            **self._as_user(),
        )  # fmt: skip

    def _as_user(self) -> dict[str, object]:
        return {"user": self._user[0], "group": self._user[1], "extra_groups": ()} if self._user else {}


def execute(url: str, *statements: str) -> None:
    """Run statements outside of a transaction, as CREATE DATABASE wants it."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A started server, stopped and forgotten afterwards. Raises NoServerError."""
    with PostgresServer() as server:
        server.start()
        yield server


def _unprivileged() -> tuple[int, int] | None:
    """User and group to drop to; None where we are no root ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in USERS if name in known)
    return entry.pw_uid, entry.pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    # A killed test run must not leave servers behind (Linux only; elsewhere the call does not exist).
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(1, signal.SIGINT)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with running() as started:
        print(started.url("postgres"), flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
