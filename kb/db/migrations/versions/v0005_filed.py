"""Filed target tables of past seasons, the bands they are found by, landscapes of their values."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filed_table",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("batch", sa.Integer(), sa.ForeignKey("batch.id"), nullable=False),
        sa.Column("withdrawn", sa.Integer()),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer()),
        sa.Column("sector", sa.String(80), nullable=False),
        sa.Column("amount", sa.Float()),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
    )
    for column in ("batch", "withdrawn", "digest"):
        op.create_index(f"ix_filed_table_{column}", "filed_table", [column])
    op.create_table(
        "filed_row",
        sa.Column("filed", sa.Integer(), sa.ForeignKey("filed_table.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("level1", sa.String(40), nullable=False),
        sa.Column("level2", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("indicator", sa.String(80)),
        sa.Column("value", sa.Float()),
        sa.Column("value_unit", sa.String(80)),
    )
    op.create_index("ix_filed_row_landscape", "filed_row", ["indicator", "value_unit", "value", "filed"])
    op.create_table(
        "filed_band",
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("filed", sa.Integer(), sa.ForeignKey("filed_table.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "filed_landscape",
        sa.Column("indicator", sa.String(80), primary_key=True),
        sa.Column("unit", sa.String(80), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Float(), nullable=False),
        sa.Column("lower", sa.Float(), nullable=False),
        sa.Column("median", sa.Float(), nullable=False),
        sa.Column("upper", sa.Float(), nullable=False),
        sa.Column("maximum", sa.Float(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("filed_landscape", "filed_band", "filed_row", "filed_table"):
        op.drop_table(table)
