"""Many writers at once on a real database: what one has read still holds when it commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Engine, func, select

from indicators.model import Sector
from kb.accounts import Accounts, Role
from kb.db import tables as t
from kb.db.accounts import AccountTable
from kb.db.audit import AuditLog
from kb.db.counters import Counters, Tally
from kb.db.drafts import DraftRows
from kb.db.engine import HEAD, open_engine, schema_version
from kb.db.locks import PREPARE, database_lock
from kb.db.reader import Reader
from kb.db.reviews import ReviewRows
from kb.db.store import Store
from kb.draft_saved import SavedLine, VersionLine
from kb.errors import AccountError, ChangedMeanwhileError, DatabaseBusyError
from kb.review_records import Job, JobState, Verdict
from kb.settings import Connections
from tests import databases

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROADS = Sector(code="JT", name="交通运输", order=1)
WRITERS = 8


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_engine(database_url)


def at_once(*tasks: Callable[[], object]) -> list[object]:
    """Run tasks in threads that start together; what they give, in order, or the first failure."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        start.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_of_many_editors_of_a_version_one_wins(engine: Engine) -> None:
    store = Store(engine)
    store.put([ROADS], name="始", actor="张三", reason="")

    def edit(number: int) -> int:
        won = 0
        for version in range(1, 6):
            changed = msgspec.structs.replace(ROADS, summary=f"{number}/{version}")
            try:
                store.put([changed], name="改", actor="张三", reason="", expected={"JT": version})
                won += 1
            except ChangedMeanwhileError:
                pass
        return won

    won = at_once(*(lambda n=n: edit(n) for n in range(WRITERS)))
    assert sum(won) == 5  # type: ignore[arg-type]
    assert [v.number for v in Reader(engine).versions("JT")] == [6, 5, 4, 3, 2, 1]


def test_batches_that_touch_the_same_records_follow_each_other(engine: Engine) -> None:
    store = Store(engine)
    sectors = [Sector(code=f"S{n}", name=f"行业{n}", order=n) for n in range(20)]

    def write(number: int) -> None:
        mixed = sectors if number % 2 else sectors[::-1]
        for _ in range(3):
            batch = [msgspec.structs.replace(s, summary=f"第{number}人{time.monotonic_ns()}") for s in mixed]
            store.put(batch, name="改", actor="张三", reason="")

    at_once(*(lambda n=n: write(n) for n in range(WRITERS)))
    with engine.connect() as connection:
        counted = select(
            t.revision.c.code, func.count().label("n"), func.max(t.revision.c.version).label("last")
        )
        rows = connection.execute(counted.group_by(t.revision.c.code)).all()
        batches = connection.execute(select(t.batch.c.id).order_by(t.batch.c.id)).scalars().all()
        outbox = connection.execute(select(t.outbox.c.id).order_by(t.outbox.c.id)).scalars().all()
    assert {(row.n, row.last) for row in rows} == {(WRITERS * 3, WRITERS * 3)}
    assert len(batches) == WRITERS * 3
    assert len(outbox) == WRITERS * 3 * 20


def test_of_many_savers_of_a_draft_one_wins(engine: Engine) -> None:
    drafts = DraftRows(engine)
    line = SavedLine(id="x", created_at=NOW, touched_at=NOW, expires_at=NOW, version=1, owner="")
    drafts.add(line, VersionLine(number=1, at=NOW, who="", what=""), b"1")

    def save(number: int) -> bool:
        after = msgspec.structs.replace(line, version=2)
        return drafts.put(after, 1, VersionLine(number=2, at=NOW, who=str(number), what=""), b"2", keep=True)

    assert sorted(at_once(*(lambda n=n: save(n) for n in range(WRITERS)))) == [False] * (WRITERS - 1) + [True]  # type: ignore[type-var]
    assert [v.number for v in drafts.versions("x")] == [2, 1]


def test_counts_of_many_add_up_whatever_their_order(engine: Engine) -> None:
    counters = Counters(engine)
    day = date(2026, 3, 1)
    words = [f"词{n}" for n in range(30)]

    def count(number: int) -> None:
        mixed = words if number % 2 else words[::-1]
        for _ in range(3):
            counters.add(
                {(w, day): Tally(asked=1, shown=2) for w in mixed}, {(w, day, "JT"): 1 for w in mixed}
            )

    at_once(*(lambda n=n: count(n) for n in range(WRITERS)))
    assert {(q.tally.asked, q.tally.shown) for q in counters.totals(day)} == {(WRITERS * 3, WRITERS * 6)}
    assert counters.followed("词1", day, 5) == [("JT", WRITERS * 3)]


def job(state: JobState) -> Job:
    return Job(
        id="j", created_at=NOW, touched_at=NOW, expires_at=NOW, state=state, done=0, total=1, pack="", earlier="",
        message="",
    )  # fmt: skip


def test_the_last_verdict_of_many_stands(engine: Engine) -> None:
    reviews = ReviewRows(engine)
    reviews.add_job(job(JobState.DONE), "")

    def decide(number: int) -> None:
        reviews.set_verdict("j", 1, Verdict(scores={}, opinion=str(number), who="小审", at=NOW))

    at_once(*(lambda n=n: decide(n) for n in range(WRITERS)))
    assert reviews.verdicts("j")[1].opinion in set(map(str, range(WRITERS)))


def test_a_waiting_job_goes_to_one_of_many(engine: Engine) -> None:
    reviews = ReviewRows(engine)
    reviews.add_job(job(JobState.WAITING), "")
    claimed = at_once(*(lambda: reviews.claim("j", NOW, timedelta(minutes=5)) for _ in range(WRITERS)))
    assert sorted(claimed) == [False] * (WRITERS - 1) + [True]  # type: ignore[type-var]


def test_two_admins_do_not_remove_each_other(engine: Engine) -> None:
    accounts = Accounts(AccountTable(engine), AuditLog(engine))
    for round_ in range(5):
        pair = [f"甲{round_}", f"乙{round_}"]
        for name in pair:
            accounts.add(name, Role.ADMIN, "一句好记的话当作密码", actor="测试")
        others = [a.name for a in accounts.all() if a.active and a.role is Role.ADMIN and a.name not in pair]
        for name in others:
            accounts.set_active(name, False, actor="测试")

        def disable(name: str) -> bool:
            try:
                accounts.set_active(name, False, actor="测试")
            except AccountError:
                return False
            return True

        assert sorted(at_once(*(lambda n=n: disable(n) for n in pair))) == [False, True]  # type: ignore[type-var]


def test_processes_that_open_an_empty_database_at_once_all_get_it(postgresql_url: str) -> None:
    url = databases.new_database("template1")
    engines = at_once(*(lambda: open_engine(url) for _ in range(4)))
    assert [schema_version(engine) for engine in engines] == [HEAD] * 4  # type: ignore[arg-type]


def test_a_long_batch_keeps_other_batches_waiting_but_no_draft(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url, Connections(lock_seconds=1))
    drafts, store = DraftRows(engine), Store(engine)
    line = SavedLine(id="x", created_at=NOW, touched_at=NOW, expires_at=NOW, version=1, owner="")
    with engine.execution_options(writing=True).begin():
        drafts.add(line, VersionLine(number=1, at=NOW, who="", what=""), b"1")
        AuditLog(engine).write("张三", "登录")
        Counters(engine).add({("路", date(2026, 3, 1)): Tally(asked=1)}, {})
        with pytest.raises(DatabaseBusyError, match="正忙"):
            store.put([ROADS], name="等", actor="张三", reason="")
    assert store.put([ROADS], name="写", actor="张三", reason="").new == 1


def test_a_lock_of_all_machines_is_held_by_one_and_freed_with_its_connection(postgresql_url: str) -> None:
    here, there = open_engine(postgresql_url), open_engine(postgresql_url)
    with database_lock(here, PREPARE, 1):
        with pytest.raises(DatabaseBusyError), database_lock(there, PREPARE, 0.2):
            pass
        # The machine that holds it dies: its connection ends, and with it the lock.
        with there.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        with database_lock(there, PREPARE, 5):
            pass


def test_a_statement_that_takes_too_long_is_given_up(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url, Connections(statement_seconds=1))
    with pytest.raises(DatabaseBusyError), engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(30)")


def test_more_users_than_connections_wait_and_are_told(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url, Connections(pool=1, lock_seconds=1))
    with engine.connect(), engine.connect(), pytest.raises(DatabaseBusyError, match="正忙"):
        engine.connect()
    with engine.connect() as connection:
        assert (
            connection.exec_driver_sql(
                "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            ).scalar()
            == "indicator-kb"
        )
