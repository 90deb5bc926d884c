"""Header rows of lists: which kind a row of column names begins, and how far it reaches down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loaders.found import Hints, headers_at
from loaders.furniture import is_numbering
from loaders.grid import Grid
from loaders.mapping import MappedColumn, TableKind, guess, is_labelled, map_headers

_HEADER_REACH = 3
_LONGEST_HEADER = 30
_KINDS = (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.ISSUES, TableKind.INDICATORS)


def header_at(
    grid: Grid, row: int, stop: int, hints: Hints
) -> tuple[TableKind, int, tuple[MappedColumn, ...]] | None:
    """(kind, first data row, columns) of a header that stands in a row; None for any other row."""
    best: tuple[TableKind, int, tuple[MappedColumn, ...]] | None = None
    score = 0.0
    own = [t for t in grid.cells[row] if t]
    if len(own) < 2 or any(map(is_labelled, own)):
        return None
    for kind in _wanted(hints):
        below = _below(grid, row, stop, kind)
        columns = tuple(_mapped(grid, row, below, kind, hints))
        sure = sum(c.confidence for c in columns if c.field)
        if _signature(kind, {c.field for c in columns} - {""}) and _short(grid, row) and sure > score:
            best, score = (kind, below, columns), sure
    return best


def _mapped(grid: Grid, row: int, below: int, kind: TableKind, hints: Hints) -> list[MappedColumn]:
    low = headers_at(grid, row, below)
    mapped = map_headers(low, kind, hints.corrections, hints.learned)
    top = {c: grid.text(row, c) for c in low}
    taken = {m.field for m in mapped}
    # A lower row that says too little (得分 under 自评) is read with the heading of its group.
    better = []
    for m in mapped:
        joined = top[m.column] + low[m.column] if top[m.column] != low[m.column] else ""
        name, sure = guess(joined, kind) if joined else ("", 0.0)
        if name and name not in taken and not m.fixed and (sure >= 0.95 or not m.field):
            taken.add(name)
            m = replace(m, header=joined, field=name, confidence=sure)
        better.append(m)
    return better


def _wanted(hints: Hints) -> Sequence[TableKind]:
    if hints.kind == "projects":
        return (TableKind.PROJECTS, TableKind.DEPARTMENTS)
    if hints.kind in ("indicators", "framework"):
        return (TableKind.INDICATORS,)
    return (TableKind.ISSUES,) if hints.kind == "issues" else _KINDS


def _short(grid: Grid, row: int) -> bool:
    return all(len(grid.own(row, c)) <= _LONGEST_HEADER for c in range(grid.width))


def _signature(kind: TableKind, fields: set[str]) -> bool:
    if kind is TableKind.PROJECTS:
        telling = fields & {"amount", "self_score", "third_party_score", "grade", "executed"}
        return "project" in fields and (bool(telling) or fields == {"number", "project"})
    if kind is TableKind.DEPARTMENTS:
        return (
            "department" in fields
            and bool(fields & {"third_party_score", "self_score", "grade"})
            and "project" not in fields
        )
    if kind is TableKind.ISSUES:
        return "what" in fields and len(fields) >= 2
    beside = fields & {"level1", "level2", "explanation", "formula", "unit_of_value", "sector", "code"}
    return "name" in fields and len(beside) >= 1 and len(fields) >= 3


def _below(grid: Grid, row: int, stop: int, kind: TableKind) -> int:
    """First data row under a header: rows that merged heads reach into or that name columns are heads."""
    below = row + 1
    while below < min(stop, row + _HEADER_REACH):
        own = [
            (c, grid.own(below, c))
            for c in range(grid.width)
            if grid.own(below, c) and grid.area(below, c).top == below
        ]
        known = [c for c, text in own if guess(text, kind)[0]]
        reaching = any(grid.area(row, c).bottom >= below for c in range(grid.width))
        grouped = any(grid.area(row, c).right > c or not grid.text(row, c) for c, _ in own)
        if not own and reaching:
            below += 1
            continue
        if not own or not (reaching or grouped) or 2 * len(known) < len(own):
            break
        below += 1
    if below < stop and is_numbering([grid.own(below, c) for c in range(grid.width)]):
        below += 1
    return below
