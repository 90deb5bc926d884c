"""Long work away from requests: one deed after the other in a thread, each by a key to wait for or cancel it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from time import monotonic

_log = logging.getLogger(__name__)
_TELL = 0.4
"""Seconds between two notes of progress."""


class CancelledError(Exception):
    """Somebody called the work off."""


class Stop:
    """What a deed looks at while it works; ``elsewhere`` tells whether another process called it off."""

    def __init__(self, elsewhere: Callable[[], bool] | None = None) -> None:
        self._asked, self._elsewhere = threading.Event(), elsewhere

    def ask(self) -> None:
        """Call the work off."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether the work was called off."""
        return self._asked.is_set() or (self._elsewhere is not None and self._elsewhere())

    def check(self) -> None:
        """Raise CancelledError where the work was called off."""
        if self.asked:
            raise CancelledError


class Line:
    """Deeds waiting in a line; one that raises is written to the log and the next one begins."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._live: dict[str, tuple[Future[None], Stop]] = {}

    def put(
        self, key: str, deed: Callable[[Stop], None], elsewhere: Callable[[], bool] | None = None
    ) -> bool:
        """Queue a deed; False, and nothing happens, where one of the same key is waiting or at work."""
        with self._lock:
            if key in self._live:
                return False
            stop = Stop(elsewhere)
            self._live[key] = self._threads.submit(self._run, key, deed, stop), stop
        return True

    def _run(self, key: str, deed: Callable[[Stop], None], stop: Stop) -> None:
        try:
            deed(stop)
        except CancelledError:
            pass
        except Exception:
            _log.exception("job %s", key)
        finally:
            with self._lock:
                self._live.pop(key, None)

    @property
    def idle(self) -> bool:
        """Whether nothing waits or is at work."""
        with self._lock:
            return not self._live

    def has(self, key: str) -> bool:
        """Whether a deed of this key is waiting or at work."""
        with self._lock:
            return key in self._live

    def wait(self, key: str, seconds: float) -> bool:
        """Wait for a deed, at most so long; whether it is over."""
        with self._lock:
            found = self._live.get(key)
        if found is None:
            return True
        try:
            found[0].result(seconds)
        except Late:
            return False
        return True

    def cancel(self, key: str) -> None:
        """Call a deed off; it ends at its next look."""
        with self._lock:
            found = self._live.get(key)
        if found:
            found[1].ask()

    def close(self) -> None:
        """Finish what is being done and forget what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class Pace:
    """Keeps notes of progress from being written too often."""

    def __init__(self, seconds: float = _TELL) -> None:
        self._seconds, self._told = seconds, 0.0

    def due(self) -> bool:
        """Whether it is time for another note."""
        if monotonic() - self._told <= self._seconds:
            return False
        self._told = monotonic()
        return True
