"""Every value keeps where it stood: the sheet or page, the row and the cell, in each kind of file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from loaders.building import build
from loaders.grid import make_grid, stacked
from loaders.loading import load_file
from loaders.pages import joined
from tests.loaders.build import workbook
from tests.loaders.files import WRITERS
from tests.loaders.hard_layouts import hard_layouts

ROWS: list[list[object]] = [
    ["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "里程", "≥5公里"], ["", "", "座数", "≥2座"],
]  # fmt: skip
PLACES = {
    "xlsx": "Sheet1!D3", "ods": "Sheet1!D3", "csv": "CSV 第3行第4列", "html": "表1 第3行第4列", "md": "表1 第3行第4列",
    "docx": "表1 第3行第4列", "pdf": "第1页 第3行第4列", "plain.pdf": "第1页 第3行第4列", "txt": "表1 第3行第4列",
}  # fmt: skip


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_a_value_keeps_its_cell(suffix: str) -> None:
    file = load_file(f"a.{suffix}", WRITERS[suffix](ROWS))
    (table,) = file.tables
    assert file.file == f"a.{suffix}"
    row = table.rows[1]
    assert row.text("target") == "≥2座"
    assert row.places["target"] == PLACES[suffix]
    assert row.places["name"] != row.places["target"]
    records = [c for c in build(file) if c.place]
    assert records, "the record says where it came from"


@pytest.mark.skipif(not shutil.which("soffice"), reason="no office")
def test_a_value_of_an_old_workbook_keeps_its_cell(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbook(ROWS, title="目标"))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "xls", "a.xlsx"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (table,) = load_file("a.xls", (tmp_path / "a.xls").read_bytes()).tables
    assert table.rows[1].places["target"] == "目标!D3"


def test_prose_keeps_line_and_page() -> None:
    text = "报告\n二、存在的问题\n一是目标不实，没有值。二是自评不实。\n三、建议\n无。\n"
    (table,) = load_file("a.txt", text.encode()).tables
    assert [r.places["what"] for r in table.rows] == ["正文 第3行", "正文 第3行"]


def test_rows_of_a_table_over_two_pages_keep_their_page() -> None:
    first = make_grid("第1页", [["项目名称", "得分"], ["甲", "90"]], addressed=False)
    second = make_grid("第2页", [["乙", "80"]], addressed=False)
    (whole,) = joined([first, second])
    assert [whole.place(r, 1) for r in range(3)] == [
        "第1页 第1行第2列",
        "第1页 第2行第2列",
        "第2页 第1行第2列",
    ]
    assert stacked(whole, second).place(3, 0) == "第2页 第1行第1列"


def test_rows_of_a_table_cut_by_a_page_break_keep_their_table() -> None:
    case = next(c for c in hard_layouts() if c.name == "two_parts.docx")
    (table,) = load_file(case.name, case.data).tables
    assert [r.places["name"] for r in table.rows][1:3] == ["表1 第3行第3列", "表2 第1行第3列"]


def test_tables_side_by_side_keep_their_columns() -> None:
    case = next(c for c in hard_layouts() if c.name == "halves.xlsx")
    left, right = load_file(case.name, case.data).tables
    assert (left.rows[0].places["target"], right.rows[0].places["target"]) == ("Sheet1!C2", "Sheet1!G2")
