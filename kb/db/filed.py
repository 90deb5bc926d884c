"""Reading and writing the filed target tables. Every method is one transaction; millions of rows pass in chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from kb.db import filed_tables as t
from kb.db.batches import begin_batch
from kb.db.parts import in_parts
from kb.filed_records import FiledLine, FiledRow, FiledTable, FiledTotals, Landscape, Season

T = TypeVar("T")
_CHUNK = 2_000


class FiledRows:
    """The rows behind the filed tables."""

    def __init__(self, engine: Engine) -> None:
        self.reading = engine
        self.writing = engine.execution_options(writing=True)

    def add(
        self,
        tables: Iterable[FiledTable],
        *,
        name: str,
        actor: str,
        reason: str,
        now: datetime,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[int, int, int]:
        """Write tables as one batch; gives (batch, tables written, tables that were filed already).

        A table that is filed and counts is left alone. Batch 0 where nothing was new: nothing is written then.
        """
        done = same = 0
        with self.writing.begin() as connection:
            batch = begin_batch(connection, name, actor, reason, now)
            last = connection.execute(select(func.max(t.filed_table.c.id))).scalar() or 0
            for chunk in in_parts(tables, _CHUNK):
                known = _known(connection, [f.digest for f in chunk])
                fresh = list({f.digest: f for f in chunk if f.digest not in known}.values())
                _insert(connection, fresh, last + done, batch)
                done, same = done + len(fresh), same + len(chunk) - len(fresh)
                if progress:
                    progress(done + same)
            if not done:
                connection.rollback()
                return 0, 0, same
        return batch, done, same

    def meeting(self, keys: Collection[int], most: int) -> list[int]:
        """Numbers of at most ``most`` tables that share a band, the newest first; withdrawn ones left out."""
        band = t.filed_band.c
        met = select(band.filed).where(band.key.in_(list(keys))).distinct().order_by(band.filed.desc())
        query = select(t.filed_table.c.id).where(t.filed_table.c.withdrawn.is_(None))
        query = query.where(t.filed_table.c.id.in_(met.limit(most)))
        with self.reading.connect() as connection:
            return sorted(connection.execute(query).scalars(), reverse=True)

    def tables(self, ids: Sequence[int]) -> dict[int, tuple[FiledLine, tuple[FiledRow, ...]]]:
        """Tables whole, by number."""
        found: dict[int, tuple[FiledLine, list[FiledRow]]] = {}
        with self.reading.connect() as connection:
            for some in in_parts(ids):
                heads = select(t.filed_table).where(t.filed_table.c.id.in_(some))
                for row in connection.execute(heads):
                    found[row.id] = _line(row), []
                rows = select(t.filed_row).where(t.filed_row.c.filed.in_(some))
                for row in connection.execute(rows.order_by(t.filed_row.c.filed, t.filed_row.c.number)):
                    found[row.filed][1].append(_row(row))
        return {id_: (line, tuple(rows)) for id_, (line, rows) in found.items()}

    def seasons(self) -> list[Season]:
        """Batches of filed tables, the newest first, withdrawn ones too."""
        f = t.filed_table.c
        query = select(
            f.batch, f.withdrawn, func.count().label("tables"), func.sum(f.size).label("rows"),
            func.min(f.year).label("first"), func.max(f.year).label("last"),
        ).group_by(f.batch, f.withdrawn)  # fmt: skip
        with self.reading.connect() as connection:
            return [
                Season(batch=r.batch, tables=r.tables, rows=r.rows, first=r.first, last=r.last, withdrawn=r.withdrawn)
                for r in connection.execute(query.order_by(f.batch.desc()))
            ]  # fmt: skip

    def concerns(self, batch: int) -> bool:
        """Whether a batch brought or withdrew tables."""
        f = t.filed_table.c
        found = [select(f.id).where(column == batch).limit(1) for column in (f.batch, f.withdrawn)]
        with self.reading.connect() as connection:
            return any(connection.execute(query).first() for query in found)

    def totals(self) -> FiledTotals:
        """Numbers of tables and rows that count."""
        f = t.filed_table.c
        query = select(func.count(), func.coalesce(func.sum(f.size), 0)).where(f.withdrawn.is_(None))
        with self.reading.connect() as connection:
            tables, rows = connection.execute(query).one()
        return FiledTotals(tables=tables, rows=int(rows))

    def landscapes(self, indicator: str) -> list[Landscape]:
        """Spread of the values that filed tables set for an indicator, the most used unit first."""
        query = select(t.filed_landscape).where(t.filed_landscape.c.indicator == indicator)
        with self.reading.connect() as connection:
            rows = connection.execute(query).mappings().all()
        found = [Landscape(**{n: _shown(v) for n, v in row.items()}) for row in rows]
        return sorted(found, key=lambda s: (-s.n, s.unit))

    def values(self) -> Iterator[tuple[str, str, float]]:
        """(indicator, unit, value) of every row that counts, in this order; read as a stream."""
        r = t.filed_row.c
        query = select(r.indicator, r.value_unit, r.value, r.filed).where(
            r.indicator.is_not(None), r.value.is_not(None)
        )
        query = query.order_by(r.indicator, r.value_unit, r.value)
        with self.reading.connect() as connection:
            out = select(t.filed_table.c.id).where(t.filed_table.c.withdrawn.is_not(None))
            gone = set(connection.execute(out).scalars())
            stream = connection.execution_options(yield_per=10_000).execute(query)
            for row in stream:
                if row.filed not in gone:
                    yield row.indicator, row.value_unit or "", row.value

    def set_landscapes(self, found: Iterable[Landscape]) -> int:
        """Put landscapes in the place of all there were; gives their number."""
        number = 0
        with self.writing.begin() as connection:
            connection.execute(delete(t.filed_landscape))
            for some in in_parts(found, _CHUNK):
                rows = [{n: getattr(s, n) for n in s.__struct_fields__} for s in some]
                connection.execute(insert(t.filed_landscape), [_stored(row) for row in rows])
                number += len(rows)
        return number


def figure(value: float) -> Decimal:
    """A stored number as it is shown: six decimals at most, none that say nothing."""
    plain = Decimal(f"{value:.6f}").normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def withdraw(connection: Connection, batch: int, by: int) -> int:
    """Take back what a batch did to the filed tables, as batch ``by``; gives the number of tables.

    Tables that the batch brought are withdrawn; those that it withdrew come back.
    """
    f = t.filed_table.c
    back = update(t.filed_table).where(f.withdrawn == batch).values(withdrawn=None)
    out = update(t.filed_table).where(f.batch == batch, f.withdrawn.is_(None)).values(withdrawn=by)
    return sum(connection.execute(query).rowcount for query in (back, out))


def _known(connection: Connection, digests: Sequence[str]) -> set[str]:
    f = t.filed_table.c
    found: set[str] = set()
    for some in in_parts(digests):
        query = select(f.digest).where(f.digest.in_(some), f.withdrawn.is_(None))
        found.update(connection.execute(query).scalars())
    return found


def _insert(connection: Connection, fresh: Sequence[FiledTable], last: int, batch: int) -> None:
    heads: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    for id_, f in enumerate(fresh, last + 1):
        head = {n: getattr(f.line, n) for n in FiledLine.__struct_fields__ if n not in ("id", "batch")}
        heads.append({**_stored(head), "id": id_, "batch": batch, "digest": f.digest, "size": len(f.rows)})
        rows += [{n: getattr(row, n) for n in FiledRow.__struct_fields__} | {"filed": id_} for row in f.rows]
        keys += [{"key": key, "filed": id_} for key in set(f.bands)]
    for table, values in ((t.filed_table, heads), (t.filed_row, rows), (t.filed_band, keys)):
        if values:
            connection.execute(insert(table), values)


def _shown(value: Any) -> Any:
    return figure(value) if isinstance(value, float) else value


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    return {n: float(v) if isinstance(v, Decimal) else v for n, v in row.items()}


def _line(row: Any) -> FiledLine:
    return FiledLine(**{n: _shown(row._mapping[n]) for n in FiledLine.__struct_fields__})


def _row(row: Any) -> FiledRow:
    return FiledRow(**{n: row._mapping[n] for n in FiledRow.__struct_fields__})
