"""What is found in a file before its rows are read as records: hints given, tables, rows of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loaders.grid import Grid
from loaders.headers import heading_of
from loaders.mapping import MappedColumn, TableKind

Learned = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Hints:
    """What somebody said about a file: its kind ("" to find out), corrected headers, what was learned."""

    kind: str = ""
    corrections: Mapping[str, str] = field(default_factory=dict)
    learned: Learned = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A data row: its index in the grid, texts by field, and whether it goes on the row above it."""

    index: int
    values: dict[str, str]
    filled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LoadTable:
    """A table found in a file, with its mapping and rows as texts."""

    grid: Grid
    kind: TableKind
    header_row: int
    columns: tuple[MappedColumn, ...]
    rows: tuple[TableRow, ...]
    heading: Mapping[str, str]
    title: str

    def place(self, row: TableRow, name: str) -> str:
        """Where the cell of a field stands; the row's first cell where the table has no such column."""
        return self.grid.place(row.index, self.column(name))

    def sure(self, row: TableRow, name: str) -> float | None:
        """How surely the cell of a field was recognised; None for one that was read as text, or is no cell."""
        return self.grid.sure(row.index, self.column(name)) if self.header(name) else None

    def column(self, name: str) -> int:
        """Column of a field, 0 where the table has none."""
        return next((c.column for c in self.columns if c.field == name), 0)

    def header(self, name: str) -> str:
        """Header over a field's column as people see it."""
        return next((c.header.replace("\n", "") for c in self.columns if c.field == name), "")


def headers_at(grid: Grid, row: int, below: int) -> dict[int, str]:
    """Header of each column: the lowest text of its header rows."""
    found = {}
    for column in range(grid.width):
        texts = [t for r in range(row, below) if (t := grid.text(r, column))]
        found[column] = texts[-1] if texts else ""
    return found


def loose_heading(grid: Grid, stop: int) -> dict[str, str]:
    """Labels with their value after a colon in rows above the header (单位：某局)."""
    found: dict[str, str] = {}
    for row in range(stop):
        for column in range(grid.width):
            label, mark, value = grid.own(row, column).replace(":", "：").partition("：")
            if mark and value.strip() and (name := heading_of(label)):
                found.setdefault(name, value.strip())
    return found
