"""How many examples a property test tries: its own number, fewer where the run is to be quick."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> int:
    """``number``, or the number of the profile in force where that is less."""
    return min(number, settings.default.max_examples if settings.default else number)
