"""Finding every table of a file that can be loaded, in order. Pure.

Target tables, self-evaluations and monitoring tables are found by ``loaders.tables``; what it
leaves is looked through for header rows of the other kinds. A table knows for each row and
field its text and its place; levels, sectors, agencies written only once are filled down.
"""

from __future__ import annotations

from collections.abc import Sequence

from loaders.beside import find_in
from loaders.found import Hints, LoadTable
from loaders.grid import Grid
from loaders.list_kinds import find_lists
from loaders.tables import find_tables
from loaders.target_kinds import from_target_table


def find_all(grids: Sequence[Grid], hints: Hints | None = None) -> list[LoadTable]:
    """All tables of a file that can be loaded, in order."""
    known = hints or Hints()
    return find_in(grids, lambda grid: _tables_of(grid, known))


def _tables_of(grid: Grid, hints: Hints) -> list[LoadTable]:
    targets = [from_target_table(t, hints) for t in find_tables(grid)]
    taken = [(t.header_row, max([t.header_row, *(r.index for r in t.rows)])) for t in targets]
    others, start = [], 0
    for top, bottom in [*taken, (grid.height, grid.height)]:
        others += list(find_lists(grid, start, top, hints))
        start = bottom + 1
    return sorted([*targets, *others], key=lambda t: t.header_row)
