"""Workbooks and documents in the layouts of real forms, built for tests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import docx
import openpyxl

Rows = Sequence[Sequence[object]]


def workbook(
    rows: Rows, merges: Iterable[str] = (), *, title: str = "Sheet1", formats: dict[str, str] | None = None
) -> bytes:
    """An xlsx with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for area in merges:
        sheet.merge_cells(area)
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """Bytes of a workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def form_88() -> bytes:
    """项目支出绩效目标申报表 as 财预〔2015〕88号 has it: two halves, eight columns, merged."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    cells: dict[str, object] = {
        "A1:H1": "项目支出绩效目标申报表", "A2:H2": "(2023年度)",
        "A3:B3": "项目名称", "C3:H3": "村道硬化工程",
        "A4:B4": "主管部门及代码", "C4:E4": "交通局", "F4": "实施单位", "G4:H4": "公路所",
        "A5:B5": "项目属性", "C5:E5": "新增", "F5": "项目期", "G5:H5": "1年",
        "A6:B8": "项目资金(万元)", "C6:D6": "中期资金总额", "E6": 500, "F6:G6": "年度资金总额", "H6": 300.5,
        "C7:D7": "其中:财政拨款", "E7": 500, "F7:G7": "其中:财政拨款", "H7": 300.5,
        "C8:D8": "其他资金", "F8:G8": "其他资金",
        "A9:A10": "总体目标", "B9:E9": "中期目标(2023年—2025年)", "F9:H9": "年度目标",
        "B10:E10": "三年修完", "F10:H10": "硬化村道5公里，受益3个村",
        "A11:A16": "绩效指标", "B11": "一级指标", "C11": "二级指标", "D11": "三级指标", "E11": "指标值",
        "F11": "二级指标", "G11": "三级指标", "H11": "指标值",
        "B12:B14": "产出指标", "F12": "数量指标", "G12": "硬化里程", "H12": "≥5公里",
        "F13": "质量指标", "G13": "验收合格率", "H13": 1, "F14": "时效指标", "G14": "完工时间", "H14": "12月底前",
        "B15": "效益指标", "F15": "社会效益指标", "G15": "受益村", "H15": 3,
        "B16": "满意度指标", "F16": "服务对象满意度", "G16": "群众满意度", "H16": "=0.9+0",
    }  # fmt: skip
    for area, value in cells.items():
        sheet[area.split(":")[0]] = value
        if ":" in area:
            sheet.merge_cells(area)
    sheet["H13"].number_format = "0%"
    return saved(book)


def document(rows: Rows, merges: Iterable[tuple[int, int, int, int]] = ()) -> bytes:
    """A docx with one table; merges are (top, left, bottom, right) from 0."""
    made = docx.Document()
    made.add_paragraph("项目支出绩效目标表")
    table = made.add_table(len(rows), max(len(r) for r in rows))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            table.cell(r, c).text = str(value)
    for top, left, bottom, right in merges:
        kept = table.cell(top, left).text
        table.cell(top, left).merge(table.cell(bottom, right)).text = kept
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
