"""Uploads in work, for machines that share a database; the embedded one keeps them in folders."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("token", sa.String(40), primary_key=True),
        sa.Column("area", sa.String(16), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("called_off", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_upload_area", "upload", ["area", "touched_at"])
    op.create_index("ix_upload_holder", "upload", ["holder"])
    op.create_table(
        "upload_part",
        sa.Column(
            "token", sa.String(40), sa.ForeignKey("upload.token", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    for table in ("upload_part", "upload"):
        op.drop_table(table)
