"""Saved drafts: secret links, versions, differences, two people at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from indicators.draft import Draft, DraftRow
from kb.db.drafts import DraftRows
from kb.db.engine import open_engine
from kb.draft_saved import Saved, differences, heading_differences
from kb.draft_store import (
    LIFETIME,
    MOST_ROWS,
    DraftMovedError,
    DraftStore,
    TooManyRowsError,
    UnknownDraftError,
    fingerprint,
)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> DraftStore:
    return DraftStore(DraftRows(open_engine(database_url)), clock)


def table(*names: str, project: str = "修路") -> Saved:
    rows = tuple(
        DraftRow(number=n, level2="数量指标", name=name, target="5") for n, name in enumerate(names, 1)
    )
    return Saved(draft=Draft(project=project, rows=rows), text="修路")


def test_round_trip_and_versions(store: DraftStore) -> None:
    line = store.create(table("里程"), what="新建")
    assert len(line.id) == 22
    after = store.save(line.id, table("里程", "桥梁"), based_on=1, who="张三")
    assert after.version == 2
    assert store.load(line.id)[1] == table("里程", "桥梁")
    assert store.load(line.id, 1)[1] == table("里程")
    assert [(v.number, v.who, v.what) for v in store.versions(line.id)] == [
        (2, "张三", "保存"),
        (1, "", "新建"),
    ]


def test_the_same_state_is_no_version(store: DraftStore) -> None:
    line = store.create(table("里程"))
    assert store.save(line.id, table("里程"), based_on=1).version == 1


def test_nobody_is_overwritten(store: DraftStore) -> None:
    line = store.create(table("里程"))
    store.save(line.id, table("甲"), based_on=1)
    with pytest.raises(DraftMovedError, match="第 2 版"):
        store.save(line.id, table("乙"), based_on=1)
    assert store.load(line.id)[1] == table("甲")


def test_automatic_saves_come_together(store: DraftStore, clock: Clock) -> None:
    line = store.create(table("里程"))
    for n in range(2, 6):
        clock.time += timedelta(minutes=1)
        line = store.save(line.id, table(f"第{n}"), based_on=line.version, what="自动保存", automatic=True)
    assert [v.what for v in store.versions(line.id)] == ["自动保存", "新建"]
    clock.time += timedelta(minutes=9)
    line = store.save(line.id, table("晚些"), based_on=line.version, what="自动保存", automatic=True)
    assert len(store.versions(line.id)) == 3


def test_time_over_and_deleted(store: DraftStore, clock: Clock) -> None:
    line, other = store.create(table("里程")), store.create(table("里程"))
    store.delete(other.id)
    with pytest.raises(UnknownDraftError):
        store.load(other.id)
    clock.time += LIFETIME + timedelta(days=1)
    with pytest.raises(UnknownDraftError):
        store.load(line.id)


def test_size_is_bounded(store: DraftStore) -> None:
    with pytest.raises(TooManyRowsError):
        store.create(table(*(["里程"] * (MOST_ROWS + 1))))


def test_differences_and_mark() -> None:
    old, new = table("甲", "乙", "丙"), table("甲", "丁", "丙", "戊", project="修桥")
    told = [(c.before and c.before.name, c.after and c.after.name) for c in differences(old.draft, new.draft)]
    assert told == [("乙", "丁"), (None, "戊")]
    assert heading_differences(old.draft, new.draft) == [("project", "修路", "修桥")]
    assert fingerprint(old) == fingerprint(table("甲", "乙", "丙"))
    assert fingerprint(old) != fingerprint(new)


def test_people_find_their_own_drafts_again(store: DraftStore, clock: Clock) -> None:
    first = store.create(Saved(draft=Draft(project="先建的")), who="小起")
    clock.time += timedelta(hours=1)
    second = store.create(Saved(draft=Draft(project="后建的")), who="小起")
    store.create(Saved(draft=Draft(project="别人的")), who="小审")
    store.create(Saved(draft=Draft(project="没登录的")))
    assert [line.id for line, _ in store.owned("小起")] == [second.id, first.id]
    assert store.owned("") == []
    clock.time += LIFETIME + timedelta(seconds=1)
    assert store.owned("小起") == []


def test_draft_is_found_while_others_save_it(store: DraftStore) -> None:
    """Automatic saves write over the version before: whoever loads meanwhile sees one or the other."""
    line = store.create(Saved(draft=Draft(project="村道")))
    stop = threading.Event()

    def save() -> None:
        version = 1
        while not stop.is_set():
            table = Saved(draft=Draft(project=f"村道{version}"))
            version = store.save(line.id, table, based_on=version, automatic=True).version

    saver = threading.Thread(target=save)
    saver.start()
    try:
        versions = [store.load(line.id)[0].version for _ in range(300)]
    finally:
        stop.set()
        saver.join()
    assert versions == sorted(versions)
    assert versions[-1] > 1
