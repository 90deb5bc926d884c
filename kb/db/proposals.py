"""Reading and writing the table of proposals. Every write stands in one transaction with its audit line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from kb.db.audit import note
from kb.db.proposal_tables import proposal
from kb.db.rows import aware


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A row of the table; ``number`` is 0 before it is written."""

    number: int
    token: str
    sort: str
    state: str
    code: str
    kind: str
    version: int
    field: str
    text: str
    suggestion: str
    source: str
    changes: str
    name: str
    contact: str
    account: str
    origin: str
    at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    answer: str = ""
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than ``most`` rows within ``span``: of one origin, of all readers without account, or open at all."""

    most: int
    span: timedelta | None
    what: str


class DecidedMeanwhileError(Exception):
    """Somebody else decided the proposal."""


class ProposalRows:
    """The rows behind the proposals."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing=True)

    def add(self, row: ProposalRow, limits: tuple[Limit, ...], actor: str) -> int | Limit:
        """Write a new proposal; gives its number, or the limit that keeps it out."""
        with self._writing.begin() as connection:
            for limit in limits:
                if self._count(connection, row, limit) >= limit.most:
                    return limit
            values = {f.name: getattr(row, f.name) for f in fields(row) if f.name != "number"}
            done = connection.execute(insert(proposal).values(values))
            key = done.inserted_primary_key
            assert key is not None  # noqa: S101 - an INSERT of one row always has one
            number = int(key[0])
            note(
                connection,
                actor,
                "提意见",
                f"第 {number} 条意见",
                f"{row.sort} {row.code} {row.field}".strip(),
                row.at,
            )
        return number

    @staticmethod
    def _count(connection: Connection, row: ProposalRow, limit: Limit) -> int:
        query = select(func.count()).select_from(proposal)
        if limit.span is not None:
            query = query.where(proposal.c.at > row.at - limit.span)
        if limit.what == "origin":
            query = query.where(proposal.c.origin == row.origin)
        elif limit.what == "readers":
            query = query.where(proposal.c.account == "")
        elif limit.what == "open":
            query = query.where(proposal.c.state == "open")
        return connection.execute(query).scalar() or 0

    def get(self, number: int) -> ProposalRow | None:
        """A proposal by its number."""
        return self._one(proposal.c.id == number)

    def by_token(self, token: str) -> ProposalRow | None:
        """A proposal by the secret part of its receipt."""
        return self._one(proposal.c.token == token)

    def _one(self, condition: Any) -> ProposalRow | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(proposal).where(condition)).first()
        return _row(row) if row else None

    def listed(
        self, *, state: str = "", sort: str = "", code: str = "", account: str = "", oldest: bool = False,
        limit: int = 50, offset: int = 0,
    ) -> list[ProposalRow]:  # fmt: skip
        """Proposals, the newest or the oldest first, narrowed by what is given."""
        query = select(proposal).where(*_conditions(state, sort, code, account))
        order = proposal.c.id if oldest else proposal.c.id.desc()
        with self._engine.connect() as connection:
            return [_row(r) for r in connection.execute(query.order_by(order).limit(limit).offset(offset))]

    def count(self, *, state: str = "", sort: str = "", code: str = "", account: str = "") -> int:
        """How many proposals there are, narrowed by what is given."""
        query = select(func.count()).select_from(proposal).where(*_conditions(state, sort, code, account))
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def decide(self, number: int, state: str, *, by: str, answer: str, at: datetime) -> bool:
        """Close an open proposal; False where it is decided already."""
        with self._writing.begin() as connection:
            return _decide(connection, number, state, by, answer, at, None)

    @staticmethod
    def deciding(
        number: int, state: str, *, by: str, answer: str, at: datetime
    ) -> Callable[[Connection, int], None]:
        """Closes an open proposal in the transaction of the batch that carries it out.

        Raises DecidedMeanwhileError, which takes the batch back with it.
        """

        def close(connection: Connection, batch: int) -> None:
            if not _decide(connection, number, state, by, answer, at, batch):
                raise DecidedMeanwhileError

        return close


def _decide(
    connection: Connection, number: int, state: str, by: str, answer: str, at: datetime, batch: int | None
) -> bool:
    values = {"state": state, "decided_at": at, "decided_by": by[:80], "answer": answer, "batch": batch}
    standing = (proposal.c.id == number, proposal.c.state == "open")
    if not connection.execute(update(proposal).where(*standing).values(values)).rowcount:
        return False
    word = {"accepted": "采纳意见", "declined": "不采纳意见"}[state]
    note(connection, by, word, f"第 {number} 条意见", answer, at)
    return True


def _conditions(state: str, sort: str, code: str, account: str) -> list[Any]:
    given = {"state": state, "sort": sort, "code": code, "account": account}
    return [proposal.c[name] == value for name, value in given.items() if value]


def _row(row: Any) -> ProposalRow:
    values = {f.name: getattr(row, f.name) for f in fields(ProposalRow) if f.name != "number"}
    values["at"] = aware(values["at"])
    values["decided_at"] = aware(values["decided_at"]) if values["decided_at"] else None
    return ProposalRow(number=row.id, **values)
