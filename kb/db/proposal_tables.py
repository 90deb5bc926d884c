"""Table of the proposals: what people report or propose, and what became of it."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, Text

from kb.db.tables import CODE, metadata

proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "token", String(40), nullable=False, unique=True
    ),  # unguessable: whoever has the link sees the outcome
    Column("sort", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", CODE, nullable=False),  # no foreign key: a report may outlive its record, "" is none
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("field", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("suggestion", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("changes", Text, nullable=False),  # JSON of the proposed fields, "" for a report
    Column("name", String(80), nullable=False),
    Column("contact", String(160), nullable=False),
    Column("account", String(80), nullable=False),  # key of the account, "" for a reader without one
    Column("origin", String(64), nullable=False),  # keyed hash of the address, for throttling only
    Column("at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", String(80), nullable=False),
    Column("answer", Text, nullable=False),
    Column("batch", Integer),
    Index("ix_proposal_state", "state", "at"),
    Index("ix_proposal_at", "at"),
    Index("ix_proposal_account", "account"),
    Index("ix_proposal_code", "code"),
)
