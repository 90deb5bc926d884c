"""Workbooks (xlsx, xls, ods) to grids. Values are read as stored; nothing is computed or executed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import openpyxl
from openpyxl.cell.read_only import ReadOnlyCell
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from indicators.numbers import plain_number
from loaders.bounds import MOST_CELLS, MOST_ROWS
from loaders.errors import DamagedFileError, ProtectedFileError, TooLargeError
from loaders.extent import Look, scan
from loaders.grid import Grid, Range, make_grid
from loaders.hidden import Spans
from loaders.hidden_xls import hidden_in_xls
from loaders.progress import tell

FORMULA = "\ufff9"
"""Mark of a cell that holds a formula whose result was not saved, or an error value."""


def read_workbook(name: str, data: bytes) -> list[Grid]:
    """Grids of all visible and hidden sheets that hold anything, in order.

    A number formatted as a percentage is given as people see it (0.95 as 95%); a date as
    2023-12-31; whole numbers without decimals. What is hidden is told. Raises a FileError.
    """
    look = scan(name, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = book.sheets_metadata
        hidden = _hidden(data, [sheet.name for sheet in sheets], look)
        grids = []
        for number, sheet in enumerate(sheets, 1):
            tell("张工作表", number, len(sheets))
            grid = _grid(name, sheet.name, book.get_sheet_by_name(sheet.name), data, look.formulas)
            unseen = sheet.visible != SheetVisibleEnum.Visible
            told = hidden.get(sheet.name, Spans()).within(grid.height, grid.width, sheet=unseen)
            grids.append(replace(grid, hidden=told, _owner={}))
    except PasswordError as error:
        raise ProtectedFileError(name) from error
    except (CalamineError, ValueError, OSError) as error:
        raise DamagedFileError(name, str(error)[:120]) from error
    except BaseException as error:
        if (
            type(error).__name__ != "PanicException"
        ):  # calamine's panics are no Exceptions and have no name to import
            raise
        raise DamagedFileError(name, "工作簿结构不完整") from error
    return [grid for grid in grids if grid.height]


def _hidden(data: bytes, titles: Sequence[str], look: Look) -> Mapping[str, Spans]:
    """Hidden rows and columns by the sheet's title."""
    if data[:2] == b"PK":
        return look.hidden
    found = hidden_in_xls(data)
    return dict(zip(titles, found, strict=True)) if len(found) == len(titles) else {}


def _grid(name: str, title: str, sheet: CalamineSheet, data: bytes, formulas: bool) -> Grid:
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise TooLargeError(name, f"工作表“{title}” {MOST_CELLS // 10_000} 万个单元格")
    if sheet.total_height > MOST_ROWS:
        raise TooLargeError(name, f"工作表“{title}” {MOST_ROWS // 10_000} 万行")
    rows = sheet.to_python(skip_empty_area=False)
    formats = _formats(title, data, rows, formulas)
    texts = [
        [_text(value, formats.get((r, c), "")) for c, value in enumerate(row)] for r, row in enumerate(rows)
    ]
    for (row, column), note in formats.items():
        if note == FORMULA and row < len(texts) and column < len(texts[row]) and not texts[row][column]:
            texts[row][column] = FORMULA
    merged = [Range(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or []]
    return make_grid(title, texts, merged)


def _formats(
    title: str, data: bytes, rows: Sequence[Sequence[object]], formulas: bool
) -> dict[tuple[int, int], str]:
    """Number formats of decimal cells and marks of uncomputed formulas (xlsx only)."""
    if data[:2] != b"PK" or not (formulas or _needs_formats(rows)):
        return {}
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        sheet = book[title]
        found: dict[tuple[int, int], str] = {}
        for row in sheet.iter_rows():
            for cell in row:
                if not isinstance(cell, ReadOnlyCell):
                    continue
                if cell.data_type in ("f", "e"):
                    found[cell.row - 1, cell.column - 1] = FORMULA
                elif cell.data_type == "n" and "%" in str(cell.number_format):
                    found[cell.row - 1, cell.column - 1] = cell.number_format
        return found
    except Exception:
        return {}


def _needs_formats(rows: Sequence[Sequence[object]]) -> bool:
    return any((isinstance(v, float) and not v.is_integer()) or v == 1.0 for row in rows for v in row) or any(
        not any(v != "" for v in row) for row in rows
    )


def _text(value: object, number_format: str) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return _number(value, number_format)
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _number(value: float, number_format: str) -> str:
    if "%" in number_format:
        return f"{plain_number(Decimal(repr(value)) * 100)}%"
    return plain_number(Decimal(repr(value)))
