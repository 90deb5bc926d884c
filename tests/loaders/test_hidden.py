"""What of a workbook nobody sees is read like the rest, and told with its numbers."""

from __future__ import annotations

import io
import time
import zipfile

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from loaders.extent import scan
from loaders.hidden import Hidden
from loaders.kept import pack, unpack
from loaders.load_json import table_json
from loaders.loading import LoadedTable, load_file
from loaders.progress import heard_by

HEAD = ["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"]
ROWS = [["产出指标", "数量指标", f"修路里程{n}", "公里", "当年的"] for n in range(1, 5)]


def book(*titles: str) -> tuple[openpyxl.Workbook, list[Worksheet]]:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    sheets = []
    for title in titles:
        sheet = made.create_sheet(title)
        for row in (HEAD, *ROWS):
            sheet.append(row)
        sheets.append(sheet)
    return made, sheets


def read(made: openpyxl.Workbook) -> tuple[LoadedTable, ...]:
    out = io.BytesIO()
    made.save(out)
    return unpack(pack(load_file("指标.xlsx", out.getvalue()))).tables


def test_hidden_rows_columns_and_sheets_are_told_with_their_numbers() -> None:
    made, (seen, unseen) = book("看得见", "看不见")
    seen.row_dimensions[3].hidden = seen.row_dimensions[9].hidden = True
    seen.column_dimensions["D"].hidden = seen.column_dimensions["K"].hidden = True
    unseen.sheet_state = "hidden"
    first, second = read(made)
    assert [row.text("name") for row in first.rows] == [row[2] for row in ROWS]
    assert (first.hidden, second.hidden) == (Hidden(False, (3,), (4,)), Hidden(True))
    assert "有 1 行是隐藏的（第 3 行），有 1 列是隐藏的（D 列），也一并读了" in first.warnings[-1]
    assert "工作表“看不见”是隐藏的，也一并读了" in second.warnings[-1]
    assert table_json(first, rows=False)["hidden"] == {"sheet": False, "rows": [3], "columns": [4]}


def test_nothing_is_told_where_all_is_seen() -> None:
    made, (sheet,) = book("表")
    sheet.row_dimensions[40].hidden = True
    (table,) = read(made)
    assert table.hidden == Hidden()
    assert table.warnings == ()
    assert "hidden" not in table_json(table, rows=False)


@pytest.mark.parametrize("count", [1, 3])
def test_reading_tells_which_sheet_of_how_many(count: int) -> None:
    made, _ = book(*(f"表{n}" for n in range(count)))
    out = io.BytesIO()
    made.save(out)
    heard: list[tuple[str, int, int]] = []
    with heard_by(lambda *far: heard.append(far)):
        load_file("指标.xlsx", out.getvalue())
    assert heard == [("张工作表", n, count) for n in range(1, count + 1)]
    load_file("指标.xlsx", out.getvalue())
    assert len(heard) == count


@pytest.mark.parametrize(
    "part",
    [b"<row" * 400_000, b"<col " * 300_000, b"<c " * 400_000,
     b"".join(b'<col hidden="1" min="%d" max="16384"/>' % n for n in range(1, 16_000))],
    ids=["rows", "columns", "cells", "spans"],
)  # fmt: skip
def test_a_hostile_sheet_is_looked_at_quickly(part: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", part)
    begun = time.process_time()
    scan("a.xlsx", out.getvalue())
    assert time.process_time() - begun < 5
