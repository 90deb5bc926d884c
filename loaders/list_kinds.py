"""Lists of projects, departments, problems, indicators in a grid: where they begin, what they are called. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loaders.found import Hints, LoadTable, TableRow, loose_heading
from loaders.grid import Grid
from loaders.list_headers import header_at
from loaders.list_rows import rows_below
from loaders.mapping import TableKind


def find_lists(grid: Grid, start: int, stop: int, hints: Hints) -> Iterator[LoadTable]:
    """Tables of a part of a grid, each with its kind."""
    row = start
    while row < stop:
        found = header_at(grid, row, stop, hints)
        if not found:
            row += 1
            continue
        kind, below, columns = found
        rows, end = rows_below(grid, row, below, stop, columns, kind, hints)
        if rows:
            title = _title(grid, start, row)
            if kind is TableKind.INDICATORS and _is_framework(title, grid, rows, hints):
                kind = TableKind.FRAMEWORK
            yield LoadTable(grid, kind, row, columns, tuple(rows), loose_heading(grid, row), title)
        row = max(end, below)
        start = row


def _is_framework(title: str, grid: Grid, rows: Sequence[TableRow], hints: Hints) -> bool:
    """Whether indicators are an evaluation framework's: its title says so, or it begins with 决策, 过程, 投入."""
    if hints.kind:
        return hints.kind == "framework"
    first = {r.values.get("level1", "").removesuffix("指标") for r in rows}
    return "框架" in title + grid.name or len(first & {"决策", "过程", "投入"}) > 0


def _title(grid: Grid, start: int, row: int) -> str:
    lines = list(grid.caption)
    for index in range(start, row):
        texts = [grid.own(index, c) for c in range(grid.width) if grid.own(index, c)]
        lines += texts if len(texts) <= 2 else []
    return " ".join(lines)
