"""Proposals: what people report or propose about records, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("token", sa.String(40), nullable=False, unique=True),
        sa.Column("sort", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("contact", sa.String(160), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer()),
    )
    op.create_index("ix_proposal_state", "proposal", ["state", "at"])
    op.create_index("ix_proposal_at", "proposal", ["at"])
    op.create_index("ix_proposal_account", "proposal", ["account"])
    op.create_index("ix_proposal_code", "proposal", ["code"])


def downgrade() -> None:
    op.drop_table("proposal")
