"""A door in front of a server that tests can shut: connections break, new ones are refused."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Gate:
    """Passes everything on to a port of this machine while it is open. Use it as a context."""

    def __init__(self, port: int) -> None:
        self._target = port
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._listening: socket.socket | None = None
        self._passing: set[socket.socket] = set()

    def open(self) -> None:
        """Let connections through."""
        self._listening = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Break all connections and refuse new ones."""
        if self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        for one in list(self._passing):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._passing.clear()

    def __enter__(self) -> Gate:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._passing |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
