"""项目支出绩效监控表, prefilled from a draft.

Partly verified: four columns of reasons and the three possibilities are those of the 财政 systems; the
layout of the official attachment was not compared cell by cell, and a place may name the columns otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.draft import Draft, DraftRow, Funds
from indicators.taxonomy import Edition
from loaders.forms.evaluation import percent
from loaders.forms.layout import LEVEL1, LEVEL2, NAME, Column, Drawing, Sheet, Style
from loaders.forms.rows import placed_rows, value_text
from loaders.headers import POSSIBILITIES

TITLE = "项目支出绩效目标执行监控表"
_L, _T, _V = Style.LABEL, Style.TEXT, Style.VALUE
_CAUSES = "偏差原因分析"
_CHANCES = "完成目标可能性"
_MARK = "√"


def monitoring(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Execution so far, goal, indicators with what is done, why it lags and whether it will be met."""
    widths = (5.2, 12, 13, 22, 13, 13, 13, 5.4, 5.4, 5.4, 5.4, 5.4, 13, 5.4, 5.4, 5.4, 8)
    sheet = Drawing("绩效监控表", widths, landscape=True)
    sheet.title(TITLE, draft.year)
    span = f"1—{draft.months or 'X'}月"
    sheet.line((0, 1, "项目名称", _L), (2, 16, draft.project, _T))
    sheet.line(
        (0, 1, "主管部门及代码", _L),
        (2, 5, draft.department, _T),
        (6, 7, "实施单位", _L),
        (8, 16, draft.unit, _T),
    )
    _funds(sheet, draft, span)
    sheet.line((0, 1, "年度总体目标", _L), (2, 16, draft.goal, _T))
    sheet.table(placed_rows(draft.rows, edition), columns(span), label="绩效指标")
    return [sheet.finish()]


def columns(span: str) -> list[Column]:
    """Columns of the indicator table for the months covered (1—7月)."""
    causes = [
        Column(c, lambda r: None, _V, group=_CAUSES)
        for c in ("经费保障", "制度保障", "人员保障", "硬件条件保障", "其他")
    ]
    reason = Column("原因说明", lambda r: r.reason, group=_CAUSES)
    return [
        LEVEL1, LEVEL2, NAME,
        Column("年度指标值", value_text, _V),
        Column(f"{span}执行情况", lambda r: r.actual, _V),
        Column("全年预计完成情况", lambda r: None, _V),
        *causes, reason,
        *(_chance(word) for word in POSSIBILITIES),
        Column("备注", lambda r: r.note),
    ]  # fmt: skip


def _chance(word: str) -> Column:
    def mark(row: DraftRow) -> str:
        return _MARK if row.possibility == word else ""

    return Column(word, mark, _V, group=_CHANCES)


def _funds(sheet: Drawing, draft: Draft, span: str) -> None:
    funds = draft.funds or Funds()
    planned = draft.amount if funds.planned is None else funds.planned
    sheet.put(0, 1, "项目资金(万元)", _L, down=4)
    places = ((4, 5), (6, 9), (10, 12), (13, 16))
    heads = ("年初预算数", f"{span}执行数", "执行率", "全年预计执行数")
    sheet.line((2, 3, None, _L), *((a, b, head, _L) for (a, b), head in zip(places, heads, strict=True)))
    values = (planned, funds.executed, percent(funds.rate), None)
    sheet.line((2, 3, "年度资金总额", _L), *((a, b, v, _V) for (a, b), v in zip(places, values, strict=True)))
    for label in ("其中:本年财政拨款", "其他资金"):
        sheet.line((2, 3, label, _L), *((a, b, None, _V) for a, b in places))
