"""Tables of the drafts: one by secret id, and each of its versions whole."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from kb.db.tables import metadata

saved_draft = Table(
    "saved_draft",
    metadata,
    Column("id", String(40), primary_key=True),  # unguessable: whoever has the link may see and change it
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("owner", String(80), nullable=False),  # account name, "" for anonymous
    Index("ix_saved_draft_expires_at", "expires_at"),
    Index("ix_saved_draft_owner", "owner", "touched_at"),
)

draft_version = Table(
    "draft_version",
    metadata,
    Column("draft", String(40), ForeignKey(saved_draft.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("who", String(80), nullable=False),
    Column("what", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the whole draft as packed JSON
)
