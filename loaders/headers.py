"""Header texts to fields: what forms of different counties call the same column.

Aliases after the 一体化 exports, 财预〔2015〕88号, 财预〔2020〕10号 and county forms (四川, 湘潭,
重庆, 六安 …). A header is compared without blanks, breaks, brackets and what stands in them.
"""

from __future__ import annotations

import re

COLUMNS: dict[str, tuple[str, ...]] = {
    "project": ("项目名称", "项目", "项目(政策)名称"),
    "unit": ("单位名称", "预算单位", "实施单位", "单位", "预算部门"),
    "level1": ("一级指标", "一级绩效指标", "一级指标名称", "指标一级", "一级"),
    "level2": ("二级指标", "二级绩效指标", "二级指标名称", "指标二级", "二级", "绩效指标类别", "指标类别"),
    "name": (
        "三级指标", "三级指标名称", "三级绩效指标", "指标名称", "指标内容", "绩效指标名称", "四级指标", "三级", "指标",
        "具体指标", "指标", "绩效指标内容",
    ),
    "comparator": ("指标性质", "计算符号", "比较符", "符号", "运算符", "指标符号", "性质"),
    "target": (
        "指标值", "年度指标值", "目标值", "绩效目标值", "当年预期实现值", "年度目标值", "年初指标值", "预期值", "指标目标值",
        "指标值及单位", "指标值(包含数字及文字描述)", "预期指标值", "计划指标值", "全年目标值", "年度绩效指标值", "预期完成值",
        "绩效指标值", "目标", "全年绩效指标值",
    ),
    "unit_of_value": ("计量单位", "度量单位", "指标值单位", "单位(计量)", "量化单位", "指标单位"),
    "weight": ("权重", "分值", "分值权重", "指标权重", "指标分值", "权重分值", "分值(权重)", "权重(%)", "分数"),
    "explanation": ("指标解释", "指标说明", "指标内涵", "解释", "计算方法", "指标值说明", "指标定义", "指标解释及计算公式"),
    "basis": ("绩效标准", "指标值设定依据", "取值依据", "指标值确定依据", "设定依据", "依据", "指标来源"),
    "scoring": ("评分标准", "赋分规则", "评分规则", "评分细则", "计分方法"),
    "evidence": ("佐证资料", "佐证资料要求", "佐证材料", "数据来源", "完成值数据来源", "证明材料"),
    "actual": (
        "实际完成值", "完成值", "全年完成值", "实际完成情况", "完成情况", "全年实际完成值", "实际值", "年度完成值", "全年实际值",
        "执行情况", "月执行情况", "1-X月执行情况",
    ),
    "score": ("得分", "自评得分", "指标得分", "自评分", "实际得分"),
    "reason": (
        "偏差原因分析及改进措施", "未完成原因分析", "偏差原因", "偏差原因分析", "未完成原因", "原因分析", "原因说明", "偏差分析",
        "未完成原因和改进措施", "偏差原因分析及采取的改进措施", "原因",
    ),
    "possibility": ("完成目标可能性", "完成可能性", "可能性"),
    "note": ("备注", "说明"),
    "code": ("指标代码", "指标编码", "三级指标代码"),
    "year": ("预算年度",),
}  # fmt: skip
"""Fields of a target row and what their columns are called; the first is the standard name."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "project": ("项目名称", "项目(政策)名称", "政策项目名称", "专项名称"),
    "department": ("主管部门", "主管部门及代码", "预算主管部门", "部门名称", "市级主管部门", "主管单位"),
    "unit": ("实施单位", "单位名称", "项目单位", "预算单位", "项目实施单位", "资金使用单位", "填报单位"),
    "attribute": ("项目属性", "项目类型", "项目性质", "项目类别"),
    "period": ("项目期", "项目期限", "项目起止时间", "起止时间", "实施期限", "项目实施期"),
    "year": ("年度", "预算年度", "申报年度", "填报年度"),
    "amount": (
        "年度资金总额", "项目资金总额", "资金总额", "预算金额", "预算数", "项目预算", "年度预算", "年度资金申请总额",
        "预算资金", "项目资金", "年度预算数", "项目金额", "年度金额", "预算总额", "金额合计",
    ),
    "grounds": ("立项依据", "政策依据", "项目依据", "项目立项依据"),
    "goal": ("年度目标", "年度总体目标", "年度绩效目标", "总体目标", "绩效目标", "预期目标", "项目目标", "项目绩效目标", "当年绩效目标"),
    "midterm_goal": ("中期目标", "实施期目标", "长期目标", "中长期目标"),
    "goal_actual": ("实际完成情况", "年度目标完成情况", "目标实际完成情况", "全年实际完成情况"),
}  # fmt: skip
"""Fields of a table's heading and what their labels are called."""

POSSIBILITIES = ("确定能", "有可能", "完全不可能")
"""What the monitoring form asks about a target; some forms have a column to tick for each."""

_LABELS = frozenset((
    "年初预算数", "全年预算数", "调整后预算数", "全年执行数", "预算执行数", "执行数", "执行率", "全年预计执行数",
    "中期资金总额", "其中:财政拨款", "其中:本年财政拨款", "其中:当年财政拨款", "财政拨款", "本年财政拨款", "上年结转资金", "其他资金",
    "年度主要任务", "任务名称", "主要内容", "总额", "绩效指标", "年度绩效指标",
))  # fmt: skip
"""Labels of a form that are no field of a draft, but no value of the label before them either."""

_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")
_PERIOD = re.compile(r"\d{4}年?[-—~至]\d{4}年?")
_BLANKS = re.compile(r"[\s:：*★☆]+")
_COLUMN_OF = {alias: field for field, aliases in COLUMNS.items() for alias in aliases}
_HEADING_OF = {alias: field for field, aliases in HEADINGS.items() for alias in aliases}


def normal(text: str) -> str:
    """A header for comparing: no blanks, breaks, stars, colons; brackets with their content gone."""
    bare = _BLANKS.sub("", text)
    without = _PERIOD.sub("", _BRACKETS.sub("", bare))
    return without or bare.strip("()（）")


def column_of(text: str) -> str:
    """Field of a column header, or "" for one that means nothing to us."""
    if len(text) > 40 or not text:
        return ""
    bare = _BLANKS.sub("", text).replace("（", "(").replace("）", ")")
    return _COLUMN_OF.get(bare) or _COLUMN_OF.get(normal(text)) or _by_pattern(normal(text))


def heading_of(text: str) -> str:
    """Field of a heading label, or ""."""
    if len(text) > 30 or not text:
        return ""
    bare = normal(text)
    return _HEADING_OF.get(bare, "")


def is_label(text: str) -> bool:
    """Whether a text is a printed label of a form rather than something filled in."""
    bare = re.sub(r"\s", "", text).replace("：", ":")
    return bool(heading_of(text) or column_of(text)) or without_months(bare) in _LABELS


def without_months(text: str) -> str:
    """A label without the months it covers: 1—7月执行数 as 执行数."""
    return re.sub(r"^1[-—~至].{1,3}月", "", text)


def rank_of(field: str, text: str) -> int:
    """How near a column header is to the standard name of its field: 0 is the name itself."""
    names = COLUMNS[field]
    bare = _BLANKS.sub("", text).replace("（", "(").replace("）", ")")
    found = [n for n, alias in enumerate(names) if alias in (bare, normal(text))]
    return found[0] if found else len(names)


def _by_pattern(bare: str) -> str:
    if (
        re.fullmatch(r".{0,6}(年度|全年|当年)?指标值.{0,4}", bare)
        and "说明" not in bare
        and "依据" not in bare
    ):
        return "target"
    if re.fullmatch(r"1?[-—~至]?.{0,3}月(执行|完成)情况", bare):
        return "actual"
    if bare.endswith(("完成情况", "完成值")) and len(bare) <= 10 and "预计" not in bare:
        return "actual"
    return ""
