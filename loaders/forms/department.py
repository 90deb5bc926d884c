"""部门整体支出绩效目标申报表.

The blocks and their order are those commonly described; no official copy was compared cell by cell.
A draft has no list of tasks: the year's main tasks stay blank, but for a project's own name and amount.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.draft import Draft, TableKind
from indicators.taxonomy import Edition
from loaders.forms.layout import LEVEL1, LEVEL2, NAME, Column, Drawing, Sheet, Style
from loaders.forms.rows import placed_rows, value_text

TITLE = "部门整体支出绩效目标申报表"
_L, _T, _V = Style.LABEL, Style.TEXT, Style.VALUE
_TASKS = 4


def whole_department(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Name, main tasks with their money, the year's goal, the year's indicators."""
    sheet = Drawing("部门整体支出绩效目标", (5.2, 16, 19, 24, 13, 13, 13))
    sheet.title(TITLE, draft.year)
    sheet.line((0, 1, "部门(单位)名称", _L), (2, 6, draft.department or draft.unit, _T))
    _tasks(sheet, draft)
    sheet.line((0, 1, "年度总体目标", _L), (2, 6, draft.goal, _T))
    columns = [LEVEL1, LEVEL2, NAME, Column("指标值", value_text, _V, span=3)]
    sheet.table(placed_rows(draft.rows, edition), columns, label="年度绩效指标")
    return [sheet.finish()]


def _tasks(sheet: Drawing, draft: Draft) -> None:
    sheet.put(0, 0, "年度主要任务", _L, down=_TASKS + 3)
    sheet.put(1, 1, "任务名称", _L, down=2)
    sheet.put(2, 3, "主要内容", _L, down=2)
    sheet.line((4, 6, "预算金额(万元)", _L))
    sheet.line((4, 4, "总额", _L), (5, 5, "财政拨款", _L), (6, 6, "其他资金", _L))
    project = draft.project if draft.kind is not TableKind.DEPARTMENT else ""
    for n in range(_TASKS):
        first = n == 0 and bool(project)
        name, amount = (project, draft.amount) if first else (None, None)
        sheet.line((1, 1, name, _T), (2, 3, None, _T), (4, 4, amount, _V), (5, 5, None, _V), (6, 6, None, _V))
    sheet.line((1, 3, "金额合计", _L), (4, 4, draft.amount, _V), (5, 5, None, _V), (6, 6, None, _V))
