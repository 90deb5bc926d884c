"""Logging in through the office's single sign-on: off to the provider, back with a code, into a session."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, current_app, redirect, request, session
from werkzeug.wrappers import Response

from kb.errors import SignOnError
from kb.signon import SignOn
from web.account import login_form
from web.context import knowledge
from web.permissions import safe_next
from web.provider import Pending, ProviderError, TokenError, provider, way_back
from web.proxy import client_address
from web.sessions import open_session, signed_in

if TYPE_CHECKING:
    from web.oidc import Provider

pages = Blueprint("single_sign_on", __name__)

PATIENCE = 600
"""Seconds that a user may take at the provider."""

_AT_ONCE = 3  # logins begun in one browser, in as many tabs; the cookie holds no more
_WAITING = "signing_on"


def _provider() -> Provider:
    return provider() or abort(404, "这里没有开通单位统一登录。请用账号和密码登录。")


@pages.get("/login/oidc")
def begin() -> Response | tuple[str, int]:
    """Send the browser to the provider; whoever is logged in already goes on at once."""
    signing, wanted = _provider(), safe_next(request.args.get("next", ""))
    if signed_in():
        return redirect(wanted, 303)
    pending = Pending.new()
    try:
        address = signing.begin(pending, way_back())
    except ProviderError as error:
        _log_cause(error)
        return login_form(wanted, error=str(error)), 503
    waiting = [*_waiting(), {**asdict(pending), "next": wanted, "at": int(time.time())}]
    session.permanent = True
    session[_WAITING] = waiting[-_AT_ONCE:]
    return redirect(address, 303)


@pages.get("/login/oidc/back")
def back() -> Response | tuple[str, int]:
    """Take up a login that comes back from the provider."""
    signing = _provider()
    begun = _taken(request.args.get("state", ""))
    if begun is None:
        sentence = "这次登录已经过期、已经用过，或不是从本站开始的。请重新登录一次。"
        return login_form("/", error=sentence), 400
    wanted = safe_next(begun.pop("next"))
    pending = Pending(begun["state"], begun["nonce"], begun["verifier"])
    if "code" not in request.args:
        return _failed(_refusal(request.args.get("error", "")), wanted, 401)
    try:
        claims = signing.finish(pending, request.args["code"][:4000], way_back())
    except ProviderError as error:
        return _failed(str(error), wanted, 503, error)
    except TokenError as error:
        return _failed(str(error), wanted, 401, error)
    return _enter(signing.settings, claims, wanted)


def _enter(settings: SignOn, claims: dict[str, Any], wanted: str) -> Response | tuple[str, int]:
    """A session for the account that checked claims name."""
    name = settings.name_of(claims)
    if not name:
        sentence = (
            f"统一登录没有给出账号名（{settings.name_claim}）。请管理员检查 KB_OIDC_NAME_CLAIM 和登记的范围。"
        )
        return _failed(sentence, wanted, 401)
    try:
        account = knowledge().accounts.sign_on(
            name, settings.role_of(claims), create=settings.create, mapped=bool(settings.role_claim),
            source=client_address(),
        )  # fmt: skip
    except SignOnError as error:
        return login_form(wanted, error=str(error)), 403
    open_session(account, sign_on=True)
    return redirect(wanted, 303)


def _waiting() -> list[dict[str, Any]]:
    """Logins that were begun in this browser not too long ago."""
    found = session.get(_WAITING, [])
    return [one for one in found if time.time() - one["at"] < PATIENCE]


def _taken(state: str) -> dict[str, Any] | None:
    """The login that a state belongs to; it is good once."""
    waiting = _waiting()
    found = next((one for one in waiting if one["state"] == state), None)
    session[_WAITING] = [one for one in waiting if one is not found]
    return found


def _refusal(error: str) -> str:
    if error == "access_denied":
        return "您在统一登录页取消了登录，或没有使用本系统的许可。"
    shown = "".join(c for c in error if c.isalnum() or c in "_-")[:40] or "没有说明"
    return f"统一登录没有完成（{shown}）。请再试一次；仍然不行请告诉管理员。"


def _failed(sentence: str, wanted: str, status: int, error: Exception | None = None) -> tuple[str, int]:
    """The login page with what went wrong; the audit log hears of it, the program's log of the cause."""
    if error is not None:
        _log_cause(error)
    knowledge().accounts.sign_on_failed(sentence, client_address())
    return login_form(wanted, error=sentence), status


def _log_cause(error: Exception) -> None:
    current_app.logger.warning("single sign-on: %s", error.__cause__ or error)
