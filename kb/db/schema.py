"""All tables of the database in one place, parents before children."""

from __future__ import annotations

from kb.db import draft_tables, filed_tables, proposal_tables, review_tables, shelf_tables, tables

TABLES = tuple(tables.metadata.sorted_tables)

IN_WORK = frozenset({"upload", "upload_part"})
"""Tables of uploads in work: in no copy and no backup, and what is brought back leaves them as they are."""

OWN = frozenset({"outbox", "index_position"}) | IN_WORK
"""Tables that stay with this database: of the uploads, and of its indexes, which mean nothing in another one."""

__all__ = [
    "IN_WORK",
    "OWN",
    "TABLES",
    "draft_tables",
    "filed_tables",
    "proposal_tables",
    "review_tables",
    "shelf_tables",
]
