"""What the fields of records are called in Chinese, and their values as a person reads them. Pure.

Exports, previews, histories and release notes take their words from here, so that a field has one
name everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from indicators.model import Kind
from indicators.numbers import plain_number

TITLES: dict[str, str] = {
    "code": "代码", "name": "名称", "level1": "一级指标", "level2": "二级指标", "placements": "各版本归类", "sector": "行业代码",
    "subsector": "行业类别", "aliases": "别名", "keywords": "关键词", "explanation": "指标解释", "formula": "计算公式",
    "numerator": "分子", "denominator": "分母", "unit": "计量单位", "direction": "指标方向", "wording": "规范写法",
    "bad_wording": "问题写法", "fits": "适用项目类型", "unfit": "不适用", "core": "是否核心指标",
    "standards": "绩效标准", "standards.plan": "计划标准", "standards.history": "历史标准",
    "standards.industry": "行业标准", "standards.budget": "预算支出标准", "standards.other": "其他标准",
    "value_method": "完成值取值方式", "data_source": "数据来源", "evidence": "佐证资料", "scoring": "评分标准",
    "weight_min": "权重下限", "weight_max": "权重上限", "frequency": "评价频次", "pitfalls": "常见毛病", "pairs": "配对指标",
    "status": "状态", "successor": "替代指标", "valid_from": "启用日期", "valid_to": "停用日期", "sources": "来源文件",
    "edition": "版本", "issuer": "发布单位", "region": "地区", "summary": "摘要", "members": "成员", "note": "备注",
    "number": "文号", "date": "日期", "page": "页", "url": "网址", "verified": "已核实", "year": "年度", "amount": "金额（万元）",
    "lines": "资金明细", "self_score": "自评得分", "third_party_score": "第三方评分", "grade": "等级", "evaluator": "评价机构",
    "targets": "绩效目标", "types": "项目类型", "scope": "范围", "partial": "只读到一部分", "what": "问题", "cause": "原因",
    "fix": "建议", "problems": "问题类型", "projects": "有关项目", "indicators": "有关指标", "order": "顺序",
    "overlays": "上级指标", "original": "上级原文", "base": "上级指标集", "base_edition": "上级版本", "base_members": "上级成员",
    "framework": "所属框架", "points": "要点", "nature": "性质", "text": "正文", "document": "所属文件",
    "functional": "对应功能科目", "units": "常见主管单位", "subsectors": "行业类别和资金用途", "uses": "资金用途",
    "same_as": "其他版本中相同的", "related": "其他版本中相关的", "crosswalk_note": "版本对照说明", "group": "分组",
    "review_item": "审核要点", "severity": "轻重", "stage": "环节", "description": "表现", "objection": "审核怎么问",
    "phrases": "常用问法", "bad": "坏例", "good": "好例", "caution": "慎用情形", "minutes": "阅读分钟", "words": "同义的词",
    "strength": "同义程度", "not_same": "不可混同的词",
}  # fmt: skip
"""Names of fields; one without has its own name."""
_OWN: dict[tuple[Kind, str], str] = {(Kind.PROJECT, "unit"): "实施单位"}
_TOLD = {
    "sector": "行业",
    "same_as": "其他版本的同一要求",
    "related": "移动、拆分或合并",
    "crosswalk_note": "怎么变的",
}
"""Fields that pages call by another name than exports, which keep theirs so that old files still load."""
_TOLD_OF: dict[tuple[Kind, str], str] = {
    (Kind.INDICATOR, "frequency"): "取数频次",
    (Kind.INDICATOR, "weight_min"): "建议分值下限", (Kind.INDICATOR, "weight_max"): "建议分值上限",
    (Kind.SET, "valid_to"): "截止日期", (Kind.SET, "members"): "所含指标", (Kind.SOURCE, "name"): "文件名称",
    (Kind.SOURCE, "note"): "核对情况", (Kind.CLAUSE, "text"): "内容", (Kind.CLAUSE, "note"): "核对情况",
    (Kind.ISSUE, "what"): "查出了什么", (Kind.ISSUE, "fix"): "整改要求", (Kind.PROBLEM, "fix"): "怎么改",
    (Kind.PROBLEM, "group"): "所属类别", (Kind.PROBLEM, "review_item"): "审核项", (Kind.PROBLEM, "description"): "说明",
    (Kind.PROBLEM, "objection"): "为什么退回", (Kind.PROBLEM, "phrases"): "审核常用语", (Kind.PROBLEM, "good"): "改成这样",
    (Kind.PROBLEM, "caution"): "别误伤", (Kind.NODE, "points"): "评价要点", (Kind.NODE, "explanation"): "本库解释",
    (Kind.SYNONYMS, "name"): "标准词", (Kind.SECTOR, "functional"): "支出功能分类",
    (Kind.GUIDE, "minutes"): "约几分钟读完",
}  # fmt: skip
_INNER: dict[str, dict[str, str]] = {
    "sources": {"source": "来源", "place": "位置", "note": "备注", "field": "只用于"},
    "targets": {
        "level1": "一级指标", "level2": "二级指标", "name": "三级指标", "target": "指标值", "unit": "计量单位", "actual": "完成值",
        "score": "得分", "indicator": "对应指标", "link": "对应关系", "linked_by": "对应依据",
    },
    "lines": {"name": "名称", "amount": "金额（万元）", "self_score": "自评得分", "third_party_score": "第三方评分", "grade": "等级"},
    "pitfalls": {"problem": "问题类型", "text": "说明"},
    "placements": {"edition": "版本", "level1": "一级指标", "level2": "二级指标"},
    "subsectors": {"name": "类别", "uses": "资金用途"},
    "bad": {"name": "三级指标", "comparator": "比较符", "value": "值", "unit": "计量单位", "weight": "分值", "explanation": "解释"},
}  # fmt: skip
_INNER["good"] = _INNER["bad"]
_WORDS: dict[str, dict[str, str]] = {
    "status": {"active": "在用", "retired": "停用"},
    "link": {"same": "同义", "narrower": "更窄", "broader": "更宽"},
    "strength": {"same": "同义", "near": "近义", "related": "相关"},
}


def title_of(kind: Kind, field: str) -> str:
    """Head of a field's column in exports of a kind; the field's own name where it has none."""
    return _OWN.get((kind, field), TITLES.get(field, field))


def label_of(kind: Kind, field: str) -> str:
    """What a field is called beside its value on a page."""
    own = _OWN.get((kind, field)) or _TOLD_OF.get((kind, field))
    return own or _TOLD.get(field) or title_of(kind, field)


def label_within(field: str, inner: str) -> str:
    """What a part of a row or of a group is called (``sources``, ``place``)."""
    return _INNER.get(field, {}).get(inner) or TITLES.get(f"{field}.{inner}") or TITLES.get(inner, inner)


def shown(field: str, value: Any, names: Mapping[str, str] | None = None) -> str:
    """A field's value as one text for people: "" for a blank, never a program's notation.

    ``names`` gives the names of codes; a code that it knows is told with its name.
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        items = shown_items(field, value, names)
        return "\n".join(items) if any(len(i) > 30 for i in items) else "、".join(items)
    return _one(field, value, names or {})


def shown_items(field: str, values: Any, names: Mapping[str, str] | None = None) -> list[str]:
    """The items of a list, each as one text, blanks left out."""
    return [text for v in values if (text := _one(field, v, names or {}))]


def _one(field: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Decimal | int | float):
        return plain_number(Decimal(str(value)))
    if isinstance(value, msgspec.Struct):
        value = {f: getattr(value, f) for f in value.__struct_fields__}
    if isinstance(value, Mapping):
        told = (
            (label_within(field, k), TITLES.get(v, v) if k == "field" else shown(k, v, names))
            for k, v in value.items()
        )
        return "，".join(f"{title}：{text}" for title, text in told if text)  # fmt: skip
    if isinstance(value, (list, tuple)):
        return "：".join(_one(field, v, names) for v in value)
    text = str(value)
    if text in names:
        return f"{text} {names[text]}"
    return _WORDS.get(field, {}).get(text, text)
