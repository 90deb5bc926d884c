"""Three states of a table of rows brought together row by row, where each row has a key of its own. Pure.

A row that only one side changed, added or took out is taken from that side. Rows that both changed
differently are the clash, and only they: the others come together whichever side is chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from indicators.model import ExampleRow, FundLine, Pitfall, Placement, SourceRef, Subsector, Target

_KEYS: Mapping[type, tuple[str, ...]] = {
    Target: ("level1", "level2", "name"),
    ExampleRow: ("level1", "level2", "name"),
    FundLine: ("name",),
    SourceRef: ("source", "field"),
    Pitfall: ("problem",),
    Placement: ("edition",),
    Subsector: ("name",),
}
"""What tells a row from all others of its table, and stays while the rest of the row is changed."""

Key = tuple[Any, ...]
Table = dict[Key, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """The merged table, once with their and once with my version of each row that both changed differently."""

    theirs: tuple[Any, ...]
    mine: tuple[Any, ...]


def merge_rows(base: tuple[Any, ...], theirs: tuple[Any, ...], mine: tuple[Any, ...]) -> Rows | None:
    """The tables brought together; None where that is not sure, so that a person must choose a whole table.

    That is where rows have no key or two of a table the same one, and where both sides put rows
    that they share into different orders.
    """
    began, other, own = map(_keyed, (base, theirs, mine))
    if began is None or other is None or own is None:
        return None
    order = _order(began, other, own)
    if order is None:
        return None
    rows = [(began.get(key), other.get(key), own.get(key)) for key in order]
    return Rows(
        _there(_taken(b, t, m, clash=t) for b, t, m in rows),
        _there(_taken(b, t, m, clash=m) for b, t, m in rows),
    )


def _keyed(rows: tuple[Any, ...]) -> Table | None:
    """Rows by their keys, None where not each has one of its own."""
    found: Table = {}
    for row in rows:
        names = _KEYS.get(type(row))
        key = tuple(getattr(row, name) for name in names) if names else ()
        if not key or key in found:
            return None
        found[key] = row
    return found


def _taken(base: Any, theirs: Any, mine: Any, *, clash: Any) -> Any:
    """A row's three states (None: not there) as one."""
    if theirs in (mine, base):
        return mine
    return theirs if mine == base else clash


def _there(rows: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(row for row in rows if row is not None)


def _order(began: Table, other: Table, own: Table) -> list[Key] | None:
    """Keys of all three tables in the order of whoever moved rows, additions of the other side where they stood."""
    if _moved(own, began) and _moved(other, began) and _moved(own, other):
        return None
    frame, rest = (own, other) if _moved(own, began) else (other, own)
    order = list(frame)
    there = set(order)
    before: Key | None = None
    for key in rest:
        if key not in there:
            order.insert(order.index(before) + 1 if before is not None else 0, key)
            there.add(key)
        before = key
    return order


def _moved(one: Collection[Key], other: Collection[Key]) -> bool:
    """Whether rows that two tables share stand in different orders."""
    first, second = set(one), set(other)
    return [k for k in one if k in second] != [k for k in other if k in first]
