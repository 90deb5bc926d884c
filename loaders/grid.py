"""A table of texts as every reader hands it on: cells, merged ranges, and where each cell stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loaders.hidden import Hidden

SURE = 0.9
"""Recognised cells that are less sure than this are told to be looked at."""


@dataclass(frozen=True, slots=True)
class Range:
    """A merged range, rows and columns from 0, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet or table. ``cells`` is rectangular; covered cells of a merged range are "".

    ``name`` is the sheet's or table's name, ``addressed`` tells whether cells have spreadsheet
    addresses (D12) or are told by row and column. ``caption`` is what is written right above the
    table outside of it; ``follows`` tells that it touches the table before it. A grid put together
    from several pages or tables has in ``origins`` the name and the number there of each row; one cut
    out of a wider one has in ``shift`` the columns left of it. ``sureness`` has for each recognised
    cell of a scan how sure the recognition is (0..1); it is empty for what was read as text. ``hidden`` tells
    what of the sheet nobody sees, by the sheet's own numbers.
    """

    name: str
    cells: tuple[tuple[str, ...], ...]
    merged: tuple[Range, ...] = ()
    addressed: bool = True
    caption: tuple[str, ...] = ()
    follows: bool = False
    origins: tuple[tuple[str, int], ...] = ()
    shift: int = 0
    sureness: Mapping[tuple[int, int], float] = field(default_factory=dict)
    hidden: Hidden = field(default_factory=Hidden)
    _owner: dict[tuple[int, int], Range] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for area in self.merged:
            for row in range(area.top, area.bottom + 1):
                for column in range(area.left, area.right + 1):
                    self._owner[row, column] = area

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.cells)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.cells[0]) if self.cells else 0

    def text(self, row: int, column: int) -> str:
        """Text of a cell; a cell covered by a merged range has the range's text."""
        area = self._owner.get((row, column))
        if area is not None:
            row, column = area.top, area.left
        if row >= self.height or column >= self.width:
            return ""
        return self.cells[row][column]

    def own(self, row: int, column: int) -> str:
        """Text that stands in this very cell, "" where a merged range covers it."""
        return self.cells[row][column]

    def area(self, row: int, column: int) -> Range:
        """Merged range of a cell, or the cell itself."""
        return self._owner.get((row, column), Range(row, column, row, column))

    def origin(self, row: int) -> tuple[str, int]:
        """Page, sheet or table that a row stood in, and its number there from 0."""
        return self.origins[row] if row < len(self.origins) else (self.name, row)

    def place(self, row: int, column: int) -> str:
        """Where a cell stands, in words: ``Sheet1!D12`` or ``表2 第12行第4列``; a recognised one says so."""
        name, number = self.origin(row)
        if self.addressed:
            return f"{name}!{column_letters(column + self.shift)}{number + 1}"
        mark = "（识别）" if self.sure(row, column) is not None else ""
        return f"{name} 第{number + 1}行第{column + self.shift + 1}列{mark}"

    def hidden_in(self, rows: Iterable[int], columns: Iterable[int]) -> Hidden:
        """What of these rows and columns of the grid nobody sees."""
        if self.hidden == Hidden():
            return self.hidden
        return self.hidden.among(
            (self.origin(row)[1] + 1 for row in rows), (column + self.shift + 1 for column in columns)
        )

    def sure(self, row: int, column: int) -> float | None:
        """How surely a cell was recognised in a scan (0..1); None for one that was read as text."""
        area = self.area(row, column)
        return self.sureness.get((area.top, area.left))

    def columns(self, left: int, right: int) -> Grid:
        """The columns from ``left`` up to ``right`` as a grid of their own that keeps the cells' places.

        A merged range that reaches over an edge (a title) has its text on both sides.
        """
        cells = [list(row[left:right]) for row in self.cells]
        kept = []
        for area in self.merged:
            if area.right < left or area.left >= right:
                continue
            cells[area.top][max(area.left, left) - left] = self.text(area.top, area.left)
            kept.append(
                Range(area.top, max(area.left, left) - left, area.bottom, min(area.right, right - 1) - left)
            )
        sure = {(r, c - left): v for (r, c), v in self.sureness.items() if left <= c < right}
        return replace(
            self, cells=tuple(map(tuple, cells)), merged=tuple(kept), shift=self.shift + left, sureness=sure, _owner={}
        )  # fmt: skip


def stacked(upper: Grid, lower: Grid) -> Grid:
    """Two grids that touch, as the one table that people see; each row keeps its place."""
    width = max(upper.width, lower.width)
    cells = tuple(row + ("",) * (width - len(row)) for row in (*upper.cells, *lower.cells))
    down = upper.height
    moved = (Range(a.top + down, a.left, a.bottom + down, a.right) for a in lower.merged)
    origins = tuple(grid.origin(row) for grid in (upper, lower) for row in range(grid.height))
    sure = {**upper.sureness, **{(r + down, c): v for (r, c), v in lower.sureness.items()}}
    return replace(
        upper, cells=cells, merged=(*upper.merged, *moved), origins=origins, sureness=sure, _owner={}
    )  # fmt: skip


def column_letters(column: int) -> str:
    """Spreadsheet letters of a column counted from 0: 0 -> A, 26 -> AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def make_grid(
    name: str, rows: Iterable[Sequence[str]], merged: Iterable[Range] = (), *, addressed: bool = True
) -> Grid:
    """A grid from ragged rows: short ones are filled, empty rows and columns at the end dropped."""
    texts = [[clean(cell) for cell in row] for row in rows]
    while texts and not any(texts[-1]):
        texts.pop()
    width = max((n + 1 for row in texts for n, cell in enumerate(row) if cell), default=0)
    cells = tuple(tuple((row + [""] * width)[:width]) for row in texts)
    kept = tuple(
        Range(a.top, a.left, min(a.bottom, len(cells) - 1), min(a.right, width - 1))
        for a in merged
        if a.top < len(cells) and a.left < width
    )
    return Grid(name, cells, kept, addressed)


def clean(text: str) -> str:
    """A cell's text without the blanks around it; breaks inside stay."""
    return (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u3000", " ").strip()
    )
