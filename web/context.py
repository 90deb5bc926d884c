"""What every template knows: the knowledge base's words for things, links, navigation, small formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from flask import Flask, current_app, request
from markupsafe import Markup, escape

from indicators.model import Indicator, Kind, LinkKind, Record
from indicators.taxonomy import LEVEL2_LETTERS
from indicators.value import TargetValue, ValueKind
from kb.knowledge import KnowledgeBase
from kb.links import PATHS, url_of
from kb.views import Ref, Use
from web import text
from web.assets import asset
from web.query import read_state

KEY = "knowledge-base"

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


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the main navigation; current where the address starts with one of ``paths``."""

    label: str
    url: str
    paths: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether the page shown belongs under this entry."""
        return request.path.startswith(self.paths)


NAVIGATION = (
    NavItem("行业指标", "/sectors", ("/sector", "/set", "/i/")),
    NavItem("共性框架", "/frameworks", ("/framework", "/node")),
    NavItem("实例项目", "/projects", ("/project",)),
    NavItem("常见问题", "/problems", ("/problem", "/issue")),
    NavItem("指南", "/guides", ("/guide", "/clause")),
    NavItem("来源", "/sources", ("/source",)),
)


def knowledge() -> KnowledgeBase:
    """The knowledge base that this application shows."""
    return cast(KnowledgeBase, current_app.extensions[KEY])


def link_to(thing: Record | Ref) -> str:
    """Permalink of a record or a pointer to one; "" for kinds without a page."""
    return url_of(thing.kind, thing.code) if thing.kind in PATHS else ""


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
    low, high = text.number(indicator.weight_min), text.number(indicator.weight_max)
    if low and high:
        return f"{low} 分" if low == high else f"{low}–{high} 分"
    if low:
        return f"{low} 分起"
    return f"不超过 {high} 分" if high else ""


_RATE = re.compile(r"(率|比例|占比|比重|覆盖面)$")


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
    word = f"自评{'高' if apart > 0 else '低'} {text.number(abs(apart))} 分"
    tone = "warn" if apart >= _LARGE_GAP else ""
    return Markup('<span class="badge {}">{}</span>').format(tone, word)


def install(app: Flask) -> None:
    """Gives the templates of ``app`` their filters, globals and per-request values."""
    app.jinja_env.filters.update(
        number=text.number,
        slots=text.slots,
        marked=text.marked,
        day_time=text.day_time,
        severity=severity,
        edition_name=edition_name,
    )
    app.jinja_env.tests["web_address"] = text.is_web_address
    app.jinja_env.globals.update(
        asset=asset,
        link_to=link_to,
        weight_range=weight_range,
        is_rate=is_rate,
        used_by=used_by,
        read_value=read_value,
        gap=gap,
        facet_label=facet_label,
        KIND_NAMES=KIND_NAMES,
        FACET_NAMES=FACET_NAMES,
        LINK_NAMES=LINK_NAMES,
        EDITIONS=EDITIONS,
        ACTIONS=ACTIONS,
        LETTERS=LEVEL2_LETTERS,
    )
    app.context_processor(_page_values)


def _page_values() -> dict[str, object]:
    return {"navigation": NAVIGATION, "state": read_state(request.args)}
