"""项目支出绩效自评表 (财预〔2020〕10号), prefilled from a draft.

Rows and columns agree with a published county form of 2022; the attachment itself was not compared cell
by cell. 预算执行率 has its 10 points, the indicators' points are the draft's; results stay blank unless
the draft has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from indicators.draft import Draft, DraftRow, Funds
from indicators.numbers import plain_number
from indicators.taxonomy import Edition
from indicators.weights import EXECUTION
from loaders.forms.layout import LEVEL1, LEVEL2, NAME, Column, Drawing, Sheet, Style
from loaders.forms.rows import placed_rows, value_text

TITLE = "项目支出绩效自评表"
WHOLE = Decimal(100)
_L, _T, _V = Style.LABEL, Style.TEXT, Style.VALUE

COLUMNS: tuple[Column, ...] = (
    LEVEL1,
    LEVEL2,
    NAME,
    Column("年度指标值", value_text, _V),
    Column("实际完成值", lambda r: r.actual, _V),
    Column("分值", lambda r: r.weight, _V),
    Column("得分", lambda r: r.score, _V),
    Column("偏差原因分析及改进措施", lambda r: r.reason),
)


def self_evaluation(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Execution block, goal and its completion, indicators with points, total 100."""
    sheet = Drawing(TITLE, (5.2, 12, 20, 32, 18, 18, 9, 9, 25), landscape=True)
    sheet.title(TITLE, draft.year)
    sheet.line((0, 1, "项目名称", _L), (2, 8, draft.project, _T))
    sheet.line(
        (0, 1, "主管部门", _L), (2, 4, draft.department, _T), (5, 5, "实施单位", _L), (6, 8, draft.unit, _T)
    )
    _funds(sheet, draft)
    sheet.put(0, 0, "年度总体目标", _L, down=2)
    sheet.line((1, 4, "预期目标", _L), (5, 8, "实际完成情况", _L))
    sheet.line((1, 4, draft.goal, _T), (5, 8, draft.goal_actual, _T))
    sheet.table(placed_rows(draft.rows, edition), COLUMNS, label="绩效指标")
    sheet.line((0, 5, "总分", _L), (6, 6, WHOLE, _V), (7, 7, draft.total_score, _V), (8, 8, None, _T))
    if note := points_note(draft.rows):
        sheet.line((0, 8, note, Style.NOTE))
    return [sheet.finish()]


def _funds(sheet: Drawing, draft: Draft) -> None:
    funds = draft.funds or Funds()
    sheet.put(0, 1, "项目资金(万元)", _L, down=5)
    heads = ("", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")
    columns = ((2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8))
    sheet.line(*((a, b, head, _L) for (a, b), head in zip(columns, heads, strict=True)))
    planned = draft.amount if funds.planned is None else funds.planned
    points = EXECUTION if funds.weight is None else funds.weight
    values = (planned, funds.adjusted, funds.executed, points, percent(funds.rate), funds.score)
    sheet.line((2, 2, "年度资金总额", _L), *((c, c, v, _V) for c, v in enumerate(values, 3)))
    for label in ("其中:本年财政拨款", "上年结转资金", "其他资金"):
        blanks = (None, None, None, "—", None, "—")
        sheet.line((2, 2, label, _L), *((c, c, v, _V) for c, v in enumerate(blanks, 3)))


def percent(rate: Decimal | None) -> str | None:
    """A rate as the form prints it."""
    return None if rate is None else plain_number(rate) + "%"


def points_note(rows: tuple[DraftRow, ...]) -> str:
    """A line for points that do not make 100 with the 10 of 预算执行率, else ""."""
    points = [r.weight for r in rows if r.weight is not None]
    total = sum(points, Decimal(0))
    if not points or total + EXECUTION == WHOLE:
        return ""
    return f"注：指标分值合计{plain_number(total)}分，加预算执行率{EXECUTION}分不等于{WHOLE}分，请调整分值。"
