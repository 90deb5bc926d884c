"""Many values in one question: parts small enough for every database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
MANY = 500
"""SQLite allows 999 bound variables in old builds."""


def in_parts(items: Iterable[T], size: int = MANY) -> Iterator[tuple[T, ...]]:
    """The items in order, at most ``size`` together."""
    rest = iter(items)
    return iter(lambda: tuple(islice(rest, size)), ())
