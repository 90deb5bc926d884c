"""Tables of the filed target tables (历年目标表): millions of rows to compare with, and what is summed up of them.

They are no records: nobody edits a filed row, so it has no revisions. A batch brings tables in; undoing
it marks them as withdrawn, undoing that brings them back.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from kb.db.tables import CODE, batch, metadata

filed_table = Table(
    "filed_table",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batch", Integer, ForeignKey(batch.c.id), nullable=False),
    Column("withdrawn", Integer),  # batch that took it out, NULL while it counts
    Column("digest", String(32), nullable=False),  # of heading and rows: the same table is not filed twice
    Column("project", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("year", Integer),
    Column("sector", CODE, nullable=False),
    Column("amount", Float),  # 万元
    Column("file", Text, nullable=False),
    Column("size", Integer, nullable=False),  # number of rows
    Index("ix_filed_table_batch", "batch"),
    Index("ix_filed_table_withdrawn", "withdrawn"),
    Index("ix_filed_table_digest", "digest"),
)

filed_row = Table(
    "filed_row",
    metadata,
    Column("filed", Integer, ForeignKey(filed_table.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("level1", String(40), nullable=False),
    Column("level2", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("indicator", CODE),  # what the row means, NULL where that is not sure
    Column("value", Float),
    Column("value_unit", String(80)),
    # All that a landscape needs stands in the index, in its order.
    Index("ix_filed_row_landscape", "indicator", "value_unit", "value", "filed"),
)

filed_band = Table(
    "filed_band",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("filed", Integer, ForeignKey(filed_table.c.id), primary_key=True),
    sqlite_with_rowid=False,
)

filed_landscape = Table(
    "filed_landscape",
    metadata,
    Column("indicator", CODE, primary_key=True),
    Column("unit", String(80), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("minimum", Float, nullable=False),
    Column("lower", Float, nullable=False),  # first quartile
    Column("median", Float, nullable=False),
    Column("upper", Float, nullable=False),  # third quartile
    Column("maximum", Float, nullable=False),
    Column("built_at", DateTime(timezone=True), nullable=False),
)
