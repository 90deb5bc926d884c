"""SIGKILL at random moments of a load and of an undo: everything or nothing, and the next start is sound."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.exports import export
from tests.bench.load import many_rows

KILLS = 16
ROWS = 600
Start = Callable[..., "subprocess.Popen[str]"]


def state(settings: Settings) -> bytes:
    """Everything as an export, after the knowledge base was found sound."""
    with KnowledgeBase.open(settings) as kb:
        report = kb.check()
        assert report.ok, report.findings
        return export("a.json", kb.loading.records_of())


def newest(settings: Settings) -> int:
    with KnowledgeBase.open(settings) as kb:
        return kb.batches(1)[0].number


def killed(start: Start, within: tuple[float, float], luck: random.Random, *arguments: str) -> bool:
    """Start a command and kill it at a random moment; tells whether it was still running."""
    process = start(*arguments)
    time.sleep(luck.uniform(*within))
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


def timed(start: Start, *arguments: str) -> float:
    begun = time.perf_counter()
    process = start(*arguments)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return time.perf_counter() - begun


@pytest.mark.slow
def test_killed_loads_and_undos_leave_all_or_nothing(
    start: Start, settings: Settings, tmp_path: Path
) -> None:
    luck = random.Random(20267)
    file = tmp_path / "库.xlsx"
    file.write_bytes(many_rows(ROWS))
    load = ("load", str(file), "--set", "K")
    before = state(settings)
    whole = timed(start, *load)
    after = state(settings)
    assert after != before
    back = timed(start, "undo", str(newest(settings)))
    assert state(settings) == before
    hits = 0
    for _ in range(4 * KILLS):
        hits += killed(start, (whole * 0.3, whole), luck, *load)
        found = state(settings)
        assert found in (before, after)
        if found == before:
            timed(start, *load)
        hits += killed(start, (back * 0.3, back), luck, "undo", str(newest(settings)))
        found = state(settings)
        assert found in (before, after)
        if found == after:
            timed(start, "undo", str(newest(settings)))
        assert state(settings) == before
        if hits >= KILLS:
            return
    pytest.fail(f"only {hits} kills hit a running load or undo")
