"""A draft as it is kept, its versions, and the difference between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import SequenceMatcher

import msgspec

from indicators.draft import Draft, DraftRow


class SavedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A draft's place in the store. ``owner`` is an account's name, "" for whoever has the link."""

    id: str
    created_at: datetime
    touched_at: datetime
    expires_at: datetime
    version: int
    owner: str = ""


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A version in short: who saved it and what was done."""

    number: int
    at: datetime
    who: str
    what: str


class Saved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a draft: the table, the description it came from, and rows whose weight is locked."""

    draft: Draft
    text: str = ""
    locked: tuple[int, ...] = ()


class DraftUse(msgspec.Struct, frozen=True):
    """A draft that uses some indicators: its project, whose it is ("" for a link's), when it was last touched."""

    project: str
    owner: str
    touched_at: datetime
    codes: tuple[str, ...]


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is new (no ``before``), gone (no ``after``) or changed in ``fields``."""

    before: DraftRow | None
    after: DraftRow | None
    fields: tuple[str, ...] = ()


COMPARED = (
    "level1", "level2", "name", "comparator", "target", "unit", "weight", "explanation", "basis", "scoring",
    "evidence", "note", "code",
)  # fmt: skip
HEADING = ("project", "department", "unit", "year", "amount", "period", "goal", "midterm_goal", "grounds")


def differences(old: Draft, new: Draft) -> list[RowChange]:
    """Rows that differ, in the new table's order; a row is followed by its code or name."""
    a, b = [_key(r) for r in old.rows], [_key(r) for r in new.rows]
    changes: list[RowChange] = []
    for _, a0, a1, b0, b1 in SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        changes += _aligned(old.rows[a0:a1], new.rows[b0:b1])
    return changes


def heading_differences(old: Draft, new: Draft) -> list[tuple[str, object, object]]:
    """(field, before, after) of the heading."""
    return [(f, getattr(old, f), getattr(new, f)) for f in HEADING if getattr(old, f) != getattr(new, f)]


def _aligned(old: Sequence[DraftRow], new: Sequence[DraftRow]) -> Iterator[RowChange]:
    for n in range(max(len(old), len(new))):
        before = old[n] if n < len(old) else None
        after = new[n] if n < len(new) else None
        if before and after:
            fields = tuple(f for f in COMPARED if getattr(before, f) != getattr(after, f))
            if fields:
                yield RowChange(before=before, after=after, fields=fields)
        else:
            yield RowChange(before=before, after=after)


def _key(row: DraftRow) -> str:
    return row.code or f"{row.level2}/{row.name}"
