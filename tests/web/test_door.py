"""A worker takes in what it has threads for; whoever waits, waits where a killed worker costs nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.servers.office import SMALL, Office, serving
from tests.servers.sockets import unread
from web.server import THREADS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc for the connections"),
]

ASKED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
"""A request of which the end is missing."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One worker."""
    folder = tmp_path_factory.mktemp("door") / "home"
    with KnowledgeBase.open(Settings(home=folder, catalogue=SMALL)):
        pass
    with serving(folder, "--workers", "1") as found:
        yield found


@contextmanager
def connections(office: Office, number: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections on which something has been sent."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(socket.create_connection(("127.0.0.1", office.port), timeout=20))
            for _ in range(number)
        ]
        for connection in made:
            connection.sendall(sent)
        yield made


@contextmanager
def all_threads_busy(office: Office) -> Iterator[list[socket.socket]]:
    """Every thread of the worker reads a request whose end does not come, until its end is sent."""
    (worker,) = office.staffed(1)
    with connections(office, THREADS, ASKED) as held:
        end = time.monotonic() + 20
        while unread(worker, office.port).count(0) < THREADS and time.monotonic() < end:
            time.sleep(0.02)
        yield held


class Asking:
    """Requests on connections of their own, and their answers."""

    def __init__(self, office: Office, number: int) -> None:
        self.answers: list[int | str] = []
        self._threads = [threading.Thread(target=self._ask, args=(office,)) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def _ask(self, office: Office) -> None:
        try:
            self.answers.append(office.get("healthz").status_code)
        except requests.RequestException as error:
            self.answers.append(repr(error))

    def ended(self) -> list[int | str]:
        """All answers."""
        for thread in self._threads:
            thread.join(60)
        return self.answers


def waiting(office: Office) -> int:
    """Connections at the door that nobody has taken in."""
    listening = f":{office.port:04X} 00000000:0000 0A"
    (line,) = [text for text in Path("/proc/net/tcp").read_text().splitlines() if listening in text]
    return int(line.split()[4].partition(":")[2], 16)


def wait_at_the_door(office: Office, number: int) -> None:
    """Until so many connections wait there."""
    end = time.monotonic() + 20
    while waiting(office) != number and time.monotonic() < end:
        time.sleep(0.02)
    assert waiting(office) == number


def test_kill_costs_only_what_has_a_thread(office: Office) -> None:
    (worker,) = office.staffed(1)
    with all_threads_busy(office) as held:
        asking = Asking(office, 6)
        wait_at_the_door(office, 6)
        assert unread(worker, office.port) == [0] * THREADS
        os.kill(worker, signal.SIGKILL)
        assert asking.ended() == [200] * 6
        assert [connection.recv(1) for connection in held] == [b""] * THREADS


def test_who_waits_is_answered_when_a_thread_is_free_again(office: Office) -> None:
    with all_threads_busy(office) as held:
        asking = Asking(office, 2 * THREADS)
        wait_at_the_door(office, 2 * THREADS)
        held[0].sendall(b"\r\n")
        assert b" 200 " in held[0].recv(1000)
        assert asking.ended() == [200] * 2 * THREADS


def test_stopping_worker_answers_who_waits_at_the_door(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--workers", "1") as office, all_threads_busy(office) as held:
        asking = Asking(office, 6)
        wait_at_the_door(office, 6)
        office.signal(signal.SIGTERM)
        wait_at_the_door(office, 0)
        for connection in held:
            connection.sendall(b"\r\n")
        assert asking.ended() == [200] * 6
        assert all(b" 200 " in connection.recv(1000) for connection in held)
        assert office.stopped() == 0, office.log.read_text()


def test_silent_connections_take_no_thread(office: Office) -> None:
    with connections(office, 6 * THREADS) as silent:
        assert office.get("healthz").status_code == 200
        for connection in silent:
            connection.sendall(ASKED + b"\r\n")
        assert all(b" 200 " in connection.recv(1000) for connection in silent)


def test_clients_that_do_not_close_keep_nobody_out(office: Office) -> None:
    ended = ASKED + b"Connection: close\r\n\r\n"
    with connections(office, 3 * THREADS, ended) as lingering:
        for connection in lingering:
            answer = b""
            while part := connection.recv(1000):
                answer += part
            assert b" 200 " in answer
            assert b"Connection: close" in answer
        assert office.get("healthz").status_code == 200


def test_no_more_idle_connections_are_kept_than_threads(office: Office) -> None:
    (worker,) = office.staffed(1)
    with ExitStack() as stack:
        clients = [stack.enter_context(requests.Session()) for _ in range(3 * THREADS)]
        for _ in range(2):
            kept = []
            for client in clients:
                answer = client.get(office.address + "healthz", timeout=20)
                assert answer.status_code == 200
                kept.append(answer.headers.get("Connection") != "close")
            assert any(kept)
            assert len(unread(worker, office.port)) <= THREADS
