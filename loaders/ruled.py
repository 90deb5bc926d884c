"""Ruled tables on the image of a page: lines to cells, cells without a line between them are merged. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loaders.grid import Range

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
_THICK, _NEAR = 10, 4
_WHOLE, _THERE = 0.85, 0.6
_FEWEST_LINES = 3


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table by its lines: their places in pixels from the top and from the left, and its merged ranges."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    merged: tuple[Range, ...]

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, column) of a point; None outside of the table."""
        row, column = np.searchsorted(self.rows, y) - 1, np.searchsorted(self.columns, x) - 1
        inside = 0 <= row < len(self.rows) - 1 and 0 <= column < len(self.columns) - 1
        return (int(row), int(column)) if inside else None


def ruled_tables(gray: Gray) -> list[RuledTable]:
    """Tables of an upright page image, top to bottom."""
    dark = gray < min(170, int(np.median(gray)) - 50)
    across = _runs(dark, max(60, gray.shape[1] // 25))
    down = _runs(dark.T, max(28, gray.shape[0] // 80)).T
    levels = _places(across.sum(axis=1), max(60, gray.shape[1] // 25))
    return [table for block in _blocks(levels, down) if (table := _table(block, across, down))]


def _runs(dark: Mask, length: int) -> Mask:
    """Pixels that lie in a run of nearly ``length`` dark ones along a row."""
    height, width = dark.shape
    if width <= length:
        return np.zeros_like(dark)
    sums = np.zeros((height, width + 1), np.int32)
    np.cumsum(dark, axis=1, out=sums[:, 1:])
    starts = sums[:, length:] - sums[:, :-length] >= _WHOLE * length
    covered = np.zeros((height, width + 1), np.int32)
    covered[:, : starts.shape[1]] += starts
    covered[:, length : length + starts.shape[1]] -= starts[:, : width + 1 - length]
    return (np.cumsum(covered, axis=1)[:, :width] > 0) & dark


def _places(sums: NDArray[np.int64], least: float) -> list[int]:
    """Middles of the lines: runs of places whose sums are high enough; blocks of colour are no lines."""
    found: list[int] = []
    high = np.flatnonzero(sums >= least)
    for run in np.split(high, np.flatnonzero(np.diff(high) > _NEAR) + 1):
        if run.size and run[-1] - run[0] <= _THICK:
            found.append(int(run[0] + run[-1]) // 2)
    return found


def _blocks(levels: Sequence[int], down: Mask) -> list[list[int]]:
    """Lines across that belong to one table: some line down reaches from each to the next."""
    blocks: list[list[int]] = []
    for level in levels:
        if blocks and _reaching(down, blocks[-1][-1], level).any():
            blocks[-1].append(level)
        else:
            blocks.append([level])
    return [b for b in blocks if len(b) >= _FEWEST_LINES]


def _reaching(down: Mask, top: int, bottom: int) -> Mask:
    between = down[top + 2 : bottom - 1]
    if not between.shape[0]:
        return np.zeros(down.shape[1], np.bool_)
    near = between.copy()
    for shift in range(1, _NEAR):
        near[:, shift:] |= between[:, :-shift]
    return np.asarray(near.mean(axis=0) >= _WHOLE)


def _table(rows: Sequence[int], across: Mask, down: Mask) -> RuledTable | None:
    least = min(b - a for a, b in pairwise(rows)) * _WHOLE
    inside = _places(down[rows[0] : rows[-1] + 1].sum(axis=0), max(10.0, least - 4))
    reach = np.flatnonzero(
        across[[r for y in rows for r in range(max(0, y - 2), y + 3) if r < across.shape[0]]].any(axis=0)
    )
    edges = [int(reach[0]), int(reach[-1])] if reach.size else []
    columns = sorted(inside)
    for edge in edges:  # a table whose sides are open
        if all(abs(edge - c) > 3 * _THICK for c in columns):
            columns = sorted([*columns, edge])
    columns = [
        c for n, c in enumerate(columns) if n in (0, len(columns) - 1) or _line_down(down, rows, c).any()
    ]
    # Strokes of characters beside one another look like a line until no cell has it as its edge.
    rows = [
        r for n, r in enumerate(rows) if n in (0, len(rows) - 1) or _line_across(across, columns, r).any()
    ]
    if min(len(columns), len(rows)) < _FEWEST_LINES:
        return None
    return RuledTable(tuple(rows), tuple(columns), _merged(rows, columns, across, down))


def _line_down(down: Mask, rows: Sequence[int], column: int) -> Mask:
    """For each row of cells whether a line stands at a column."""
    near = np.logical_or.reduce(down[:, max(0, column - _NEAR) : column + _NEAR + 1], axis=1)
    return np.array([near[a + 2 : max(b - 1, a + 3)].mean() >= _THERE for a, b in pairwise(rows)])


def _line_across(across: Mask, columns: Sequence[int], row: int) -> Mask:
    """For each column of cells whether a line stands at a row."""
    near = np.logical_or.reduce(across[max(0, row - _NEAR) : row + _NEAR + 1], axis=0)
    return np.array([near[a + 2 : max(b - 1, a + 3)].mean() >= _THERE for a, b in pairwise(columns)])


def _merged(rows: Sequence[int], columns: Sequence[int], across: Mask, down: Mask) -> tuple[Range, ...]:
    """Ranges of cells without lines between them, where they are rectangles."""
    height, width = len(rows) - 1, len(columns) - 1
    owner = {(r, c): (r, c) for r in range(height) for c in range(width)}

    def root(cell: tuple[int, int]) -> tuple[int, int]:
        while owner[cell] != cell:
            cell = owner[cell]
        return cell

    for c in range(1, width):
        line = _line_down(down, rows, columns[c])
        for row in np.flatnonzero(~line).tolist():
            owner[root((row, c))] = root((row, c - 1))
    for r in range(1, height):
        line = _line_across(across, columns, rows[r])
        for column in np.flatnonzero(~line).tolist():
            owner[root((r, column))] = root((r - 1, column))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for cell in owner:
        groups.setdefault(root(cell), []).append(cell)
    ranges = []
    for cells in groups.values():
        top, left = min(r for r, _ in cells), min(c for _, c in cells)
        bottom, right = max(r for r, _ in cells), max(c for _, c in cells)
        if len(cells) > 1 and len(cells) == (bottom - top + 1) * (right - left + 1):
            ranges.append(Range(top, left, bottom, right))
    return tuple(ranges)
