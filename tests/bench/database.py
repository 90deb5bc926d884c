"""SQLite beside PostgreSQL: loading 10,000 records, single writes, pages, many writers, moving from one to the other.

``python -m tests.bench database [--records 10000]``: starts a PostgreSQL of its own, with its shipped settings
(it waits for the disk at each commit), and prints each figure for both and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec

from indicators.draft import Draft, DraftRow
from indicators.model import Indicator
from kb.draft_saved import Saved
from kb.knowledge import KnowledgeBase
from kb.moving import move
from kb.settings import Settings
from tests.bench.scale import more_indicators
from tests.servers.postgres import PostgresServer, execute
from web.app import create_app

_WRITERS, _SAVES = 8, 25


def seconds(task: Callable[[], object]) -> float:
    """How long a task takes."""
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def measure(knowledge: KnowledgeBase, records: list[Indicator]) -> dict[str, float]:
    """Figure by name, in seconds, of a knowledge base on either database."""
    found: dict[str, float] = {}

    def put(some: list[Indicator], name: str) -> None:
        knowledge._store.put(some, name=name, actor="测量", reason="")

    number = f"{len(records):,}"
    found[f"load {number} records"] = seconds(lambda: put(records, "load"))
    changed = [msgspec.structs.replace(r, explanation="改过") for r in records]
    found[f"change {number} records"] = seconds(lambda: put(changed, "change"))
    batch = knowledge.batches()[0].number
    found[f"undo {number} changes"] = seconds(lambda: knowledge._store.undo(batch, actor="测量", reason=""))
    singles = [
        seconds(lambda r=r: put([msgspec.structs.replace(r, explanation="一条")], "one"))
        for r in records[:50]  # type: ignore[misc]
    ]
    found["write one record (median)"] = statistics.median(singles)
    knowledge.reindex()
    client = create_app(knowledge).test_client()
    codes = [i.code for i in knowledge._reader.of_type(Indicator, core=True)[:100]]
    client.get(f"/i/{codes[0]}")
    pages = sorted(seconds(lambda c=c: client.get(f"/i/{c}")) for c in codes)  # type: ignore[misc]
    found["indicator page (median)"] = statistics.median(pages)
    found["indicator page (p95)"] = pages[int(len(pages) * 0.95)]
    found[f"{_WRITERS} writers save {_WRITERS * _SAVES} drafts"] = seconds(lambda: _save_drafts(knowledge))
    found["stamp that each review asks for"] = statistics.median(
        seconds(lambda: knowledge._reader.stamp(Indicator.kind)) for _ in range(100)
    )
    return found


def _save_drafts(knowledge: KnowledgeBase) -> None:
    rows = tuple(DraftRow(number=n, level2="数量指标", name=f"指标{n}", target="≥5") for n in range(1, 16))

    def save(_: int) -> None:
        for _ in range(_SAVES):
            knowledge.drafts.create(Saved(draft=Draft(project="修路", rows=rows), text="修路"))

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(save, range(_WRITERS)))


def main(arguments: list[str]) -> int:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench database")
    parser.add_argument("--records", type=int, default=10_000)
    wanted = parser.parse_args(arguments).records
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder, PostgresServer(careless=False) as server:
        server.start()
        execute(server.url("postgres"), "CREATE DATABASE moved")
        settings = {
            "sqlite": Settings(home=Path(folder, "sqlite")),
            "postgresql": Settings(home=Path(folder, "postgresql"), database=server.url("postgres")),
        }
        figures: dict[str, dict[str, float]] = {}
        for name, one in settings.items():
            with KnowledgeBase.open(one) as knowledge:
                have = knowledge.counts()[Indicator.kind]
                records = list(more_indicators(have + wanted))[:wanted]
                figures[name] = measure(knowledge, records)
        rows = 0

        def there() -> None:
            nonlocal rows
            rows = move(settings["sqlite"], server.url("moved")).rows

        figures["sqlite"]["move all to the other, with proof"] = seconds(there)
        back = replace(settings["postgresql"], database=server.url("moved"))
        figures["postgresql"]["move all to the other, with proof"] = seconds(
            lambda: move(back, f"sqlite:///{folder}/back.sqlite3")
        )
    print(f"| {wanted:,} records, {rows:,} rows in all | SQLite | PostgreSQL | ratio |\n|---|--:|--:|--:|")
    for what, lite in figures["sqlite"].items():
        post = figures["postgresql"][what]
        print(f"| {what} | {_shown(lite)} | {_shown(post)} | {post / lite:.1f} |")
    return 0


def _shown(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.5 else f"{value * 1000:.1f} ms"
