"""Tables of the store.

A record is one row: its typed columns are what queries filter and sort by, ``body`` holds the
whole record as canonical JSON. ``link`` and ``target`` are derived from the body in the same
transaction, so that joins run on indexes. Nothing else derives from SQL but the search index.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
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
    Index("ix_record_kind_position", "kind", "position", "code"),
    Index("ix_record_folded_code", text("lower(code)")),
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
    Column("kind", String(16), nullable=False, default=""),  # "" for a setting
    Column("action", String(16), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("batch", Integer, ForeignKey(batch.c.id), nullable=False),
    Column("body", Text),
    Index("ix_revision_batch", "batch"),
    Index("ix_revision_kind_batch", "kind", "batch"),  # what is new (/news) counts without reading a body
    # What was taken out, and nothing else: a small part of all revisions.
    Index(
        "ix_revision_removed",
        "kind",
        "code",
        sqlite_where=text("body IS NULL"),
        postgresql_where=text("body IS NULL"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("code", CODE, nullable=False),  # of a record, or "setting:KEY"
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_outbox_at", "at"),
    sqlite_autoincrement=True,  # a number is never used again: indexes remember the last they have taken
)

index_position = Table(
    "index_position",
    metadata,
    Column("name", String(120), primary_key=True),  # "": how far rows of the outbox are gone
    Column("position", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("value", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("key", String(80), primary_key=True),  # the name with case and width folded
    Column("name", String(80), nullable=False),
    Column("password", String(200), nullable=False),  # argon2; "" where only a proxy signs in
    Column("role", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("epoch", Integer, nullable=False),  # sessions of an earlier epoch are void
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("source", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_login_failure_at", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("target", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_action", "action", "id"),
)

query_count = Table(
    "query_count",
    metadata,
    Column("query", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("followed", Integer, nullable=False),
    Index("ix_query_count_day", "day"),
)

query_follow = Table(
    "query_follow",
    metadata,
    Column("query", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("code", CODE, primary_key=True),
    Column("followed", Integer, nullable=False),
    Index("ix_query_follow_day", "day"),
)
