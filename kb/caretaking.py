"""What a serving process does beside its requests, again and again: so that nothing waits where nobody asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Caretaker:
    """A thread that does a duty again and again until it is closed."""

    def __init__(self, duty: Callable[[], None], seconds: float) -> None:
        self._duty, self._seconds = duty, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="kb-caretaker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after what is being done."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._duty()
            except Exception:  # a database that is away or being restored: the next time will tell
                _log.warning("%s", self._duty, exc_info=True)
