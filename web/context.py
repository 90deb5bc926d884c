"""What every template knows: the knowledge base, links, navigation, words and small formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, request

from indicators import chinese_time
from indicators.fields import label_of, shown
from indicators.model import Record
from indicators.taxonomy import LEVEL2_LETTERS
from kb.knowledge import KnowledgeBase
from kb.links import PATHS, url_of
from kb.touching import GROUPS
from kb.views import AnyView, Ref
from loaders.readable import readable
from web import text, words
from web.assets import asset
from web.present import record_of

KEY = "knowledge-base"


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
    NavItem("行业指标", "/sectors", ("/sector", "/set", "/i/", "/news")),
    NavItem("共性框架", "/frameworks", ("/framework", "/node")),
    NavItem("实例项目", "/projects", ("/project",)),
    NavItem("起草", "/draft", ("/draft",)),
    NavItem("体检", "/review", ("/review", "/rules")),
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


def layout() -> str:
    """The template around a record's page: all of a page, or only its middle where it is shown before saving."""
    return "page_only.html" if g.get("unsaved") else "base.html"


def field_name(view: AnyView, field: str) -> str:
    """What a field of the record that a view is about is called."""
    return label_of(record_of(view).kind, field)


def code_of(view: AnyView) -> str:
    """Code of the record that a view is about."""
    return record_of(view).code


def install(app: Flask) -> None:
    """Gives the templates of ``app`` their filters and globals."""
    app.jinja_env.filters.update(
        number=text.number,
        slots=text.slots,
        marked=text.marked,
        day_time=chinese_time.day_time,
        day=chinese_time.day,
        moment=text.moment,
        severity=words.severity,
        edition_name=words.edition_name,
    )
    app.jinja_env.tests["web_address"] = text.is_web_address
    app.jinja_env.globals.update(
        asset=asset,
        link_to=link_to,
        weight_range=words.weight_range,
        is_rate=words.is_rate,
        used_by=words.used_by,
        read_value=words.read_value,
        gap=words.gap,
        facet_label=words.facet_label,
        KIND_NAMES=words.KIND_NAMES,
        FACET_NAMES=words.FACET_NAMES,
        LINK_NAMES=words.LINK_NAMES,
        EDITIONS=words.EDITIONS,
        ACTIONS=words.ACTIONS,
        LETTERS=LEVEL2_LETTERS,
        navigation=NAVIGATION,
        layout=layout,
        field_name=field_name,
        code_of=code_of,
        field_label=label_of,
        shown_value=shown,
        ROLE_NAMES=words.ROLE_NAMES,
        TOUCHED=GROUPS,
        readable=readable,
    )
