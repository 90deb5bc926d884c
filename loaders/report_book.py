"""The annotated workbook: comments in the cells, a sheet of findings, the corrected tables.

An xlsx is copied and annotated where it stands; any other kind of file becomes a new workbook with
the table as it was read. Macros are not copied.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import openpyxl
from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from indicators.draft import Draft, DraftRow
from indicators.finding import Severity
from loaders.drafts import read_grids
from loaders.errors import FileError
from loaders.grid import Grid
from loaders.headers import COLUMNS, HEADINGS
from loaders.reports import Note, Report, number_text
from loaders.sheets import (
    CHANGED,
    Value,
    body_row,
    free_title,
    head_row,
    note,
    put,
    saved,
    set_widths,
    table,
    to_print,
)
from loaders.tables import FoundTable, find_tables

LARGEST_COPY = 4 * 2**20
"""Bytes of a workbook that is copied and annotated; a larger one is answered with a new workbook."""

_FIELD_OF_ROW = {"unit": "unit_of_value"}
"""Fields of DraftRow whose column is called otherwise in ``headers``."""

_ROW_FIELDS = (
    "level1", "level2", "name", "comparator", "target", "unit", "weight", "explanation", "basis", "scoring",
    "evidence", "actual", "score", "reason", "possibility", "note", "code",
)  # fmt: skip
_ALWAYS = frozenset({"level1", "level2", "name", "target"})
_WIDE = {
    "name": 28,
    "target": 22,
    "explanation": 30,
    "basis": 26,
    "scoring": 26,
    "evidence": 22,
    "reason": 26,
}
_UNHIDE = "打开表格时看不到，请取消隐藏后核对"
_FINDINGS = ("序号", "位置", "行", "级别", "问题", "对象", "说明", "怎么改", "依据", "审核决定")


def annotated(reports: Sequence[Report], name: str, data: bytes | None) -> bytes:
    """The workbook for one file's tables; ``data`` is the file as handed in, None where it is gone."""
    book = _copied(data) if data is not None else None
    cells = _cells(name, data) if book is not None and data is not None else {}
    if book is None:
        book = Workbook()
        book.remove(book.worksheets[0])
        for row, report in _stacked(book.create_sheet("原表"), reports, corrected=False):
            _annotate_own(book["原表"], row, report)
    else:
        for report in reports:
            _annotate_copy(book, report, cells)
    _findings_sheet(book, reports)
    list(_stacked(book.create_sheet(free_title(book, "修改后的表")), reports, corrected=True))
    return saved(book)


def _copied(data: bytes) -> Workbook | None:
    """The workbook itself, None where it is no xlsx or cannot be copied faithfully enough."""
    if data[:2] != b"PK" or len(data) > LARGEST_COPY:
        return None
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except Exception:  # whatever openpyxl stumbles over: the table as it was read is written instead
        return None
    return book if book.worksheets else None


# Where findings stand in the original


def _cells(name: str, data: bytes) -> dict[str, list[tuple[Grid, FoundTable]]]:
    """Target tables by sheet, to find the cell of a field."""
    found: dict[str, list[tuple[Grid, FoundTable]]] = defaultdict(list)
    try:
        for grid in read_grids(name, data):
            found[grid.name] += [(grid, t) for t in find_tables(grid)]
    except FileError:
        return {}
    return found


def _annotate_copy(
    book: Workbook, report: Report, cells: Mapping[str, list[tuple[Grid, FoundTable]]]
) -> None:
    places = {row.number: row.place for row in report.draft.rows}
    for item in report.notes:
        place = places.get(item.row, report.draft.place)
        sheet_name, _, address = place.rpartition("!")
        if sheet_name not in book.sheetnames or not address:
            continue
        sheet = book[sheet_name]
        if not isinstance(sheet, Worksheet):
            continue
        cell = _target_cell(sheet, address, item, cells.get(sheet_name, []))
        if cell is not None:
            note(cell, item.text(), item.severity.label)


def _target_cell(
    sheet: Worksheet, address: str, item: Note, tables: Sequence[tuple[Grid, FoundTable]]
) -> Cell | None:
    """The cell that a finding is about: of its field in its row, else the name's cell."""
    start = sheet[address]
    row, column = start.row - 1, start.column - 1
    for grid, found in tables:
        if item.row and any(r.index == row for r in found.rows):
            key = _FIELD_OF_ROW.get(item.field, item.field)
            column = found.header.columns.get(key, column)
            area = grid.area(row, column)
            row, column = area.top, area.left
            break
    cell = sheet.cell(row + 1, column + 1)
    return cell if isinstance(cell, Cell) else None


# Findings


def _findings_sheet(book: Workbook, reports: Sequence[Report]) -> None:
    title = free_title(book, "体检意见")
    table(
        book.create_sheet(title), _FINDINGS,
        ((n, *line) for n, line in enumerate(_finding_lines(reports), 1)), (6, 16, 5, 7, 8, 26, 44, 44, 30, 20),
    )  # fmt: skip


def _finding_lines(reports: Sequence[Report]) -> Iterator[tuple[Value, ...]]:
    for report in reports:
        rows = {row.number: row for row in report.draft.rows}
        for place, said in report.draft.unseen:
            yield place, "隐藏", Severity.HINT.label, "", report.project, said, _UNHIDE, "", ""
        for item in report.notes:
            row = rows.get(item.row)
            yield (
                row.place if row else report.draft.place, item.row or "整表", item.severity.label, item.code,
                row.name if row else report.project, item.message, item.suggestion, item.clause or item.basis,
                item.decision,
            )  # fmt: skip


# Tables that we write ourselves


def _stacked(sheet: Worksheet, reports: Sequence[Report], *, corrected: bool) -> Iterator[tuple[int, Report]]:
    """Write tables one below the other; gives the row of each table's column titles with its report."""
    top = 1
    for report in reports:
        draft = report.corrected if corrected else report.draft
        head = _write_draft(sheet, top, draft)
        if corrected:
            _mark_changes(sheet, head, report)
        yield head, report
        top = head + len(draft.rows) + 2
    widths = [max(10, _WIDE.get(f, 12)) for f in _fields(reports[0].draft)] if reports else []
    set_widths(sheet, widths)
    to_print(sheet)
    sheet.print_title_rows = None


def _write_draft(sheet: Worksheet, top: int, draft: Draft) -> int:
    """A draft from row ``top`` on: title, heading, column titles, rows; gives the row of the titles."""
    year = f"（{draft.year}年度）" if draft.year else ""
    title = put(sheet.cell(top, 1), f"{draft.kind.value}{year}")  # type: ignore[arg-type]  # no merged cells here
    title.font = Font(bold=True, size=14)
    title.alignment = Alignment(wrap_text=False)
    row = top + 1
    for label, value in _heading(draft):
        put(sheet.cell(row, 1), label).font = Font(bold=True)  # type: ignore[arg-type]
        cell = put(sheet.cell(row, 2), value)  # type: ignore[arg-type]
        cell.alignment = Alignment(wrap_text=False, vertical="top")
        row += 1
    fields = _fields(draft)
    head_row(sheet, row, [COLUMNS[_FIELD_OF_ROW.get(f, f)][0] for f in fields])
    for offset, line in enumerate(draft.rows, 1):
        body_row(sheet, row + offset, (_value(line, f) for f in fields))
    return row


def _heading(draft: Draft) -> Iterator[tuple[str, str]]:
    values = {
        "project": draft.project, "department": draft.department, "unit": draft.unit,
        "attribute": draft.attribute, "period": draft.period,
        "amount": "" if draft.amount is None else f"{number_text(draft.amount)}万元",
        "grounds": draft.grounds, "goal": draft.goal, "midterm_goal": draft.midterm_goal,
        "goal_actual": draft.goal_actual,
    }  # fmt: skip
    return ((HEADINGS[field][0], value) for field, value in values.items() if value)


def _fields(draft: Draft) -> list[str]:
    """Columns that a draft needs: the four that make a table, and whatever any row fills."""
    return [
        f for f in _ROW_FIELDS if f in _ALWAYS or any(getattr(r, f) not in ("", None) for r in draft.rows)
    ]


def _value(row: DraftRow, field: str) -> Value:
    value: Value = getattr(row, field)
    return value


def _mark_changes(sheet: Worksheet, head: int, report: Report) -> None:
    fields = _fields(report.corrected)
    for offset, (old, new) in enumerate(zip(report.draft.rows, report.corrected.rows, strict=True), 1):
        for column, field in enumerate(fields, 1):
            before = getattr(old, field)
            if before != getattr(new, field):
                cell = sheet.cell(head + offset, column)
                note(cell, f"原为：{before or '（空）'}", "")  # type: ignore[arg-type]
                cell.fill = CHANGED


def _annotate_own(sheet: Worksheet, head: int, report: Report) -> None:
    fields = _fields(report.draft)
    offsets = {row.number: n for n, row in enumerate(report.draft.rows, 1)}
    for item in report.notes:
        wanted = item.field if item.field in fields else "name"
        column = fields.index(wanted) + 1 if item.row else 1
        cell = sheet.cell(head + offsets.get(item.row, 0), column)
        note(cell, item.text(), item.severity.label)  # type: ignore[arg-type]
