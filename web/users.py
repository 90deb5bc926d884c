"""Admin page of the accounts: list, add, role, password, disable."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from kb.accounts import LONGEST, SHORTEST, Account
from kb.errors import AccountError
from kb.roles import Role
from web.admin import admin
from web.context import knowledge

pages = Blueprint("users", __name__)

ABOUT = {
    Role.DRAFTER: "起草绩效目标，保存自己的草稿",
    Role.REVIEWER: "另外可以审核、定规则",
    Role.ADMIN: "另外可以入库、改同义词、管账号",
}
"""What each role may do, in the words of the form."""


@pages.get("/admin/users")
def users() -> str:
    """All accounts, and the form for a new one."""
    return _users_page()


@pages.post("/admin/users")
def add_user() -> str | Response | tuple[str, int]:
    """Make an account."""
    name, password = request.form.get("name", "")[:80], request.form.get("password", "")[: LONGEST + 1]
    try:
        kept = None if not password and _elsewhere() else password
        made = knowledge().accounts.add(name, _role(), kept, actor=admin().name)
    except AccountError as error:
        return _users_page(name, str(error)), 400
    told = "请把密码当面交给本人，让他登录后自己改掉。" if made.local else "本人用单位统一登录就能进来。"
    flash(f"已建立账号“{made.name}”。{told}")
    return redirect("/admin/users", 303)


@pages.post("/admin/users/change")
def change() -> Response:
    """Change the role, the state or the password of an account."""
    name, what = request.form.get("name", "")[:80], request.form.get("do", "")
    try:
        flash(_change(knowledge().accounts.get(name), what))
    except AccountError as error:
        flash(str(error), "bad")
    return redirect("/admin/users", 303)


def _change(account: Account, what: str) -> str:
    accounts, actor = knowledge().accounts, admin().name
    if what == "role":
        accounts.set_role(account.name, _role(), actor=actor)
        return f"已改“{account.name}”的角色，他要重新登录。"
    if what == "password":
        accounts.set_password(account.name, request.form.get("password", "")[: LONGEST + 1], actor=actor)
        return f"已重设“{account.name}”的密码，他要重新登录。"
    if what in ("disable", "enable"):
        accounts.set_active(account.name, what == "enable", actor=actor)
        return f"已{'启用' if what == 'enable' else '停用'}“{account.name}”。"
    raise AccountError("没有这种操作。")


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise AccountError("请选择角色。") from None


def _elsewhere() -> bool:
    """Whether people may be signed in by somebody else, so that an account needs no password."""
    settings = knowledge().settings
    return bool(settings.sign_on or settings.trusted_header)


def _users_page(name: str = "", error: str = "") -> str:
    return render_template(
        "admin_users.html",
        accounts=knowledge().accounts.all(),
        about=ABOUT,
        name=name,
        error=error,
        shortest=SHORTEST,
        own=admin(),
        elsewhere=_elsewhere(),
    )
