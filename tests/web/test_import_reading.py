"""What the admin is told of how a file was read: its edition, notes on rows, what nobody could read."""

from __future__ import annotations

from flask.testing import FlaskClient

from loaders.ocr import is_available
from tests.loaders.build import workbook
from tests.loaders.scanned import as_scanned_pdf
from tests.web.test_importing import sent

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


def test_an_empty_scan_is_told(admin: FlaskClient) -> None:
    from PIL import Image

    page = sent(admin, "扫描.pdf", as_scanned_pdf(Image.new("L", (300, 400), 255))).text
    assert ("没有找到可以入库的表" if is_available() else "indicator-kb[ocr]") in page
