"""First schema: records, links, targets, batches, revisions, outbox, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("code", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sector", sa.String(80), nullable=False),
        sa.Column("level1", sa.String(40), nullable=False),
        sa.Column("level2", sa.String(40), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("core", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_record_kind_sector", "record", ["kind", "sector", "position"])
    op.create_table(
        "link",
        sa.Column(
            "source_code",
            sa.String(80),
            sa.ForeignKey("record.code", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        ),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column(
            "target_code",
            sa.String(80),
            sa.ForeignKey("record.code", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
    )
    op.create_index("ix_link_target", "link", ["target_code", "role"])
    op.create_table(
        "target",
        sa.Column(
            "project",
            sa.String(80),
            sa.ForeignKey("record.code", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        ),
        sa.Column("row", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "indicator", sa.String(80), sa.ForeignKey("record.code", deferrable=True, initially="DEFERRED")
        ),
        sa.Column("link", sa.String(16)),
        sa.Column("comparator", sa.String(8), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("unit", sa.String(80), nullable=False),
    )
    op.create_index("ix_target_indicator", "target", ["indicator"])
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "revision",
        sa.Column("code", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), sa.ForeignKey("batch.id"), nullable=False),
        sa.Column("body", sa.Text()),
    )
    op.create_index("ix_revision_batch", "revision", ["batch"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(80), nullable=False),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    for table in ("setting", "outbox", "revision", "batch", "target", "link", "record"):
        op.drop_table(table)
