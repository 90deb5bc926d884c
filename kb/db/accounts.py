"""Accounts and failed logins in the database; every change stands beside its line in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update

from kb.db import tables as t
from kb.db.audit import note
from kb.db.rows import aware


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as it is stored; ``password`` is a hash, "" where only a proxy signs in."""

    key: str
    name: str
    password: str
    role: str
    active: bool
    created_at: datetime
    epoch: int


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are borne within the window, over those that have ``fields`` in common."""

    fields: tuple[str, ...]
    most: int


class AccountTable:
    """Reading and writing accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing=True)

    def get(self, key: str) -> AccountRow | None:
        """The account of a folded name."""
        with self._engine.connect() as connection:
            return _get(connection, key)

    def all(self) -> list[AccountRow]:
        """All accounts, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(t.account).order_by(t.account.c.name)).mappings()
            return [_row(row) for row in rows]

    def add(self, row: AccountRow, actor: str) -> bool:
        """Store a new account; False where the name is taken."""
        with self._writing.begin() as connection:
            if _get(connection, row.key):
                return False
            values = {column.name: getattr(row, column.name) for column in t.account.columns}
            connection.execute(insert(t.account), values)
            note(connection, actor, "新建账号", row.name, f"角色 {row.role}", row.created_at)
        return True

    def change(
        self, key: str, values: Mapping[str, Any], *, actor: str, what: str, detail: str, at: datetime,
        keep: str = "",
    ) -> bool:  # fmt: skip
        """Change an account and end its sessions; False where it is the last active one of role ``keep``."""
        with self._writing.begin() as connection:
            row = _get(connection, key)
            if row is None or (
                keep and row.active and row.role == keep and _others(connection, key, keep) == 0
            ):
                return False
            epoch = t.account.c.epoch + 1
            connection.execute(update(t.account).where(t.account.c.key == key).values(epoch=epoch, **values))
            note(connection, actor, what, row.name, detail, at)
        return True

    def rehash(self, key: str, old: str, new: str) -> None:
        """Replace a hash by a stronger one of the same password; sessions go on."""
        with self._writing.begin() as connection:
            same = (t.account.c.key == key) & (t.account.c.password == old)
            connection.execute(update(t.account).where(same).values(password=new))

    def attempt(
        self, account: str, source: str, at: datetime, window: timedelta, limits: tuple[Limit, ...]
    ) -> timedelta | None:
        """Count a login as failed before its password is looked at, so that parallel tries all count.

        Gives None, or how long to wait where a limit is reached; such a try is not counted.
        """
        values = {"account": account, "source": source}
        with self._writing.begin() as connection:
            connection.execute(delete(t.login_failure).where(t.login_failure.c.at < at - window))
            waits = [_wait(connection, limit, values, at, window) for limit in limits]
            if any(waits):
                return max(waits)
            connection.execute(insert(t.login_failure), {**values, "at": at})
        return None

    def succeeded(self, account: str, source: str) -> None:
        """Forget the failures of an account from a source whose user has proved to know the password."""
        with self._writing.begin() as connection:
            mine = (t.login_failure.c.account == account) & (t.login_failure.c.source == source)
            connection.execute(delete(t.login_failure).where(mine))


def _wait(
    connection: Connection, limit: Limit, values: Mapping[str, str], at: datetime, window: timedelta
) -> timedelta:
    query = select(t.login_failure.c.at).order_by(t.login_failure.c.at.desc())
    for field in limit.fields:
        query = query.where(t.login_failure.c[field] == values[field])
    times = list(connection.execute(query.limit(limit.most)).scalars())
    return aware(times[-1]) + window - at if len(times) == limit.most else timedelta()


def _get(connection: Connection, key: str) -> AccountRow | None:
    row = connection.execute(select(t.account).where(t.account.c.key == key)).mappings().first()
    return _row(row) if row else None


def _row(row: RowMapping) -> AccountRow:
    values = dict(row)
    return AccountRow(
        **{**values, "active": bool(values["active"]), "created_at": aware(values["created_at"])}
    )


def _others(connection: Connection, key: str, role: str) -> int:
    """Active accounts of a role besides one."""
    query = select(func.count()).select_from(t.account)
    same = (t.account.c.role == role) & t.account.c.active.is_(True) & (t.account.c.key != key)
    return connection.execute(query.where(same)).scalar() or 0
