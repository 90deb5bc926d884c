"""A hidden part of a target table is told to the reviewer with what stands in it."""

from __future__ import annotations

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from indicators.draft import Draft
from loaders.drafts import read_drafts
from tests.loaders.build import saved

HEAD = ["一级指标", "二级指标", "三级指标", "指标值"]
ROWS = [["产出指标", "数量指标", f"修路里程{n}", f"≥{n}公里"] for n in range(1, 5)]
TOP = [["2023年绩效目标表"], ["项目名称", "村道硬化"], ["资金总额（万元）", 50]]


def made(*tables: list[list[object]]) -> tuple[openpyxl.Workbook, Worksheet]:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "目标"
    for rows in tables:
        for row in rows:
            sheet.append(row)
    return book, sheet


def read(book: openpyxl.Workbook) -> tuple[Draft, ...]:
    return read_drafts("表.xlsx", saved(book)).drafts


def said(draft: Draft) -> list[str]:
    return [sentence for _, sentence in draft.unseen]


def test_a_hidden_target_row_is_told_with_its_name_and_value() -> None:
    book, sheet = made([*TOP, HEAD, *ROWS])
    sheet.row_dimensions[6].hidden = True
    file = read_drafts("表.xlsx", saved(book))
    (draft,) = file.drafts
    assert [r.hidden for r in draft.rows] == [False, True, False, False]
    assert draft.unseen == (("目标!A6", "第 6 行隐藏，里面有“修路里程2”，指标值“≥2公里”，也一并检查了"),)
    assert [(p.place, p.message) for p in file.problems] == list(draft.unseen)


def test_hidden_columns_and_rows_that_are_no_targets_are_told_with_what_they_hold() -> None:
    book, sheet = made(
        [*TOP, [*HEAD, "内部说明"], *[[*r, ""] for r in ROWS], ["合计", "", "", ""], ["另有指标", "不对外"]]
    )
    sheet["E6"] = "压一压"
    for number in (3, 10, 11, 12):
        sheet.row_dimensions[number].hidden = True
    for letter in "DEF":
        sheet.column_dimensions[letter].hidden = True
    (draft,) = read(book)
    assert said(draft) == [
        "第 3 行隐藏，里面有“资金总额（万元） 50”，不是指标行",
        "第 10 行隐藏，里面有“另有指标 不对外”，不是指标行",
        "D 列（指标值）隐藏，也一并检查了",
        "E 列（内部说明）隐藏",
    ]


def test_each_table_of_a_sheet_tells_its_own() -> None:
    book, sheet = made([*TOP, HEAD, *ROWS], [["项目名称", "桥梁维修"]], [HEAD, *ROWS])
    for number in (5, 9, 12):
        sheet.row_dimensions[number].hidden = True
    assert [said(d) for d in read(book)] == [
        ["第 5 行隐藏，里面有“修路里程1”，指标值“≥1公里”，也一并检查了"],
        ["第 9 行隐藏，里面有“项目名称 桥梁维修”，不是指标行", "第 12 行隐藏，里面有“修路里程2”，指标值“≥2公里”，也一并检查了"],
    ]  # fmt: skip


def test_projects_of_one_list_tell_their_own_rows() -> None:
    book, sheet = made(
        [["项目名称", *HEAD], *[["甲", *r] for r in ROWS[:2]], *[["乙", *r] for r in ROWS[2:]]]
    )
    sheet.row_dimensions[3].hidden = sheet.row_dimensions[4].hidden = True
    assert [[place for place, _ in d.unseen] for d in read(book)] == [["目标!A3"], ["目标!A4"]]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_told(state: str) -> None:
    book, sheet = made([*TOP, HEAD, *ROWS])
    book.create_sheet("空")
    sheet.sheet_state = state
    assert said(read(book)[0]) == ["工作表“目标”是隐藏的，里面的表也一并检查了"]


def test_many_hidden_rows_are_counted() -> None:
    rows = [["产出指标", "数量指标", f"修路里程{n}", f"≥{n}公里"] for n in range(1, 21)]
    book, sheet = made([HEAD, *rows])
    for number in range(2, 16):
        sheet.row_dimensions[number].hidden = True
    told = said(read(book)[0])
    assert len(told) == 11
    assert told[-1] == "另有 4 行隐藏：第 12、13、14、15 行"


def test_nothing_is_told_where_all_is_seen() -> None:
    book, sheet = made([*TOP, HEAD, *ROWS])
    sheet.row_dimensions[40].hidden = True
    sheet.column_dimensions["Z"].hidden = True
    assert read(book)[0].unseen == ()
