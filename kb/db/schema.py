"""All tables of the database in one place, parents before children."""

from __future__ import annotations

from kb.db import draft_tables, filed_tables, proposal_tables, review_tables, tables

TABLES = tuple(tables.metadata.sorted_tables)

OWN = frozenset({"outbox", "index_position"})
"""Tables about this database's indexes, which mean nothing in another one."""

__all__ = ["OWN", "TABLES", "draft_tables", "filed_tables", "proposal_tables", "review_tables"]
