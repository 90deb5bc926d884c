"""A printed form before it is a file: cells, merged areas, column widths, the row that repeats.

A form module draws one ``Sheet`` with a ``Drawing``; ``workbook`` and ``document`` write it down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from indicators.draft import DraftRow
from indicators.numbers import plain_number
from loaders.grid import Range

Content = str | Decimal | None


class Style(StrEnum):
    """How a cell looks; only notes and titles have no border."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    LABEL = "label"
    REQUIRED = "required"
    TEXT = "text"
    VALUE = "value"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in an area (rows and columns from 0, ends included)."""

    area: Range
    content: str | Decimal
    style: Style

    @property
    def text(self) -> str:
        """The content as people read it."""
        return self.content if isinstance(self.content, str) else plain_number(self.content)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawn form. ``titles`` counts the title rows; ``header`` is the first and last row that repeats.

    ``widths`` are in characters of a spreadsheet column (a Chinese character takes two).
    """

    name: str
    widths: tuple[float, ...]
    cells: tuple[Cell, ...]
    height: int
    titles: int
    header: tuple[int, int]
    landscape: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the indicator table: its title, what a row prints, and what merges downward.

    Neighbouring rows with equal ``key`` share one cell; ``span`` is the number of sheet columns.
    """

    title: str
    value: Callable[[DraftRow], Content]
    style: Style = Style.TEXT
    key: Callable[[DraftRow], tuple[str, ...]] | None = None
    span: int = 1
    required: bool = False
    group: str = ""


def level1_of(row: DraftRow) -> tuple[str, ...]:
    """What rows under one level-1 cell share."""
    return (row.level1,)


def level2_of(row: DraftRow) -> tuple[str, ...]:
    """What rows under one level-2 cell share."""
    return (row.level1, row.level2)


LEVEL1 = Column("一级指标", lambda r: r.level1, Style.VALUE, level1_of)
LEVEL2 = Column("二级指标", lambda r: r.level2, Style.VALUE, level2_of)
NAME = Column("三级指标", lambda r: r.name)


def renamed(columns: Sequence[Column], names: Mapping[str, str]) -> list[Column]:
    """Columns under the titles that a place uses, told by their standard titles."""
    return [replace(c, title=names.get(c.title, c.title)) for c in columns]


@dataclass(slots=True)
class Drawing:
    """A sheet while it is drawn from top to bottom; ``row`` is the row drawn next."""

    name: str
    widths: Sequence[float]
    landscape: bool = False
    row: int = 0
    titles: int = 0
    header: tuple[int, int] = (0, 0)
    cells: list[Cell] = field(default_factory=list)

    @property
    def last(self) -> int:
        """Number of the last column."""
        return len(self.widths) - 1

    def title(self, text: str, year: int | None, *, with_year: bool = True) -> None:
        """The form's name, and the year's line below it."""
        lines = [(text, Style.TITLE)]
        if with_year:
            lines.append((f"({year if year else '    '}年度)", Style.SUBTITLE))
        for line, style in lines:
            self.put(0, self.last, line, style)
            self.row += 1
        self.titles = self.row

    def put(self, left: int, right: int, content: Content, style: Style = Style.TEXT, down: int = 1) -> None:
        """A cell from ``left`` to ``right`` in this row, ``down`` rows high."""
        area = Range(self.row, left, self.row + down - 1, right)
        shown = printable(content) if isinstance(content, str) else content
        self.cells.append(Cell(area, "" if shown is None else shown, style))

    def line(self, *parts: tuple[int, int, Content, Style]) -> None:
        """One row of cells."""
        for left, right, content, style in parts:
            self.put(left, right, content, style)
        self.row += 1

    def table(self, rows: Sequence[DraftRow], columns: Sequence[Column], *, label: str = "") -> None:
        """The indicator table with its header; ``label`` stands merged in the first column beside it."""
        left = 1 if label else 0
        grouped = any(c.group for c in columns)
        if label:
            self.put(0, 0, label, Style.LABEL, down=len(rows) + 1 + grouped)
        top = self.row
        self._header(columns, left, grouped)
        self.header = (top, self.row - 1)
        begin = self.row
        for column in columns:
            self._column(begin, rows, column, left)
            left += column.span
        self.row = begin + len(rows)

    def _header(self, columns: Sequence[Column], left: int, grouped: bool) -> None:
        for group, members in groupby(columns, key=lambda c: c.group):
            begin = left
            for column in members:
                style = Style.REQUIRED if column.required else Style.LABEL
                top = Range(self.row + bool(group), left, self.row + grouped, left + column.span - 1)
                self.cells.append(Cell(top, column.title, style))
                left += column.span
            if group:
                self.put(begin, left - 1, group, Style.LABEL)
        self.row += 1 + grouped

    def _column(self, begin: int, rows: Sequence[DraftRow], column: Column, left: int) -> None:
        self.row = begin
        runs = [[r] for r in rows]
        if column.key:
            runs = [list(run) for _, run in groupby(rows, key=column.key)]
        for run in runs:
            self.put(left, left + column.span - 1, column.value(run[0]), column.style, down=len(run))
            self.row += len(run)

    def finish(self) -> Sheet:
        """The sheet, with an empty cell wherever nothing was put."""
        taken = {
            (r, c)
            for cell in self.cells
            for r in rows_of(cell.area)
            for c in range(cell.area.left, cell.area.right + 1)
        }
        for r in range(self.titles, self.row):
            for c in range(len(self.widths)):
                if (r, c) not in taken:
                    self.cells.append(Cell(Range(r, c, r, c), "", Style.TEXT))
        cells = tuple(sorted(self.cells, key=lambda x: (x.area.top, x.area.left)))
        return Sheet(self.name, tuple(self.widths), cells, self.row, self.titles, self.header, self.landscape)


def rows_of(area: Range) -> range:
    """Rows of an area."""
    return range(area.top, area.bottom + 1)


_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"
)


def printable(text: str) -> str:
    """Text that a file may hold: line breaks kept, tabs as blanks, control characters gone."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _UNPRINTABLE.sub("", lines).strip()


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a cell of a width, estimated on the safe side."""
    room = max(2.0, width - 1.5)
    return sum(max(1, -int(-_measure(line) // room)) for line in text.split("\n")) if text else 1


def _measure(line: str) -> float:
    return sum(2.0 if unicodedata.east_asian_width(c) in "WFA" else 1.1 for c in line)
