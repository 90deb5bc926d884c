"""The same records and queries in both search engines, in one run: latency, building, memory, disk, agreement.

    python -m tests.bench opensearch [--sizes 10000,100000] [--queries 100] [--nodes 1] [--heap 1g] [--reach 1000]

Starts an OpenSearch of its own (Java and Maven). Each engine builds in one process and answers in
another, so that memory is what a serving process needs. First-time latency is of the queries asked
once each after opening; the other is of their second time.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from kb.search.answer import Filters, SearchAnswer
from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.door import Engine
from kb.search.engine import SearchEngine
from tests.bench.corpus import queries, real, varied
from tests.bench.search import machine
from tests.servers.opensearch import Cluster

_TIE = 2e-3


@dataclass(frozen=True)
class Answers:
    """What one engine did with all queries: milliseconds of the first and of the second time, memory in MB."""

    first: list[float]
    again: list[float]
    typing: list[float]
    memory: float
    given: list[SearchAnswer]


def main(arguments: list[str]) -> int:
    """Run the comparison and print its tables; 0 when done."""
    parser = argparse.ArgumentParser(prog="tests.bench opensearch", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--reach", type=int, default=1000)
    options = parser.parse_args(arguments)
    print(
        f"{machine()}; OpenSearch 2.19 with {options.nodes} node(s) of {options.heap}, reach {options.reach}"
    )
    for size in map(int, options.sizes.split(",")):
        print(f"\n{size:,} records, {options.queries} queries")
        print(
            f"{'engine':<12} {'first p50':>9} {'p95':>7} {'again p50':>9} {'p95':>7} {'typing p50':>10} {'p95':>6} "
            f"{'build/s':>8} {'worker MB':>9} {'engine MB':>9} {'disk MB':>8}"
        )
        with tempfile.TemporaryDirectory() as folder:
            ours = _apart(f"folder:{folder}", size, options.queries)
            disk = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 2**20
            _print("embedded", ours, 0.0, disk)
        with Cluster(options.nodes, options.heap) as cluster:
            copies = min(1, options.nodes - 1)
            url = cluster.url("bench", replicas=copies, reach=options.reach, timeout=30, patience=60)
            theirs = _apart(url, size, options.queries)
            _print("OpenSearch", theirs, cluster.memory_mb(), cluster.disk_mb())
        _compare(ours[1].given, theirs[1].given)
    return 0


def _apart(where: str, size: int, number: int) -> tuple[float, Answers]:
    """Build in one process, then ask in another."""
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rate = pool.apply(_build, (where, size))
        return rate, pool.apply(_ask, (where, number))


def _open(where: str) -> Engine:
    _, vocabulary = real()
    if where.startswith("folder:"):
        return SearchEngine(Path(where.removeprefix("folder:")), vocabulary)
    return ClusterEngine(Address.read(where), vocabulary)


def _build(where: str, size: int) -> float:
    """Records a second."""
    documents = varied(real()[0], size)
    engine = _open(where)
    began = time.perf_counter()
    engine.rebuild(documents, size)
    taken = time.perf_counter() - began
    engine.close()
    return size / taken


def _ask(where: str, number: int) -> Answers:
    asked = queries(real()[0], number)
    engine = _open(where)
    engine.search("公路")
    first, given = _timed(engine, asked)
    again, _ = _timed(engine, asked)
    typing = []
    for query in asked:
        began = time.perf_counter()
        engine.suggest(query[:2])
        typing.append((time.perf_counter() - began) * 1000)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Answers(first, again, typing, memory, given)


def _timed(engine: Engine, asked: Sequence[str]) -> tuple[list[float], list[SearchAnswer]]:
    taken, given = [], []
    for query in asked:
        began = time.perf_counter()
        given.append(engine.search(query, Filters(), 10, 0))
        taken.append((time.perf_counter() - began) * 1000)
    return taken, given


def _print(name: str, measured: tuple[float, Answers], memory: float, disk: float) -> None:
    rate, answers = measured
    times = []
    for taken in (answers.first, answers.again, answers.typing):
        times += [statistics.median(taken), sorted(taken)[int(len(taken) * 0.95)]]
    a, b, c, d, e, f = times
    print(
        f"{name:<12} {a:9.1f} {b:7.1f} {c:9.1f} {d:7.1f} {e:10.1f} {f:6.1f} "
        f"{rate:8.0f} {answers.memory:9.0f} {memory:9.0f} {disk:8.0f}",
        flush=True,
    )


def _compare(ours: Sequence[SearchAnswer], theirs: Sequence[SearchAnswer]) -> None:
    same = sum(_same_ten(a, b) for a, b in zip(ours, theirs, strict=True))
    off = sorted(abs(a.total - b.total) / max(a.total, 1) for a, b in zip(ours, theirs, strict=True))
    print(
        f"first ten the same up to ties: {same} of {len(ours)}; number of matches off by "
        f"{off[len(off) // 2]:.1%} (median), {off[int(len(off) * 0.95)]:.1%} (95th percentile)",
        flush=True,
    )


def _same_ten(ours: SearchAnswer, theirs: SearchAnswer) -> bool:
    if [hit.id for hit in ours.hits] == [hit.id for hit in theirs.hits]:
        return True
    pairs = list(zip(ours.hits, theirs.hits, strict=False))
    return len(ours.hits) == len(theirs.hits) and all(
        abs(a.score - b.score) <= _TIE * a.score for a, b in pairs
    )
