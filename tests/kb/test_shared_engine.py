"""A knowledge base on a search cluster: shared by machines, lost and back, killed while it brings changes in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
import pytest

from indicators.model import Indicator
from kb.errors import SearchUnavailableError
from kb.knowledge import KnowledgeBase
from kb.search.cluster.breaker import Breaker
from kb.settings import Settings
from tests.servers.gate import Gate
from tests.servers.opensearch import Cluster
from web.app import create_app

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "cases" / "catalogue"
ROAD = "JT-SL-01"
BROWSING = ["/", "/sectors", "/frameworks", "/problems", f"/i/{ROAD}", "/sets", "/news", "/health", "/search"]
_numbers = count(1)


@dataclass
class Place:
    """One database and one index, with the door before the cluster; ``machine`` opens them under a home."""

    gate: Gate
    database: str
    url: str
    folder: Path

    def machine(self, name: str = "a") -> KnowledgeBase:
        """The knowledge base as the machine of a name opens it."""
        return KnowledgeBase.open(self.settings(name))

    def settings(self, name: str = "a") -> Settings:
        """Settings of a machine."""
        return Settings(self.folder / name, catalogue=SMALL, database=self.database, search=self.url)


@pytest.fixture
def place(opensearch: Cluster, database_url: str, tmp_path: Path) -> Iterator[Place]:
    with Gate(opensearch.nodes[0].http) as gate:
        prefix = f"shared{next(_numbers)}"
        url = f"opensearch://127.0.0.1:{gate.port}/{prefix}?replicas=0&timeout=2&patience=2"
        yield Place(gate, database_url, url, tmp_path)


@pytest.fixture(autouse=True)
def _short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests wait for the breaker's next try less than users do."""
    made = Breaker.__init__
    monkeypatch.setattr(Breaker, "__init__", lambda self: made(self, failures=2, rest=0.5))


def rename(knowledge: KnowledgeBase, name: str, code: str = ROAD) -> None:
    road = knowledge.record(code)
    assert isinstance(road, Indicator)
    knowledge.write([msgspec.structs.replace(road, name=name)], name="改名", actor="张三", reason="")


def found(knowledge: KnowledgeBase, text: str) -> list[str]:
    return [hit.code for hit in knowledge.search(text).hits]


def soon(done: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_machines_share_one_index_and_see_changes_soon(place: Place) -> None:
    with place.machine("a") as first, place.machine("b") as second:
        assert first._indexer.place.name == second._indexer.place.name
        for number, (writer, reader) in enumerate([(first, second), (second, first)]):
            name = f"甲乙丙丁戊己{number}号"
            rename(writer, name)
            assert found(writer, f'"{name}"') == [ROAD], "who wrote sees it at once"
            assert soon(lambda reader=reader, name=name: found(reader, f'"{name}"') == [ROAD], 1.5)
        assert first.check().ok
        assert second.check().ok


def test_undo_and_chosen_answers_work_as_on_the_embedded_engine(place: Place) -> None:
    with place.machine() as knowledge:
        rename(knowledge, "甲乙丙丁戊己号")
        knowledge.undo(knowledge.batches(1)[0].number, actor="张三")
        assert ROAD not in found(knowledge, '"甲乙丙丁戊己号"')
        assert found(knowledge, "修路")[0] != "JT-ZL-01"
        knowledge.tuning.pin("修路", ["JT-ZL-01"], actor="张三")
        assert found(knowledge, "修路")[0] == "JT-ZL-01"


def test_everything_but_searching_goes_on_without_the_cluster(place: Place) -> None:
    place.machine().close()
    place.gate.shut()
    with place.machine() as knowledge:
        client = create_app(knowledge).test_client()
        for path in BROWSING:
            assert client.get(path).status_code == 200, path
        page = client.get("/search?q=修路")
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        assert "浏览、起草、体检、审核照常" in page.text
        assert 'href="/sectors"' in page.text
        answer = client.get("/api/v1/search?q=修路")
        assert answer.status_code == 503
        assert "搜索引擎暂时连不上" in answer.json["error"]["message"]  # type: ignore[index]
        assert client.get("/api/v1/suggest?q=修").status_code == 200
        assert client.post("/api/v1/draft", json={"text": "修5公里村道，投资300万元"}).status_code == 200
        table = (
            "项目名称,一级指标,二级指标,三级指标,指标值\n修路,产出指标,数量指标,新建改建农村公路里程,≥5公里\n"
        )
        assert client.post("/api/v1/review", data=table.encode()).status_code == 200
        health = client.get("/healthz")
        assert health.status_code == 200
        assert health.json["degraded"] is True  # type: ignore[index]
        assert client.get("/readyz").status_code == 200, "the other processes have lost it as well"
        assert "kb_engine_reachable 0.0" in client.get("/metrics").text
        assert any("连不上" in finding.what for finding in knowledge.check().findings)


def test_changes_wait_in_the_outbox_and_go_in_when_the_cluster_is_back(place: Place) -> None:
    with place.machine() as knowledge:
        assert found(knowledge, "修路")
        place.gate.shut()
        rename(knowledge, "甲乙丙丁戊己号")
        assert knowledge.record(ROAD).name == "甲乙丙丁戊己号", "the change is committed"
        with pytest.raises(SearchUnavailableError):
            knowledge.search("修路")
        assert knowledge.suggest("修") == ()
        assert knowledge.lag().rows == 1
        place.gate.open()

        def searched() -> bool:
            try:
                return found(knowledge, '"甲乙丙丁戊己号"') == [ROAD]
            except SearchUnavailableError:
                return False

        assert soon(searched, 10)
        assert knowledge.check().ok
        assert not knowledge.health().degraded


def test_an_index_that_was_never_built_is_built_when_the_cluster_comes(place: Place) -> None:
    place.gate.shut()
    with place.machine() as knowledge:
        assert knowledge.record(ROAD).name
        place.gate.open()

        def built() -> bool:
            try:
                return ROAD in found(knowledge, "农村公路里程")
            except SearchUnavailableError:
                return False

        assert soon(built, 20)


@pytest.mark.slow
def test_killed_while_bringing_changes_in(place: Place) -> None:
    """Thousands of changes wait; the process that brings them in is killed again and again: none is lost."""
    with place.machine() as knowledge:
        road = knowledge.record(ROAD)
        assert isinstance(road, Indicator)
        place.gate.shut()
        many = [
            msgspec.structs.replace(road, code=f"ZZ-{n:05d}", name=f"甲乙丙丁第{n}号", pairs=(), successor="")
            for n in range(4000)
        ]
        knowledge.write(many, name="入库", actor="张三", reason="")
    place.gate.open()
    settings = place.settings()
    environment = {
        **os.environ, "KB_HOME": str(settings.home), "KB_CATALOGUE": str(SMALL),
        "KB_DATABASE": settings.database_url, "KB_SEARCH": settings.search,
    }  # fmt: skip
    kills = 0
    for seconds in (2.0, 2.5, 3.0, 3.5):
        process = subprocess.Popen(
            [sys.executable, "-c", "from web.cli import main; main()", "search", "修路"],
            env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills, "no kill hit"
    with place.machine() as knowledge:
        assert knowledge.check().ok
        assert knowledge.search("甲乙丙丁").total == 4000
