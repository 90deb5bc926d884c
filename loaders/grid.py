"""A table of texts as every reader hands it on: cells, merged ranges, and where each cell stood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


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
    table outside of it; ``follows`` tells that it touches the table before it.
    """

    name: str
    cells: tuple[tuple[str, ...], ...]
    merged: tuple[Range, ...] = ()
    addressed: bool = True
    caption: tuple[str, ...] = ()
    follows: bool = False
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

    def place(self, row: int, column: int) -> str:
        """Where a cell stands, in words: ``Sheet1!D12`` or ``表2 第12行第4列``."""
        if self.addressed:
            return f"{self.name}!{column_letters(column)}{row + 1}"
        return f"{self.name} 第{row + 1}行第{column + 1}列"


def stacked(upper: Grid, lower: Grid) -> Grid:
    """Two grids that touch, as the one table that people see."""
    width = max(upper.width, lower.width)
    cells = tuple(row + ("",) * (width - len(row)) for row in (*upper.cells, *lower.cells))
    down = upper.height
    moved = (Range(a.top + down, a.left, a.bottom + down, a.right) for a in lower.merged)
    return Grid(upper.name, cells, (*upper.merged, *moved), upper.addressed, upper.caption, upper.follows)


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
