"""Official forms hold a draft as the form has it, open in an office suite, and read back to the same table."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from openpyxl.worksheet.worksheet import Worksheet

from indicators.draft import DraftRow, Funds, TableKind
from indicators.taxonomy import Edition
from loaders.drafts import read_drafts
from loaders.errors import UnknownFormError
from loaders.forms import FORMS, Kind, write_form
from loaders.forms.layout import lines_of
from loaders.forms.rows import place_levels, placed_rows, split_value, value_text
from tests.loaders.form_drafts import EACH, draft, read_back, seen


def page_of(data: bytes, number: int = 0) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[number]


def test_2015_form_cell_by_cell() -> None:
    page = page_of(write_form(draft(), "application-2015", "xlsx", edition=Edition.E2015))
    merged = {str(area) for area in page.merged_cells.ranges}
    assert {
        "A1:H1", "A2:H2", "A3:B3", "C3:H3", "A4:B4", "C4:E4", "G4:H4", "A5:B5", "C5:E5", "G5:H5", "A6:B8", "C6:D6",
        "F6:G6", "C7:D7", "F7:G7", "C8:D8", "F8:G8", "A9:A10", "B9:E9", "F9:H9", "B10:E10", "F10:H10", "A11:A18",
        "B12:B15", "F12:F13", "B16:B17",
    } <= merged  # fmt: skip
    assert {
        a: page[a].value for a in ("A1", "A2", "A3", "C3", "A4", "F4", "A6", "C6", "F6", "H6", "A9", "F10", "A11")
    } == {
        "A1": "项目支出绩效目标申报表", "A2": "(2026年度)", "A3": "项目名称", "C3": "某某镇村道硬化工程",
        "A4": "主管部门及代码", "F4": "实施单位", "A6": "项目资金(万元)", "C6": "中期资金总额", "F6": "年度资金总额",
        "H6": 300.5, "A9": "总体目标", "F10": "硬化村道5公里，改善3个村出行条件。", "A11": "绩效指标",
    }  # fmt: skip
    assert [page.cell(11, c).value for c in range(2, 9)] == [
        "一级指标", "二级指标", "三级指标", "指标值", "二级指标", "三级指标", "指标值",
    ]  # fmt: skip
    assert [(page.cell(r, 6).value, page.cell(r, 7).value, page.cell(r, 8).value) for r in range(12, 19)] == [
        ("数量指标", "硬化村道里程", "≥5公里"), (None, "错车道", "12处"), ("时效指标", "完工时间", "2026年12月底前"),
        ("成本指标", "每公里造价", "≤60万元/公里"), ("社会效益指标", "受益村民人数", "≥3200人"),
        ("可持续影响指标", "管护机制健全性", "健全"), ("服务对象满意度指标", "群众满意度", "≥90%"),
    ]  # fmt: skip


def test_rows_stand_in_the_editions_classes_and_order() -> None:
    rows = placed_rows(draft().rows, Edition.E2021)
    assert [(r.level1, r.level2) for r in rows] == [
        ("成本指标", "经济成本指标"), ("产出指标", "数量指标"), ("产出指标", "数量指标"), ("产出指标", "时效指标"),
        ("效益指标", "社会效益指标"), ("效益指标", "社会效益指标"), ("满意度指标", "服务对象满意度指标"),
    ]  # fmt: skip
    assert [r.number for r in rows] == list(range(1, 8))


@pytest.mark.parametrize(
    ("level1", "level2", "edition", "expected"),
    [
        ("产出指标", "成本指标", Edition.E2021, ("成本指标", "经济成本指标")),
        ("成本", "社会成本指标", Edition.E2015, ("产出指标", "成本指标")),
        ("成本指标", "", Edition.E2021, ("成本指标", "")),
        ("", "质量指标", Edition.E2021, ("产出指标", "质量指标")),
        ("效益指标", "服务对象满意度指标", Edition.E2021, ("效益指标", "服务对象满意度指标")),
        ("效益指标", "社会、经济效益指标", Edition.E2021, ("效益指标", "社会、经济效益指标")),
        ("其他", "自定", Edition.E2021, ("其他", "自定")),
    ],
)
def test_placing_of_written_classes(
    level1: str, level2: str, edition: Edition, expected: tuple[str, str]
) -> None:
    assert place_levels(level1, level2, edition) == expected


@pytest.mark.parametrize(
    ("comparator", "target", "unit", "one", "three"),
    [
        ("≥", "5", "公里", "≥5公里", ("≥", "5", "公里")),
        ("≥", "≥5公里", "公里", "≥5公里", ("≥", "≥5公里", "公里")),
        ("", "≥5公里", "", "≥5公里", ("≥", "5", "公里")),
        ("定性", "健全", "", "健全", ("定性", "健全", "")),
        ("", "2026年12月底前", "", "2026年12月底前", ("", "2026年12月底前", "")),
        ("≥", "", "公里", "≥公里", ("≥", "", "公里")),
        ("=", "100%", "%", "=100%", ("=", "100%", "%")),
    ],
)
def test_value_in_one_cell_and_in_three(
    comparator: str, target: str, unit: str, one: str, three: tuple[str, str, str]
) -> None:
    row = DraftRow(number=1, comparator=comparator, target=target, unit=unit)
    assert (value_text(row), split_value(row)) == (one, three)


@pytest.mark.parametrize(("form", "kind"), EACH)
def test_second_writing_changes_nothing(form: str, kind: Kind) -> None:
    once = read_back(draft(), form, kind)
    again = read_back(once, form, kind)
    assert seen(again.rows) == seen(once.rows)
    assert (again.project, again.goal, again.amount) == (once.project, once.goal, once.amount)


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_kinds_are_told_by_the_reader(kind: Kind) -> None:
    kinds = {form: read_back(draft(), form, kind).kind for form, k in EACH if k == kind and form != "import"}
    assert kinds == {
        "application-2015": TableKind.TARGETS, "application-county": TableKind.TARGETS, "core": TableKind.TARGETS,
        "department": TableKind.DEPARTMENT, "self-evaluation": TableKind.SELF_EVALUATION,
        "monitoring": TableKind.MONITORING,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_results_and_reasons_come_back(kind: Kind) -> None:
    row = DraftRow(number=1, level1="产出指标", level2="数量指标", name="里程", target="5公里", actual="4公里", reason="雨季",
                   score=Decimal("7.5"), weight=Decimal(90), possibility="有可能")  # fmt: skip
    funds = Funds(planned=Decimal(300), executed=Decimal("150.5"), rate=Decimal("50.17"), weight=Decimal(10))
    made = draft(rows=(row,), funds=funds, months=7)
    evaluated = read_back(made, "self-evaluation", kind)
    assert (evaluated.rows[0].actual, evaluated.rows[0].reason, evaluated.rows[0].score) == (
        "4公里",
        "雨季",
        Decimal("7.5"),
    )
    assert evaluated.funds == funds
    watched = read_back(made, "monitoring", kind)
    assert (watched.rows[0].actual, watched.rows[0].reason, watched.rows[0].possibility) == (
        "4公里",
        "雨季",
        "有可能",
    )
    assert watched.months == 7
    assert watched.funds
    assert (watched.funds.executed, watched.funds.rate) == (Decimal("150.5"), Decimal("50.17"))


def test_self_evaluation_has_ten_points_for_execution_and_says_when_points_do_not_fit() -> None:
    row = DraftRow(number=1, level1="产出指标", name="里程", target="5公里", weight=Decimal(90))
    for weight, note in ((90, False), (100, True)):
        made = draft(
            rows=(DraftRow(number=1, level1="产出指标", name="里程", target="5公里", weight=Decimal(weight)),)
        )
        page = page_of(write_form(made, "self-evaluation", "xlsx", edition=Edition.E2021))
        values = [str(c.value) for line in page.iter_rows() for c in line if c.value is not None]
        assert ("10" in values, "100" in values) == (True, True)
        assert any(v.startswith("注：") for v in values) is note
    assert row.weight == 90


@pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://a")'])
def test_texts_never_become_formulas(sign: str) -> None:
    made = draft(1, project=sign, goal=sign)
    for form in FORMS:
        page = page_of(write_form(made, form, "xlsx", edition=Edition.E2021))
        cells = [c for line in page.iter_rows() for c in line if c.value is not None]
        assert not [c.coordinate for c in cells if c.data_type == "f"]
        assert all(c.quotePrefix for c in cells if c.value == sign)
    raw = write_form(made, "core", "xlsx", edition=Edition.E2021)
    assert read_drafts("a.xlsx", raw).problems == ()


@pytest.mark.parametrize(("form", "kind"), EACH)
def test_control_characters_are_dropped(form: str, kind: Kind) -> None:
    row = DraftRow(
        number=1, level1="产出指标", level2="数量指标", name="里\x00\x07\x1b程\ufffe", target="5\x0b公里"
    )
    (read,) = read_back(draft(rows=(row,)), form, kind).rows
    assert (read.name, value_text(read)) == ("里程", "5公里")


@pytest.mark.parametrize("form", list(FORMS))
def test_xlsx_prints_on_a4(form: str) -> None:
    made = draft(40, goal="目标" * 900)
    page = page_of(write_form(made, form, "xlsx", edition=Edition.E2021))
    setup = page.page_setup
    assert (int(setup.paperSize or 0), setup.fitToWidth, setup.fitToHeight) == (9, 1, 0)
    assert page.sheet_properties.pageSetUpPr
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert setup.orientation in ("portrait", "landscape")
    first, last = (int(n) for n in re.findall(r"\d+", page.print_title_rows or ""))
    header = [page.cell(r, c).value for r in range(first, last + 1) for c in range(1, page.max_column + 1)]
    assert "三级指标" in header
    assert all((d.height or 0) < 409 for d in page.row_dimensions.values())
    for line in page.iter_rows(min_row=first):
        for cell in line:
            if cell.value is not None and not str(cell.value).startswith("注"):
                assert cell.border.left.style == cell.border.top.style == "thin"
                assert cell.alignment.wrap_text
                assert cell.font.name == "宋体"


def test_rows_grow_with_long_names() -> None:
    row = DraftRow(number=1, level1="产出指标", level2="数量指标", name="村道硬化" * 40, target="5公里")
    page = page_of(write_form(draft(rows=(row,)), "application-county", "xlsx", edition=Edition.E2021))
    height = page.row_dimensions[page.max_row].height or 0
    assert height > 13 * lines_of(row.name, 38)


@pytest.mark.parametrize("form", [f for f, k in EACH if k == "docx"])
def test_docx_has_merged_cells_a4_and_repeated_headers(form: str) -> None:
    made = docx.Document(io.BytesIO(write_form(draft(), form, "docx", edition=Edition.E2021)))
    section = made.sections[0]
    assert section.page_width
    assert section.page_height
    assert sorted((round(section.page_width.mm), round(section.page_height.mm))) == [210, 297]
    table = made.tables[-1]._tbl
    repeated = [
        tr for tr in table.tr_lst if tr.trPr is not None and tr.trPr.find(qn("w:tblHeader")) is not None
    ]
    assert repeated == table.tr_lst[: len(repeated)]
    assert "三级指标" in "".join(t.text or "" for t in repeated[0].iter(qn("w:t")))
    assert [m for m in table.iter(qn("w:vMerge")) if m.get(qn("w:val")) == "restart"]
    for row in table.tr_lst:
        spans = [int(s.get(qn("w:val")) or 0) for s in row.iter(qn("w:gridSpan"))]
        assert len(row.tc_lst) - len(spans) + sum(spans) == len(table.tblGrid.gridCol_lst)


def test_import_sheet_starts_with_its_header_and_explains_itself() -> None:
    data = write_form(draft(), "import", "xlsx", edition=Edition.E2021, names={"指标值设定依据": "绩效标准"})
    page, notes = page_of(data), page_of(data, 1)
    head = [str(c.value) for c in page[1]]
    assert head[4:12] == [
        "一级指标",
        "二级指标",
        "三级指标",
        "指标解释",
        "计算符号",
        "指标值",
        "计量单位",
        "权重",
    ]
    assert "绩效标准" in head
    assert "指标值设定依据" not in head
    assert not page.merged_cells.ranges
    assert {str(c.value) for c in notes["B"]} >= set(head)
    assert [page.cell(2, c).value for c in (9, 10, 11)] == ["≤", "60", "万元/公里"]


def test_core_columns_take_other_names() -> None:
    names = {"指标值设定依据": "绩效标准", "分值权重": "权重"}
    page = page_of(write_form(draft(), "core", "xlsx", edition=Edition.E2021, names=names))
    head = [c.value for line in page.iter_rows() for c in line]
    assert "绩效标准" in head
    assert "权重" in head
    assert "分值权重" not in head


def test_unknown_form_is_told_with_what_there_is() -> None:
    for form, kind in (("nothing", "xlsx"), ("import", "docx")):
        with pytest.raises(UnknownFormError, match="核心绩效指标表（xlsx、docx）"):
            write_form(draft(), form, kind, edition=Edition.E2021)  # type: ignore[arg-type]


def test_a_draft_without_rows_gives_an_empty_form() -> None:
    for form, kind in EACH:
        assert write_form(draft(0), form, kind, edition=Edition.E2021)


OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.slow
@pytest.mark.skipif(not OFFICE and os.environ.get("KB_REQUIRE_OFFICE") != "1", reason="no LibreOffice here")
def test_every_form_opens_in_libreoffice(tmp_path: Path) -> None:
    assert OFFICE, "KB_REQUIRE_OFFICE=1, but there is no soffice"
    files = []
    for form, kind in EACH:
        files.append(tmp_path / f"{form}-{kind}.{kind}")
        files[-1].write_bytes(write_form(draft(40), form, kind, edition=Edition.E2021))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        OFFICE,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        *map(str, files),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    import pdfplumber

    for file in files:
        with pdfplumber.open(file.with_suffix(".pdf")) as pdf:
            size = sorted((round(pdf.pages[0].width), round(pdf.pages[0].height)))
            assert size == [595, 842], file.name
            # The import sheet ends with its page of explanations, which has another header.
            own = pdf.pages if not file.name.startswith("import") else pdf.pages[:-1]
            assert len(own) > 1, file.name
            assert all("三级指标" in (page.extract_text() or "") for page in own), file.name
