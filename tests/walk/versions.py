"""A repository with two versions of the program for a walk: what is checked out here, and one that comes after it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.walk.machines import host

OLD, NEW = "v-old", "v-new"
_HERE = Path(__file__).parents[2]
_VERSIONS = "kb/db/migrations/versions"
_MIGRATION = '''"""What a later version might add."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table("walked", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_table("walked")
'''


def repository(folder: Path) -> Path:
    """A bare repository whose main and ``v-old`` are the last commit here; ``v-new`` adds a table to the database."""
    bare, work = folder / "kb.git", folder / "kb"
    for place in (bare, work):
        shutil.rmtree(place, ignore_errors=True)
    host("git", "clone", "-q", "--no-local", str(_HERE), str(work))
    git = ("git", "-C", str(work), "-c", "user.name=walk", "-c", "user.email=walk@localhost")
    host(*git, "tag", OLD)
    newest = _newest_migration(work / _VERSIONS)
    (work / _VERSIONS / "v9999_walked.py").write_text(_MIGRATION.format(before=newest))
    engine = work / "kb/db/engine.py"
    engine.write_text(engine.read_text().replace(f'HEAD = "{newest}"', 'HEAD = "9999"'))
    host(*git, "add", "-A")
    host(*git, "commit", "-q", "-m", "A later version")
    host(*git, "tag", NEW)
    host(*git, "reset", "-q", "--hard", OLD)
    host("git", "clone", "-q", "--bare", str(work), str(bare))
    shutil.rmtree(work)
    return bare


def _newest_migration(versions: Path) -> str:
    """Revision that no other one follows."""
    texts = [file.read_text() for file in versions.glob("*.py")]
    made = {found[1] for text in texts if (found := re.search(r'^revision\b.*?"(.+)"', text, re.M))}
    followed = {found[1] for text in texts if (found := re.search(r'^down_revision\b.*?"(.+)"', text, re.M))}
    (newest,) = made - followed
    return newest
