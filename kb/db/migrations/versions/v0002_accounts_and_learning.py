"""Accounts, login failures, the audit log, counters of what is searched and followed; kinds of revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A revision outlives its record: its kind tells how to read its body.
    op.add_column("revision", sa.Column("kind", sa.String(16), nullable=False, server_default=""))
    op.execute(
        "UPDATE revision SET kind = COALESCE("
        "(SELECT record.kind FROM record WHERE record.code = revision.code), '')"
    )
    op.create_table(
        "account",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
    )
    op.create_table(
        "login_failure",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_login_failure_at", "login_failure", ["at"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    op.create_table(
        "query_count",
        sa.Column("query", sa.String(80), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("followed", sa.Integer(), nullable=False),
    )
    op.create_index("ix_query_count_day", "query_count", ["day"])
    op.create_table(
        "query_follow",
        sa.Column("query", sa.String(80), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("code", sa.String(80), primary_key=True),
        sa.Column("followed", sa.Integer(), nullable=False),
    )
    op.create_index("ix_query_follow_day", "query_follow", ["day"])


def downgrade() -> None:
    for table in ("query_follow", "query_count", "audit", "login_failure", "account"):
        op.drop_table(table)
    op.drop_column("revision", "kind")
