"""Speed of searching and building, against what one would use instead, in one run on one machine.

    python -m tests.bench search [--sizes 1000,10000,100000] [--queries 120] [--only NAME,…]

Prints p50 and p95 of a whole search (ten hits; ours with facets, marks and reasons), ratios to
ours, build rate, memory, and how many of the first ten agree with exhaustive scoring.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kb.search.answer import Filters, SearchDocument
from kb.search.embedded import SnapshotSource
from kb.search.session import Session
from kb.search.synonyms import Synonyms
from kb.search.vocabulary import Vocabulary
from kb.search.weights import DEFAULT
from tests.bench.corpus import queries, real, varied
from tests.bench.engines import Contender, Ours, contenders
from tests.bench.exhaustive import ExhaustiveSnapshot

_AGREEMENT_LIMIT = 10_000  # exhaustive scoring reads every text for every word: minutes beyond this
_AGREEMENT_QUERIES = 40


def main(arguments: list[str]) -> int:
    """Run the comparison and print its table; 0 when done, 1 where the ranking differs."""
    parser = argparse.ArgumentParser(prog="tests.bench search", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--queries", type=int, default=120)
    parser.add_argument("--only", default="", help="names of engines, comma separated")
    options = parser.parse_args(arguments)
    base, vocabulary = real()
    asked = queries(base, options.queries)
    print(f"{machine()}; {len(base)} records in the catalogue, {len(asked)} queries")
    same = True
    for size in map(int, options.sizes.split(",")):
        same &= _measure(varied(base, size), vocabulary, asked, options.only)
    return 0 if same else 1


def _measure(
    documents: Sequence[SearchDocument], vocabulary: Vocabulary, asked: Sequence[str], only: str
) -> bool:
    print(f"\n{len(documents):,} records")
    print(f"{'engine':<16} {'p50 ms':>8} {'p95 ms':>8} {'p50 ×':>7} {'p95 ×':>7} {'build/s':>9} {'MB':>6}")
    ours: tuple[float, float] | None = None
    same = True
    for make in contenders():
        with tempfile.TemporaryDirectory() as folder:
            contender = make(Path(folder), vocabulary)
            if only and contender.name not in only.split(","):
                continue
            before = _memory()
            began = time.perf_counter()
            contender.build(documents)
            rate = len(documents) / (time.perf_counter() - began)
            p50, p95 = _times(contender, asked)
            ours = ours or (p50, p95)
            ratios = f"{p50 / ours[0]:7.1f} {p95 / ours[1]:7.1f}"
            print(
                f"{contender.name:<16} {p50:8.2f} {p95:8.2f} {ratios} {rate:9.0f} {_memory() - before:6.0f}",
                flush=True,
            )
            if isinstance(contender, Ours):
                same = _prove(contender, vocabulary, asked, len(documents))
    return same


def _times(contender: Contender, asked: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile in ms over all queries, the second time they are asked."""
    for query in asked:
        contender.search(query)
    taken = []
    for _ in range(3 if contender.name == Ours.name else 1):
        for query in asked:
            began = time.perf_counter()
            contender.search(query)
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def _prove(contender: Ours, vocabulary: Vocabulary, asked: Sequence[str], size: int) -> bool:
    """Print the agreement of the first ten with exhaustive scoring, and the first question's time."""
    engine = contender.engine
    engine.close()
    began = time.perf_counter()
    contender.search(asked[0])
    print(f"{'':<16} first query after opening: {(time.perf_counter() - began) * 1000:.0f} ms")
    if size > _AGREEMENT_LIMIT:
        return True
    folder = engine._generations.current()
    assert folder is not None
    source = SnapshotSource(ExhaustiveSnapshot(folder, DEFAULT), DEFAULT)
    session = Session(source, Synonyms(vocabulary.groups), vocabulary, DEFAULT)
    picked = asked[:: max(1, len(asked) // _AGREEMENT_QUERIES)]
    agreed = 0
    for query in picked:
        expected = [hit.id for hit in session.answer(query, Filters(), 10, 0).hits]
        agreed += contender.search(query) == expected
    print(
        f"{'':<16} first ten the same as by exhaustive scoring: {agreed} of {len(picked)} queries", flush=True
    )
    return agreed == len(picked)


def _memory() -> float:
    """Largest memory of the process so far in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform != "darwin" else most / 1024**2


def machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        found = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
        name = next(line.split(":", 1)[1].strip() for line in found.splitlines() if "Model name" in line)
    except (OSError, StopIteration, subprocess.CalledProcessError):
        pass
    return f"{name}, Python {platform.python_version()}"
