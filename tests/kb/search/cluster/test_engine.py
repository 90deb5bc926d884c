"""An index in a cluster: versions behind an alias, late and repeated writes, kills, a cluster that is lost."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indicators.model import SynonymGroup
from kb.errors import SearchRefusedError, SearchUnavailableError, SettingsError
from kb.search.answer import SearchDocument
from kb.search.cluster.address import Address
from kb.search.cluster.breaker import Breaker
from kb.search.cluster.engine import ClusterEngine
from kb.search.door import StaleIndexError
from kb.search.vocabulary import Vocabulary
from tests.kb.search.cluster.conftest import MakeEngine
from tests.kb.search.conftest import document
from tests.servers.opensearch import Cluster

ROOT = Path(__file__).parents[4]


def some(number: int, name: str = "农村公路养护") -> list[SearchDocument]:
    return [document(f"X-{n}", f"{name}{n}号", "按期完成养护里程") for n in range(number)]


def indexes(engine: ClusterEngine) -> list[str]:
    found = engine._client.get(f"/{engine._client.address.prefix}-*") or {}
    return sorted(name for name in found if not name.endswith("-words"))


def test_nothing_is_there_before_the_first_building(make_engine: MakeEngine) -> None:
    engine = make_engine()
    assert not engine.current()
    assert engine.search("修路").total == 0
    assert engine.suggest("修路") == ()
    assert engine.digests() == {}
    with pytest.raises(StaleIndexError):
        engine.update(some(1), [])


def test_switch_is_atomic_under_search(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.rebuild(some(30), 30)
    engine.search("公路")
    stop, counted = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            counted.append(engine.search("公路养护", limit=3).total)

    thread = threading.Thread(target=ask)
    thread.start()
    before = indexes(engine)
    for _ in range(3):
        engine.rebuild(some(30), 30)
    stop.set()
    thread.join()
    assert set(counted) == {30}
    assert len(indexes(engine)) == 1
    assert indexes(engine) != before


def test_failing_build_leaves_the_old_index(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.rebuild(some(5), 5)

    def broken() -> Iterator[SearchDocument]:
        yield from some(2, "桥梁")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        engine.rebuild(broken(), 9)
    assert engine.search("公路").total == 5


def test_another_fingerprint_is_built_beside_and_the_old_one_answers(make_engine: MakeEngine) -> None:
    old = make_engine(prefix="upgrade")
    old.rebuild(some(4), 4)
    new = make_engine(Vocabulary(terms=("新术语词",)), prefix="upgrade")
    assert not new.current()
    assert new.search("公路").total == 0
    new.rebuild(some(6), 6)
    assert (old.search("公路").total, new.search("公路").total) == (4, 6)
    assert len(indexes(new)) == 2
    old.update([document("X-9", "农村公路九号")], [], 3)
    assert old.search("公路").total == 5


def test_other_prefixes_are_left_alone(make_engine: MakeEngine) -> None:
    other, mine = make_engine(prefix="share-2"), make_engine(prefix="share")
    other.rebuild(some(2), 2)
    mine.rebuild(some(3), 3)
    mine.rebuild(some(3), 3)
    assert other.search("公路").total == 2
    mine._client.call("DELETE", f"/{mine._versions().current()}")


def test_late_retry_never_overwrites_a_newer_record(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.rebuild(some(3), 3, version=1)
    engine.update([document("X-1", "隧道改造")], [], 7)
    engine.update([document("X-1", "过期的旧名称")], ["X-2"], 5)
    assert [hit.name for hit in engine.search("code:X-1").hits] == ["隧道改造"]
    engine.update([], ["X-1"], 8)
    engine.update([document("X-1", "隧道改造")], [], 7)
    assert engine.search("隧道").total == 0, "a retry that is late does not bring a deleted record back"
    engine.update([document("X-1", "隧道改造")], [], 9)
    engine.update([document("X-1", "隧道改造")], [], 9)
    assert engine.search("隧道").total == 1, "the same batch may come twice"


def test_new_words_and_synonyms_reach_other_processes(make_engine: MakeEngine) -> None:
    one, two = make_engine(prefix="words"), make_engine(prefix="words")
    one.rebuild(some(3), 3)
    assert two.search("公路").total == 3
    one.update([document("X-8", "河道清淤疏浚")], [], 2)
    until = time.monotonic() + 1
    while not two.search("清淤").total or "清淤" not in two._current_session().source.frequency:  # type: ignore[union-attr]
        assert time.monotonic() < until, "another process sees a change within a second"
    group = SynonymGroup(code="TY-X", name="清淤", words=("挖泥",))
    two.use(replace(two.vocabulary, groups=(group,)))
    assert [hit.id for hit in two.search("挖泥").hits] == ["X-8"]


BUILD = """
import sys
from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.vocabulary import Vocabulary
from tests.kb.search.cluster.test_engine import some
engine = ClusterEngine(Address.read(sys.argv[1]), Vocabulary())
engine.rebuild(some(20_000), 20_000, lambda done, total: print(done, flush=True), version=1)
"""


def test_killed_build_is_gone_on_with(make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL halfway: the next build takes the same index up and sends only what was not there."""
    engine = make_engine(prefix="killed", reach=100)
    engine.rebuild(some(3), 3, version=1)
    url = f"opensearch://{engine._client.address.shown}?replicas=0"
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while int(process.stdout.readline()) < 8000:
        pass
    process.kill()
    process.wait()
    assert engine.search("公路").total == 3, "the old index answers on"
    unfinished = [name for name in indexes(engine) if name != engine.index_name()]
    assert len(unfinished) == 1
    sent: list[int] = []
    write = engine._client.write

    def counting(index: str, actions: Iterable[Any], patience: float = 60.0, alias: bool = False) -> None:
        listed = list(actions)
        sent.append(len(listed) // 2 if index in unfinished else 0)
        write(index, listed, patience, alias)

    monkeypatch.setattr(engine._client, "write", counting)
    engine.rebuild(some(20_000), 20_000, version=2)
    assert indexes(engine) == unfinished
    assert 0 < sum(sent) <= 12_500
    assert engine.search("农村公路养护").total == 20_000
    assert len(engine.digests()) == 20_000


@pytest.fixture
def lost() -> Iterator[ClusterEngine]:
    """An engine whose cluster is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"opensearch://127.0.0.1:{port}/kb?timeout=0.3&patience=0.5"
    engine = ClusterEngine(Address.read(url), Vocabulary())
    yield engine
    engine.close()


def test_lost_cluster_says_so_and_is_soon_left_alone(lost: ClusterEngine) -> None:
    for _ in range(2):
        with pytest.raises(SearchUnavailableError, match="浏览、起草、体检、审核照常"):
            lost.search("修路")
    began = time.perf_counter()
    for _ in range(50):
        with pytest.raises(SearchUnavailableError):
            lost.search("修路")
    assert time.perf_counter() - began < 0.2, "the breaker is open: nobody waits"
    assert lost.suggest("修路") == ()
    assert not lost.state().reachable
    lost.stamp()


def test_hanging_cluster_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"opensearch://127.0.0.1:{silent.getsockname()[1]}/kb?timeout=0.2&patience=0.4"
        engine = ClusterEngine(Address.read(url), Vocabulary())
        began = time.perf_counter()
        with pytest.raises(SearchUnavailableError):
            engine.search("修路")
        assert time.perf_counter() - began < 3
        engine.close()


def test_request_that_the_cluster_refuses_is_no_outage(make_engine: MakeEngine) -> None:
    engine = make_engine()
    for _ in range(5):
        with pytest.raises(SearchRefusedError):
            engine._client.call("PUT", "/UPPERCASE-IS-NO-NAME")
    assert not engine._client.breaker.open


@pytest.mark.parametrize("parts", ["responses", "docs"])
def test_missing_part_of_an_answer_is_asked_for_again(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, parts: str
) -> None:
    """A node that is lost in the middle leaves a whole answer with a part that failed: not one that found less."""
    engine = make_engine()
    engine.rebuild(some(5), 5)
    transport = engine._client._client.transport
    ask, spoiled = transport.perform_request, []

    def perform(method: str, path: str, **more: Any) -> Any:
        answer = ask(method, path, **more)
        if not spoiled and parts in (answer or ()):
            spoiled.append(path)
            answer[parts][0] = {"status": 500, "error": {"type": "node_disconnected_exception"}}
        return answer

    monkeypatch.setattr(transport, "perform_request", perform)
    assert engine.search("农村供路养护").total == 5
    assert spoiled


def test_breaker_lets_one_try_through_after_each_rest() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, rest=5.0, clock=lambda: now[0])
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert breaker.open
    assert not breaker.allows()
    now[0] = 5.1
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    now[0] = 10.5
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_memory_is_bounded(opensearch: Cluster, make_engine: MakeEngine) -> None:
    engine = make_engine(prefix="memory")
    engine.rebuild(some(600), 600)
    small = ClusterEngine(
        Address.read(opensearch.url("memory", replicas=0, reach=10_000)), Vocabulary(), memory_mb=1
    )
    assert small.search("公路").total == 600
    assert small._shelf is not None
    assert 0 < small._shelf[1].cached_bytes <= 1 << 20
    small.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://x/kb", "不认识"),
        ("opensearch:///kb", "没有写主机"),
        ("opensearch://h:x/kb", "端口不是数字"),
        ("opensearch://h/KB", "索引前缀"),
        ("opensearch://h/kb?shards=0", "shards"),
        ("opensearch://h/kb?shards=many", "不是数字"),
        ("opensearch://h/kb?nodes=3", "没有“nodes”这一项"),
        ("opensearch://h/kb?timeout=9&patience=1", "patience 不小于 timeout"),
    ],
)
def test_unfit_addresses_are_told(url: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Address.read(url, {})


def test_address_is_read_whole() -> None:
    url = "opensearch+https://li:p%40ss@a:1,[::1]:2,c/fin-1?shards=3&replicas=2&timeout=1.5&ca=/etc/ca.pem"
    address = Address.read(url, {})
    assert address.hosts == (("a", 1), ("::1", 2), ("c", 9200))
    assert (address.prefix, address.secure, address.user, address.password) == ("fin-1", True, "li", "p@ss")
    assert (address.shards, address.replicas, address.timeout, address.ca) == (3, 2, 1.5, "/etc/ca.pem")
    assert "p@ss" not in address.shown
    given = Address.read("opensearch://a/kb", {"KB_SEARCH_USER": "wang", "KB_SEARCH_PASSWORD": "x"})
    assert (given.user, given.password) == ("wang", "x")
