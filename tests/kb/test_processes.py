"""Processes on one home: what one commits the others soon see, and none leaves a lock or work behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from indicators.model import Indicator
from kb.errors import BusyError
from kb.knowledge import KnowledgeBase
from kb.review_records import JobState
from kb.roles import Role
from kb.settings import Settings
from tests.servers.office import ROOT, SMALL, Office, environment, kb, serving

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")]
SOON = 30
"""Seconds that a busy machine may take over what takes one: the bench measures, a test waits."""
PASSWORD = "一句好记的话当作密码"
TABLE = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n修路,产出指标,数量指标,修路里程,100%,公里\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    with KnowledgeBase.open(Settings(home=folder, catalogue=SMALL)) as opened:
        opened.accounts.add("小管", Role.ADMIN, PASSWORD, actor="测试")
    return folder


def until(true: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so; gives the seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "too late"
        time.sleep(0.02)
    return time.monotonic() - began


def admin_of(office: Office) -> requests.Session:
    session = requests.Session()
    page = session.get(office.address + "login").text
    form = {"name": "小管", "password": PASSWORD, "form_token": token_of(page)}
    assert session.post(office.address + "login", data=form, allow_redirects=False).status_code == 303
    return session


def token_of(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


def hits(office: Office, query: str) -> int:
    """Number of records that hold all that was asked."""
    found = office.get(f"api/v1/search?q={query}").json()
    return 0 if found["relaxed"] else int(found["total"])


def test_what_one_process_commits_the_others_see(home: Path) -> None:
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(serving(home)) for _ in range(3))
        assert [hits(o, "龙脉养护") for o in (first, second, third)] == [0, 0, 0]
        session = admin_of(first)
        page = first.address + "admin/synonyms/new"
        group = {"name": "农村公路", "words": "龙脉养护", "strength": "same", "seen": "0"}
        token = token_of(session.get(page).text)
        made = session.post(page, data={**group, "form_token": token}, allow_redirects=False)
        assert made.status_code == 303
        for office in (second, third):
            until(lambda office=office: hits(office, "龙脉养护") > 0, SOON)
        with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
            record = opened.record("JT-SL-01")
            assert isinstance(record, Indicator)
            changed = _renamed(record, "龙王大道养护里程")
            opened.write([changed], name="改名", actor="测试", reason="")
        for office in (first, second, third):
            until(lambda office=office: "龙王大道养护里程" in office.get("i/JT-SL-01").text, SOON)
            until(lambda office=office: hits(office, "龙王大道") > 0, SOON)
        assert session.get(second.address + "account").status_code == 200, "a session is good everywhere"


def _renamed(record: Indicator, name: str) -> Indicator:
    import msgspec

    return msgspec.structs.replace(record, name=name)


KILLED_BEFORE_INDEXING = """
import os, signal, sys
import msgspec
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
kb = KnowledgeBase.open(Settings.load())
kb._apply = lambda: os.kill(os.getpid(), signal.SIGKILL)
kb.write([msgspec.structs.replace(kb.record("JT-SL-01"), name="龙王大道养护里程")], name="改名", actor="x", reason="")
"""

KILLED_WITH_THE_LOCK = """
import sys, time
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
kb = KnowledgeBase.open(Settings.load())
with kb._index_lock(5):
    print("held", flush=True)
    time.sleep(60)
"""


def script(home: Path, text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", text], env=environment(home), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_what_a_killed_writer_left_is_indexed_by_another_though_nobody_asks(home: Path) -> None:
    with serving(home) as office, KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
        office.get("readyz")
        writer = script(home, KILLED_BEFORE_INDEXING)
        writer.communicate(timeout=60)
        assert writer.returncode == -signal.SIGKILL
        until(lambda: opened.lag().rows == 0, SOON)
        assert hits(office, "龙王大道") > 0
        assert opened.check().ok
    assert kb(home, "check").returncode == 0


def test_lock_of_a_killed_process_is_free_at_once(home: Path) -> None:
    holder = script(home, KILLED_WITH_THE_LOCK)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
        record = opened.record("JT-SL-01")
        assert isinstance(record, Indicator)
        opened.write([_renamed(record, "龙王大道养护里程")], name="改名", actor="x", reason="")
        assert opened.lag().rows > 0, "a writer leaves the index to whoever holds it"
        with pytest.raises(BusyError):
            opened._indexer.drain(patience=0.1)
        holder.kill()
        holder.communicate()
        until(lambda: opened.search("龙王大道").relaxed == "", SOON)
        assert opened.lag().rows == 0
        assert opened.check().ok


def test_review_of_a_stopped_process_is_done_by_another(home: Path) -> None:
    archive = "\n".join([TABLE] + [f"修路,产出指标,数量指标,里程{n},{n},公里" for n in range(50)])
    with serving(home) as other, KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
        with serving(home) as office:
            files = [("file", (f"{n}.csv", archive.encode())) for n in range(10)]
            made = requests.post(office.address + "review", files=files, allow_redirects=False, timeout=30)
            assert made.status_code == 303
            id_ = made.headers["Location"].rsplit("/", 1)[-1]
            until(lambda: opened.reviews.job(id_).state is not JobState.WAITING, SOON)
            office.signal(signal.SIGTERM)
            office.stopped()
        handed = opened.reviews.job(id_)
        assert not handed.finished
        until(lambda: opened.reviews.job(id_).finished, SOON)
        assert opened.reviews.job(id_).state is JobState.DONE
        assert len(opened.reviews.lines(id_)) == 10
        assert other.process.poll() is None


def test_rebuilding_is_seen_from_every_process(home: Path) -> None:
    with serving(home) as first, serving(home) as second:
        session = admin_of(first)
        token = token_of(session.get(first.address + "admin/words").text)
        session.post(first.address + "admin/reindex", data={"form_token": token})
        until(lambda: "已重建索引，共" in session.get(second.address + "admin/words").text, SOON)
