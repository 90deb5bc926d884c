"""What takes long to make from the catalogue, kept until that changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from kb.garbage import no_collection

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Prepared(Generic[T]):
    """One thing made from the catalogue; ``stamp`` changes whenever it must be made anew.

    With a ``patience`` nobody waits longer than so many seconds for a new one while there is an old one:
    that goes on serving until the new one is made, beside the requests.
    """

    def __init__(self, make: Callable[[], T], stamp: Callable[[], Hashable]) -> None:
        self._make, self._stamp = make, stamp
        self._making = threading.Lock()
        self._kept: tuple[Hashable, T] | None = None
        self._behind: threading.Thread | None = None
        self.patience: float | None = None

    def get(self) -> T:
        """The thing as it is now, or as it was a moment ago where making it takes longer than the patience."""
        stamp, kept = self._stamp(), self._kept
        if kept is None or self.patience is None:
            return self._made(stamp)
        if kept[0] == stamp:
            return kept[1]
        self._begin(stamp).join(self.patience)
        found = self._kept or kept
        return found[1]

    def now(self) -> T:
        """The thing as it is now, however long making it takes."""
        return self._made(self._stamp())

    def _made(self, stamp: Hashable) -> T:
        with self._making:
            if self._kept is None or self._kept[0] != stamp:
                with no_collection():
                    self._kept = stamp, self._make()
            return self._kept[1]

    def _begin(self, stamp: Hashable) -> threading.Thread:
        behind = self._behind
        if behind is None or not behind.is_alive():
            behind = self._behind = threading.Thread(target=self._make_behind, args=(stamp,), daemon=True)
            behind.start()
        return behind

    def _make_behind(self, stamp: Hashable) -> None:
        try:
            self._made(stamp)
        except Exception:  # the old one goes on; the next request tries again
            _log.warning("preparing anew", exc_info=True)
