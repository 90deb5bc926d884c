"""SIGKILL at random moments of a first build and of a reindex: the next start answers and is sound."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable

import pytest

from kb.settings import Settings

pytestmark = pytest.mark.slow

KILLS = 11
MOST_TRIES = 60
"""A kill that comes after the command has ended proves nothing and does not count."""
QUICKER = 0.8
"""After such a kill the next ones come sooner: the machine may be less busy than when the time was measured."""
Start = Callable[..., "subprocess.Popen[str]"]


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def measured(start: Start, *arguments: str) -> float:
    begun = time.perf_counter()
    code, _, err = finished(start(*arguments))
    assert code == 0, err
    return time.perf_counter() - begun


def killed_somewhere(start: Start, within: float, luck: random.Random, *arguments: str) -> bool:
    """Start a command and kill it at a random moment; tells whether it was still running."""
    process = start(*arguments)
    time.sleep(luck.uniform(0.05, within))
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


def answers(start: Start) -> None:
    code, out, err = finished(start("check"))
    assert code == 0, out + err
    code, out, err = finished(start("search", "修路", "--json"))
    assert code == 0, err
    assert "新建改建农村公路里程" in out


@pytest.mark.slow
def test_killed_first_build_is_completed_by_the_next_start(start: Start, settings: Settings) -> None:
    luck = random.Random(20260)
    whole = measured(start, "check")
    hits = 0
    for _ in range(MOST_TRIES):
        shutil.rmtree(settings.home, ignore_errors=True)
        if killed_somewhere(start, whole, luck, "check"):
            hits += 1
            answers(start)
        else:
            whole *= QUICKER
        if hits == KILLS:
            return
    pytest.fail(f"only {hits} kills hit a running build")


@pytest.mark.slow
def test_killed_reindex_leaves_an_index_that_answers(start: Start) -> None:
    luck = random.Random(20261)
    finished(start("check"))
    whole = measured(start, "reindex")
    hits = 0
    for _ in range(MOST_TRIES):
        if killed_somewhere(start, whole, luck, "reindex"):
            hits += 1
            answers(start)
        else:
            whole *= QUICKER
        if hits == KILLS:
            return
    pytest.fail(f"only {hits} kills hit a running reindex")
