"""Places of the indexes in the outbox, whose numbers are never used again; indexes for large tables."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_REMOVED = sa.text("body IS NULL")


def upgrade() -> None:
    # What waited is forgotten: no index is known yet, so each is built afresh.
    op.drop_table("outbox")
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_at", "outbox", ["at"])
    op.create_table(
        "index_position",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_record_kind_position", "record", ["kind", "position", "code"])
    op.create_index("ix_record_folded_code", "record", [sa.text("lower(code)")])
    op.create_index(
        "ix_revision_removed", "revision", ["kind", "code"], sqlite_where=_REMOVED, postgresql_where=_REMOVED
    )
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])
    op.create_index("ix_saved_draft_owner", "saved_draft", ["owner", "touched_at"])


def downgrade() -> None:
    for index, table in (
        ("ix_saved_draft_owner", "saved_draft"),
        ("ix_audit_action", "audit"),
        ("ix_audit_actor", "audit"),
        ("ix_revision_removed", "revision"),
        ("ix_record_folded_code", "record"),
        ("ix_record_kind_position", "record"),
    ):
        op.drop_index(index, table)
    op.drop_table("index_position")
    op.drop_table("outbox")
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(80), nullable=False),
    )
