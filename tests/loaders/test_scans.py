"""Scanned tables come out as records, each cell marked as recognised; without the extra a scan is told as one."""

from __future__ import annotations

import io
import os
import socket

import pypdfium2
import pytest

import loaders.pdf
import loaders.scans
from indicators.model import Project
from loaders.building import build
from loaders.drafts import read_drafts
from loaders.errors import DamagedFileError, FileError, TooLargeError
from loaders.grid import make_grid
from loaders.kept import pack, unpack
from loaders.kinds import find_all
from loaders.load_json import row_json, table_json
from loaders.loading import LoadedFile, load_file
from loaders.ocr import Seen, is_available
from loaders.reading import Contents
from loaders.recognised import page_of
from loaders.records import load_table
from loaders.ruled import RuledTable, ruled_tables
from loaders.scans import LongScanError, NoRecognitionError
from tests.loaders import corpus
from tests.loaders.files import as_pdf
from tests.loaders.scanned import as_picture, as_scanned_pdf, font_path, page, worn

ENOUGH = 0.97


@pytest.fixture
def ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra and a Chinese font, and no network; skips where they lack, fails where they must be there."""
    lacking = [
        what for what, there in (("extra ocr", is_available()), ("a Chinese font", font_path())) if not there
    ]
    if lacking and os.environ.get("KB_REQUIRE_OCR"):
        pytest.fail(f"no {' and '.join(lacking)}")
    if lacking:
        pytest.skip(f"no {' and '.join(lacking)}")

    def refuse(*_: object) -> None:
        raise AssertionError("recognition asked for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def share_right(file: LoadedFile, kind: str, expected: list[corpus.Record]) -> float:
    """Share of the expected cells that came out; of how many rows there are, too."""
    found = [row_json(t, row) for t in file.tables if t.kind == kind for row in t.rows]
    cells = [(n, f, v) for n, row in enumerate(expected) for f, v in row.items()]
    right = sum(n < len(found) and found[n].get(f) == v for n, f, v in cells)
    return right / (len(cells) + abs(len(found) - len(expected)))


@pytest.mark.slow
def test_a_scanned_form_with_merged_cells_comes_out_whole(ocr: None) -> None:
    rows, merges = corpus.merged_targets()
    below = ["二、存在的问题", "一是绩效目标不够具体，没有数量。二是自评不实，得分偏高。", "三、下一步打算"]
    file = load_file("扫描.pdf", as_scanned_pdf(worn(page(rows, merges, below=below))))
    assert share_right(file, "targets", corpus.expected_targets()) >= ENOUGH
    table = next(t for t in file.tables if t.kind == "targets")
    row = row_json(table, table.rows[2])
    assert row["place"] == "第1页 第5行第3列（识别）"
    assert set(row["recognised"]) >= {"name", "target"}
    assert table_json(table, rows=False)["recognised"]["cells"] >= 20
    assert "扫描件" in table.warnings[0]
    issues = next(t for t in file.tables if t.kind == "issues")
    assert [r.text("name") for r in issues.rows] == ["绩效目标不够具体", "自评不实"]
    assert issues.rows[0].place.endswith("（识别）")


@pytest.mark.slow
def test_a_picture_of_a_table_without_lines_comes_out_whole(ocr: None) -> None:
    rows, merges = corpus.project_list()
    file = load_file("拍照.png", as_picture(worn(page(rows, merges, lines=False), angle=-0.5), "PNG"))
    assert share_right(file, "projects", corpus.EXPECTED_PROJECTS) >= ENOUGH
    assert sum(isinstance(c.record, Project) for c in build(file)) == 5


@pytest.mark.slow
def test_scanned_pages_between_text_pages_are_read_in_their_order(ocr: None) -> None:
    rows, merges = corpus.department_scores_merged()
    data = _united(as_pdf(corpus.project_list()[0]), as_scanned_pdf(page(rows, merges)))
    file = load_file("合订.pdf", data)
    assert [t.kind for t in file.tables] == ["projects", "departments"]
    assert share_right(file, "departments", corpus.EXPECTED_DEPARTMENTS) >= ENOUGH
    assert not file.tables[0].recognised
    assert file.tables[1].rows[0].place.startswith("第2页")
    assert not file.contents.warnings


def _united(*parts: bytes) -> bytes:
    whole = pypdfium2.PdfDocument.new()
    for part in parts:
        whole.import_pages(pypdfium2.PdfDocument(part))
    out = io.BytesIO()
    whole.save(out)
    return out.getvalue()


@pytest.fixture
def without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders.scans, "is_available", lambda: False)
    monkeypatch.setattr(loaders.pdf, "is_available", lambda: False)


def _blank(size: tuple[int, int] = (400, 600)) -> bytes:
    from PIL import Image

    return as_scanned_pdf(Image.new("L", size, 255))


def test_without_the_extra_a_scan_is_told_with_what_to_install(without_ocr: None) -> None:
    with pytest.raises(NoRecognitionError, match=r"扫描件.*indicator-kb\[ocr\]"):
        load_file("扫描.pdf", _blank())
    with pytest.raises(NoRecognitionError, match="图片"):
        load_file("a.jpg", b"\xff\xd8\xff\xe0rest")
    with pytest.raises(NoRecognitionError, match="扫描件"):
        read_drafts("扫描.pdf", _blank())


def test_without_the_extra_scanned_pages_of_a_text_pdf_are_told(without_ocr: None) -> None:
    file = load_file("合订.pdf", _united(as_pdf(corpus.project_list()[0]), _blank()))
    assert len(file.tables[0].rows) == len(corpus.PROJECTS)
    assert "第 2 页" in file.contents.warnings[0]
    assert unpack(pack(file)).contents.warnings == file.contents.warnings


def test_scans_are_bounded_in_pages_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders.scans, "is_available", lambda: True)
    monkeypatch.setattr(loaders.pdf, "is_available", lambda: True)
    monkeypatch.setattr(loaders.scans, "SECONDS", -1.0)
    with pytest.raises(LongScanError, match="拆成"):
        load_file("长.pdf", _blank())
    monkeypatch.setattr(loaders.scans, "MOST_SCANNED", 0)
    with pytest.raises(TooLargeError):
        load_file("长.pdf", _blank())
    monkeypatch.setattr(loaders.scans, "MOST_PIXELS", 100)
    from PIL import Image

    with pytest.raises(TooLargeError, match="像素"):
        load_file("大.png", as_picture(Image.new("L", (20, 20)), "PNG"))


def test_damaged_pictures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders.scans, "is_available", lambda: True)
    for data in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50):
        with pytest.raises(DamagedFileError):
            load_file("坏.png", data)


def test_doubtful_cells_are_told_and_never_pass_in_silence() -> None:
    table = RuledTable((0, 10, 20), (0, 10, 20, 30), ())
    seen = [
        Seen(text, 10 * c + 2, 10 * r + 2, 10 * c + 8, 10 * r + 8, sure)
        for r, row in enumerate(
            [
                [("三级指标", 1.0), ("指标值", 1.0), ("权重", 1.0)],
                [("里程", 0.99), ("≥5公里", 0.62), ("2O", 0.7)],
            ]
        )
        for c, (text, sure) in enumerate(row)
    ]
    (grid,) = page_of(3, seen, [table], 72).grids
    (found,) = [load_table(t) for t in find_all([grid])]
    (row,) = found.rows
    assert found.recognised == 3
    assert found.doubtful == 2
    assert any("62%" in note and "对照原件" in note for note in row.notes)
    assert row_json(found, row)["recognised"] == {"name": 0.99, "target": 0.62, "weight": 0.7}
    assert [p.value for p in found.problems] == ["2O"], "a number that was misread is no number"
    assert row.places["target"] == "第3页 第2行第2列（识别）"
    kept = unpack(pack(LoadedFile("扫描.pdf", "0" * 64, (found,), Contents(()))))
    assert kept.tables == (found,), "what the reading process hands over keeps the marks"


def test_text_that_reaches_over_a_line_is_cut_there_and_doubted() -> None:
    table = RuledTable((0, 20, 40), (0, 100, 200), ())
    seen = [
        Seen("产出指标数量指标", 20, 22, 180, 38, 0.99),
        Seen("甲", 2, 2, 18, 18, 1.0),
        Seen("乙", 102, 2, 118, 18, 1.0),
    ]
    (grid,) = page_of(1, seen, [table], 72).grids
    assert grid.cells[1] == ("产出指标", "数量指标")
    assert grid.sure(1, 0) == 0.6


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_lines_are_found_with_their_merged_cells(angle: float) -> None:
    if not font_path():
        pytest.skip("no Chinese font")
    import numpy as np

    rows, merges = corpus.merged_targets()
    image = page(rows, merges).rotate(angle, fillcolor=255)
    (table,) = ruled_tables(np.asarray(image, np.uint8))
    assert (len(table.rows) - 1, len(table.columns) - 1) == (len(rows), 4)
    assert sorted((a.top, a.left, a.bottom, a.right) for a in table.merged) == [
        (0, 0, 0, 3), (2, 0, 6, 0), (2, 1, 3, 1), (7, 0, 8, 0)
    ]  # fmt: skip


def test_a_page_without_lines_has_no_ruled_table() -> None:
    import numpy as np

    assert ruled_tables(np.full((500, 400), 255, np.uint8)) == []
    assert ruled_tables(np.zeros((500, 400), np.uint8)) == []
    assert ruled_tables(np.random.default_rng(0).integers(0, 255, (300, 300)).astype(np.uint8)) == []


def test_an_empty_grid_is_no_table() -> None:
    assert not find_all([make_grid("第1页", [], addressed=False)])
    with pytest.raises(FileError):
        load_file("空.pdf", b"%PDF-1.4\n")
