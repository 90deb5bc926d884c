"""What is new (新增与停用): the page month by month, and Atom feeds (RFC 4287) of all and of each sector."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

from flask import Blueprint, Response, abort, render_template, request

from indicators.fields import label_of
from indicators.model import Kind, Sector
from kb.news import Happening, Item, NewsEntry
from web.context import knowledge
from web.query import clean

pages = Blueprint("news", __name__)

FEED_ENTRIES = 40
FEED_ITEMS = 100
"""Indicators told in one entry of a feed; the page has more."""
PAGE_ITEMS = 500
"""Indicators listed of one entry on the page; a filter brings the others."""
WORDS = {
    Happening.NEW: "新增", Happening.RETIRED: "停用", Happening.CHANGED: "修改", Happening.BACK: "恢复使用",
    Happening.REMOVED: "撤回",
}  # fmt: skip
TONES = {Happening.NEW: "good", Happening.RETIRED: "warn", Happening.REMOVED: "bad"}
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE = uuid.UUID("6f0f5c0e-5a3b-5d1c-9a57-1f0f6f6f2c11")
"""Under which ids of entries are made: the same entry has the same id in every reading."""


@pages.get("/news")
def news() -> str:
    """New, changed and retired indicators by month, narrowed by sector and set."""
    kb = knowledge()
    month, sector, set_code = (clean(request.args.get(n, ""))[:80] for n in ("month", "sector", "set"))
    sectors = {c.sector.code: c.sector for c in kb.sectors()}
    sets = {s.code: s for s in kb.sets()}
    chosen, chosen_set = sectors.get(sector), sets.get(set_code)
    found = kb.news.month(month, chosen.code if chosen else "", chosen_set.code if chosen_set else "")
    kept = {"sector": chosen.code if chosen else "", "set": chosen_set.code if chosen_set else ""}
    return render_template(
        "news.html", news=found, sectors=sectors, sets=sets, chosen=chosen, chosen_set=chosen_set, words=WORDS, headline=headline, most=PAGE_ITEMS,
        tones=TONES, changed=_changed,
        months=[(m, "/news?" + urlencode({k: v for k, v in {"month": m, **kept}.items() if v})) for m in found.months],
    )  # fmt: skip


@pages.get("/news.atom")
def feed() -> Response:
    """The newest entries of all sectors."""
    return _feed(None)


@pages.get("/news/<sector>.atom")
def sector_feed(sector: str) -> Response:
    """The newest entries of one sector, named by its code."""
    found = next((c.sector for c in knowledge().sectors() if c.sector.code == sector), None)
    if found is None:
        abort(404)
    return _feed(found)


def _feed(sector: Sector | None) -> Response:
    entries = knowledge().news.newest(FEED_ENTRIES, sector.code if sector else "")
    site = (knowledge().settings.base_url or request.host_url).rstrip("/")
    own = f"{site}/news/{sector.code}.atom" if sector else f"{site}/news.atom"
    root = Xml.Element("feed", {"xmlns": _ATOM, "xml:lang": "zh-CN"})
    _text(root, "id", _id("feed", sector.code if sector else "", knowledge().news.founded()))
    _text(root, "title", f"{sector.name}：指标的新增与停用" if sector else "绩效指标知识库：指标的新增与停用")
    _text(root, "updated", _time(entries[0].at if entries else datetime(2000, 1, 1, tzinfo=UTC)))
    Xml.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    page = f"{site}/news" + (f"?sector={sector.code}" if sector else "")
    Xml.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": page})
    _text(Xml.SubElement(root, "author"), "name", "绩效指标知识库")
    for entry in entries:
        _entry(root, entry, site, sector)
    data = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(data, mimetype="application/atom+xml")


def _entry(root: Xml.Element, entry: NewsEntry, site: str, sector: Sector | None) -> None:
    node = Xml.SubElement(root, "entry")
    _text(node, "id", _id("batch", sector.code if sector else "", f"{entry.batch} {entry.at.isoformat()}"))
    _text(node, "title", headline(entry))
    _text(node, "updated", _time(entry.at))
    _text(node, "published", _time(entry.at))
    where = f"{site}/news?month={entry.month}#batch-{entry.batch}"
    Xml.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": where})
    content = _text(node, "content", _clean(render_template("_news_feed.html", entry=entry, site=site, words=WORDS, most=FEED_ITEMS, where=where)))  # fmt: skip
    content.set("type", "html")


def _changed(item: Item) -> str:
    """Fields of an indicator that a batch changed, in words."""
    return "、".join(dict.fromkeys(label_of(Kind.INDICATOR, f) for f in item.fields))


def headline(entry: NewsEntry) -> str:
    """An entry in a line."""
    if entry.founded:
        return f"知识库建立，收录 {entry.founded} 条指标"
    counts = "，".join(f"{WORDS[what]} {n} 条" for what, n in entry.counts.items())
    return f"{entry.name}：{counts}"


def _id(*parts: str) -> str:
    return uuid.uuid5(_SPACE, "\x1f".join(parts)).urn


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: Xml.Element, tag: str, text: str) -> Xml.Element:
    child = Xml.SubElement(parent, tag)
    child.text = _clean(text)
    return child


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
