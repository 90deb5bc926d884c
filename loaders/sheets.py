"""Writing sheets that people work in: text stays text, heads stay in view, columns fit, notes sit in cells."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000  # a cell holds 32,767 characters
_LINE = Side(style="thin", color="BBBBBB")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
HEAD = PatternFill("solid", fgColor="EDEAE0")
CHANGED = PatternFill("solid", fgColor="E2F0E6")
TONES = {
    "错误": PatternFill("solid", fgColor="F7DAD2"),
    "建议": PatternFill("solid", fgColor="FAEBC8"),
    "提示": PatternFill("solid", fgColor="E6EDF6"),
}
"""Grounds of the severities; the word always stands beside."""

Value = str | int | float | Decimal | None


def put(cell: Cell, value: Value) -> Cell:
    """Write a value. Text is never a formula, whatever it begins with."""
    if _write(cell, value):
        cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _write(cell: Cell, value: Value) -> bool:
    """Put a value in without looks; tells whether it is text that must be kept from being a formula."""
    if not isinstance(value, str):
        cell.value = value
        return False
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
    cell.value = text
    if not text.startswith(_FORMULA_MARKS):
        return False
    cell.data_type = "s"
    return True


def head_row(sheet: Worksheet, row: int, titles: Sequence[str]) -> None:
    """A row of column titles."""
    for column, title in enumerate(titles, 1):
        cell = put(_cell(sheet, row, column), title)
        cell.font, cell.fill, cell.border = Font(bold=True), HEAD, _BORDER
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def body_row(
    sheet: Worksheet, row: int, values: Iterable[Value], looks: dict[tuple[bool, Value], Any] | None = None
) -> None:
    """A row of values with lines around them; a cell that is a severity gets its ground.

    ``looks`` keeps what cells of a sheet look like from row to row: setting it anew for every cell
    took five sixths of the time of a large export.
    """
    looks = {} if looks is None else looks
    for column, value in enumerate(values, 1):
        cell = _cell(sheet, row, column)
        tone = value if isinstance(value, str) and value in TONES else None
        quoted = _write(cell, value)
        known = looks.get((quoted, tone))
        if known is not None:
            cell._style = copy(known)  # type: ignore[attr-defined]  # openpyxl's own way of copying a look
            continue
        put(cell, value).border = _BORDER
        if tone:
            cell.fill = TONES[tone]
        looks[quoted, tone] = cell._style  # type: ignore[attr-defined]


def table(
    sheet: Worksheet, titles: Sequence[str], rows: Iterable[Sequence[Value]], widths: Sequence[int]
) -> None:
    """A whole sheet as one table: titles that stay in view, a filter, widths in characters."""
    head_row(sheet, 1, titles)
    last = 1
    looks: dict[tuple[bool, Value], Any] = {}
    for last, values in enumerate(rows, 2):
        body_row(sheet, last, values, looks)
        sheet.row_dimensions[last].height = _height(values, widths)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{last}"
    set_widths(sheet, widths)
    to_print(sheet)


def _height(values: Sequence[Value], widths: Sequence[int]) -> float:
    """Points that a row needs, so that no text is cut where a program does not fit rows by itself."""
    lines = [
        sum(max(1, -(-_columns(line) // max(1, width - 1))) for line in str(value).split("\n"))
        for value, width in zip(values, widths, strict=False)
        if value is not None
    ]
    return min(400.0, 15.0 * max(lines, default=1))


def _columns(text: str) -> int:
    """Widths of a digit that a line takes; a Chinese character takes two."""
    return sum(2 if c > "\u2e7f" else 1 for c in text)


def set_widths(sheet: Worksheet, widths: Sequence[int]) -> None:
    """Widths of the columns from the left, in characters."""
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def to_print(sheet: Worksheet) -> None:
    """Landscape A4, one page wide, the head on every page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]  # openpyxl always makes it
    sheet.print_title_rows = "1:1"


def note(cell: Cell, text: str, tone: str) -> None:
    """Put a comment into a cell, after one that is there, and give the cell the severity's ground."""
    before = f"{cell.comment.text}\n\n" if cell.comment else ""
    comment = Comment(before + text, "绩效目标体检")
    lines = (before + text).count("\n") + len(before + text) // 22 + 2
    comment.width, comment.height = 360, min(420, 22 * lines)
    cell.comment = comment
    if tone in TONES:
        cell.fill = TONES[tone]


def free_title(book: Workbook, wanted: str) -> str:
    """A sheet title that the book does not have yet."""
    taken = {name.lower() for name in book.sheetnames}
    names = (wanted if n == 1 else f"{wanted}{n}" for n in range(1, 1000))
    return next(name for name in names if name.lower() not in taken)


def saved(book: Workbook) -> bytes:
    """Bytes of a workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # noqa: S101 - our own sheets have no merged cells where we write
    return cell
