"""Three nodes, one of which stops: nobody sees an error, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.vocabulary import Vocabulary
from tests import engines
from tests.kb.search.conftest import document
from tests.servers.opensearch import Cluster, Node, NoServerError

pytestmark = pytest.mark.slow
MORE, PATIENCE = 8, 120.0
"""Searches and writes of each thread after the kill, and seconds for them."""


@pytest.fixture(scope="module")
def three() -> Iterator[Cluster]:
    """A cluster of three nodes."""
    engines.wanted()
    try:
        cluster = Cluster(3)
    except NoServerError as error:
        engines.give_up(str(error))
    with cluster:
        yield cluster


class Worker(threading.Thread):
    """Does something again and again until told to stop; keeps the errors."""

    def __init__(self, work: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self.errors: list[BaseException] = []
        self.longest = 0.0
        self.done = 0
        self._work, self._stop_it = work, threading.Event()

    def run(self) -> None:
        while not self._stop_it.is_set():
            began = time.monotonic()
            try:
                self._work(self.done)
                self.done += 1
            except Exception as error:
                self.errors.append(error)
            self.longest = max(self.longest, time.monotonic() - began)

    def finish(self) -> None:
        self._stop_it.set()
        self.join(60)


def manager_of(cluster: Cluster, engine: ClusterEngine) -> Node:
    """The node that leads the cluster."""
    answer = engine._client.get("/_cluster/state/nodes,cluster_manager_node")
    name = answer["nodes"][answer["cluster_manager_node"]]["name"]
    return next(node for node in cluster.nodes if node.name == name)


def test_one_of_three_nodes_stops(three: Cluster) -> None:
    """Killed as by a power cut while two threads search and one writes; once the leading node, once another."""
    for which in ("leader", "other"):
        lose_one(three, which)


def lose_one(three: Cluster, which: str) -> None:
    url = three.url(f"nodes-{which}", shards=3, replicas=1, timeout=2, patience=20)
    engine = ClusterEngine(Address.read(url), Vocabulary())
    base = [document(f"A-{n}", f"农村公路养护{n}号", "按期完成养护里程") for n in range(300)]
    engine.rebuild(base, len(base))
    found: list[int] = []

    def search(_: int) -> None:
        found.append(engine.search("农村公路养护", limit=5).total)

    def write(number: int) -> None:
        engine.update([document(f"B-{number}", f"河道清淤{number}号", "按期完成清淤")], [], number + 1)

    workers = [Worker(search), Worker(search), Worker(write)]
    for worker in workers:
        worker.start()
    time.sleep(2)
    leader = manager_of(three, engine)
    victim = leader if which == "leader" else next(n for n in three.nodes if n is not leader)
    victim.stop(kill=True)
    before = [worker.done for worker in workers]
    until = time.monotonic() + PATIENCE
    while any(w.done < n + MORE for w, n in zip(workers, before, strict=True)) and time.monotonic() < until:
        time.sleep(0.1)
    for worker in workers:
        worker.finish()
    try:
        assert not [error for worker in workers for error in worker.errors]
        assert set(found) == {300}
        written = workers[2].done
        assert all(w.done >= n + MORE for w, n in zip(workers, before, strict=True)), (
            "all went on after the kill"
        )
        kept = {id_ for id_ in engine.digests() if id_.startswith("B-")}
        assert kept == {f"B-{n}" for n in range(written)}, "what was acknowledged is there"
        print(
            f"{which}: {len(found)} searches, {written} writes, longest {max(w.longest for w in workers):.1f} s"
        )
    finally:
        engine.close()
        victim.start(three.nodes)
        three.wait()
