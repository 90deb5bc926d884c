"""A circuit breaker: an engine that keeps failing is left alone for a while instead of waited for.

Own, because the packaged ones either hold a lock around the call, which makes searches queue, or
let every waiting thread try at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after some failures in a row; lets one try through after each rest; closes at a success."""

    def __init__(
        self, failures: int = 2, rest: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._rest, self._clock = failures, rest, clock
        self._failed = 0
        self._next_try = 0.0
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """True while calls are turned away."""
        return self._failed >= self._failures

    def allows(self) -> bool:
        """Whether a call may go out now. While open, one may after each rest."""
        with self._lock:
            if not self.open:
                return True
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + self._rest
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """A call was not answered."""
        with self._lock:
            self._failed += 1
            self._next_try = self._clock() + self._rest
