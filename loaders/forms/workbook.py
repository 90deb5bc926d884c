"""Drawn forms as an xlsx that prints on A4: merged cells, wrapped text, rows as high as their text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, cast

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from loaders.forms.layout import Cell, Sheet, Style, lines_of, rows_of
from loaders.grid import Range

_LINE, _PADDING, _TALLEST = 14.0, 8.0, 360.0
"""Points of a line at size 10, of the space around it, and of one row: a taller text takes several rows,
because a spreadsheet row ends at 409 points and cannot be divided between pages."""
_THIN = Side(style="thin", color="FF000000")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_FONTS = {
    Style.TITLE: Font(name="黑体", size=16, bold=True),
    Style.SUBTITLE: Font(name="宋体", size=11),
    Style.REQUIRED: Font(name="宋体", size=10, bold=True, color="FFC00000"),
}
_PLAIN = Font(name="宋体", size=10)
_LEFT = (Style.TEXT, Style.NOTE)
_BARE = (Style.TITLE, Style.SUBTITLE, Style.NOTE)
_HEIGHTS = {Style.TITLE: 30.0, Style.SUBTITLE: 20.0}
_LEAST = 21.0
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def to_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Bytes of a workbook with a worksheet a sheet. Texts are texts: nothing becomes a formula."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = ""
    for sheet in sheets:
        _write(book.create_sheet(sheet.name), sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(page: Worksheet, sheet: Sheet) -> None:
    heights = row_heights(sheet)
    starts = _starts(heights)
    for number, width in enumerate(sheet.widths, 1):
        page.column_dimensions[get_column_letter(number)].width = width
    for row, height in enumerate(heights):
        count = starts[row + 1] - starts[row]
        for part in range(starts[row], starts[row + 1]):
            page.row_dimensions[part + 1].height = round(height / count, 1)
    for cell in sheet.cells:
        area = cell.area
        _put(page, cell, Range(starts[area.top], area.left, starts[area.bottom + 1] - 1, area.right))
        if sum(heights[r] for r in rows_of(area)) > _TALLEST:
            # The middle of a cell that runs over pages may lie on another page than its beginning.
            page.cell(starts[area.top] + 1, area.left + 1).alignment = _aligned(cell, "top")
    _print(page, sheet, starts)


def row_heights(sheet: Sheet) -> list[float]:
    """Points of each row: its highest cell, and what a merged cell needs beyond its other rows."""
    heights = [_LEAST] * sheet.height
    for cell in sorted(sheet.cells, key=lambda c: c.area.bottom - c.area.top):
        room = sum(sheet.widths[cell.area.left : cell.area.right + 1])
        wanted = _HEIGHTS.get(cell.style, lines_of(cell.text, room) * _LINE + _PADDING)
        _stretch(heights, rows_of(cell.area), wanted)
        if cell.area.top == sheet.header[0] and cell.area.bottom > sheet.header[1]:
            # On later pages only the header's part of this cell is printed: its text must fit there.
            _stretch(heights, range(sheet.header[0], sheet.header[1] + 1), wanted)
    return heights


def _stretch(heights: list[float], rows: range, wanted: float) -> None:
    missing = wanted - sum(heights[r] for r in rows)
    for row in rows:
        heights[row] += max(0.0, missing) / len(rows)


def _starts(heights: Sequence[float]) -> list[int]:
    starts = [0]
    for height in heights:
        starts.append(starts[-1] + max(1, -int(-height // _TALLEST)))
    return starts


def _put(page: Worksheet, cell: Cell, area: Range) -> None:
    for row in rows_of(area):
        for column in range(area.left, area.right + 1):
            if cell.style not in _BARE:
                page.cell(row + 1, column + 1).border = _BORDER
    _fill(cast("SheetCell", page.cell(area.top + 1, area.left + 1)), cell)
    if (area.top, area.left) != (area.bottom, area.right):
        page.merge_cells(
            start_row=area.top + 1,
            start_column=area.left + 1,
            end_row=area.bottom + 1,
            end_column=area.right + 1,
        )


def _fill(first: SheetCell, cell: Cell) -> None:
    first.font = _FONTS.get(cell.style, _PLAIN)
    first.alignment = _aligned(cell, "center")
    if isinstance(cell.content, Decimal):
        first.value = cell.content
    elif cell.content:
        first.value = _ESCAPED.sub("_x005F_", cell.content)
        first.data_type = "s"
        # Editing such a cell would make a formula of it, but for this mark.
        first.quotePrefix = cell.content[0] in "=+-@＝＋－＠"


def _aligned(cell: Cell, upright: Literal["top", "center"]) -> Alignment:
    side = "left" if cell.style in _LEFT else "center"
    return Alignment(horizontal=side, vertical=upright, wrap_text=True)


def _print(page: Worksheet, sheet: Sheet, starts: Sequence[int]) -> None:
    top, bottom = starts[sheet.header[0]] + 1, starts[sheet.header[1] + 1]
    page.print_title_rows = f"{top}:{bottom}"
    page.print_area = f"A1:{get_column_letter(len(sheet.widths))}{starts[-1]}"
    setup = page.page_setup
    setup.orientation = "landscape" if sheet.landscape else "portrait"
    setup.paperSize = 9
    setup.fitToWidth, setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = page.page_margins
    margins.left = margins.right = 0.55
    margins.top, margins.bottom, margins.header, margins.footer = 0.7, 0.7, 0.3, 0.35
    page.print_options.horizontalCentered = True
    page.oddFooter = HeaderFooterItem(center=_HeaderFooterPart("第 &P 页 共 &N 页"))
    if not sheet.titles:
        page.freeze_panes = "A2"
