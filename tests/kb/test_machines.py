"""Several machines on one database, each with its own home and index: every one sees every change."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from kb.settings import Settings

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
ROAD = "JT-SL-01"
Machine = Callable[[str], KnowledgeBase]

pytestmark = pytest.mark.embedded
"""On a cluster all machines share one index: tests/kb/test_shared_engine.py."""


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Iterator[Machine]:
    """Opens the knowledge base as the machine of a name does."""
    opened: list[KnowledgeBase] = []

    def on(name: str) -> KnowledgeBase:
        settings = Settings(home=tmp_path / name, catalogue=SMALL, database=database_url)
        opened.append(KnowledgeBase.open(settings))
        return opened[-1]

    yield on
    for knowledge in opened:
        knowledge.close()


def rename(knowledge: KnowledgeBase, name: str) -> None:
    road = knowledge.record(ROAD)
    assert isinstance(road, Indicator)
    knowledge.write([msgspec.structs.replace(road, name=name)], name="改名", actor="张三", reason="")


def soon(done: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20  # a second on a free machine
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def found(knowledge: KnowledgeBase, text: str) -> list[str]:
    return [hit.code for hit in knowledge.search(text).hits]


def test_every_machine_sees_a_change_soon(machine: Machine) -> None:
    first, second, third = machine("a"), machine("b"), machine("c")
    for number, writer in enumerate((first, second, third)):
        name = f"甲乙丙丁戊己{number}号"
        rename(writer, name)
        for reader in (first, second, third):
            assert soon(lambda reader=reader, name=name: found(reader, f'"{name}"') == [ROAD]), name
    assert [knowledge.check().findings for knowledge in (first, second, third)] == [(), (), ()]


def test_what_admins_teach_reaches_every_machine(machine: Machine) -> None:
    first, second = machine("a"), machine("b")
    first.tuning.pin("随便什么词", [ROAD], actor="张三")
    assert soon(lambda: found(second, "随便什么词")[:1] == [ROAD])


def test_a_machine_that_was_off_takes_up_what_it_missed(machine: Machine) -> None:
    first, second = machine("a"), machine("b")
    second.close()
    rename(first, "甲乙丙丁戊己号")
    second = machine("b")
    assert found(second, "甲乙丙丁戊己号")[:1] == [ROAD]
    assert second.check().ok


def test_many_changes_do_not_keep_a_question_waiting(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.search.engine.SearchEngine.at_once", 0)
    first, second = machine("a"), machine("b")
    rename(first, "甲乙丙丁戊己号")
    assert soon(lambda: found(second, "甲乙丙丁戊己号")[:1] == [ROAD])


def test_a_copied_home_is_another_machine(machine: Machine, tmp_path: Path) -> None:
    machine("a").close()
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    first, copy = machine("a"), machine("copy")
    assert first._indexer.place.name != copy._indexer.place.name
    rename(first, "甲乙丙丁戊己号")
    assert soon(lambda: found(copy, "甲乙丙丁戊己号")[:1] == [ROAD])


def test_a_home_that_is_pointed_at_another_database_builds_its_index_afresh(
    database_url: str, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    for url, name in ((database_url, "甲乙丙丁"), (other, "戊己庚辛"), (database_url, "")):
        with KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=SMALL, database=url)) as knowledge:
            assert knowledge.check().ok
            if name:
                rename(knowledge, name)
    with KnowledgeBase.open(
        Settings(home=tmp_path / "home", catalogue=SMALL, database=database_url)
    ) as knowledge:
        assert knowledge.record(ROAD).name == "甲乙丙丁"
        assert found(knowledge, "甲乙丙丁")[:1] == [ROAD]


def test_an_index_ahead_of_its_database_is_built_afresh(machine: Machine) -> None:
    knowledge = machine("a")
    rename(knowledge, "甲乙丙丁戊己号")
    knowledge._indexer.place.note(10**6)
    knowledge.close()
    knowledge = machine("a")
    assert knowledge._indexer.place.reached < 10**6
    assert knowledge.check().ok
