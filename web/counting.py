"""Counting what is searched and what is followed from it; nothing about who did.

A result is a plain permalink: that it was followed shows in the Referer, which browsers send
within one site (``Referrer-Policy: same-origin``), with or without JavaScript.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, request

from kb.learning import is_miss
from kb.search.answer import SearchAnswer
from web.context import knowledge
from web.query import SearchState

_RECORDS = frozenset(
    f"catalogue.{name}"
    for name in ("indicator", "framework", "node", "project", "issue", "problem", "guide", "clause")
)


def install(app: Flask) -> None:
    """Counts the follows of ``app``."""
    app.after_request(_count_follow)


def count_search(state: SearchState, answer: SearchAnswer) -> None:
    """Count a search by its words; narrowed ones and later pages belong to one counted already."""
    if state.q and state.page == 1 and not state.chosen and _is_visit():
        knowledge().learning.record_search(state.q, len(answer.hits), is_miss(answer))


def _count_follow(response: Response) -> Response:
    if request.endpoint in _RECORDS and response.status_code == 200 and _is_visit():
        query = _searched()
        if query:
            knowledge().learning.record_follow(query, str((request.view_args or {}).get("code", ""))[:80])
    return response


def _searched() -> str:
    """The query of the result page that the reader came from, "" for any other way."""
    try:
        came = urlsplit(request.headers.get("Referer", "")[:4000])
        if came.netloc != request.host or came.path != "/search":
            return ""
        return parse_qs(came.query, max_num_fields=100).get("q", [""])[0]
    except ValueError:
        return ""


def _is_visit() -> bool:
    """Whether a person looks: not a HEAD request, not a browser that fetches ahead."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in ahead
