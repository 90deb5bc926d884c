"""Import sheet for 预算管理一体化: one flat row an indicator, and a page that explains the columns.

Column names are those of the public code of a province's performance module; each province's own template
must be compared before the first import (``write_form`` takes other names). Levels are given by name: of
their codes only some are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from indicators.draft import Draft
from indicators.taxonomy import Edition
from loaders.forms.layout import Column, Drawing, Sheet, Style, renamed
from loaders.forms.rows import placed_rows, split_value

_T, _V = Style.TEXT, Style.VALUE
_NOTES: tuple[tuple[str, str, str], ...] = (
    ("基本", "项目名称", "必填。不含《》!@#$%^&*?￥<>\"和空白。"),
    ("基本", "单位名称", "预算单位全称。"),
    ("基本", "预算年度", "四位年份。"),
    ("基本", "指标代码", "从指标库选用时填库中代码，自编指标留空。"),
    ("分类", "一级指标", "必填。按所选版本的一级名称。"),
    ("分类", "二级指标", "必填。按所选版本的二级名称。"),
    ("基本", "三级指标", "必填。指标名称，同一单位同一项目内不重复。"),
    ("基本", "指标解释", "计算方法和口径，限500字。"),
    ("取值", "计算符号", "≥、≤、=、>、<、定性、定量(其他)；选定量(其他)须在解释里写明。"),
    ("取值", "指标值", "必填。不含 * _ -。"),
    ("取值", "计量单位", "定量指标必填。"),
    ("取值", "权重", "数字，最多两位小数。"),
    ("取值", "指标值设定依据", "计划标准、行业标准、历史标准、预算支出标准、其他标准。"),
    ("考核", "赋分规则", "怎样按完成情况给分。"),
    ("考核", "佐证资料要求", "用什么资料证明完成值。"),
    ("基本", "备注", ""),
)  # fmt: skip


def import_columns(draft: Draft) -> list[Column]:
    """The flat sheet's columns under their standard names."""
    year = Decimal(draft.year) if draft.year else None
    return [
        Column("项目名称", lambda r: draft.project, required=True),
        Column("单位名称", lambda r: draft.unit),
        Column("预算年度", lambda r: year, _V),
        Column("指标代码", lambda r: r.code, _V),
        Column("一级指标", lambda r: r.level1, _V, required=True),
        Column("二级指标", lambda r: r.level2, _V, required=True),
        Column("三级指标", lambda r: r.name, required=True),
        Column("指标解释", lambda r: r.explanation),
        Column("计算符号", lambda r: split_value(r)[0], _V),
        Column("指标值", lambda r: split_value(r)[1], _V, required=True),
        Column("计量单位", lambda r: split_value(r)[2], _V),
        Column("权重", lambda r: r.weight, _V),
        Column("指标值设定依据", lambda r: r.basis),
        Column("赋分规则", lambda r: r.scoring),
        Column("佐证资料要求", lambda r: r.evidence),
        Column("备注", lambda r: r.note),
    ]


def import_sheet(draft: Draft, edition: Edition, names: Mapping[str, str]) -> list[Sheet]:
    """Header in the first row, no title and no merged cells, so that a system takes it as it is."""
    widths = (22, 16, 9, 11, 12, 14, 26, 24, 9, 14, 9, 7, 13, 16, 14, 10)
    sheet = Drawing("绩效指标导入", widths, landscape=True)
    sheet.table(placed_rows(draft.rows, edition), renamed(import_columns(draft), names))
    return [sheet.finish(), _explained(names)]


def _explained(names: Mapping[str, str]) -> Sheet:
    sheet = Drawing("填报要素说明", (10, 20, 62))
    sheet.line(*((n, n, head, Style.LABEL) for n, head in enumerate(("分类", "字段名称", "字段说明"))))
    for kind, title, note in _NOTES:
        sheet.line((0, 0, kind, _V), (1, 1, names.get(title, title), _T), (2, 2, note, _T))
    return sheet.finish()
