"""Grids as people see the tables in them: cut apart where tables stand side by side, put together where
a page break cut one in two, header words that stand in two rows joined. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from loaders.grid import Grid, stacked
from loaders.headers import column_of, is_label
from loaders.mapping import known_header

T = TypeVar("T")
_LONGEST_HEAD, _LONGEST_HALF = 30, 6
_HEADS_WITHIN = 40
_TELLING = frozenset(("target", "amount", "self_score", "third_party_score", "score", "grade", "executed"))
_NAMES = frozenset(("project", "department", "name", "unit", "what"))


def find_in(grids: Iterable[Grid], find: Callable[[Grid], list[T]]) -> list[T]:
    """What ``find`` finds in grids as people see them; a heading that touches a table belongs to it."""
    found: list[T] = []
    heading: Grid | None = None
    going: tuple[Grid, int] | None = None
    for given in grids:
        grid = stacked(heading, given) if heading and given.follows else given
        tables = _find(grid, find)
        if not tables and going and _goes_on(going[0], given):
            whole, at = stacked(going[0], given), going[1]
            again = _find(whole, find)
            if len(again) == len(found) - at:
                found[at:], going = again, (whole, at)
                continue
        heading = None if tables else grid
        going = (grid, len(found)) if tables else None
        found += tables
    return found


def _find(grid: Grid, find: Callable[[Grid], list[T]]) -> list[T]:
    return [table for part in apart(with_whole_heads(grid)) for table in find(part)]


def _goes_on(above: Grid, grid: Grid) -> bool:
    """Whether a table without a header is the rest of the one above that a page break cut off."""
    first = [t for c in range(grid.width) if (t := grid.own(0, c))]
    return grid.follows and grid.width == above.width and len(first) >= 2 and not any(map(is_label, first))


def with_whole_heads(grid: Grid) -> Grid:
    """The grid with header words that are cut over two rows (三级 above 指标) put together in the lower one."""
    for row in range(min(grid.height - 1, _HEADS_WITHIN)):
        upper, lower = grid.cells[row], grid.cells[row + 1]
        both = [c for c in range(grid.width) if upper[c] and lower[c]]
        if len(both) < 3 or any(len(upper[c]) > _LONGEST_HALF or len(lower[c]) > _LONGEST_HALF for c in both):
            continue
        fields = {_field(upper[c] + lower[c]) for c in both}
        if "" in fields or len(fields) < len(both) or len({_field(upper[c]) for c in both}) >= len(both):
            continue
        joined = tuple(up + low if up and low else up or low for up, low in zip(upper, lower, strict=True))
        blank = ("",) * grid.width
        cells = (*grid.cells[:row], blank, joined, *grid.cells[row + 2 :])
        merged = tuple(a for a in grid.merged if not a.top <= row <= a.bottom)
        return replace(grid, cells=cells, merged=merged, _owner={})
    return grid


def apart(grid: Grid) -> list[Grid]:
    """The tables that stand side by side in a grid, from the left; the grid itself where there is one."""
    for row in range(grid.height):
        cut = _cut(grid, row)
        if cut:
            return [grid.columns(0, cut), *apart(grid.columns(cut, grid.width))]
    return [grid]


def _cut(grid: Grid, row: int) -> int:
    """First column of the second table whose header stands in a row; 0 where there is none."""
    texts = grid.cells[row]
    filled = [c for c, t in enumerate(texts) if t]
    if len(filled) < 4 or any(len(texts[c]) > _LONGEST_HEAD for c in filled):
        return 0
    if len({texts[c] for c in filled}) == len(filled) and filled[-1] - filled[0] + 1 == len(filled):
        return 0  # neither a header that comes again nor a free column
    fields = {c: _field(texts[c]) for c in filled}
    if sum(map(bool, fields.values())) < 4:
        return 0
    for n, column in enumerate(filled[2:-1], 2):
        left, right = filled[:n], filled[n:]
        again = [texts[c] for c in left] == [texts[c] for c in right[: len(left)]]
        free = column - filled[n - 1] > 1 and _is_free(grid, row, filled[n - 1] + 1, column)
        halves = any(fields[c] == "target" for c in left)  # a form's midterm half beside its annual one
        if not (free or (again and not halves)) or any(
            a.left < column <= a.right for a in grid.merged if a.bottom >= row
        ):
            continue
        if _is_whole({fields[c] for c in left}) and _is_whole({fields[c] for c in right}):
            return column
    return 0


def _is_free(grid: Grid, row: int, left: int, right: int) -> bool:
    """Whether columns between two tables hold nothing from the header down."""
    return any(all(not grid.cells[r][c] for r in range(row, grid.height)) for c in range(left, right))


def _is_whole(fields: set[str]) -> bool:
    return bool(fields & _NAMES) and bool(fields & _TELLING)


def _field(text: str) -> str:
    return column_of(text) or known_header(text)
