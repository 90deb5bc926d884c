"""Tables of the uploads that machines on one database share; empty beside the embedded database."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, String, Table

from kb.db.tables import metadata

TOKEN = String(40)

upload = Table(
    "upload",
    metadata,
    Column("token", TOKEN, primary_key=True),
    Column("area", String(16), nullable=False),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("holder", String(40), nullable=False),  # mark of the lease, "" for none
    Column("held_until", DateTime(timezone=True)),
    Column("called_off", Boolean, nullable=False),
    Index("ix_upload_area", "area", "touched_at"),
    Index("ix_upload_holder", "holder"),
)

upload_part = Table(
    "upload_part",
    metadata,
    Column("token", TOKEN, ForeignKey(upload.c.token, ondelete="CASCADE"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the piece: parts are cut
    Column("data", LargeBinary, nullable=False),
)
