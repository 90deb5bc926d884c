"""What things are called on pages: kinds, facets, severities, editions, and values read from cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup, escape

from indicators.choices import LinkKind
from indicators.model import Indicator, Kind
from indicators.value import TargetValue, ValueKind
from kb.overlays import Fate, Outcome
from kb.roles import Role
from kb.views import Use
from web.text import number

KIND_NAMES: dict[Kind, str] = {
    Kind.INDICATOR: "指标",
    Kind.FRAMEWORK: "共性框架",
    Kind.NODE: "框架指标",
    Kind.PROJECT: "项目",
    Kind.ISSUE: "评价问题",
    Kind.PROBLEM: "问题类型",
    Kind.GUIDE: "指南",
    Kind.CLAUSE: "政策条款",
    Kind.SECTOR: "行业",
    Kind.SET: "指标集",
    Kind.SOURCE: "来源文件",
    Kind.SYNONYMS: "同义词",
}
PUBLIC_KIND_NAMES = {
    "indicator": "指标",
    "framework": "框架",
    "project": "项目",
    "issue": "问题",
    "guide": "指南与条款",
}
FACET_NAMES = {
    "kind": "类别", "sector": "行业", "level1": "一级指标", "level2": "二级指标", "set": "指标集、框架", "status": "状态",
}  # fmt: skip
STATUS_NAMES = {"active": "在用", "retired": "已停用"}
LINK_NAMES = {LinkKind.SAME: "同义", LinkKind.NARROWER: "更窄", LinkKind.BROADER: "更宽"}
SEVERITIES = {"错误": "bad", "建议": "warn", "提示": "note"}
EDITIONS = {"2015": "2015 版（财预〔2015〕88号）", "2021": "2021 版（财预〔2021〕101号）"}
_VALUE_WORDS = {
    ValueKind.QUALITATIVE: "定性",
    ValueKind.PLACEHOLDER: "空，未填值",
    ValueKind.MULTIPLE: "含多个数，未拆",
    ValueKind.TEXT: "文字，读不出数",
}
_LARGE_GAP = 5
"""Points between self score and third-party score from which the gap is shown as a signal."""

ACTIONS = {"new": "新建", "change": "修改", "retire": "停用", "undo": "撤回", "restore": "恢复"}

FATE_NAMES = {
    Fate.CONFLICT: "两边都改了，要选", Fate.LOST: "上级已没有，本地改过，要选", Fate.TWICE: "两边各自新增了同名的，要选",
    Fate.RETIRED: "上级已没有，停用", Fate.MERGED: "合并到本地口径", Fate.TAKEN: "换成上级新的", Fate.ADDED: "上级新增",
    Fate.LEFT_OUT: "本地不用", Fate.OWN: "本地自有", Fate.SAME: "不变",
}  # fmt: skip
OUTCOME_NAMES = {
    Outcome.SAME: "不变", Outcome.OURS: "留本地", Outcome.THEIRS: "用上级", Outcome.BOTH: "两边合起来", Outcome.CONFLICT: "冲突",
}  # fmt: skip

ROLE_NAMES = {Role.DRAFTER: "起草", Role.REVIEWER: "审核", Role.ADMIN: "管理"}

_RATE = re.compile(r"(率|比例|占比|比重|覆盖面)$")


def facet_label(facet: str, value: str) -> str:
    """What a facet's value is called on the page."""
    names = {"kind": PUBLIC_KIND_NAMES, "status": STATUS_NAMES}.get(facet, {})
    return names.get(value, value)


def severity(word: str) -> tuple[str, str]:
    """Word and tone of a problem's severity as the catalogue writes it."""
    return word, SEVERITIES.get(word, "note")


def edition_name(edition: str) -> str:
    """An edition as it is called on pages: 2020 版, but 示例 as it stands."""
    return f"{edition} 版" if edition.isdigit() else edition


def weight_range(indicator: Indicator) -> str:
    """Suggested weight as "10–20 分", "10 分起", "不超过 20 分", or ""."""
    low, high = number(indicator.weight_min), number(indicator.weight_max)
    if low and high:
        return f"{low} 分" if low == high else f"{low}–{high} 分"
    if low:
        return f"{low} 分起"
    return f"不超过 {high} 分" if high else ""


def is_rate(indicator: Indicator) -> bool:
    """Whether an indicator is a ratio, so that a missing numerator is a gap and not a matter of course."""
    return bool(
        _RATE.search(indicator.name)
        or indicator.numerator
        or indicator.denominator
        or indicator.unit in ("%", "‰")
    )


def used_by(uses: Sequence[Use]) -> int:
    """Number of projects among the uses of an indicator: one project may have used it in two rows."""
    return len({use.project.code for use in uses})


def read_value(value: TargetValue) -> Markup:
    """What was read from a published cell, with a word of doubt where a person should look."""
    word = _VALUE_WORDS.get(value.kind) or value.text()
    if value.kind is ValueKind.DATE:
        word = "时限"
    if value.full:
        word = "全覆盖"
    if value.value is None:
        return Markup('<span class="blank">{}</span>').format(word or "—")
    if value.confident:
        return escape(word)
    doubt = Markup(' <span class="badge warn" title="{}">待核</span>').format(
        value.note or "读数没有把握，请看原文"
    )
    return escape(word) + doubt


def gap(own: Decimal | None, third: Decimal | None) -> Markup:
    """The distance of self score and third-party score in words and, where large, as a signal."""
    if own is None or third is None:
        return Markup('<span class="blank">—</span>')
    apart = own - third
    if not apart:
        return Markup("一致")
    word = f"自评{'高' if apart > 0 else '低'} {number(abs(apart))} 分"
    tone = "warn" if apart >= _LARGE_GAP else ""
    return Markup('<span class="badge {}">{}</span>').format(tone, word)
