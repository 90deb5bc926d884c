"""Serving in one process through Waitress until told to stop; requests in hand are answered first."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.wasyncore import loop

from kb.knowledge import KnowledgeBase
from web.serving import Served

THREADS = 8
LARGEST_REQUEST = 64 * 1024 * 1024
GRACE = 30.0
"""Seconds that requests in hand have to end once the server is told to stop."""
DOOR = 0.3
"""Seconds after that in which connections are still taken: the system took some of them that we had not seen."""


def run(kb: KnowledgeBase, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` hears the address once the port is open."""
    served = Served(kb)
    sockets: dict[int, Any] = {}
    server = create_server(
        served.app,
        map=sockets,
        host=host,
        port=port,
        threads=THREADS,
        max_request_body_size=LARGEST_REQUEST,
        ident="kb",
        clear_untrusted_proxy_headers=False,  # web.proxy believes them from listed addresses only
    )
    listeners = [s for s in sockets.values() if isinstance(s, BaseWSGIServer)]
    threading.Thread(target=served.warm, name="kb-warm", daemon=True).start()
    stopping = _stopped_by_signals(listeners[0].trigger.pull_trigger)
    ready(address_of(host, listeners[0].effective_port))
    try:
        while not stopping.is_set():
            loop(timeout=1, map=sockets, count=1)
        _finish(sockets, listeners)
    finally:
        server.close()
        served.close()


def address_of(host: str, port: int) -> str:
    """The address of the pages as a browser takes it."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _stopped_by_signals(wake: Callable[[], None]) -> threading.Event:
    """An event that SIGINT and SIGTERM set, waking the loop; a second one stops at once."""
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler)
        stopping.set()
        wake()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopping


def _finish(sockets: dict[int, Any], listeners: list[BaseWSGIServer]) -> None:
    """Take in who waits at the door already, then nobody more, and answer the requests that were begun."""
    door = time.monotonic() + DOOR
    while time.monotonic() < door:
        loop(timeout=0.05, map=sockets, count=1)
    for listener in listeners:
        listener.del_channel()
        listener.socket.close()
    end = time.monotonic() + GRACE
    while time.monotonic() < end and any(_busy(s) for s in list(sockets.values())):
        loop(timeout=0.05, map=sockets, count=1)


def _busy(socket: Any) -> bool:
    return isinstance(socket, HTTPChannel) and bool(
        socket.requests or socket.request or socket.total_outbufs_len
    )
