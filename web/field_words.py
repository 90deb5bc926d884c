"""What the fields of records are called in forms, with a hint and an example for each, and their grouping."""

from __future__ import annotations

from indicators.content import VALUE_METHODS
from indicators.model import Kind
from indicators.taxonomy import CATALOGUE_LEVELS

LONG = frozenset((
    "explanation", "formula", "wording", "bad_wording", "data_source", "evidence", "scoring", "note", "summary", "what",
    "cause", "fix", "description", "objection", "caution", "crosswalk_note", "text",
))  # fmt: skip
"""Texts that get more than one line."""

HINTS: dict[str, str] = {
    "name": "照原文，如“新建改建农村公路里程”",
    "aliases": "别人怎么叫它，一行一个",
    "keywords": "大家会用来搜它的词，一行一个，如“修路”",
    "explanation": "数的是什么、什么时候数、什么不算，如“当年交工验收的县乡村道长度”",
    "formula": "如“验收合格路段数÷参加验收路段数×100%”",
    "unit": "如 公里、人次、%",
    "wording": "好的写法，没法预知的数用花括号，如“新建改建农村公路里程 ≥{里程}公里”",
    "bad_wording": "会被退回的真实写法，如“加快农村公路建设，完成年度任务”",
    "unfit": "哪些项目不该用、改用什么，一行一个",
    "subsector": "行业里的类别，如“农村公路建设”",
    "value_method": "以五种之一开头：" + "、".join(VALUE_METHODS),
    "data_source": "数从哪份资料来，如“交工验收报告”",
    "evidence": "评价时拿什么证明，如“交工验收证书、竣工测量图”",
    "scoring": "怎么打分，如“按实际占目标的比例计分”",
    "frequency": "如 年度、季度、验收时",
    "valid_from": "如 2026-01-01，不限就空着",
    "valid_to": "如 2026-12-31，不限就空着",
    "sector": "行业代码，如 JT；打字可搜",
    "successor": "停用时写明改用哪一条，如 JT-SL-02",
    "pairs": "应当一起用的指标，一行一个代码",
    "pitfalls": "用这条指标时常犯的毛病",
    "placements": "只在某一版归类与众不同时填",
    "sources": "写明依据哪份文件；某一栏另有出处的，选“只用于哪一栏”。自编的写 zibian",
    "edition": "如 2020",
    "issuer": "如 财政部",
    "region": "如 甲省乙市，通用的空着",
    "members": "一行一个指标代码",
    "base": "本地集是在哪一套上改的；不是本地集就空着",
    "base_edition": "上级那一套的版本，如 2026",
    "overlays": "本地口径改自哪一条；不是本地口径就空着",
    "summary": "一两句话说清楚",
    "note": "要提醒看的人的话",
    "number": "如 财预〔2021〕101号",
    "date": "如 2021-08-18",
    "page": "在文件中的页",
    "url": "http 或 https 开头，能公开的才填",
    "verified": "读过原文才勾",
    "order": "整数，小的在前",
    "functional": "类款项代码，一行一个，如 214",
    "units": "一行一个，如“交通运输局”",
    "uses": "一行一个",
    "points": "一行一条",
    "nature": "如 定量、定性",
    "same_as": "一行一个框架指标代码",
    "related": "一行一个框架指标代码",
    "indicators": "一行一个指标代码",
    "problems": "一行一个问题类型代码，如 P23",
    "projects": "一行一个项目代码",
    "year": "四位数字，如 2025",
    "amount": "万元，如 300 或 12.5",
    "lines": "原文一个项目分几行列的，照样分行",
    "targets": "名称和值照原表，一字不改",
    "self_score": "百分制，如 96.5",
    "third_party_score": "百分制，如 88",
    "grade": "如 优、良、中、差",
    "evaluator": "第三方机构或部门",
    "what": "报告查出了什么",
    "cause": "报告写了原因才填",
    "fix": "要怎么改",
    "group": "如 可衡量",
    "phrases": "一行一句",
    "document": "所在文件的来源代码，如 cy-2021-101",
    "minutes": "整数",
    "words": "一行一个",
    "not_same": "看着像、其实不同的词，写上为什么",
    "place": "页、表、条款，如“附件1第3条”",
    "source": "打字可搜",
    "linked_by": "如 编者",
}
OWN_HINTS: dict[tuple[str, str], str] = {
    ("Project", "name"): "照原文，如“甲乡至乙村道路改造”",
    ("Project", "unit"): "用钱的单位，如“甲县交通运输局”",
    ("Guide", "text"): "Markdown。标题用 ##，指到记录写 [名称](kb:代码)",
    ("Guide", "name"): "一句话的题目，如“数量指标怎么写”",
    ("SynonymGroup", "name"): "这一组里的标准说法",
    ("Issue", "name"): "短标题，如“目标未随项目调整”",
    ("IndicatorSet", "name"): "如“交通运输核心绩效指标”",
    ("Source", "name"): "照原文，不带书名号",
    ("Clause", "text"): "用自己的话写",
    ("FrameworkNode", "name"): "照原文，如“立项依据充分性”",
    ("ProblemType", "name"): "如“指标值是空泛词”",
    ("Sector", "name"): "如“交通运输”",
    ("Framework", "name"): "照原文，如“项目支出绩效评价指标体系框架”",
    ("Sector", "aliases"): "别的叫法，一行一个",
}

_LEVEL1 = (*CATALOGUE_LEVELS, "决策", "过程", "产出", "效益")
_LEVEL2 = (*(name for names in CATALOGUE_LEVELS.values() for name in names), "成本指标")
_GRADES = ("优", "良", "中", "差")
SUGGESTED: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "level1"): _LEVEL1, ("", "level2"): _LEVEL2, ("", "grade"): _GRADES,
    ("", "value_method"): VALUE_METHODS, ("Placement", "edition"): ("2015", "2021"),
    ("", "frequency"): ("年度", "半年", "季度", "月度", "年末", "验收时", "结算后"),
    ("", "comparator"): ("≥", "≤", "=", ">", "<", "定性"),
    ("", "nature"): ("定量", "定性", "自设"),
    ("", "group"): ("完整结构", "分类归位", "可衡量", "适当性", "自评监控"),
    ("", "stage"): ("申报", "监控", "自评", "评价", "公开"),
    ("", "review_item"): (
        "完整性/规范完整性", "完整性/明确清晰性", "相关性/目标相关性", "相关性/指标科学性", "适当性/绩效合理性",
        "适当性/资金匹配性", "可行性/实现可能性", "可行性/条件充分性",
    ),
    ("Framework", "scope"): ("项目支出", "部门整体", "政策"),
}  # fmt: skip
"""Usual values of a field that may hold any; by type and field, or by the field alone."""

SECTIONS: dict[Kind, tuple[tuple[str, tuple[str, ...]], ...]] = {
    Kind.SOURCE: (("文件", ("name", "number", "issuer", "date", "page", "url")), ("核对", ("verified", "note"))),
    Kind.SECTOR: (
        ("行业", ("name", "order", "summary", "aliases", "note")),
        ("分类", ("functional", "units", "subsectors")), ("出处", ("sources",)),
    ),
    Kind.SET: (
        ("指标集", ("name", "edition", "issuer", "region", "valid_from", "valid_to", "summary")),
        ("指标", ("members",)), ("上级", ("base", "base_edition")), ("出处", ("sources",)),
    ),
    Kind.INDICATOR: (
        ("是什么", ("name", "level1", "level2", "sector", "subsector", "unit", "direction", "core")),
        ("怎么算", ("explanation", "formula", "numerator", "denominator", "frequency")),
        ("怎么写", ("wording", "bad_wording", "fits", "unfit")),
        ("怎么定值", ("standards",)),
        ("取证和打分", ("value_method", "data_source", "evidence", "scoring", "weight_min", "weight_max")),
        ("毛病和配对", ("pitfalls", "pairs")),
        ("查找", ("aliases", "keywords", "placements")),
        ("状态", ("status", "successor", "valid_from", "valid_to", "overlays")),
        ("出处", ("sources",)),
    ),
    Kind.FRAMEWORK: (("框架", ("name", "edition", "scope", "summary", "note")), ("出处", ("sources",))),
    Kind.NODE: (
        ("位置", ("name", "framework", "order", "level1", "level2")),
        ("内容", ("points", "explanation", "formula", "nature", "verified", "note")),
        ("版本对照", ("same_as", "related", "crosswalk_note")), ("指标", ("indicators",)), ("出处", ("sources",)),
    ),
    Kind.PROJECT: (
        ("项目", ("name", "scope", "unit", "region", "year", "sector", "types", "summary")),
        ("金额和得分", ("amount", "self_score", "third_party_score", "grade", "evaluator", "lines")),
        ("绩效目标", ("targets", "partial", "note")), ("出处", ("sources",)),
    ),
    Kind.ISSUE: (
        ("问题", ("name", "what", "cause", "fix")), ("范围", ("sector", "year", "region")),
        ("有关的记录", ("problems", "projects", "indicators")), ("出处", ("sources",)),
    ),
    Kind.PROBLEM: (
        ("问题类型", ("name", "group", "severity", "stage", "review_item", "description")),
        ("怎么改", ("objection", "phrases", "fix", "caution")), ("例子", ("bad", "good")),
        ("有关的指标", ("indicators",)), ("出处", ("sources",)),
    ),
    Kind.CLAUSE: (("条款", ("name", "document", "text")), ("核对", ("verified", "note")),
                  ("有关的记录", ("problems", "aliases")), ("出处", ("sources",))),
    Kind.GUIDE: (("指南", ("name", "summary", "order", "minutes", "aliases")), ("正文", ("text",)), ("出处", ("sources",))),
    Kind.SYNONYMS: (("同义词", ("name", "words", "strength", "not_same")),),
}  # fmt: skip
"""Parts of each kind's form, in the order of its page."""
