"""Each request's number, time and steps: returned in a header, logged in one line, counted in the metrics.

Neither the log nor the metrics hold what was asked or by whom: the route's pattern stands in place of
the address.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter
from typing import cast

from flask import Flask, Response, before_render_template, g, request, template_rendered

from kb import timing
from web import metrics
from web.logs import FIELDS
from web.proxy import from_proxy

HEADER = "X-Request-ID"
NO_ROUTE = "(none)"
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Has every request of ``app`` numbered, timed and told of. Call it before all other handlers."""
    app.before_request(_begin)
    app.after_request(_end)
    before_render_template.connect(_rendering, app)
    template_rendered.connect(_rendered, app)
    app.jinja_env.globals["request_id"] = request_id


def request_id() -> str:
    """The number of the request: a trusted proxy's own, else one made here."""
    return cast(str, g.get("request_id", ""))


def _begin() -> None:
    given = request.headers.get(HEADER, "") if from_proxy() else ""
    g.request_id = given if _FIT.fullmatch(given) else secrets.token_hex(8)
    g.began, g.steps = perf_counter(), timing.gather()


def _end(response: Response) -> Response:
    response.headers[HEADER] = request_id()
    seconds = perf_counter() - g.began
    route = request.url_rule.rule if request.url_rule else NO_ROUTE
    steps = {name: round(spent * 1000, 1) for name, spent in g.steps.items()}
    metrics.count(route, request.method, response.status_code, seconds, g.steps)
    _log.info(
        "%s %s %s", request.method, route, response.status_code,
        extra={FIELDS: {"request_id": request_id(), "method": request.method, "route": route,
                        "status": response.status_code, "ms": round(seconds * 1000, 1), "steps": steps}},
    )  # fmt: skip
    return response


def _rendering(_app: Flask, **_: object) -> None:
    g.rendering = perf_counter()


def _rendered(_app: Flask, **_: object) -> None:
    began = g.pop("rendering", None)
    if began is not None:
        timing.add(timing.RENDER, perf_counter() - began)
