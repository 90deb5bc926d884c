"""Response headers that keep pages harmless whatever text a record holds."""

from __future__ import annotations

from flask import Response, request

from web.assets import set_static_cache

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of every response: nothing from outside, nothing inline, nothing framed."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def set_headers(response: Response) -> Response:
    """The response with our headers; pages are checked again on each visit, static files kept."""
    response.headers.update(HEADERS)
    if request.endpoint == "static":
        return set_static_cache(response)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
