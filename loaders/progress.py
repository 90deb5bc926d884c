"""How far reading a file is: readers tell, whoever waits hears. Where nobody listens nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Told = Callable[[str, int, int], None]
"""Hears what is counted (张表、页), which one is being read, of how many."""
_hearer: ContextVar[Told | None] = ContextVar("hearer", default=None)


@contextmanager
def heard_by(told: Told) -> Iterator[None]:
    """Let ``told`` hear how far reading is, within the block."""
    token = _hearer.set(told)
    try:
        yield
    finally:
        _hearer.reset(token)


def tell(unit: str, number: int, of: int) -> None:
    """Say that the part of this number (from 1) is being read."""
    if told := _hearer.get():
        told(unit, number, of)
