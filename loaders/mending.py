"""The rows of a file that cannot be taken, as a workbook to mend and load again, with the reason beside each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from openpyxl import Workbook

from loaders.records import LoadedTable
from loaders.sheets import free_title, saved, table

REASON = "原因（改好后可连同本列再入库）"


def bad_rows(tables: Iterable[LoadedTable]) -> bytes | None:
    """A workbook with a sheet a table, bad rows only, levels written in each row; None where all are good."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for found in tables:
        if not found.problems:
            continue
        reasons: dict[int, list[str]] = defaultdict(list)
        for problem in found.problems:
            reasons[problem.row].append(
                f"{problem.column}：{problem.message}" if problem.column else problem.message
            )
        columns = [c for c in found.columns if c.field]
        rows = [
            [
                *(row.text(c.field) for c in columns),
                f"第 {row.sheet_row} 行　" + "\n".join(reasons[row.sheet_row]),
            ]
            for row in found.rows
            if row.sheet_row in reasons
        ]
        title = free_title(book, "".join(ch for ch in found.sheet if ch not in "[]:*?/\\'")[:25] or "表")
        table(
            book.create_sheet(title), [*(c.header for c in columns), REASON], rows, [*[18] * len(columns), 60]
        )
    return saved(book) if book.worksheets else None
