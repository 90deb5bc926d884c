"""Machines with homes of their own on one PostgreSQL, and processes on one home: what one took in, all go on with."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from kb.knowledge import KnowledgeBase
from kb.review_records import JobState
from kb.roles import Role
from kb.settings import Settings
from tests.bench.load import many_rows
from tests.kb.test_loading import HEAD, ROWS
from tests.kb.test_processes import admin_of
from tests.kb.test_processes import token_of as token_in
from tests.loaders.build import workbook
from tests.loaders.corpus import indicator_set
from tests.loaders.files import as_xlsx
from tests.servers.office import Office, serving
from tests.web.conftest import NAMES, PASSWORD, SMALL, log_in, token_of
from tests.web.importing import confirmed, post, sent, settled
from web.app import create_app
from web.import_uploads import MOST, Phase, Upload
from web.importing import room_of
from web.jobs import CancelledError
from web.review_work import workshop_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADMIN = NAMES[Role.ADMIN]
TABLE = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n修路,产出指标,数量指标,修路里程,100%,公里\n"


class Machines:
    """Applications on one database, and settings for another one; without its ``url`` all on one home."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self.kbs = [KnowledgeBase.open(self.settings(name)) for name in "abc"]
        self.kbs[0].accounts.add(ADMIN, Role.ADMIN, PASSWORD, actor="测试")
        self.apps: list[Flask] = [create_app(kb) for kb in self.kbs]

    def settings(self, name: str) -> Settings:
        """Those of a machine: its own home, the same database, the same key of sessions."""
        secret = self._folder / "secret.key"
        home = self._folder / (name if self._url else "home")
        return Settings(home=home, catalogue=SMALL, database=self._url, secret=secret)

    def close(self) -> None:
        for app, kb in zip(self.apps, self.kbs, strict=True):
            workshop_of(app).close()
            room_of(app).close()
            kb.close()


class Proxy:
    """Hands each request to the next machine, as a proxy does that keeps nobody at one."""

    def __init__(self, apps: list[Flask]) -> None:
        self._apps, self._turn = apps, count()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._apps[next(self._turn) % len(self._apps)](environ, start_response)


@pytest.fixture(params=["machines", "processes"])
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machines]:
    url = request.getfixturevalue("postgresql_url") if request.param == "machines" else ""
    opened = Machines(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def admins(machines: Machines) -> list[FlaskClient]:
    """A browser at each machine in which the admin has logged in."""
    clients = [app.test_client() for app in machines.apps]
    for client in clients:
        log_in(client, ADMIN)
    return clients


@pytest.fixture
def admin(machines: Machines) -> Client:
    """A browser before the proxy."""
    client = Client(Proxy(machines.apps))
    log_in(client, ADMIN)  # type: ignore[arg-type]
    return client


apart = pytest.mark.parametrize("machines", ["machines"], indirect=True)
"""For what is so of machines only."""


def soon(done: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.05)
    return done()


def number_of(page: str, word: str) -> int:
    found = re.search(rf"<dt>{word}</dt><dd><b>([\d,]+)</b>", page)
    assert found, page[:800]
    return int(found[1].replace(",", ""))


def test_each_step_of_an_import_at_another_machine(machines: Machines, admins: list[FlaskClient]) -> None:
    a, b, c = admins
    address = sent(a, "县库.xlsx", as_xlsx(*indicator_set()), set="BX").request.path
    assert "县库.xlsx" in c.get("/admin/import").text
    progress = b.get(f"{address}/progress").json
    assert progress
    assert progress["finished"]
    page = settled(b, address)
    assert number_of(page.text, "新增") == 6
    done = confirmed(c, settled(c, address), title="二〇二六年县库")
    assert "已入库，记为第" in done.text
    for client in admins:
        assert client.get(address, follow_redirects=True).request.path == done.request.path
    assert [kb.loading.find_set("BX") is not None for kb in machines.kbs] == [True] * 3


def test_an_import_with_choices_through_a_proxy_that_keeps_nobody_at_one_machine(
    machines: Machines, admin: Client
) -> None:
    kb = machines.kbs[0]
    assert "已入库" in confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *ROWS]), set="BX")).text
    like = kb.record("JT-SL-01").name
    rows = [["产出指标", "数量指标", f"{like}数", "公里", ""], *ROWS[1:3]]
    page = sent(admin, "县库2.xlsx", workbook([HEAD, *rows]), set="BX")
    merge = re.search(r'name="like:([^"]+)"', page.text)
    gone = re.findall(r'name="gone:([^"]+)"', page.text)
    assert merge
    choices = {f"like:{merge[1]}": "JT-SL-01", **{f"gone:{code}": "retire" for code in gone}}
    page = post(admin, page, "choices", **choices)
    assert f"停用 {len(gone)}" in page.text
    done = confirmed(admin, page, **choices)
    assert "已入库" in done.text, done.text[:2000]
    assert f"{like}数" in kb.record("JT-SL-01").aliases  # type: ignore[union-attr]


def test_columns_and_bad_rows_through_the_proxy(machines: Machines, admin: Client) -> None:
    head = ["一级指标", "二级指标", "三级指标", "计量单位", "考核口径"]
    rows = [
        head,
        ["产出指标", "数量指标", "学位数", "个", "新增的学位"],
        ["产出指标", "数量指标", "", "个", "空"],
    ]
    page = sent(admin, "口径.xlsx", workbook(rows), kind="indicators", set="BX")
    fields = dict(
        re.findall(r'<select[^>]* name="(map:[^"]+)".*?<option value="([^"]*)" selected', page.text, re.S)
    )
    page = post(admin, page, "mapping", **{**fields, "map:考核口径": "explanation"})
    (upload,) = room_of(machines.apps[0]).uploads.all()
    assert list(upload.about.corrections.values()) == ["explanation"], "what stands is no correction"
    for _ in range(3):
        book = openpyxl.load_workbook(io.BytesIO(admin.get(f"{page.request.path}/bad.xlsx").data))
        assert book.worksheets[0].max_row == 2
    assert "已入库" in confirmed(admin, page, good="1").text


def test_reading_at_one_machine_is_called_off_at_another(
    admins: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: object, look: Callable[[], None], **_more: object) -> bytes:
        for _ in range(3000):
            look()
            time.sleep(0.01)
        raise AssertionError("nobody called it off")

    monkeypatch.setattr("web.import_jobs.read_apart", slow)
    monkeypatch.setattr("web.importing.PATIENCE", 0.05)
    a, b, c = admins
    form = {"form_token": token_of(a.get("/admin/import")), "kind": "auto", "set": "BX"}
    data = {**form, "file": (io.BytesIO(as_xlsx(*indicator_set())), "县库.xlsx")}
    address = a.post("/admin/import", data=data, content_type="multipart/form-data").location
    page = b.get(address)
    assert "正在读取" in page.text
    progress = c.get(f"{address}/progress").json
    assert progress
    assert (progress["label"], progress["finished"]) == ("正在读取", False)
    b.post(f"{address}/cancel", data={"form_token": token_of(page)})
    assert "已取消读取" in settled(c, address).text


def test_writing_at_one_machine_is_called_off_at_another(
    machines: Machines, admins: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = admins
    page = sent(a, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    writing, store = threading.Event(), machines.kbs[0].loading._store
    put = store.put

    def slowly(*args: object, progress: Callable[[int, int], None], **more: object) -> object:
        def told(done: int, total: int) -> None:
            writing.set()
            for _ in range(3000):
                progress(done - 1, total)
                time.sleep(0.01)
            raise AssertionError("nobody called it off")

        return put(*args, progress=told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put", slowly)
    monkeypatch.setattr("web.import_commit.PATIENCE", 0.05)
    mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page.text)
    assert mark
    address = page.request.path
    a.post(f"{address}/commit", data={"form_token": token_of(page), "fingerprint": mark[1]})
    assert writing.wait(20)
    seen = b.get(address)
    assert "正在写入" in seen.text
    b.post(f"{address}/cancel", data={"form_token": token_of(seen)})
    assert "已取消，什么都没有写入" in settled(c, address).text
    assert machines.kbs[2].loading.find_set("BX") is None


@apart
@pytest.mark.slow
def test_a_machine_that_was_silent_for_too_long_leaves_the_upload_to_the_next(
    machines: Machines, admins: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sent(admins[0], "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    first, second = (room_of(app) for app in machines.apps[:2])
    (upload,) = first.uploads.all()
    begun, go_on = threading.Event(), threading.Event()

    def stuck(up: Upload, stop: object) -> None:
        begun.set()
        go_on.wait(60)
        raise CancelledError

    monkeypatch.setattr(first, "_plan", stuck)
    monkeypatch.setattr("kb.db.leases.BEAT", 1000)  # as if the machine stood still
    first.plan(upload)
    assert begun.wait(20)
    assert not second.settled(upload, 0.1)
    assert soon(lambda: second.settled(upload, 5)), "the lease has run out"
    go_on.set()
    assert soon(lambda: first._line.idle)
    assert (upload.state.phase, upload.state.message) == (Phase.READY, "")
    assert number_of(settled(admins[2], page.request.path).text, "新增") == 6


def test_unfinished_uploads_are_counted_over_all_machines(
    machines: Machines, admins: list[FlaskClient]
) -> None:
    uploads = room_of(machines.apps[0]).uploads
    for _ in range(MOST):
        uploads.add("a.txt", b"a", kind="auto", set_name="", replace=False, actor="a")
    assert "没有完成的上传太多" in sent(admins[1], "b.txt", b"b").text


def test_a_review_is_read_and_handed_out_by_whatever_machine_answers(
    machines: Machines, admin: Client
) -> None:
    form = {"file": (io.BytesIO(TABLE.encode()), "表.csv")}
    address = admin.post("/review", data=form, content_type="multipart/form-data").location
    assert soon(lambda: bool(admin.get(f"{address}/progress").json["finished"]))  # type: ignore[index]
    for _ in range(3):
        assert "修路里程" in admin.get(f"{address}/1").text
        assert admin.get(f"{address}/1/annotated.xlsx").status_code == 200


@apart
def test_uploads_lie_in_the_database_that_machines_share(machines: Machines, admin: Client) -> None:
    sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    admin.post(
        "/review", data={"file": (io.BytesIO(TABLE.encode()), "表.csv")}, content_type="multipart/form-data"
    )
    kept = [
        f
        for name in "abc"
        for area in ("imports", "uploads")
        for f in machines.settings(name).home.glob(f"{area}/*")
    ]
    assert kept == []


# Machines that die


@pytest.fixture
def doomed(machines: Machines) -> Iterator[Office]:
    """A real server on a machine of its own, to be killed."""
    settings = machines.settings("d")
    given = {"KB_DATABASE": settings.database, "KB_SECRET_FILE": str(settings.secret)}
    with serving(settings.home, **given) as office:
        yield office


def kill(office: Office) -> None:
    office.process.kill()
    office.process.wait()


@apart
@pytest.mark.slow
def test_reading_whose_machine_dies_is_done_by_another(
    machines: Machines, admins: list[FlaskClient], doomed: Office
) -> None:
    session, page = admin_of(doomed), doomed.address + "admin/import"
    form = {"kind": "auto", "set": "BX", "form_token": token_in(session.get(page).text)}

    def hand_in() -> None:
        with suppress(requests.RequestException):
            session.post(page, data=form, files={"file": ("县库.xlsx", many_rows(3000))})

    sender = threading.Thread(target=hand_in)
    sender.start()
    room = room_of(machines.apps[1])
    assert soon(lambda: any(u.busy for u in room.uploads.all()))
    (upload,) = room.uploads.all()
    assert (upload.state.phase, upload.was_read) == (Phase.READING, False)
    kill(doomed)
    sender.join()
    assert soon(lambda: room.settled(upload, 5))
    made = settled(admins[2], f"/admin/import/{upload.token}")
    assert number_of(made.text, "新增") == 3000


@apart
@pytest.mark.slow
def test_a_write_whose_machine_dies_is_whole_or_nothing_and_the_next_one_tells_which(
    machines: Machines, admins: list[FlaskClient], doomed: Office
) -> None:
    page = sent(admins[0], "县库.xlsx", many_rows(3000), set="BX")
    mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page.text)
    assert mark
    session, address = admin_of(doomed), doomed.address.rstrip("/") + page.request.path
    form = {"fingerprint": mark[1], "form_token": token_in(session.get(address).text)}

    def confirm() -> None:
        with suppress(requests.RequestException):
            session.post(f"{address}/commit", data=form)

    sender = threading.Thread(target=confirm)
    sender.start()
    (upload,) = room_of(machines.apps[1]).uploads.all()
    assert soon(lambda: upload.state.phase is Phase.WRITING)
    kill(doomed)
    sender.join()
    assert soon(lambda: room_of(machines.apps[1]).settled(upload, 5))
    told = settled(admins[2], page.request.path)
    there = machines.kbs[2].loading.find_set("BX") is not None
    assert ("已入库，记为第" in told.text) is there
    assert ("什么都没有写进去" in told.text) is not there
    if not there:
        assert "已入库" in confirmed(admins[2], told).text
    assert len(machines.kbs[1].loading.require_set("BX").members) == 3000


@apart
@pytest.mark.slow
def test_reviews_whose_machine_dies_are_done_by_another(
    machines: Machines, doomed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = TABLE + "".join(f"修路,产出指标,数量指标,修路里程{n},{n}%,公里\n" for n in range(2000))
    page, ids = doomed.address + "review", []
    for _ in range(2):  # one at work, one in the line behind it
        answer = requests.post(
            page, files={"file": ("表.csv", body.encode())}, allow_redirects=False, timeout=60
        )
        ids.append(answer.headers["Location"].rsplit("/", 1)[-1])
    kb, workshop = machines.kbs[1], workshop_of(machines.apps[1])
    assert soon(lambda: kb.reviews.job(ids[0]).state is not JobState.WAITING)
    kill(doomed)
    assert not kb.reviews.job(ids[1]).finished
    monkeypatch.setattr("kb.review_store.PATIENCE", timedelta(seconds=3))

    def done() -> bool:
        workshop.resume_all()
        return all(kb.reviews.job(id_).finished for id_ in ids)

    assert soon(done, 120)
    assert [kb.reviews.job(id_).state for id_ in ids] == [JobState.DONE] * 2
    assert [kb.reviews.upload(id_, 0) for id_ in ids] == [body.encode()] * 2
