"""Who is asking: the signed cookie, checked against the account at each request, and form tokens.

A reader without an account gets a cookie only with a form that needs one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import cast

from flask import Flask, g, session
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup

from kb.accounts import Account
from kb.secret import session_key
from kb.settings import Settings
from web.context import knowledge
from web.proxy import client_address, is_https, trusted_name

LIFETIME = timedelta(hours=12)
TOKEN = "form_token"  # noqa: S105 - the name of a form field
_SIGN_ON, _SEEN = "sign_on", "seen"


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookies, with SHA-256, and Secure wherever the browser speaks HTTPS."""

    salt = "indicator-kb session"
    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie may travel over HTTPS only."""
        return is_https()


def install(app: Flask, settings: Settings) -> None:
    """Gives ``app`` its sessions, and the templates ``signed_in`` and ``form_token``."""
    app.config.update(
        SECRET_KEY=session_key(settings.secret_file),
        SESSION_COOKIE_NAME="kb_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )
    app.session_interface = Sessions()
    app.jinja_env.globals.update(signed_in=signed_in, form_token=form_token, actor_name=actor_name)


def identify() -> Account | None:
    """The account behind the request, looked up and kept for its duration."""
    g.account = _of_proxy() or _of_cookie()
    return cast("Account | None", g.account)


def signed_in() -> Account | None:
    """The account that ``identify`` found; None before it ran."""
    return cast("Account | None", g.get("account"))


def actor_name(name: str) -> str:
    """Who did something, as a page may tell it: readers without an account learn no names of staff."""
    return name if signed_in() is not None or name in ("", "系统") else "工作人员"


def by_proxy() -> bool:
    """Whether a trusted proxy signed the user in, so that there is no logging out here."""
    return bool(trusted_name())


def by_sign_on() -> bool:
    """Whether this session was opened through the single sign-on."""
    return bool(session.get(_SIGN_ON))


def _of_proxy() -> Account | None:
    name = trusted_name()
    account = knowledge().accounts.of_proxy(name) if name else None
    if account is not None and session.get(_SEEN) != account.key:
        # A proxy names the user with each request; the log is told once a browser session.
        session.permanent = True
        session[_SEEN] = account.key
        knowledge().accounts.seen_by_proxy(account, client_address())
    return account


def _of_cookie() -> Account | None:
    key, epoch = session.get("account"), session.get("epoch")
    if not isinstance(key, str) or not isinstance(epoch, int):
        return None
    return knowledge().accounts.of_session(key, epoch)


def open_session(account: Account, *, sign_on: bool = False) -> None:
    """Begin a session; nothing of the one before, its token neither, is kept."""
    session.clear()
    session.permanent = True
    session.update({"account": account.key, "epoch": account.epoch, _SIGN_ON: sign_on})
    g.account = account


def close_session() -> None:
    """End the session of this browser."""
    session.clear()
    g.account = None


def form_token() -> Markup:
    """The hidden field that every POST form carries."""
    if "token" not in session:
        session.permanent = True
        session["token"] = secrets.token_urlsafe(24)
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, session["token"])


def token_fits(given: str) -> bool:
    """Whether a form was made for this very session."""
    own = session.get("token")
    return isinstance(own, str) and hmac.compare_digest(own.encode(), given.encode("utf-8", "replace"))
