"""SIGKILL at random moments of a load and of an undo: everything or nothing, and the next start is sound."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.context import ForkServerContext

import pytest

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.exports import export
from tests.bench.load import many_rows
from tests.kb import loading_apart as apart

pytestmark = pytest.mark.slow

KILLS = 50
MOST_TRIES = 4 * KILLS
SECONDS = 60.0
DATA = many_rows(300)
Work = Callable[..., None]


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServerContext]:
    """Processes that begin where everything is imported: fifty of them start in the time of ten programs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([apart.__name__])
    return context


def state(settings: Settings) -> bytes:
    """Everything as an export, after the knowledge base was found sound."""
    with KnowledgeBase.open(settings) as kb:
        report = kb.check()
        assert report.ok, report.findings
        return export("a.json", kb.loading.records_of())


def run(
    forks: ForkServerContext, work: Work, settings: Settings, kill_after: float | None = None
) -> tuple[bool, float]:
    """Do the work in a process; with ``kill_after`` kill it so many seconds after it began to write.

    Tells whether it was killed in the midst of it, and how long it wrote.
    """
    here, there = forks.Pipe(duplex=False)
    process = forks.Process(target=work, args=(there, settings, DATA))
    process.start()
    there.close()
    assert here.poll(SECONDS)
    assert here.recv() == apart.BEGUN
    begun = time.perf_counter()
    if kill_after is None:
        assert here.poll(SECONDS)
        assert here.recv() == apart.DONE
        wrote = time.perf_counter() - begun
        process.join(SECONDS)
        assert process.exitcode == 0
        return False, wrote
    time.sleep(kill_after)
    process.kill()
    process.join(SECONDS)
    done = here.poll(0) and not _ended(here)
    return not done and process.exitcode == -signal.SIGKILL, time.perf_counter() - begun


def _ended(here: multiprocessing.connection.Connection) -> bool:
    try:
        return bool(here.recv() != apart.DONE)
    except EOFError:
        return True


@pytest.mark.slow
def test_fifty_kills_of_loads_and_undos_leave_all_or_nothing(
    forks: ForkServerContext, settings: Settings
) -> None:
    luck = random.Random(20267)
    settings = replace(
        settings, database=settings.database_url
    )  # said outright: the run's own is not known to forks
    before = state(settings)
    _, loading = run(forks, apart.load, settings)
    after = state(settings)
    assert after != before
    _, undoing = run(forks, apart.undo, settings)
    assert state(settings) == before
    hits = {apart.load: 0, apart.undo: 0}
    left = set()
    found = before
    for n in range(MOST_TRIES):
        work: Work = apart.undo if n % 2 else apart.load
        whole, wanted = (undoing, after) if n % 2 else (loading, before)
        if found != wanted:
            run(forks, apart.load if wanted == after else apart.undo, settings)
        hit, _ = run(
            forks, work, settings, kill_after=whole * luck.random() ** 2
        )  # mostly in the transaction
        found = state(settings)
        assert found in (before, after), "half of a batch"
        hits[work] += hit
        left.add(found)
        if sum(hits.values()) >= KILLS and min(hits.values()) >= KILLS // 3:
            break
    else:
        pytest.fail(f"only {hits} kills hit a running load or undo")
    if found == after:
        run(forks, apart.undo, settings)
    assert state(settings) == before, "a sound base still loads and undoes"
    assert left == {before, after}, "kills fell on one side of the commits only"
