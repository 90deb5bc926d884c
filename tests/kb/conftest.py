"""A small knowledge base that tests may write to and destroy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.settings import Settings

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a knowledge base on the small catalogue, in a folder of its own."""
    return Settings(home=tmp_path / "home", catalogue=SMALL)


@pytest.fixture
def small(settings: Settings) -> Iterator[KnowledgeBase]:
    """A knowledge base on the small catalogue that a test may change."""
    with KnowledgeBase.open(settings) as opened:
        yield opened


@pytest.fixture
def start(settings: Settings) -> Callable[..., subprocess.Popen[str]]:
    """Start ``kb`` with arguments as a process of its own on the small catalogue."""

    def run(*arguments: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ, "KB_HOME": str(settings.home), "KB_CATALOGUE": str(SMALL),
            "KB_DATABASE": settings.database_url,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-c", "from web.cli import main; main()", *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip

    return run
