"""How a worker takes connections in: only as many as it has threads for, so that a kill costs no others.

Gunicorn's threads take in up to a thousand connections and queue them; whoever stands in that queue is
lost with the worker, while the system keeps a connection that nobody has taken in for the other workers.
Hence: nothing is taken in unless a thread is free, nobody holds a thread without having sent anything,
few connections are kept open between requests and none while all threads are busy, so that the next
request comes to the door again, where any worker may answer it.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

_RAW = re.compile(rb"[\x80-\xff]")
_PARTING = 2.0
"""Seconds that a client has to close a connection that ends, or to send something once the worker stops."""
_DRAINED = 65536


class _Request(Request):  # type: ignore[misc]
    """A request whose address may hold bytes that ought to be escaped, as old browsers send Chinese."""

    def parse_request_line(self, line_bytes: bytes) -> None:
        """Take the line with those bytes escaped."""
        super().parse_request_line(_RAW.sub(lambda found: b"%%%02X" % found[0][0], line_bytes))


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads with our requests, and with a door that is shut while all of them are busy.

    All but ``handle_request`` runs in the worker's main thread.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.max_keepalived = self.cfg.threads
        self._in_hand = 0
        self._parting = deque[Any]()

    def init_process(self) -> None:
        """Begin to work."""
        RequestParser.mesg_class = _Request
        super().init_process()

    @property
    def _busy(self) -> bool:
        """Whether no thread is free."""
        return bool(self._in_hand >= self.cfg.threads)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Open or shut the door; gunicorn asks at every turn of its loop, and once more to stop."""
        super().set_accept_enabled(enabled and not self._busy)
        if not self.alive:
            self._last_orders()

    def accept(self, listener: Any) -> None:
        """Take somebody in, unless another connection of the same turn took the last thread."""
        if not self._busy:
            super().accept(listener)

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection a thread, or have it wait outside of the threads until it has sent something."""
        if not conn.initialized and not conn.wait_for_data(0):
            seconds = self.cfg.keepalive if self.alive else _PARTING
            self._await(conn, self.pending_conns, seconds, self.on_pending_socket_readable)
            return
        self._in_hand += 1
        if self._busy:
            super().set_accept_enabled(False)
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer; while all threads are busy the client is told to come to the door again."""
        if self._busy:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection, or part from it without waiting for the client as gunicorn's main loop would."""
        self._in_hand -= 1
        if fs.cancelled() or fs.exception() or fs.result() is not False:
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)  # RFC 9112, 9.6: the answer arrives before the connection goes
            self._await(conn, self._parting, _PARTING, self._hear_out)
        except OSError:
            self._let_go(conn)

    def murder_pending(self) -> None:
        """Close what has waited too long: for a first byte, or for the client to close."""
        super().murder_pending()
        while self._parting and self._parting[0].timeout <= time.monotonic():
            conn = self._parting.popleft()
            self.poller.unregister(conn.sock)
            self._let_go(conn)

    def _await(self, conn: Any, line: deque[Any], seconds: float, heard: Any) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + seconds
        line.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(heard, conn))

    def _hear_out(self, conn: Any, sock: Any) -> None:
        """Throw away what a client still sends, until it closes: unread it would cost the client its answer."""
        try:
            if sock.recv(_DRAINED):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.poller.unregister(sock)
        self._parting.remove(conn)
        self._let_go(conn)

    def _let_go(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _last_orders(self) -> None:
        """Told to stop, take in who waits at the door, which may go too, and no longer wait for the silent."""
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, time.monotonic() + _PARTING)
        for listener in self.sockets:
            before = -1
            while before != self.nr_conns:
                before = self.nr_conns
                super().accept(listener)
