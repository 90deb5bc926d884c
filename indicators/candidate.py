"""A record on its way into the knowledge base: what a file gave, before a plan says what it changes."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.model import Record


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record read from a file. ``given`` names the fields that the file speaks of at all.

    A record without a code of its own gets one from the plan, by its set and place. ``place`` is
    where it stands in the file, ``row`` its row there (0: it is not one row's).
    """

    record: Record
    given: frozenset[str]
    place: str = ""
    row: int = 0
