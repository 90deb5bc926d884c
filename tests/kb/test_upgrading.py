"""Upgrading an older database: it is kept first, and the kept file brings the older state back."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from kb.db.engine import HEAD, MIGRATIONS, connect, schema_version
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from kb.upgrading import keep_before_upgrade
from tests.kb.conftest import SMALL

OLD = "0004"


def made_old(settings: Settings) -> None:
    """Take a knowledge base's database back to an older schema."""
    engine = connect(settings.database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, OLD)
    engine.dispose()


@pytest.mark.sqlite
def test_an_older_database_is_kept_then_migrated_and_can_be_brought_back(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", catalogue=SMALL)
    with KnowledgeBase.open(settings) as kb:
        before = kb.counts()
    assert not (settings.home / "backups").exists()  # a new folder has nothing to keep
    made_old(settings)
    with KnowledgeBase.open(settings) as kb:
        assert kb.counts() == before
        assert kb.check().ok
    (kept,) = (settings.home / "backups").iterdir()
    assert kept.name.startswith(f"before-upgrade-{OLD}-")
    with zipfile.ZipFile(kept) as archive:
        archive.extract("kb.sqlite3", tmp_path)
    with sqlite3.connect(tmp_path / "kb.sqlite3") as copy:  # what the older program would find
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
    with KnowledgeBase.open(Settings(home=tmp_path / "other", catalogue=SMALL)) as other:
        info, _ = other.restore(kept)
        assert info.schema == OLD
        assert other.counts() == before
        assert other.check().ok
    assert keep_before_upgrade(settings) is None
    engine = connect(settings.database_url)
    assert schema_version(engine) == HEAD
    engine.dispose()
