"""What the admin is told of how a file was read: its edition, notes on rows, what nobody could read."""

from __future__ import annotations

import io
import threading

import openpyxl
import pytest
from flask.testing import FlaskClient

from loaders.errors import FileError
from loaders.found import Hints
from loaders.ocr import is_available
from loaders.progress import Told, heard_by
from tests.loaders.build import workbook
from tests.loaders.scanned import as_scanned_pdf
from tests.web.conftest import token_of
from tests.web.test_importing import sent
from web.import_reading import read_apart

HEAD = ["项目名称", "一级指标", "二级指标", "三级指标", "指标值"]


def test_the_edition_and_notes_on_rows_are_shown(admin: FlaskClient) -> None:
    rows = [
        HEAD,
        ["修路", "产出指标", "成本指标", "每公里造价", "≤60万元"],
        ["修路", "产出指标", "数量指标", "里程", "XX公里"],
    ]
    rows.append(["修路", "产出指标", "质量指标", "合格率", "XX"])
    page = sent(admin, "目标.xlsx", workbook(rows)).text
    assert "旧版分类（财预〔2015〕88号，成本在产出下）：Sheet1!C2 “成本指标”写在“产出指标”下" in page
    assert "逐行提醒" in page
    assert "按没有填处理" in page


def test_what_nobody_sees_in_a_workbook_is_told(admin: FlaskClient) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(
            workbook([HEAD, *(["修路", "产出指标", "数量指标", f"里程{n}", "5公里"] for n in "甲乙丙")])
        )
    )
    book.worksheets[0].row_dimensions[3].hidden = True
    out = io.BytesIO()
    book.save(out)
    page = sent(admin, "目标.xlsx", out.getvalue())
    assert "有 1 行是隐藏的（第 3 行），也一并读了" in page.text
    assert "里程乙" in page.text
    assert page.text.count("<h1") == 1


def test_the_page_is_told_which_page_of_how_many_is_read(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*_: object, told: Told, **__: object) -> bytes:
        told("页", 3, 12)
        go_on.wait(20)
        raise FileError("a.pdf", "读不了")

    monkeypatch.setattr("web.import_jobs.read_apart", slow)
    monkeypatch.setattr("web.importing.PATIENCE", 0.2)
    form = {
        "form_token": token_of(admin.get("/admin/import")),
        "file": (io.BytesIO(b"x"), "a.pdf"),
        "kind": "auto",
    }
    address = admin.post("/admin/import", data=form, content_type="multipart/form-data").location
    try:
        assert "第 3 / 共 12 页" in admin.get(address).text
        assert admin.get(f"{address}/progress").json["count"] == "第 3 / 共 12 页"
    finally:
        go_on.set()


def test_how_far_reading_is_comes_out_of_its_process() -> None:
    heard: list[tuple[str, int, int]] = []
    with heard_by(lambda *far: heard.append(far)):
        read_apart("目标.xlsx", workbook([HEAD, ["修路", "产出指标", "数量指标", "里程", "5公里"]]), Hints())
    assert heard == [("张工作表", 1, 1)]


def test_an_empty_scan_is_told(admin: FlaskClient) -> None:
    from PIL import Image

    page = sent(admin, "扫描.pdf", as_scanned_pdf(Image.new("L", (300, 400), 255))).text
    assert ("没有找到可以入库的表" if is_available() else "indicator-kb[ocr]") in page
