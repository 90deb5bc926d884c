"""Reading what batches did to indicators: counts from an index, bodies only of the batches that are shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from indicators.model import Kind
from kb.db import tables as t
from kb.db.distinct import different
from kb.db.rows import aware


@dataclass(frozen=True, slots=True)
class Deed:
    """A batch that touched indicators: number, name, reason, when (aware UTC)."""

    batch: int
    name: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One revision with the stored text before and after it (None: there was none)."""

    batch: int
    code: str
    before: str | None
    after: str | None


class NewsRows:
    """Batches and revisions of indicators."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def deeds(self) -> list[Deed]:
        """Every batch that touched indicators, newest first."""
        touched = different(t.revision.c.batch, t.revision.c.kind == Kind.INDICATOR.value)
        query = (
            select(t.batch.c.id, t.batch.c.name, t.batch.c.reason, t.batch.c.at)
            .join(touched, touched.c.value == t.batch.c.id)
            .order_by(t.batch.c.id.desc())
        )
        with self._engine.connect() as connection:
            return [Deed(r.id, r.name, r.reason, aware(r.at)) for r in connection.execute(query)]

    def size(self, batch: int) -> int:
        """How many revisions of indicators a batch wrote."""
        revision = t.revision.c
        query = select(func.count()).where(revision.kind == Kind.INDICATOR.value, revision.batch == batch)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def last(self) -> int:
        """Number of the newest batch of any kind, 0 where there is none."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(t.batch.c.id))).scalar() or 0

    def steps(self, batches: Collection[int]) -> list[Step]:
        """What these batches did to indicators, by batch and code, each code's revisions in order."""
        before = t.revision.alias()
        query = (
            select(t.revision.c.batch, t.revision.c.code, t.revision.c.body, before.c.body.label("before"))
            .outerjoin(
                before, (before.c.code == t.revision.c.code) & (before.c.version == t.revision.c.version - 1)
            )
            .where(t.revision.c.kind == Kind.INDICATOR.value, t.revision.c.batch.in_(list(batches)))
            .order_by(t.revision.c.batch.desc(), t.revision.c.code, t.revision.c.version)
        )
        with self._engine.connect() as connection:
            return [Step(r.batch, r.code, r.before, r.body) for r in connection.execute(query)]
