"""Time spent in statements, waiting for locks included, told to ``kb.timing``."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event

from kb import timing

_BEGAN = "kb_began"


def watch(engine: Engine) -> None:
    """Time the statements of an engine."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)


def _begin(connection: Any, *_: object) -> None:
    connection.info[_BEGAN] = perf_counter()


def _end(connection: Any, *_: object) -> None:
    timing.add(timing.DB, perf_counter() - connection.info[_BEGAN])
