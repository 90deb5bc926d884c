"""Speed of reviewing: 1,000 rows in process, and a ZIP of workbooks end to end through a job.

    python -m tests.bench review [--tables 600] [--rows 1000]

The time of merely reading the same files (our loaders, and openpyxl alone) stands beside it.
"""

from __future__ import annotations

import argparse
import io
import platform
import resource
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import openpyxl

from indicators.draft import Draft
from kb.knowledge import KnowledgeBase
from kb.review_batch import statistics
from kb.review_records import JobState
from kb.settings import Settings
from loaders.drafts import read_drafts
from tests.bench.season import files, forms, packed
from web.review_jobs import Workshop


def main(arguments: list[str]) -> int:
    """Run the measurement and print its table; 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="tests.bench review", description=__doc__)
    parser.add_argument("--tables", type=int, default=600)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args(arguments)
    contents = list(files(forms(options.tables)))
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    print(f"{len(contents)} workbooks, {sum(len(d) for _, d in contents) / 2**20:.1f} MB")
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(Settings(home=Path(folder))) as kb:
        drafts, reading = _read(contents)
        rows = _rows(kb, drafts, options.rows)
        whole = _job(kb, contents)
    print(f"\n{'what':<44} {'s':>8}")
    for label, seconds in (
        (f"{options.rows:,} rows reviewed in process, best of 3", rows),
        (f"{len(contents)} workbooks merely read, openpyxl", _openpyxl(contents)),
        (f"{len(contents)} workbooks merely read, our loaders", reading),
        (f"{len(contents)} workbooks in a zip, job end to end", whole),
    ):
        print(f"{label:<44} {seconds:>8.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, "
          f"of a reading process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    return 0 if rows < 1 and whole < 60 else 1


def _read(contents: Sequence[tuple[str, bytes]]) -> tuple[list[Draft], float]:
    begin = time.perf_counter()
    drafts = [draft for name, data in contents for draft in read_drafts(name, data).drafts]
    return drafts, time.perf_counter() - begin


def _openpyxl(contents: Sequence[tuple[str, bytes]]) -> float:
    begin = time.perf_counter()
    for _, data in contents:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        for sheet in book.worksheets:
            for _row in sheet.iter_rows(values_only=True):
                pass
    return time.perf_counter() - begin


def _rows(kb: KnowledgeBase, drafts: Sequence[Draft], wanted: int) -> float:
    """Seconds for that many rows in whole tables, scaled to exactly that many."""
    reviewer, pack = kb.reviewer(), kb.reviews.pack()
    some: list[Draft] = []
    for draft in islice(drafts, len(drafts)):
        if sum(len(d.rows) for d in some) >= wanted:
            break
        some.append(draft)
    count = sum(len(d.rows) for d in some)
    reviewer.review(some[0], pack)
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        reviewer.review_all(some, pack)
        best = min(best, time.perf_counter() - begin)
    begin = time.perf_counter()
    statistics(reviewer.review_all(some, pack))
    print(f"{count} rows of {len(some)} tables; with statistics {time.perf_counter() - begin:.2f} s")
    return best * wanted / count


def _job(kb: KnowledgeBase, contents: Sequence[tuple[str, bytes]]) -> float:
    archive = packed(iter(contents))
    begin = time.perf_counter()
    workshop = Workshop(kb)
    job = kb.reviews.create([("season.zip", archive)])
    workshop.start(job)
    while not (now := kb.reviews.job(job.id)).finished:
        time.sleep(0.1)
    seconds = time.perf_counter() - begin
    workshop.close()
    lines = kb.reviews.lines(job.id)
    print(f"job: {now.state.value}, {len(lines)} tables, {sum(t.rows for t in lines)} rows")
    return seconds if now.state is JobState.DONE else float("inf")
