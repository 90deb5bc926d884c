"""The rows of a file that cannot be taken, as a workbook to mend and load again, with the reason beside each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from openpyxl import Workbook

from loaders.loading import LoadedFile
from loaders.records import LoadedTable
from loaders.sheets import free_title, saved, table

REASON = "退回原因（改好后连同本列再入库）"
HOME = "补正入库到"
"""Head of the column that names the set which mended rows go to."""


def bad_rows(
    tables: Iterable[LoadedTable], refused: Mapping[str, str] | None = None, set_name: str = ""
) -> bytes | None:
    """A workbook with a sheet a table, bad rows only, levels written in each row; None where all are good.

    ``refused`` are reasons by place for rows that a plan could not take. The mended workbook goes
    to the set by itself, and members that it lacks have not vanished.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    for found in tables:
        reasons = _reasons(found, refused or {})
        if not reasons:
            continue
        columns = [c for c in found.columns if c.field and c.field != "set"]
        rows = [
            [
                *(row.text(c.field) for c in columns),
                f"第 {row.sheet_row} 行　" + "\n".join(reasons[row.sheet_row]),
                set_name,
            ]
            for row in found.rows
            if row.sheet_row in reasons
        ]
        title = free_title(book, "".join(ch for ch in found.sheet if ch not in "[]:*?/\\'")[:25] or "表")
        heads = [*(c.header for c in columns), REASON, HOME]
        table(book.create_sheet(title), heads, rows, [*[18] * len(columns), 60, 18])
    return saved(book) if book.worksheets else None


def _reasons(found: LoadedTable, refused: Mapping[str, str]) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = defaultdict(list)
    for problem in found.problems:
        reasons[problem.row].append(
            f"{problem.column}：{problem.message}" if problem.column else problem.message
        )
    for row in found.rows:
        if row.place in refused and row.sheet_row not in reasons:
            reasons[row.sheet_row].append(refused[row.place])
    return dict(reasons)


def is_mended(file: LoadedFile) -> bool:
    """Whether a file is such a workbook come back."""
    return any(c.header.startswith(REASON) for table in file.tables for c in table.columns)


def home_of(file: LoadedFile) -> str:
    """Name of the set that the rows of a mended workbook go to, "" where it names none."""
    rows = (row.text("set") for table in file.tables for row in table.rows)
    return next((name for name in rows if name), "") if is_mended(file) else ""
