"""The HTTP API: JSON, the same as the commands give."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.datastructures import MultiDict

from kb.search.answer import Filters
from kb.search.suggest import Suggestion
from web.context import knowledge, link_to
from web.present import record_json, search_json
from web.query import FACETS, read_state
from web.sessions import actor_name
from web.words import PUBLIC_KIND_NAMES

pages = Blueprint("api", __name__)

DEFAULT_LIMIT = 10
MOST = 1000
SUGGESTED = {**PUBLIC_KIND_NAMES, "guide": "指南", "sector": "行业", "word": "搜索"}
"""What the kinds of suggestions are called."""


@pages.get("/api/v1/search")
def search() -> Response:
    """Search as ``kb search --json``: q, kind, sector, level1 (and the other facets), limit, offset."""
    state = read_state(request.args)
    answer = knowledge().search(
        state.q,
        filters=_filters(state.filters),
        limit=_count(request.args, "limit", DEFAULT_LIMIT, 0, MOST),
        offset=_count(request.args, "offset", 0, 0, 100_000),
    )
    return jsonify(search_json(answer))


@pages.get("/api/v1/records/<path:code>")
def record(code: str) -> Response:
    """One record whole, as ``kb show --json``; names of staff are told to staff only."""
    return jsonify(record_json(knowledge().view(code), actor_name))


@pages.get("/api/v1/suggest")
def suggest() -> Response:
    """What the words being typed may become: text, kind, its name in Chinese, address."""
    text = read_state(request.args).q
    found = knowledge().suggest(text, limit=_count(request.args, "limit", 8, 1, 20)) if text else ()
    return jsonify({"query": text, "suggestions": [_suggestion(item) for item in found]})


def _suggestion(item: Suggestion) -> dict[str, str]:
    """A suggestion with an address to go to: a sector's page, and for a plain word its search."""
    kind = SUGGESTED.get(item.kind, "")
    sectors = (
        {c.sector.name: link_to(c.sector) for c in knowledge().sectors()} if item.kind == "sector" else {}
    )
    return {
        "text": item.text,
        "kind": item.kind,
        "label": "，".join(dict.fromkeys(part for part in (kind, item.note) if part)),
        "url": item.url or sectors.get(item.text) or f"/search?{urlencode({'q': item.text})}",
    }


def _filters(filters: Filters) -> Filters:
    """Filters with sectors by name: a script may give a sector's code."""
    names = {counted.sector.code: counted.sector.name for counted in knowledge().sectors()}
    chosen = {facet: getattr(filters, facet) for facet in FACETS}
    chosen["sector"] = tuple(names.get(value, value) for value in chosen["sector"])
    return Filters(**chosen)


def _count(args: MultiDict[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from the query string; anything else is answered with 400 and a sentence."""
    raw = args.get(name, "").strip()
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit()) or len(raw) > 9 or not least <= int(raw) <= most:
        abort(400, f"参数 {name} 应为 {least} 到 {most} 的整数，收到的是“{raw[:40]}”。")
    return int(raw)
