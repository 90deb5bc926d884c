"""Every route that takes a file: bounded in size, count, expansion and time, parsed apart, served by nobody."""

from __future__ import annotations

import inspect
import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from kb.knowledge import KnowledgeBase
from kb.review_records import JobState
from loaders import drafts, loading
from loaders.errors import FileError
from tests.web.conftest import token_of
from tests.web.importing import settled
from web import app as web_app
from web import review_files
from web.review_files import numbered
from web.review_reading import ReadingRoom, read_here

TABLE = "项目名称,一级指标,二级指标,三级指标,指标值\n修路,产出指标,数量指标,修路里程,≥5公里\n".encode()
PAGES = {
    "/review": "/review",
    "/draft/upload": "/draft",
    "/api/v1/review": "",
    "/admin/import": "/admin/import",
    "/admin/packs": "/admin/packs",
    "/admin/packs/trust": "/admin/packs",
}
"""Routes that take files, with the page whose form is sent there."""


def upload(client: FlaskClient, route: str, *files: tuple[str, bytes]) -> TestResponse:
    fields: list[tuple[str, Any]] = [("file", (io.BytesIO(data), name)) for name, data in files]
    if PAGES[route]:
        page = client.get(PAGES[route])
        fields += [("form_token", token_of(page))] if "form_token" in page.text else []
    answer = client.post(route, data=MultiDict(fields), content_type="multipart/form-data")
    while answer.status_code == 303:
        answer = client.get(answer.location)
    waiting = answer.request.path.startswith("/admin/import/")
    return settled(client, answer.request.path) if waiting else answer


def finished(client: FlaskClient, office: KnowledgeBase, page: TestResponse) -> str:
    """The page of a review job once it is done, as seen by its progress."""
    address = page.request.path
    for _ in range(600):
        if office.reviews.job(address.rsplit("/", 1)[-1]).finished:
            break
        time.sleep(0.05)
    return client.get(address).text


def test_every_route_that_takes_files_is_looked_at(app: Flask) -> None:
    """A new upload route has to be added to ``PAGES`` above; which views read files shows in their source."""
    reading = set()
    for route in app.url_map.iter_rules():
        if "request.files" in inspect.getsource(app.view_functions[route.endpoint]):
            reading.add(route.rule)
    assert reading == set(PAGES)


def test_no_route_parses_in_the_server(
    admin: FlaskClient, office: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readers of this process are broken: what is read all the same was read in another."""

    def refuse(*_: object) -> None:
        raise AssertionError("parsed in the server")

    for module, name in ((drafts, "read_grids"), (loading, "load_file"), (drafts, "read_drafts")):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr("web.review_reading.read_drafts", refuse)
    monkeypatch.setattr("web.import_reading.load_file", refuse)
    assert "程序" not in read_here("a.csv", TABLE).error
    assert read_here("a.csv", TABLE).read is None
    assert "修路里程" in upload(admin, "/draft/upload", ("旧表.csv", TABLE)).text
    assert upload(admin, "/api/v1/review", ("表.csv", TABLE)).json["tables"][0]["rows"]
    assert "修路" in finished(admin, office, upload(admin, "/review", ("表.csv", TABLE)))
    assert "修路里程" in upload(admin, "/admin/import", ("表.csv", TABLE)).text


def test_reader_that_is_killed_or_hangs_costs_one_file_only() -> None:
    room = ReadingRoom(1)
    try:
        outcomes = room.read([("a.csv", TABLE), ("b.csv", TABLE), ("c.csv", TABLE)])
        assert next(outcomes).read is not None
        pool = room._pool
        assert pool is not None
        for pid in list(pool._processes):
            assert pid != os.getpid()
            os.kill(pid, 9)
        rest = list(outcomes)
        assert [o.name for o in rest] == ["b.csv", "c.csv"]
        assert all(o.read for o in [*rest, *room.read([("d.csv", TABLE)])])
    finally:
        room.close()


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"\0" * (450 * 2**20))
    return stream.getvalue()


def test_bombs_are_refused_by_every_route(admin: FlaskClient, office: KnowledgeBase) -> None:
    data = bomb()
    assert len(data) < 2**20
    for route in PAGES:
        answer = upload(admin, route, ("炸弹.zip", data))
        text = finished(admin, office, answer) if route == "/review" else answer.text
        assert answer.status_code in (200, 422), route
        # A pack has a form of its own: what is none is refused before anything in it is unpacked.
        assert ('class="notice bad"' if route.startswith("/admin/packs") else "400 MB") in text, route


def test_too_large_and_too_many_are_refused_by_every_route(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [(f"{n}.csv", b"a") for n in range(1100)]
    for route in PAGES:
        answer = upload(admin, route, *many)
        assert answer.status_code == 413, route
        assert "太大" in answer.text
    monkeypatch.setitem(admin.application.config, "MAX_CONTENT_LENGTH", 100_000)
    for route in PAGES:
        answer = upload(admin, route, ("大.csv", b"x" * 200_000))
        assert answer.status_code == 413, route
    assert web_app.MAX_BODY == 64 * 2**20


@pytest.mark.parametrize("installed", [True, False])
def test_pictures_are_offered_where_they_can_be_recognised(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr("loaders.readable.is_available", lambda: installed)
    for address in ("/review", "/draft", "/admin/import"):
        offered = (
            admin.get(address).text.split('type="file"')[1].split('accept="')[1].split('"')[0].split(",")
        )
        assert ".xlsx" in offered
        assert (".png" in offered, ".jpg" in offered) == (installed, installed), address


def test_files_inside_archives_count(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.csv", TABLE)
    monkeypatch.setattr(review_files, "MOST_FILES", 3)
    found = list(numbered([("季.zip", stream.getvalue())]))
    assert [isinstance(data, FileError) for _, _, data in found] == [False, False, False, True]


def test_time_of_a_request_is_bounded(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api_review.SECONDS", 0)
    answer = upload(admin, "/api/v1/review", ("表.csv", TABLE))
    assert answer.status_code == 422
    assert "没有再读" in answer.json["error"]["message"]


def test_time_of_a_job_is_bounded(
    admin: FlaskClient, office: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.review_jobs.SECONDS", 0)
    page = upload(admin, "/review", ("表.csv", TABLE))
    assert "没有再读" in finished(admin, office, page)
    assert office.reviews.job(page.request.path.rsplit("/", 1)[-1]).state is JobState.DONE


def test_uploads_lie_where_nothing_is_served_from(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase, database: str
) -> None:
    mark = b"\xe6\xa0\x87\xe8\xae\xb0-7f3a91"
    for route in ("/review", "/admin/import"):
        upload(admin, route, ("表.csv", TABLE + mark))
    home = office.settings.home
    kept = [f for f in home.rglob("*") if f.is_file() and mark in f.read_bytes()]
    assert bool(kept) is (database == "sqlite"), "beside a database that machines share they lie in there"
    static = Path(str(admin.application.static_folder)).resolve()
    for file in kept:
        assert not file.resolve().is_relative_to(static)
        inside = file.relative_to(home).as_posix()
        for address in (f"/{inside}", f"/static/{inside}", f"/static/../{inside}", f"/static{file}"):
            assert anyone.get(address).status_code in (303, 404), address
            assert mark not in anyone.get(address).data
