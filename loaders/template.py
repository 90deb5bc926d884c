"""Workbooks to fill in for those who start clean: drop-downs, mandatory columns, and a page that explains each field.

The layout follows what budget systems hand out (a page 填报要素说明 with 分类, 字段名称, 字段说明,
关键词用途; mandatory columns in red). A filled template loads without any correction of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from indicators.choices import Direction, ProjectType
from indicators.taxonomy import CATALOGUE_LEVELS
from loaders.sheets import note, saved, table

TEMPLATES = {"indicators": "指标集", "targets": "绩效目标表", "projects": "项目清单", "issues": "评价问题"}
"""Kinds of templates and what they are called."""
FILL, NOTES, LISTS = "填报", "填报要素说明", "下拉选项"
_ROWS = 5000
_RED = "C00000"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its group, what goes into it, what its words are used for, its list of answers.

    ``free`` lists are suggestions; others are the only answers.
    """

    head: str
    group: str
    about: str
    use: str = ""
    needed: bool = False
    choices: str = ""
    free: bool = False
    width: int = 16


_LEVEL1 = Column("一级指标", "分类", "从下拉中选。", "与二级指标一起定归类", True, "一级指标")
_LEVEL2 = Column(
    "二级指标", "分类", "先选一级指标，再从下拉中选。", "按它归类和编码", True, "二级指标", width=20
)
_NAME = "名称要说清计量的对象和内容，不写“目标完成情况”一类的话。"
_SECTOR = Column(
    "行业", "分类", "从下拉中选；不分行业的留空或选通用。", "按行业查找和筛选", choices="行业", free=True
)
_YEAR = Column("年度", "基本", "四位年份，如 2026。", "同一项目各年分开")
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "indicators": (
        Column("指标代码", "基本", "已有代码的照填；没有的留空，入库时自动编。", "再次入库时凭它认出同一条", width=18),
        _LEVEL1, _LEVEL2, Column("三级指标", "基本", _NAME, "查找、匹配都凭名称", True, width=30), _SECTOR,
        Column("行业类别", "分类", "行业下的类别，如 农村公路。", "筛选"),
        Column("是否核心指标", "分类", "同类项目一般都要用的填“是”。", "起草时优先推荐", choices="是否"),
        Column("指标解释", "口径", "统计什么、范围到哪里、什么时点。", "查找；起草和体检时对照", width=40),
        Column("计算公式", "口径", "比率写分子÷分母×100%；计数的写怎么数。", "自评复算", width=36),
        Column("分子", "口径", "比率的分子。"), Column("分母", "口径", "比率的分母。"),
        Column("计量单位", "口径", "如 公里、人次、%。一条只写一个。", "核对指标值的单位"),
        Column("指标方向", "口径", "越大越好选正向，越小越好选反向。", "核对比较符", choices="指标方向"),
        Column("规范写法", "写法", "一条好的目标怎么写，要填的数用花括号：≥{数}公里。", "起草时照它写", width=26),
        Column("适用项目类型", "分类", "可写几类，用顿号隔开。", "按项目类型推荐", choices="项目类型", free=True),
        Column("不适用", "分类", "哪些情形不要用，用分号隔开。"),
        Column("计划标准", "标准", "批复、规划、合同里的数怎么取。"), Column("历史标准", "标准", "上年或近三年实际值怎么取。"),
        Column("行业标准", "标准", "国家、行业标准的名称和数值。"), Column("预算支出标准", "标准", "财政支出标准、定额。"),
        Column("其他标准", "标准", "以上都不是的依据。"),
        Column("完成值取值方式", "考核", "完成值从哪里、用什么办法取得。", "自评时照它取数", choices="取值方式", free=True),
        Column("数据来源", "考核", "哪个系统、台账、报表。"), Column("佐证资料", "考核", "要附哪些材料。", "自评和抽查"),
        Column("评分标准", "考核", "怎么计分。"), Column("权重下限", "考核", "建议分值的下限，只写数。"),
        Column("权重上限", "考核", "建议分值的上限，只写数。"),
        Column("评价频次", "考核", "多久取一次数。", choices="评价频次", free=True),
        Column("关键词", "查找", "人们会怎么搜，用顿号隔开。", "搜索"), Column("别名", "查找", "别处的叫法，用顿号隔开。", "搜索、匹配"),
        Column("启用日期", "管理", "如 2026-01-01。"), Column("停用日期", "管理", "如 2026-12-31。"),
        Column("状态", "管理", "停用的指标代码仍然可查。", choices="状态"),
    ),
    "targets": (
        Column("项目名称", "基本", "与批复一致，不带书名号和特殊符号。", "同名、同单位、同年度的算一个项目", True, width=30),
        Column("实施单位", "基本", "单位全称。", "与项目名称一起认项目", width=20), Column("主管部门", "基本", "部门全称。", width=20),
        _YEAR, Column("年度资金总额（万元）", "基本", "以万元为单位，只写数。", "金额相近的项目互相参照", width=20),
        _LEVEL1, _LEVEL2, Column("三级指标", "指标行", _NAME, "匹配指标库", True, width=30),
        Column("指标性质", "指标行", "≥、≤、=；说不出数的选定性。", "与指标值一起读", choices="比较符"),
        Column("指标值", "指标行", "一条只写一个值；不写“良好”“及时”一类说不清的话。", "体检、参照", True),
        Column("计量单位", "指标行", "如 公里、人次、%。"), Column("权重", "指标行", "分值，合计 90 或 100。"),
        Column("指标解释", "指标行", "口径。", width=36), Column("指标值设定依据", "指标行", "数从哪里来。", width=30),
    ),
    "projects": (
        Column("序号", "基本", "同一项目拆成几行时写同一个序号。", "几行并成一个项目", width=8),
        Column("项目名称", "基本", "与批复一致。", "与单位、年度一起认项目", True, width=34),
        Column("实施单位", "基本", "单位全称。", width=24), _YEAR, _SECTOR,
        Column("金额（万元）", "资金", "以万元为单位，只写数。", "参照", True),
        Column("自评得分", "评价", "0 到 100。"), Column("第三方评分", "评价", "0 到 100。", "与自评对照"),
        Column("等级", "评价", "优、良、中、差。", choices="等级"), Column("评价机构", "评价", "机构全称。", width=24),
    ),
    "issues": (
        Column("问题名称", "基本", "一句话的标题。", "列表里显示", width=24),
        Column("问题", "基本", "评价发现了什么，一行写一个问题。", "查找；体检时提示", True, width=50),
        Column("原因", "基本", "报告写明的原因；没写的留空。", width=36), Column("整改措施", "基本", "报告要求怎么改。", width=36),
        Column("项目名称", "来源", "涉及的项目。", width=26), Column("主管部门", "来源", "涉及的部门。", width=20), _SECTOR, _YEAR,
    ),
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "一级指标": tuple(CATALOGUE_LEVELS), "是否": ("是", "否"), "指标方向": tuple(d.value for d in Direction),
    "项目类型": tuple(t.value for t in ProjectType), "状态": ("在用", "停用"), "等级": ("优", "良", "中", "差"),
    "比较符": ("≥", "≤", "=", "＞", "＜", "定性"),
    "取值方式": ("直接证明法", "情况统计法", "问卷调查法", "趋势判断法", "情况说明法"),
    "评价频次": ("年度", "半年", "季度", "月度", "项目完成时"),
    "二级指标": tuple(dict.fromkeys(l2 for l2s in CATALOGUE_LEVELS.values() for l2 in l2s)),
}  # fmt: skip


def columns_of(kind: str) -> tuple[Column, ...]:
    """Columns of a kind's template in order."""
    return _COLUMNS[kind]


def template_book(kind: str, sectors: Sequence[str] = ()) -> bytes:
    """Bytes of the workbook of a kind (a key of ``TEMPLATES``); ``sectors`` are offered by name."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = FILL
    columns = _COLUMNS[kind]
    table(sheet, [_head(c) for c in columns], [], [c.width for c in columns])
    sheet.auto_filter.ref = None
    places = _write_lists(book, sectors)
    for number, column in enumerate(columns, 1):
        _dress(sheet, number, column, columns, places)
    _write_notes(book.create_sheet(NOTES, 1), kind)
    return saved(book)


def _head(column: Column) -> str:
    return f"*{column.head}" if column.needed else column.head


def _dress(
    sheet: Worksheet, number: int, column: Column, columns: Sequence[Column], places: dict[str, str]
) -> None:
    cell = sheet.cell(1, number)
    must = "必填。" if column.needed else "可不填。"
    note(cell, f"{must}{column.about}", "")  # type: ignore[arg-type]  # our own sheet has no merged cells
    if column.needed:
        cell.font = Font(bold=True, color=_RED)
    if column.choices in places:
        letter = get_column_letter(number)
        rule = DataValidation(
            type="list", formula1=_formula(column, columns, places), allow_blank=True, showErrorMessage=True,
            errorStyle="information" if column.free else "stop", errorTitle=column.head,
            error="请从下拉中选一个。" if not column.free else "下拉里没有这个写法，确实要用可以保留。",
        )  # fmt: skip
        rule.add(f"{letter}2:{letter}{_ROWS + 1}")
        sheet.add_data_validation(rule)


def _formula(column: Column, columns: Sequence[Column], places: dict[str, str]) -> str:
    """Where a list stands; level 2 offers what belongs to the level 1 of its row."""
    if column is not _LEVEL2:
        return places[column.choices]
    above = f"${get_column_letter(columns.index(_LEVEL1) + 1)}2"
    return f'IF({above}="",{places[column.choices]},INDIRECT({above}))'


def _write_lists(book: Workbook, sectors: Sequence[str]) -> dict[str, str]:
    """The lists on a sheet of their own; where each stands. Level 1 names the list of its level 2."""
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    lists = {**_CHOICES, "行业": tuple(sectors), **CATALOGUE_LEVELS}
    places = {}
    for number, (name, values) in enumerate((n, v) for n, v in lists.items() if v):
        letter = get_column_letter(number + 1)
        for row, value in enumerate(values, 1):
            sheet.cell(row, number + 1, value)
        places[name] = f"'{LISTS}'!${letter}$1:${letter}${len(values)}"
        if name in CATALOGUE_LEVELS:
            book.defined_names[name] = DefinedName(name, attr_text=places[name])
    return places


def _write_notes(sheet: Worksheet, kind: str) -> None:
    heads = ("分类", "字段名称", "是否必填", "字段说明", "关键词用途")
    rows = [
        [c.group, c.head, "必填" if c.needed else "", f"{c.about}{_told_choices(c)}", c.use]
        for c in _COLUMNS[kind]
    ]
    table(sheet, heads, rows, [10, 22, 10, 60, 36])
    for row, column in enumerate(_COLUMNS[kind], 2):
        if column.needed:
            for cell in sheet[row][1:3]:
                cell.font = Font(bold=True, color=_RED)


def _told_choices(column: Column) -> str:
    values = _CHOICES.get(column.choices, ())
    return f"（{'、'.join(values)}）" if values and len(values) <= 12 else ""
