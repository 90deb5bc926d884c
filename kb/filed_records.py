"""What filed target tables (历年目标表) are made of: headings, rows, seasons, landscapes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from indicators.draft import Draft


class FiledLine(msgspec.Struct, frozen=True, kw_only=True):
    """The heading of a filed table. ``amount`` is 万元; ``withdrawn`` is the batch that took it out."""

    id: int = 0
    batch: int = 0
    project: str = ""
    unit: str = ""
    region: str = ""
    year: int | None = None
    sector: str = ""
    amount: Decimal | None = None
    file: str = ""
    withdrawn: int | None = None


class FiledRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as filed, and what it was read as: the indicator where that is sure, one confident number."""

    number: int
    level1: str = ""
    level2: str = ""
    name: str = ""
    target: str = ""
    unit: str = ""
    indicator: str | None = None
    value: float | None = None
    value_unit: str | None = None


class FiledTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table on its way in, with the digest and the bands it is found again by."""

    line: FiledLine
    rows: tuple[FiledRow, ...]
    digest: str
    bands: tuple[int, ...]


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of filed tables: how much it brought, the years it spans, the batch that took it back."""

    batch: int
    tables: int
    rows: int
    first: int | None
    last: int | None
    withdrawn: int | None


class FiledTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of filed tables and rows that count."""

    tables: int
    rows: int


class Landscape(msgspec.Struct, frozen=True, kw_only=True):
    """Spread of the values that filed tables set for an indicator in one unit, as last summed up."""

    indicator: str
    unit: str
    n: int
    minimum: Decimal
    lower: Decimal
    median: Decimal
    upper: Decimal
    maximum: Decimal
    built_at: datetime


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """A filed table that is nearly the same as one in hand, and the share of rows (name and value) alike."""

    line: FiledLine
    share: float
    draft: Draft
