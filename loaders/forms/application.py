"""项目支出绩效目标申报表: the layout of 财预〔2015〕88号 in two halves, and the county form in one column.

Two halves: the column names agree with published county forms (2020, 2022); the exact cells of the
ministry's attachment were not seen. The midterm half stays blank but for the goal: a draft holds one
set of rows, and they are the year's. One column: columns as published by several counties, each
with its own heading rows; ours is a common denominator.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.draft import Draft, DraftRow
from indicators.taxonomy import Edition
from loaders.forms.layout import LEVEL1, LEVEL2, NAME, Column, Drawing, Sheet, Style, level2_of
from loaders.forms.rows import placed_rows, signed_value, value_text

TITLE = "项目支出绩效目标申报表"
_L, _T, _V = Style.LABEL, Style.TEXT, Style.VALUE


def two_halves(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Eight columns A-H: B-E the midterm half, F-H the year's half."""
    sheet = Drawing(TITLE, (5.2, 11.5, 10, 13, 9, 13.5, 22, 15))
    sheet.title(TITLE, draft.year)
    sheet.line((0, 1, "项目名称", _L), (2, 7, draft.project, _T))
    sheet.line(
        (0, 1, "主管部门及代码", _L),
        (2, 4, draft.department, _T),
        (5, 5, "实施单位", _L),
        (6, 7, draft.unit, _T),
    )
    sheet.line(
        (0, 1, "项目属性", _L), (2, 4, draft.attribute, _T), (5, 5, "项目期", _L), (6, 7, draft.period, _T)
    )
    _two_funds(sheet, draft)
    _two_goals(sheet, draft)
    blank = Column("二级指标", lambda r: None, _V, level2_of)
    midterm = [LEVEL1, blank, _blank("三级指标"), _blank("指标值")]
    year = [LEVEL2, NAME, Column("指标值", value_text, _V)]
    sheet.table(placed_rows(draft.rows, edition), [*midterm, *year], label="绩效指标")
    return [sheet.finish()]


def _blank(title: str) -> Column:
    return Column(title, lambda r: None)


def _two_funds(sheet: Drawing, draft: Draft) -> None:
    sheet.put(0, 1, "项目资金(万元)", _L, down=3)
    for part, amount in (("资金总额", draft.amount), ("其中:财政拨款", None), ("其他资金", None)):
        whole = part == "资金总额"
        midterm, year = ("中期" + part, "年度" + part) if whole else (part, part)
        sheet.line((2, 3, midterm, _L), (4, 4, None, _V), (5, 6, year, _L), (7, 7, amount, _V))


def _two_goals(sheet: Drawing, draft: Draft) -> None:
    sheet.put(0, 0, "总体目标", _L, down=2)
    sheet.line((1, 4, "中期目标(    年—    年)", _L), (5, 7, "年度目标", _L))
    sheet.line((1, 4, draft.midterm_goal, _T), (5, 7, draft.goal, _T))


def one_column(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """一级 | 二级 | 三级 | 指标值; 计量单位 and 权重 are columns where the draft has them."""
    rows = placed_rows(draft.rows, edition)
    columns = _one_columns(rows)
    extra = {"计量单位": 9.0, "权重": 8.0}
    widths = [5.2, 12.0, 19.0, 13.0, 25.0, 20.0, *(extra[c.title] for c in columns[4:])]
    sheet = Drawing(TITLE, widths)
    sheet.title(TITLE, draft.year)
    end = sheet.last
    sheet.line((0, 1, "项目名称", _L), (2, end, draft.project, _T))
    sheet.line(
        (0, 1, "主管部门", _L), (2, 2, draft.department, _T), (3, 3, "实施单位", _L), (4, end, draft.unit, _T)
    )
    sheet.line(
        (0, 1, "项目属性", _L), (2, 2, draft.attribute, _T), (3, 3, "项目期", _L), (4, end, draft.period, _T)
    )
    sheet.line((0, 1, "立项依据", _L), (2, end, draft.grounds, _T))
    sheet.put(0, 1, "项目资金(万元)", _L, down=3)
    for label, amount in (("年度资金总额", draft.amount), ("其中:财政拨款", None), ("其他资金", None)):
        sheet.line((2, 3, label, _L), (4, end, amount, _V))
    sheet.line((0, 1, "年度目标", _L), (2, end, draft.goal, _T))
    sheet.table(rows, columns, label="绩效指标")
    return [sheet.finish()]


def _one_columns(rows: list[DraftRow]) -> list[Column]:
    name = Column("三级指标", NAME.value, span=2)
    units = any(r.unit for r in rows)
    columns = [LEVEL1, LEVEL2, name, Column("指标值", signed_value if units else value_text, _V)]
    if units:
        columns.append(Column("计量单位", lambda r: r.unit, _V))
    if any(r.weight is not None for r in rows):
        columns.append(Column("权重", lambda r: r.weight, _V))
    return columns
