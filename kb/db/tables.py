"""Tables of the store.

A record is one row: its typed columns are what queries filter and sort by, ``body`` holds the
whole record as canonical JSON. ``link`` and ``target`` are derived from the body in the same
transaction, so that joins run on indexes. Nothing else derives from SQL but the search index.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

CODE = String(80)

record = Table(
    "record",
    metadata,
    Column("code", CODE, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("sector", CODE, nullable=False, default=""),
    Column("level1", String(40), nullable=False, default=""),
    Column("level2", String(40), nullable=False, default=""),
    Column("status", String(16), nullable=False, default="active"),
    Column("core", Boolean, nullable=False, default=False),
    Column("position", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False, default=1),
    Column("digest", String(64), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_record_kind_sector", "kind", "sector", "position"),
)

link = Table(
    "link",
    metadata,
    Column(
        "source_code",
        CODE,
        ForeignKey(record.c.code, deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    Column("role", String(20), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column(
        "target_code", CODE, ForeignKey(record.c.code, deferrable=True, initially="DEFERRED"), nullable=False
    ),
    Index("ix_link_target", "target_code", "role"),
)

target = Table(
    "target",
    metadata,
    Column(
        "project", CODE, ForeignKey(record.c.code, deferrable=True, initially="DEFERRED"), primary_key=True
    ),
    Column("row", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("indicator", CODE, ForeignKey(record.c.code, deferrable=True, initially="DEFERRED")),
    Column("link", String(16)),
    Column("comparator", String(8), nullable=False),
    Column("value", Float),
    Column("unit", String(80), nullable=False),
    Index("ix_target_indicator", "indicator"),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("code", CODE, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("batch", Integer, ForeignKey(batch.c.id), nullable=False),
    Column("body", Text),
    Index("ix_revision_batch", "batch"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("code", CODE, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("value", Text, nullable=False),
)
