"""Where the time of a piece of work goes: seconds by step, for whoever asked for them beforehand.

Steps may lie inside each other (a search asks the database); each is told with all that lies in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

DB, SEARCH, PARSE, RENDER, REVIEW, DRAFT = "db", "search", "parse", "render", "review", "draft"

_steps: ContextVar[dict[str, float] | None] = ContextVar("kb_steps", default=None)


def gather() -> dict[str, float]:
    """A dictionary that from now on gathers the steps of this thread's work."""
    steps: dict[str, float] = {}
    _steps.set(steps)
    return steps


def add(step: str, seconds: float) -> None:
    """Add to a step; costs next to nothing where nobody gathers."""
    steps = _steps.get()
    if steps is not None:
        steps[step] = steps.get(step, 0.0) + seconds


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Time what is done inside."""
    began = perf_counter()
    try:
        yield
    finally:
        add(step, perf_counter() - began)
