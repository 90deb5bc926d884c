"""Accounts: who may do what, passwords, and logins that cannot be guessed at."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kb.db.accounts import AccountRow, AccountTable, Limit
from kb.db.audit import AuditLog
from kb.errors import AccountError, LoginError, SignOnError, ThrottledError
from kb.roles import Role

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""

WINDOW = timedelta(minutes=15)
LIMITS = (
    Limit(("account", "source"), 5),  # one person at one place, mistyping
    Limit(("source",), 20),  # one place trying many accounts
    Limit(("account",), 30),  # many places trying one; five would let anybody lock an admin out
)
"""Failed logins that are borne within ``WINDOW``."""

SIGN_ON = "统一登录"
"""Who makes accounts and gives roles where the single sign-on decides."""

_NAME = re.compile(r"\w[\w.@-]{1,39}")
# OWASP's smaller profile: a login takes some 30 ms and 19 MiB, so that a flood of them cannot fill the memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as others may see it. Sessions of another ``epoch`` are void."""

    key: str
    name: str
    role: Role
    active: bool
    created_at: datetime
    epoch: int
    local: bool = True
    """False where there is no password: only a trusted proxy or single sign-on lets this account in."""


def key_of(name: str) -> str:
    """Names that differ in letter case or width alone are one account."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:80]


def now() -> datetime:
    """The time, aware and in UTC; tests replace it."""
    return datetime.now(UTC)


class Accounts:
    """The accounts of a knowledge base."""

    def __init__(self, table: AccountTable, audit: AuditLog) -> None:
        self._table, self._audit = table, audit

    def all(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        return tuple(_account(row) for row in self._table.all())

    def get(self, name: str) -> Account:
        """An account by its name. Raises AccountError."""
        return _account(self._row(name))

    def add(self, name: str, role: Role, password: str | None, *, actor: str) -> Account:
        """A new account; ``password`` None makes one that only a proxy or single sign-on lets in. Raises AccountError."""
        shown = unicodedata.normalize("NFKC", name).strip()
        if not _NAME.fullmatch(shown):
            raise AccountError("账号名要 2 到 40 个字：汉字、字母、数字，中间可以有 . - _ @。")
        hashed = "" if password is None else self._hash(shown, password)
        row = AccountRow(key_of(shown), shown, hashed, role.value, True, now(), 1)
        if not self._table.add(row, actor):
            raise AccountError(f"账号“{shown}”已经有了。要改密码用 kb user passwd 或账号页。")
        return _account(row)

    def set_password(self, name: str, password: str, *, actor: str) -> None:
        """Give an account another password; its sessions end. Raises AccountError."""
        row = self._row(name)
        self._change(row, {"password": self._hash(row.name, password)}, actor, "改密码")

    def change_password(self, name: str, old: str, new: str, source: str) -> Account:
        """The account with another password, where ``old`` is the present one; all its sessions end.

        Raises LoginError, ThrottledError or AccountError.
        """
        self._verified(name, old, source)
        self.set_password(name, new, actor=self.get(name).name)
        return self.get(name)

    def set_role(self, name: str, role: Role, *, actor: str) -> None:
        """Give an account another role; its sessions end. Raises AccountError for the last admin."""
        self._change(self._row(name), {"role": role.value}, actor, "改角色", f"角色 {role.value}", keep=True)

    def set_active(self, name: str, active: bool, *, actor: str) -> None:
        """Disable or enable an account; its sessions end. Raises AccountError for the last admin."""
        what = "启用账号" if active else "停用账号"
        self._change(self._row(name), {"active": active}, actor, what, keep=not active)

    def authenticate(self, name: str, password: str, source: str) -> Account:
        """The account of a name and its password; ``source`` is where the request comes from.

        Raises ThrottledError after too many failures, LoginError where anything else is wrong.
        """
        row = self._verified(name, password, source)
        self._audit.write(row.name, "登录", row.name, f"来自 {source}")
        return _account(row)

    def of_session(self, key: str, epoch: int) -> Account | None:
        """The account that a session was opened for; None where it is void by now."""
        row = self._table.get(key)
        return _account(row) if row and row.active and row.epoch == epoch else None

    def of_proxy(self, name: str) -> Account | None:
        """The active account that a trusted proxy names; None where there is none: proxies make no accounts."""
        row = self._table.get(key_of(name))
        return _account(row) if row and row.active else None

    def seen_by_proxy(self, account: Account, source: str) -> None:
        """Write down that a trusted proxy signed somebody in."""
        self._audit.write(account.name, "登录", account.name, f"由反向代理登录，来自 {source}")

    def sign_on(self, name: str, role: Role | None, *, create: bool, mapped: bool, source: str) -> Account:
        """The account of somebody whom the single sign-on vouches for.

        Where roles are ``mapped`` the account gets ``role``, and nobody without one comes in. ``create``
        makes an account for a name that has none. Raises SignOnError, whose sentence says what to do.
        """
        try:
            account = self._signed_on(name, role, create=create, mapped=mapped)
        except (AccountError, SignOnError) as error:
            row = self._table.get(key_of(name))
            self.sign_on_failed(str(error), source, row.name if row else "")
            raise SignOnError(str(error)) from error
        self._audit.write(account.name, "登录", account.name, f"由统一登录，来自 {source}")
        return account

    def sign_on_failed(self, why: str, source: str, name: str = "") -> None:
        """Write down that a login through the single sign-on did not come off."""
        self._audit.write(name, "登录失败", name or "没有这个账号", f"由统一登录，来自 {source}：{why}")

    def _signed_on(self, name: str, role: Role | None, *, create: bool, mapped: bool) -> Account:
        if mapped and role is None:
            raise SignOnError(
                f"您的单位账号“{name}”在统一登录里没有分到本系统的角色。请管理员在统一登录那边把您加进相应的组。"
            )
        row = self._table.get(key_of(name))
        if row is None and not create:
            raise SignOnError(
                f"您的单位账号“{name}”还没有在本系统开通。请管理员在“账号”页建立同名账号，再登录一次。"
            )
        if row is None:
            return self.add(name, role or Role.DRAFTER, None, actor=SIGN_ON)
        if not row.active:
            raise SignOnError(f"账号“{row.name}”在本系统已停用。要恢复请找管理员。")
        if role is not None and role.value != row.role:
            self.set_role(row.name, role, actor=SIGN_ON)
        return self.get(row.name)

    def logged_out(self, account: Account) -> None:
        """Write down that somebody logged out."""
        self._audit.write(account.name, "退出", account.name)

    def _verified(self, name: str, password: str, source: str) -> AccountRow:
        key = key_of(name[:80])
        wait = self._table.attempt(key, source[:80], now(), WINDOW, LIMITS)
        if wait is not None:
            raise ThrottledError(max(1, -(-int(wait.total_seconds()) // 60)))
        row = self._table.get(key)
        usable = row is not None and row.active and row.password != ""
        fits = _verify(row.password if row and usable else _nobody(), password)
        if row is None or not usable or not fits:
            # A name that nobody has may be a password typed into the wrong field: it is not kept.
            self._audit.write(
                row.name if row else "", "登录失败", row.name if row else "没有这个账号", f"来自 {source}"
            )
            raise LoginError
        self._table.succeeded(key, source[:80])
        if _HASHER.check_needs_rehash(row.password):
            self._table.rehash(key, row.password, _HASHER.hash(password))
        return row

    def _row(self, name: str) -> AccountRow:
        row = self._table.get(key_of(name))
        if row is None:
            raise AccountError(f"没有账号“{name[:40]}”。用 kb user list 看有哪些。")
        return row

    def _hash(self, name: str, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccountError(f"密码要 {SHORTEST} 到 {LONGEST} 个字符。可以用一句好记的话。")
        if key_of(name) in (key_of(password), key_of(password[::-1])) or len(set(password)) < 4:
            raise AccountError("密码不能是账号名，也不能只有几个重复的字符。")
        with _AT_ONCE:
            return _HASHER.hash(password)

    def _change(
        self,
        row: AccountRow,
        values: Mapping[str, Any],
        actor: str,
        what: str,
        detail: str = "",
        keep: bool = False,
    ) -> None:
        same = replace(row, **values) == row
        if same:
            return
        kept = Role.ADMIN.value if keep else ""
        if not self._table.change(
            row.key, values, actor=actor, what=what, detail=detail, at=now(), keep=kept
        ):
            raise AccountError(f"“{row.name}”是最后一个在用的管理员，不能停用或改角色。请先另设一个管理员。")


@cache
def _nobody() -> str:
    """What a name without an account is checked against, so that it takes as long."""
    return _HASHER.hash("没有这个账号时也花同样的时间")


def _verify(hashed: str, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False


def _account(row: AccountRow) -> Account:
    return Account(
        row.key, row.name, Role(row.role), row.active, row.created_at, row.epoch, local=bool(row.password)
    )
