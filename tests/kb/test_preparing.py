"""What takes long to make is made once, again after a change, and behind the requests where they must not wait."""

from __future__ import annotations

import threading

import msgspec
import pytest

from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from kb.preparing import Prepared


class Maker:
    """Makes numbered things, when it is let."""

    def __init__(self) -> None:
        self.stamp, self.made, self.broken = "1", 0, False
        self.go_on = threading.Event()
        self.go_on.set()

    def make(self) -> str:
        assert self.go_on.wait(30)
        if self.broken:
            raise ValueError("broken")
        self.made += 1
        return f"{self.stamp}/{self.made}"


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def prepared(maker: Maker) -> Prepared[str]:
    return Prepared(maker.make, lambda: maker.stamp)


def test_made_once_for_all_threads_and_again_after_a_change(maker: Maker, prepared: Prepared[str]) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(prepared.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["1/1"] * 8
    maker.stamp = "2"
    assert prepared.get() == "2/2"


def test_old_one_serves_until_the_new_one_is_made(maker: Maker, prepared: Prepared[str]) -> None:
    prepared.get()
    prepared.patience = 0.01
    maker.stamp = "2"
    maker.go_on.clear()
    assert [prepared.get() for _ in range(5)] == ["1/1"] * 5
    maker.go_on.set()
    assert prepared._behind is not None
    prepared._behind.join()
    assert prepared.get() == "2/2", "made once, however many asked"


def test_who_cannot_do_with_the_old_one_waits(maker: Maker, prepared: Prepared[str]) -> None:
    prepared.get()
    prepared.patience = 0.0
    maker.stamp = "2"
    maker.go_on.clear()
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.append(prepared.now()))
    waiting.start()
    assert prepared.get() == "1/1"
    maker.go_on.set()
    waiting.join()
    assert found == ["2/2"]


def test_quick_change_is_waited_for(maker: Maker, prepared: Prepared[str]) -> None:
    prepared.get()
    prepared.patience = 30
    maker.stamp = "2"
    assert prepared.get() == "2/2"


def test_failure_leaves_the_old_one_and_is_tried_again(maker: Maker, prepared: Prepared[str]) -> None:
    prepared.get()
    prepared.patience = 30
    maker.stamp, maker.broken = "2", True
    assert prepared.get() == "1/1"
    maker.broken = False
    assert prepared.get() == "2/2"


def test_serving_knowledge_base_takes_up_changes(small: KnowledgeBase) -> None:
    small.serve_requests(30)
    record = small.record("JT-SL-01")
    assert isinstance(record, Indicator)
    small.write([msgspec.structs.replace(record, name="龙王大道养护里程")], name="x", actor="x", reason="")
    assert small.reviewer().index.by_code["JT-SL-01"].name == "龙王大道养护里程"
    assert small.drafter().propose("龙王大道养护").proposals


def test_new_drafter_goes_by_no_older_reviewer(small: KnowledgeBase) -> None:
    small.serve_requests(0)
    record = small.record("JT-SL-01")
    assert isinstance(record, Indicator)
    small.write([msgspec.structs.replace(record, name="龙王大道养护里程")], name="x", actor="x", reason="")
    with small._reviewer._making:  # the new reviewer takes its time
        small.drafter()
        assert small._drafter._behind is not None
        small._drafter._behind.join(1)
    small._drafter._behind.join()
    assert small.drafter().reviewer.index.by_code["JT-SL-01"].name == "龙王大道养护里程"
