"""The admin loads a file in the browser: upload, look, correct, confirm, undo."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kb.knowledge import KnowledgeBase
from loaders.exports import export
from loaders.kinds import Hints
from tests.loaders.build import workbook
from tests.loaders.corpus import indicator_set
from tests.loaders.files import as_xlsx
from tests.web.conftest import token_of
from web.import_reading import UnreadableError, read_apart


def sent(admin: FlaskClient, name: str, data: bytes, **fields: str) -> TestResponse:
    token = token_of(admin.get("/admin/import"))
    form = {"form_token": token, "file": (io.BytesIO(data), name), "kind": "auto", "set": "", **fields}
    return admin.post("/admin/import", data=form, content_type="multipart/form-data", follow_redirects=True)


def confirmed(admin: FlaskClient, page: TestResponse, **fields: str) -> TestResponse:
    address = re.search(r'action="(/admin/import/[0-9a-f]+/commit)"', page.text)
    mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page.text)
    assert address
    assert mark
    form = {"form_token": token_of(page), "fingerprint": mark[1], **fields}
    return admin.post(address[1], data=form, follow_redirects=True)


def test_upload_preview_commit_and_undo(admin: FlaskClient, office: KnowledgeBase) -> None:
    before = export("a.json", office.loading.records_of())
    page = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    assert page.status_code == 200
    assert "新增 <b>6</b>" in page.text
    assert "新增幼儿园学位数" in page.text
    assert office.loading.find_set("BX") is None
    done = confirmed(admin, page)
    assert "已入库" in done.text
    assert office.loading.find_set("BX") is not None
    batch = re.search(r'name="batch" value="(\d+)"', done.text)
    assert batch
    admin.post("/admin/undo", data={"form_token": token_of(done), "batch": batch[1], "next": "/admin/import"})
    assert export("a.json", office.loading.records_of()) == before


def test_bad_rows_keep_a_file_out_and_come_back_as_a_workbook(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    rows, _ = indicator_set()
    rows[2] = [*rows[2][:4], "", *rows[2][5:]]
    page = sent(admin, "坏.xlsx", as_xlsx(rows), set="坏")
    assert "没有填" in page.text
    book = re.search(r'href="(/admin/import/[0-9a-f]+/bad\.xlsx)"', page.text)
    assert book
    assert admin.get(book[1]).data[:2] == b"PK"
    assert "没有入库" in confirmed(admin, page).text
    page = sent(admin, "坏.xlsx", as_xlsx(rows), set="坏")
    assert "已入库" in confirmed(admin, page, good="1").text
    assert len(office.loading.records_of("坏")) >= 5


def test_corrected_columns_are_read_again_and_remembered(admin: FlaskClient, office: KnowledgeBase) -> None:
    rows = [
        ["一级指标", "二级指标", "三级指标", "计量单位", "考核口径"],
        ["产出指标", "数量指标", "学位数", "个", "新增的学位"],
    ]
    page = sent(admin, "口径.xlsx", workbook(rows), kind="indicators")
    address = re.search(r'action="(/admin/import/[0-9a-f]+/mapping)"', page.text)
    assert address
    form = {"form_token": token_of(page), "map:考核口径": "explanation"}
    page = admin.post(address[1], data=form, follow_redirects=True)
    assert "新增的学位" in page.text
    assert "已入库" in confirmed(admin, page).text
    assert "explanation" in next(iter(office.loading.learned().values())).values()
    again = sent(admin, "口径.xlsx", workbook(rows), kind="indicators", set="另一个")
    assert "新增的学位" in again.text


def test_a_plan_that_no_longer_holds_is_not_written(admin: FlaskClient, office: KnowledgeBase) -> None:
    first = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    second = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    assert "已入库" in confirmed(admin, first).text
    assert "有了改动，没有入库" in confirmed(admin, second).text


def test_unreadable_files_and_unknown_uploads(admin: FlaskClient, anyone: FlaskClient) -> None:
    assert "没有找到可以入库的表" in sent(admin, "通知.txt", "请按时报送。".encode()).text
    assert "请选一个文件" in admin.post(
        "/admin/import", data={"form_token": token_of(admin.get("/admin/import"))}, follow_redirects=True
    ).text  # fmt: skip
    for token in ("0" * 32, "..", "x"):
        assert admin.get(f"/admin/import/{token}").status_code == 404
    assert anyone.get("/admin/import").status_code == 303


def test_a_late_reader_is_killed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="还没有读完"):
        read_apart("a.xlsx", as_xlsx(*indicator_set()), Hints(), seconds=0.01)
