"""Pages of one's own account: log in, log out, change the password."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from kb.accounts import LONGEST, SHORTEST
from kb.errors import AccountError, LoginError, ThrottledError
from web.context import knowledge
from web.permissions import safe_next
from web.provider import way_out
from web.proxy import client_address
from web.sessions import by_proxy, by_sign_on, close_session, open_session, signed_in

pages = Blueprint("account", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@pages.get("/login")
def login() -> Answer:
    """The login form; whoever is logged in already goes on at once."""
    wanted = safe_next(request.args.get("next", ""))
    return redirect(wanted, 303) if signed_in() else login_form(wanted, left="left" in request.args)


@pages.post("/login")
def log_in() -> Answer:
    """Log in and go on to the page that was asked for."""
    wanted = safe_next(request.form.get("next", ""))
    name, password = request.form.get("name", "")[:80], request.form.get("password", "")[: LONGEST + 1]
    try:
        account = knowledge().accounts.authenticate(name, password, client_address())
    except LoginError as error:
        return login_form(wanted, name, str(error)), 401
    except ThrottledError as error:
        wait = {"Retry-After": str(error.minutes * 60)}
        return login_form(wanted, name, str(error)), 429, wait
    open_session(account)
    return redirect(wanted, 303)


def login_form(wanted: str, name: str = "", error: str = "", left: bool = False) -> str:
    """The login page, with what went wrong where something did; ``left`` shows the way out of single sign-on."""
    return render_template(
        "login.html",
        wanted=wanted,
        name=name,
        error=error,
        none_yet=not knowledge().accounts.all(),
        way_out=way_out() if left else "",
    )


@pages.post("/logout")
def logout() -> Response:
    """Log out of this browser; who came through the single sign-on is shown the way out of that too."""
    account = signed_in()
    if account is not None:
        knowledge().accounts.logged_out(account)
    through = by_sign_on()
    close_session()
    flash("您已退出。")
    return redirect("/login?left=oidc" if through else "/login", 303)


@pages.get("/account")
def account() -> Answer:
    """One's own account with the form for another password."""
    return _account_page()


@pages.post("/account")
def change_password() -> Answer:
    """Change one's own password; all other sessions end."""
    own = signed_in()
    if own is None or not own.local:
        abort(400, "这个账号由单位的统一登录管理，密码不在这里改。")
    old, new = (request.form.get(field, "")[: LONGEST + 1] for field in ("old", "new"))
    if new != request.form.get("again", "")[: LONGEST + 1]:
        return _account_page("两次填写的新密码不一样。"), 400
    try:
        changed = knowledge().accounts.change_password(own.name, old, new, client_address())
    except LoginError:
        return _account_page("现在的密码不对。"), 400
    except (ThrottledError, AccountError) as error:
        return _account_page(str(error)), 400
    if not by_proxy():
        open_session(changed)
    flash("密码已改。其他地方的登录都已失效。")
    return redirect("/account", 303)


def _account_page(error: str = "") -> str:
    return render_template("account.html", error=error, shortest=SHORTEST, by_proxy=by_proxy())
