"""Index of revisions by kind and batch: the page of what is new counts without reading a record's body."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_revision_kind_batch", "revision", ["kind", "batch"])


def downgrade() -> None:
    op.drop_index("ix_revision_kind_batch", "revision")
