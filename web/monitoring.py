"""What a load balancer and a monitor ask: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify

from kb.errors import KnowledgeError
from web import metrics
from web.context import knowledge
from web.proxy import client_address

pages = Blueprint("monitoring", __name__)

LATE = 60
"""Seconds that a change may wait for the index before this process is better not asked."""


@pages.get("/healthz")
def healthz() -> tuple[Response, int]:
    """Whether the knowledge base answers: 200 with ``ok`` true, else 503.

    ``degraded`` is true where everything but searching works.
    """
    health = knowledge().health()
    body = {"ok": health.ok, "degraded": health.degraded, "message": health.message}
    return jsonify(body), 200 if health.ok else 503


@pages.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Whether this process should get requests: it answers, and its index is not far behind.

    A lost search engine is no reason: the others would have lost it as well, and the rest works.
    """
    kb = knowledge()
    health = kb.health()
    try:
        lag = kb.lag()
        behind = lag.seconds > LATE and not health.degraded
        outbox = {"rows": lag.rows, "seconds": round(lag.seconds, 1)}
    except KnowledgeError:
        behind, outbox = True, {}
    message = "搜索索引落后太多，正在追赶" if health.ok and behind else health.message
    ready = health.ok and not behind
    return jsonify({"ok": ready, "message": message, "outbox": outbox}), 200 if ready else 503


@pages.get("/metrics")
def figures() -> Response:
    """Figures for Prometheus, for the addresses in ``KB_METRICS_FROM`` only."""
    kb = knowledge()
    if not kb.settings.watching.may_read(client_address()):
        abort(403, "这里的统计只给 KB_METRICS_FROM 列出的地址看。")
    body, kind = metrics.exposition(kb)
    return Response(body, content_type=kind)
