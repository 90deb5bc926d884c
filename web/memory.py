"""Memory of a serving process: what lives for good is left alone, what was freed goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress


def settle() -> None:
    """Take all that lives now for long-lived: looking through it for garbage stops a request for a moment."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Hand freed memory back, which the C library keeps after large work (Linux only)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than GNU's
            ctypes.CDLL("libc.so.6").malloc_trim(0)
