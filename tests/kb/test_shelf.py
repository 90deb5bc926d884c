"""Shelves of uploads, as folders and as tables: whole parts, one holder at a time, and what a dead one leaves."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, update

from kb.db import leases
from kb.db.engine import open_engine
from kb.db.shelf import PIECE, TableShelf
from kb.db.shelf_tables import upload
from kb.knowledge import KnowledgeBase
from kb.shelf import FolderShelf, Shelf

PARTS = {"data": b"\x00\xff" * 10, "about": b"{}"}
Open = Callable[[], Shelf]


@pytest.fixture(params=["folder", "table"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same shelf as one more process does, or one more machine."""
    opened: list[Shelf] = []
    url = request.getfixturevalue("postgresql_url") if request.param == "table" else ""

    def open_one() -> Shelf:
        opened.append(TableShelf(open_engine(url), "imports") if url else FolderShelf(tmp_path / "imports"))
        return opened[-1]

    yield open_one
    for shelf in opened:
        shelf.close()


@pytest.fixture
def shelf(another: Open) -> Shelf:
    return another()


@pytest.fixture
def engine(postgresql_url: str) -> Engine:
    return open_engine(postgresql_url)


def soon(done: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not done() and time.monotonic() < until:
        time.sleep(0.02)
    return done()


def test_parts_are_kept_replaced_listed_and_forgotten(shelf: Shelf, another: Open) -> None:
    shelf.add("a1", PARTS)
    shelf.add("b2", {"data": b""})
    other = another()
    assert [other.get("a1", name) for name in PARTS] == list(PARTS.values())
    assert other.get("b2", "data") == b""
    assert other.get("a1", "none") is None
    assert other.get("none", "data") is None
    assert (other.has("a1", "data"), other.has("a1", "none"), other.has("..", "a1")) == (True, False, False)
    other.put("a1", "about", b"new")
    other.put("none", "about", b"new")
    assert shelf.listed("data", "about") == {"a1": {**PARTS, "about": b"new"}}
    assert set(shelf.listed("data")) == {"a1", "b2"}
    shelf.drop("a1", "data", "none")
    assert not other.has("a1", "data")
    shelf.discard("a1")
    shelf.put("a1", "about", b"late")
    assert set(other.listed()) <= {"b2"}
    assert other.get("a1", "about") is None


def test_large_parts_come_back_as_they_were(shelf: Shelf) -> None:
    large = {f"{n}.bin": os.urandom(size) for n, size in enumerate((PIECE - 1, PIECE, PIECE + 1, 9 * PIECE))}
    shelf.add("a1", large)
    assert all(shelf.get("a1", name) == data for name, data in large.items())
    shelf.put("a1", "3.bin", b"short")
    assert shelf.get("a1", "3.bin") == b"short", "no piece of the long one is left"


def test_a_reader_gets_the_old_or_the_new(shelf: Shelf, another: Open) -> None:
    kinds = [bytes([n]) * (3 * PIECE) for n in range(4)]
    shelf.add("a1", {"data": kinds[0]})
    other, done = another(), threading.Event()

    def write() -> None:
        for n in range(20):
            other.put("a1", "data", kinds[n % 4])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        seen.append(shelf.get("a1", "data"))
    writer.join()
    assert seen
    assert all(data in kinds for data in seen)


def test_what_cannot_be_kept_whole_is_not_kept(shelf: Shelf) -> None:
    with pytest.raises(TypeError):
        shelf.add("a1", {"data": b"1", "about": None})  # type: ignore[dict-item]
    assert shelf.listed("data") == {}
    assert not shelf.has("a1", "data")


def test_one_holder_at_a_time_and_others_see_it(shelf: Shelf, another: Open) -> None:
    shelf.add("a1", PARTS)
    other = another()
    assert not other.held("a1")
    other.call_off("a1")
    hold = shelf.hold("a1")
    assert hold is not None
    assert not hold.called_off, "that was before"
    assert (shelf.hold("a1"), other.hold("a1"), other.held("a1")) == (None, None, True)
    other.call_off("a1")
    assert soon(lambda: hold.called_off)
    assert not hold.lost
    shelf.put("a1", "about", b"mine", hold.mark)
    assert other.get("a1", "about") == b"mine"
    hold.release()
    assert not other.held("a1")
    theirs = other.hold("a1")
    assert theirs is not None
    theirs.release()


def test_many_who_want_it_at_once_are_told_apart(shelf: Shelf, another: Open) -> None:
    shelf.add("a1", PARTS)
    shelves = [shelf, *(another() for _ in range(5))]
    ready, got = threading.Barrier(len(shelves)), list[object]()

    def want(one: Shelf) -> None:
        ready.wait()
        got.append(one.hold("a1"))

    threads = [threading.Thread(target=want, args=(one,)) for one in shelves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(hold is not None for hold in got) == 1


def test_old_uploads_are_swept(shelf: Shelf, another: Open) -> None:
    shelf.add("a1", PARTS)
    shelf.sweep(timedelta(minutes=1))
    assert shelf.has("a1", "data")
    shelf.sweep(timedelta(0))
    assert not another().has("a1", "data")


def test_uploads_in_work_are_in_no_backup_and_outlive_a_restore(small: KnowledgeBase, tmp_path: Path) -> None:
    mark = os.urandom(40)
    small.imports.add("a1", {"data": mark})
    small.backup(tmp_path / "a.kbz")
    with zipfile.ZipFile(tmp_path / "a.kbz") as archive:
        assert all(mark not in archive.read(name) for name in archive.namelist())
    small.imports.add("b2", {"data": mark})
    small.restore(tmp_path / "a.kbz")
    assert set(small.imports.listed("data")) == {"a1", "b2"}
    assert small.check().ok


# Leases: what a lock of the system does by itself


def test_a_lease_goes_on_beyond_its_time_while_its_process_lives(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=1.5))
    monkeypatch.setattr(leases, "BEAT", 0.1)
    here, there = TableShelf(engine, "imports"), TableShelf(engine, "imports")
    here.add("a1", PARTS)
    hold = here.hold("a1")
    assert hold is not None
    time.sleep(2.5)
    assert (there.hold("a1"), hold.lost) == (None, False)
    here.sweep(timedelta(0))
    assert here.has("a1", "data"), "nobody forgets what is being worked on"
    here.close()
    assert there.hold("a1") is not None, "a process that ends lets go at once"
    there.close()


def test_a_holder_that_gives_no_sign_of_life_is_followed_and_does_no_harm(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.5))
    monkeypatch.setattr(leases, "BEAT", 1000)
    here, there = TableShelf(engine, "imports"), TableShelf(engine, "imports")
    here.add("a1", PARTS)
    stuck = here.hold("a1")
    assert stuck is not None
    followed = []
    assert soon(lambda: bool(followed or followed.extend(filter(None, [there.hold("a1")]))))
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=100))
    assert not stuck.lost, "by its own clock it would have time"
    stuck.renew()
    assert stuck.lost
    here.put("a1", "about", b"late", stuck.mark)
    assert here.get("a1", "about") == PARTS["about"]
    stuck.release()
    assert there.held("a1"), "only one's own lease is let go"
    there.put("a1", "about", b"followed", followed[0].mark)
    assert here.get("a1", "about") == b"followed"


def test_a_holder_that_was_stopped_for_long_knows_without_asking(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT", 1000)
    shelf = TableShelf(engine, "imports")
    shelf.add("a1", PARTS)
    hold = shelf.hold("a1")
    assert hold is not None
    monkeypatch.setattr(leases, "LASTS", timedelta(0))
    assert hold.lost


def test_looking_whether_it_was_called_off_asks_the_database_seldom(engine: Engine) -> None:
    shelf = TableShelf(engine, "imports")
    shelf.add("a1", PARTS)
    hold = shelf.hold("a1")
    assert hold is not None
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(100_000):
        assert (hold.called_off, hold.lost) == (False, False)
    assert len(asked) < 100
    shelf.close()


def test_the_clock_of_leases_is_the_database_s(engine: Engine) -> None:
    shelf = TableShelf(engine, "imports")
    shelf.add("a1", PARTS)
    with engine.begin() as connection:
        late = func.now() - timedelta(seconds=1)
        connection.execute(update(upload).values(holder="x", held_until=late))
    assert not shelf.held("a1")
    with engine.begin() as connection:
        connection.execute(update(upload).values(held_until=func.now() + timedelta(seconds=60)))
    assert shelf.held("a1")
    assert shelf.hold("a1") is None
