"""What a reverse proxy says about a request: believed from listed addresses only."""

from __future__ import annotations

from flask import request

from web.context import knowledge


def from_proxy() -> bool:
    """Whether a listed proxy handed the request on."""
    return request.remote_addr in knowledge().settings.proxies


def client_address() -> str:
    """Where a request comes from: the address that the nearest trusted proxy saw, else the peer's."""
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    return (forwarded if forwarded and from_proxy() else request.remote_addr or "")[:60]


def is_https() -> bool:
    """Whether the browser speaks HTTPS, with us or with the trusted proxy before us."""
    return request.is_secure or (from_proxy() and request.headers.get("X-Forwarded-Proto") == "https")


def trusted_name() -> str:
    """The name that a trusted proxy signed in; "" where the setting is off or the sender is not listed."""
    header = knowledge().settings.trusted_header
    if not header or not from_proxy():
        return ""
    raw = request.headers.get(header, "")
    try:
        return raw.encode("latin-1").decode("utf-8")[:80]
    except (UnicodeEncodeError, UnicodeDecodeError):
        return raw[:80]
