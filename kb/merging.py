"""Three states of one record brought together: the one that somebody began from, theirs, and mine. Pure.

What only one side changed is taken from that side. Lists of words or codes are merged item by item:
what either side added comes in, what either took out goes; tables row by row (``kb.merging_rows``).
A field that both sides changed differently is a clash, for a person to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from indicators.model import Record, Standards
from kb.merging_rows import merge_rows

R = TypeVar("R", bound=Record)


class Side(StrEnum):
    """Whose value of a field stands."""

    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"
    CLASH = "clash"


@dataclass(frozen=True, slots=True)
class Cell:
    """A field that at least one side changed: its three states, and whose value the merge takes.

    Of a table whose rows clash ``theirs`` and ``mine`` have the rows that come together already.
    """

    name: str
    base: Any
    theirs: Any
    mine: Any
    side: Side
    merged: Any


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged record, where clashes have my value unless chosen otherwise, and every changed field."""

    record: Record
    cells: tuple[Cell, ...]

    @property
    def clashes(self) -> tuple[Cell, ...]:
        """Fields that both sides changed differently."""
        return tuple(c for c in self.cells if c.side is Side.CLASH)


def parts_of(record: Record) -> dict[str, Any]:
    """Fields of a record by name, each of the five standards by itself (``standards.plan``)."""
    found: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, Standards):
            found |= {f"{name}.{part}": getattr(value, part) for part in value.__struct_fields__}
        else:
            found[name] = value
    return found


def with_parts(record: R, parts: Mapping[str, Any]) -> R:
    """The record with some fields replaced, named as ``parts_of`` names them."""
    whole = {name: value for name, value in parts.items() if "." not in name}
    standards = {name.partition(".")[2]: value for name, value in parts.items() if "." in name}
    if standards:
        whole["standards"] = msgspec.structs.replace(getattr(record, "standards"), **standards)  # noqa: B009 - not every record has them
    return msgspec.structs.replace(record, **whole)


def merge(base: Record, theirs: Record, mine: Record, chosen: Mapping[str, Side] | None = None) -> Merge:
    """Their record with my changes since ``base``; ``chosen`` decides clashes by field."""
    began, other, own = parts_of(base), parts_of(theirs), parts_of(mine)
    cells = [
        _cell(name, began[name], other[name], own[name])
        for name in own
        if name != "code" and (began[name] != other[name] or began[name] != own[name])
    ]
    decided = [_decided(cell, (chosen or {}).get(cell.name)) for cell in cells]
    return Merge(with_parts(theirs, {c.name: c.merged for c in decided}), tuple(decided))


def _cell(name: str, base: Any, theirs: Any, mine: Any) -> Cell:
    if theirs == mine:
        return Cell(name, base, theirs, mine, Side.BOTH, mine)
    if theirs == base:
        return Cell(name, base, theirs, mine, Side.MINE, mine)
    if mine == base:
        return Cell(name, base, theirs, mine, Side.THEIRS, theirs)
    if _is_list(base) and _is_list(theirs) and _is_list(mine):
        return Cell(name, base, theirs, mine, Side.BOTH, _items(base, theirs, mine))
    return _table(name, base, theirs, mine)


def _table(name: str, base: Any, theirs: Any, mine: Any) -> Cell:
    tables = all(isinstance(value, tuple) for value in (base, theirs, mine))
    found = merge_rows(base, theirs, mine) if tables else None
    if found is None:
        return Cell(name, base, theirs, mine, Side.CLASH, mine)
    if found.theirs == found.mine:
        return Cell(name, base, theirs, mine, Side.BOTH, found.mine)
    return Cell(name, base, found.theirs, found.mine, Side.CLASH, found.mine)


def _decided(cell: Cell, side: Side | None) -> Cell:
    if cell.side is not Side.CLASH or side not in (Side.THEIRS, Side.MINE):
        return cell
    return Cell(
        cell.name, cell.base, cell.theirs, cell.mine, side, cell.theirs if side is Side.THEIRS else cell.mine
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _items(base: tuple[str, ...], theirs: tuple[str, ...], mine: tuple[str, ...]) -> tuple[str, ...]:
    gone = {item for item in base if item not in mine}
    kept = [item for item in theirs if item not in gone]
    return (*kept, *(item for item in mine if item not in base and item not in kept))
