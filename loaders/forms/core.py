"""核心绩效指标表 after 附件2 of 财预〔2021〕101号.

Not verified: the attachment's own column names were not seen. The columns follow the sections of the
guide's 附件1; a place that uses other names passes them to ``write_form``.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.draft import Draft
from indicators.taxonomy import Edition
from loaders.forms.layout import LEVEL1, LEVEL2, NAME, Column, Drawing, Sheet, Style, renamed
from loaders.forms.rows import placed_rows, value_text

TITLE = "核心绩效指标表"
_L, _T, _V = Style.LABEL, Style.TEXT, Style.VALUE

COLUMNS: tuple[Column, ...] = (
    LEVEL1,
    LEVEL2,
    NAME,
    Column("指标解释", lambda r: r.explanation),
    Column("指标来源", lambda r: None),
    Column("指标值设定依据", lambda r: r.basis),
    Column("指标值", value_text, _V),
    Column("完成值取值方式", lambda r: None),
    Column("完成值数据来源", lambda r: None),
    Column("分值权重", lambda r: r.weight, _V),
    Column("赋分规则", lambda r: r.scoring),
    Column("佐证资料要求", lambda r: r.evidence),
    Column("备注", lambda r: r.note),
)


def core_table(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Project and goal above; one row an indicator with its explanation, basis, scoring and evidence."""
    widths = (12, 13.5, 20, 20, 10, 11, 12, 10, 10, 7, 16, 12, 9)
    sheet = Drawing(TITLE, widths, landscape=True)
    sheet.title(TITLE, draft.year)
    sheet.line(
        (0, 1, "项目名称", _L),
        (2, 6, draft.project, _T),
        (7, 8, "年度资金总额(万元)", _L),
        (9, 12, draft.amount, _V),
    )
    sheet.line(
        (0, 1, "主管部门", _L), (2, 6, draft.department, _T), (7, 8, "实施单位", _L), (9, 12, draft.unit, _T)
    )
    sheet.line((0, 1, "年度目标", _L), (2, 12, draft.goal, _T))
    sheet.table(placed_rows(draft.rows, edition), renamed(COLUMNS, names))
    return [sheet.finish()]
