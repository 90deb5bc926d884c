"""The newest things that fit into a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The newest entries that fit into a number of bytes. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self.used = 0
        self._limit = limit
        self._entries: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Value | None:
        """The value of a key, or None."""
        entry = self._entries.get(key)
        return entry[0] if entry else None

    def put(self, key: str, value: Value, size: int) -> None:
        """Keep a value of this many bytes; the oldest ones go. One larger than all room is not kept."""
        if size > self._limit:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            self.used += size - (old[1] if old else 0)
            self._entries[key] = (value, size)
            while self.used > self._limit:
                _, (_, freed) = self._entries.popitem(last=False)
                self.used -= freed
