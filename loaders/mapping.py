"""Header texts to fields of the records that can be loaded, each with a confidence, correctable. Pure.

A guess is made in steps: what somebody corrected before for the same header row (by its
fingerprint), the header's very name, the name without brackets and blanks, a name that contains
a known one. What stays unknown is shown as unknown, never dropped in silence.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from loaders.headers import column_of, normal


class TableKind(StrEnum):
    """What a table that can be loaded holds."""

    INDICATORS = "indicators"
    TARGETS = "targets"
    SELF_EVALUATION = "self_evaluation"
    MONITORING = "monitoring"
    PROJECTS = "projects"
    DEPARTMENTS = "departments"
    ISSUES = "issues"
    FRAMEWORK = "framework"
    RECORDS = "records"


_COMMON: dict[str, tuple[str, ...]] = {
    "number": ("序号", "编号", "No", "NO", "号"),
    "region": ("地区", "区划", "所属地区", "区域"),
    "note": ("备注", "说明"),
    "set": ("补正入库到",),
}
_INDICATOR: dict[str, tuple[str, ...]] = {
    "code": ("指标代码", "指标编码", "三级指标代码", "代码", "编码"),
    "explanation": (
        "指标解释", "指标说明", "指标内涵", "解释", "指标定义", "指标释义", "指标含义", "三级指标解释", "指标内容说明",
    ),
    "formula": (
        "计算公式", "计算方法", "计算方式", "公式", "指标计算公式", "计算方式/公式", "计算方式或公式", "计算公式及说明",
        "计算公式或方法", "计算公式/方法", "公式及说明",
    ),
    "numerator": ("分子",), "denominator": ("分母",),
    "sector": ("行业", "行业领域", "行业分类", "所属行业", "行业大类", "领域", "行业名称", "行业类", "适用行业", "行业领域(类)"),
    "subsector": ("行业类别", "行业子类", "子类", "细分领域", "行业小类", "行业细分", "款", "行业类别(款)", "子领域"),
    "keywords": ("关键词", "关键字"), "aliases": ("别名", "其他名称", "又名"),
    "unit_of_value": ("计量单位", "度量单位", "指标值单位", "量化单位", "指标单位", "单位"),
    "direction": ("指标方向", "指标方向性", "方向性", "方向", "正反向", "指标导向"),
    "wording": ("规范写法", "示例写法"), "bad_wording": ("问题写法", "错误写法"),
    "fits": ("适用项目类型", "适用类型"), "unfit": ("不适用", "不适用情形"),
    "value_method": ("完成值取值方式", "取值方式"),
    "data_source": ("数据来源", "完成值数据来源", "指标值数据来源", "资料来源"),
    "evidence": ("佐证资料", "佐证资料要求", "佐证材料", "证明材料", "评价依据资料"),
    "scoring": ("评分标准", "赋分规则", "评分规则", "评分细则", "计分方法", "评价标准", "赋分标准", "评分方法"),
    "standard_plan": ("计划标准",), "standard_history": ("历史标准",), "standard_industry": ("行业标准",),
    "standard_budget": ("预算支出标准", "预算标准", "财政支出标准"), "standard_other": ("其他标准", "参考值", "参考标准"),
    "level2": ("二级指标", "指标类别", "绩效指标类别", "指标类型"),
    "weight_min": ("权重下限",), "weight_max": ("权重上限",), "frequency": ("评价频次", "频次"),
    "core": ("是否核心指标", "是否核心", "核心指标", "是否必选", "核心"), "pairs": ("配对指标",),
    "status": ("状态", "是否启用"), "successor": ("替代指标", "后继指标"),
    "valid_from": ("启用日期", "有效期起", "生效日期"), "valid_to": ("停用日期", "有效期止", "失效日期"),
    "points": ("评价要点", "考核要点", "要点"), "use": ("资金用途", "用途"),
    "pitfalls": ("常见毛病",), "placements": ("各版本归类",), "sources": ("来源文件",),
}  # fmt: skip
_PROJECT: dict[str, tuple[str, ...]] = {
    "project": ("项目名称", "项目", "评价项目", "被评价项目", "项目(政策)名称", "评价报告", "评价对象", "评价项目名称", "政策项目名称", "项目单位及名称"),
    "amount": (
        "金额", "项目金额", "年度项目资金", "项目资金", "预算金额", "预算数", "年初预算数", "资金总额", "评价金额", "项目预算",
        "年度资金总额", "预算资金", "涉及资金", "安排资金", "年度预算", "资金", "评价资金", "预算安排", "项目资金总额", "资金规模", "预算安排数", "年初预算", "全年预算数", "预算", "财政资金", "下达资金", "拨付资金", "项目总投资", "资金额度", "资金额",
    ),
    "executed": ("执行数", "全年执行数", "支出数", "实际支出", "支付金额", "预算执行数"),
    "rate": ("执行率", "预算执行率"),
    "self_score": ("自评得分", "自评分", "自评分数", "绩效自评得分", "单位自评得分", "自评", "单位自评分"),
    "third_party_score": (
        "第三方评分", "第三方机构评分", "第三方得分", "第三方评价得分", "第三方机构得分", "评价得分", "重点评价得分", "复核得分",
        "财政评价得分", "综合得分", "得分", "评分", "绩效评价得分", "最终得分", "评价分数", "分数", "复评得分",
    ),
    "grade": ("等级", "评价等级", "评定等级", "绩效等级", "评价结果", "综合评定等级", "评价结论", "级别", "绩效等次", "评价等次", "等次"),
    "agency": ("评价机构", "第三方机构", "中介机构", "第三方评价机构", "受托机构", "第三方", "评价单位", "机构"),
    "department": ("主管部门", "预算部门", "部门名称", "部门", "预算主管部门", "业务主管部门"),
    "unit": ("实施单位", "项目单位", "单位名称", "预算单位", "单位", "项目实施单位", "被评价单位", "资金使用单位"),
    "year": ("年度", "预算年度", "年份", "评价年度"), "sector": ("行业", "行业领域", "所属行业"),
}  # fmt: skip
_DEPARTMENT: dict[str, tuple[str, ...]] = {
    **{k: v for k, v in _PROJECT.items() if k not in ("project", "department", "unit", "self_score")},
    "department": (
        "被评单位", "被评价单位", "部门", "部门名称", "单位名称", "单位", "预算单位", "预算部门", "被评部门", "部门(单位)", "被评价部门",
        "部门(单位)名称", "评价对象", "预算部门名称", "被评价部门(单位)", "部门单位",
    ),
    "self_score": ("自评得分", "自评分", "单位自评得分", "自评"),
}  # fmt: skip
_ISSUE: dict[str, tuple[str, ...]] = {
    "what": ("问题", "存在问题", "存在的问题", "问题描述", "发现的问题", "发现问题", "主要问题", "评价发现的问题", "问题表现", "具体问题", "存在的主要问题"),
    "name": ("问题名称", "问题类型", "问题类别", "问题标题"),
    "cause": ("原因", "问题原因", "原因分析", "产生原因", "成因"),
    "fix": ("整改措施", "建议", "改进建议", "整改建议", "改进措施", "整改要求", "有关建议", "意见建议", "相关建议"),
    "project": ("项目名称", "涉及项目", "项目", "评价项目"), "department": ("部门", "主管部门", "责任单位", "单位", "被评价单位", "单位名称", "整改单位", "部门(单位)"),
    "sector": ("行业", "行业领域"), "year": ("年度", "评价年度"),
}  # fmt: skip

_OWNER: dict[str, tuple[str, ...]] = {
    "amount": ("年度资金总额", "资金总额", "项目资金总额", "预算金额", "项目金额"), "department": ("主管部门", "预算部门", "预算主管部门"),
    "year": ("年度", "预算年度", "年份"),
}  # fmt: skip
"""What a target table of several projects says of each in columns."""

FIELDS: dict[TableKind, dict[str, tuple[str, ...]]] = {
    TableKind.INDICATORS: {**_COMMON, **_INDICATOR},
    TableKind.FRAMEWORK: {**_COMMON, **_INDICATOR},
    TableKind.TARGETS: {**_COMMON, **_OWNER, **{k: v for k, v in _INDICATOR.items() if k not in ("unit_of_value", "points", "status")}},
    TableKind.PROJECTS: {**_COMMON, **_PROJECT},
    TableKind.DEPARTMENTS: {**_COMMON, **_DEPARTMENT},
    TableKind.ISSUES: {**_COMMON, **_ISSUE},
    TableKind.RECORDS: _COMMON,
}  # fmt: skip
"""Fields of each kind of table and what their columns are called."""
FIELDS[TableKind.SELF_EVALUATION] = FIELDS[TableKind.MONITORING] = FIELDS[TableKind.TARGETS]

_TARGET_KINDS = (TableKind.TARGETS, TableKind.SELF_EVALUATION, TableKind.MONITORING)
_WITH_TARGET_COLUMNS = (*_TARGET_KINDS, TableKind.INDICATORS, TableKind.FRAMEWORK)
_SHORTEST_PART = 3
_LABELLED = re.compile(r"[^其中][:：]\s*[^\s(（]")
_SAYING = re.compile(r"(情况|结果|数据|一栏)$")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One column: its place, its header as written, the field it is taken for ("" for none) and how surely.

    ``key`` names it in corrections of its header row; ``fixed`` tells that such a correction says its field.
    """

    column: int
    header: str
    field: str
    confidence: float
    key: str = ""
    fixed: bool = False


def plain(header: str) -> str:
    """A header for comparing: full-width signs made narrow, blanks and stars gone, brackets kept."""
    narrow = unicodedata.normalize("NFKC", header)
    return re.sub(r"[\s*★☆:：]+", "", narrow)


def fingerprint(headers: Sequence[str]) -> str:
    """Name of a header row under which corrections are remembered."""
    return hashlib.sha256("\n".join(plain(h) for h in headers).encode()).hexdigest()[:16]


def is_labelled(text: str) -> bool:
    """Whether a cell is a label with its value (金额单位：元) rather than a column's name."""
    return bool(_LABELLED.search(text))


@lru_cache(maxsize=20_000)
def guess(header: str, kind: TableKind) -> tuple[str, float]:
    """The field that a header most likely means in a table of a kind, and the confidence (0..1)."""
    bare = plain(header)
    if not bare or len(bare) > 40 or is_labelled(header):
        return "", 0.0
    own = _ALIASES[kind]
    inner = plain(normal(bare))
    for text, confidence in ((bare, 1.0), (inner, 0.95), (_SAYING.sub("", inner), 0.9)):
        if text in own:
            return own[text], confidence
    if kind in _WITH_TARGET_COLUMNS and (field := column_of(header)):
        return field, 0.95
    found = [
        alias
        for alias in own
        if len(alias) >= _SHORTEST_PART and alias in inner and len(inner) <= 2 * len(alias) + 2
    ]
    if found:
        best = max(found, key=len)
        return own[best], 0.6
    return "", 0.0


def known_header(text: str) -> str:
    """Field of a header of any kind of table, where its very name is known; else ""."""
    if not text or len(text) > 30:
        return ""
    for kind in (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.ISSUES, TableKind.INDICATORS):
        field, confidence = guess(text, kind)
        if confidence >= 0.95:
            return field
    return ""


def keys_of(headers: Mapping[int, str]) -> dict[int, str]:
    """The name of each column in corrections: its plain header, with its number where another one has the same."""
    seen: Counter[str] = Counter()
    keys = {}
    for column, header in headers.items():
        bare = plain(header)
        seen[bare] += 1
        keys[column] = bare if seen[bare] == 1 or not bare else f"{bare}#{seen[bare]}"
    return keys


def fixed_fields(
    headers: Mapping[int, str],
    corrections: Mapping[str, str] | None = None,
    learned: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[int, str]:
    """Column -> field ("" for none) of the columns that somebody corrected, now or for the same header row before."""
    keys = keys_of(headers)
    fixed = dict((learned or {}).get(fingerprint(list(keys.values())), {}))
    fixed |= {plain(h): f for h, f in (corrections or {}).items()}
    return {column: fixed[key] for column, key in keys.items() if key in fixed and key}


def map_headers(
    headers: Mapping[int, str],
    kind: TableKind,
    corrections: Mapping[str, str] | None = None,
    learned: Mapping[str, Mapping[str, str]] | None = None,
) -> list[MappedColumn]:
    """The mapping of a header row: corrections first, then what was learned, then guesses.

    Where two columns claim a field a corrected one has it, else the surer one; the other stays unmapped.
    """
    keys, fixed = keys_of(headers), fixed_fields(headers, corrections, learned)
    guessed = []
    for column, header in headers.items():
        field, confidence = (fixed[column], 1.0) if column in fixed else guess(header, kind)
        guessed.append(MappedColumn(column, header, field, confidence, keys[column], column in fixed))
    return _one_a_field(guessed)


def _one_a_field(columns: Sequence[MappedColumn]) -> list[MappedColumn]:
    best: dict[str, MappedColumn] = {}
    for c in columns:
        held = best.get(c.field)
        if c.field and (held is None or (c.fixed, c.confidence) > (held.fixed, held.confidence)):
            best[c.field] = c
    return [c if not c.field or best[c.field] is c else _second(c, best) for c in columns]


def _second(column: MappedColumn, taken: Mapping[str, MappedColumn]) -> MappedColumn:
    """What a column is whose field another one has: 指标说明 beside 指标解释 holds the points (53号)."""
    if column.field == "explanation" and "points" not in taken and not column.fixed:
        return replace(column, field="points", confidence=0.6)
    return replace(column, field="", confidence=0.0)


_ALIASES = {
    kind: {plain(alias): field for field, aliases in fields.items() for alias in reversed(aliases)}
    for kind, fields in FIELDS.items()
}
