"""What a review hands back opens again, says what it should, and reads back to the same rows."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import docx
import msgspec
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.draft import Draft, DraftRow
from indicators.finding import Severity
from loaders.drafts import read_drafts
from loaders.report_book import annotated
from loaders.report_letter import letter
from loaders.report_summary import summary
from loaders.report_text import markdown
from loaders.reports import BatchReport, FormLine, Note, Report
from tests.examples import examples
from tests.loaders.build import document, form_88, saved, workbook

HEAD = ["一级指标", "二级指标", "三级指标", "指标值"]
EVIL = ("=1+1", "+1", "-2", "@SUM(A1)", '=HYPERLINK("http://x")')


def note(row: int = 0, **fields: Any) -> Note:
    return Note(
        **{
            "row": row,
            "severity": Severity.ERROR,
            "code": "P01",
            "message": "没有量化",
            "suggestion": "写出数",
            **fields,
        }
    )


def report(draft: Draft, *notes: Note, corrected: Draft | None = None) -> Report:
    line = FormLine(
        item="目标完整性", part="规范完整性", points=Decimal(10), score=Decimal("7.5"), evidence=("P01 空泛",)
    )
    return Report(
        draft=draft, corrected=corrected or draft, notes=notes, form=(line,), points=Decimal("82.5"), grade="良",
        opinion="总体尚可，建议修改后重新报送。\n1．第 1 行：没有量化。",
    )  # fmt: skip


def read(name: str, data: bytes) -> Draft:
    return read_drafts(name, data).drafts[0]


def rows(draft: Draft) -> list[tuple[str, ...]]:
    return [(r.level1, r.level2, r.name, r.comparator, r.target, r.unit) for r in draft.rows]


def book_of(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_a_workbook_is_copied_and_comments_stand_in_the_cells_that_are_meant() -> None:
    draft = read("申报表.xlsx", form_88())
    made = annotated(
        [report(draft, note(1, field="target"), note(3, field="unit"), note(0))], "申报表.xlsx", form_88()
    )
    sheet = book_of(made)["Sheet"]
    assert "没有量化" in sheet["H12"].comment.text
    assert "建议：写出数" in sheet["H12"].comment.text
    assert sheet["G14"].comment is not None  # no unit column: the name's cell
    assert sheet["A11"].comment is not None  # the table as a whole: its header, a merged cell's corner
    assert sheet["C3"].value == "村道硬化工程"


def test_two_notes_of_one_cell_share_a_comment() -> None:
    draft = read("a.xlsx", form_88())
    made = annotated(
        [report(draft, note(1, field="target"), note(1, field="target", code="P02"))], "a.xlsx", form_88()
    )
    text = book_of(made)["Sheet"]["H12"].comment.text
    assert "P01" in text
    assert "P02" in text


def test_the_corrected_table_reads_back_to_its_rows_with_changes_marked() -> None:
    draft = read("a.xlsx", form_88())
    changed = tuple(msgspec.structs.replace(r, unit="个") if r.number == 4 else r for r in draft.rows)
    better = msgspec.structs.replace(draft, rows=changed)
    made = annotated([report(draft, corrected=better)], "a.xlsx", form_88())
    back = [d for d in read_drafts("b.xlsx", made).drafts if d.sheet == "修改后的表"]
    assert [rows(d) for d in back] == [rows(better)]
    assert (back[0].project, back[0].unit, back[0].year, back[0].amount) == (
        "村道硬化工程",
        "公路所",
        2023,
        Decimal("300.5"),
    )
    sheet = book_of(made)["修改后的表"]
    marked = [c.value for line in sheet.iter_rows() for c in line if c.comment and "原为" in c.comment.text]
    assert marked == ["个"]


@pytest.mark.parametrize("kind", ["docx", "csv", "md"])
def test_other_kinds_become_a_new_workbook_that_reads_back(kind: str) -> None:
    table = [
        HEAD,
        ["产出指标", "数量指标", "硬化里程", "≥5公里"],
        ["效益指标", "社会效益指标", "受益村", "3个"],
    ]
    data = {
        "docx": document(table), "csv": "\n".join(",".join(r) for r in table).encode(),
        "md": "\n".join(["|".join(table[0]), "|".join(["---"] * 4), *("|".join(r) for r in table[1:])]).encode(),
    }[kind]  # fmt: skip
    draft = read(f"a.{kind}", data)
    made = annotated([report(draft, note(2, field="target"))], f"a.{kind}", data)
    assert [rows(d) for d in read_drafts("b.xlsx", made).drafts] == [rows(draft), rows(draft)]
    comments = [c.comment.text for line in book_of(made)["原表"].iter_rows() for c in line if c.comment]
    assert len(comments) == 1
    assert book_of(made).sheetnames == ["原表", "体检意见", "修改后的表"]


def test_without_the_original_a_new_workbook_is_written() -> None:
    draft = read("a.xlsx", form_88())
    assert book_of(annotated([report(draft)], "a.xlsx", None)).sheetnames[0] == "原表"


def test_a_damaged_original_does_not_stop_the_download() -> None:
    draft = read("a.xlsx", form_88())
    assert "原表" in book_of(annotated([report(draft)], "a.xlsx", form_88()[:900])).sheetnames


def test_sheets_of_the_same_title_get_another() -> None:
    data = workbook([HEAD, ["产出指标", "数量指标", "里程", "5公里"]], title="体检意见")
    made = annotated([report(read("a.xlsx", data))], "a.xlsx", data)
    assert book_of(made).sheetnames == ["体检意见", "体检意见2", "修改后的表"]


def test_text_is_never_a_formula() -> None:
    draft = Draft(
        project="=cmd|' /C calc'!A0",
        rows=tuple(
            DraftRow(number=n, level1="产出指标", level2="数量指标", name=t, target=t)
            for n, t in enumerate(EVIL, 1)
        ),
    )
    batch = BatchReport(
        reports=(report(draft, note(1, message="=2+2")),), made=date(2024, 1, 1), unread=(("=x", "=y"),)
    )
    for data in (annotated([report(draft, note(1, message="=2+2"))], "a.csv", b"x"), summary(batch)):
        cells = [c for sheet in book_of(data).worksheets for line in sheet.iter_rows() for c in line]
        assert [c.coordinate for c in cells if c.data_type == "f"] == []
    back = read("b.xlsx", annotated([report(draft)], "a.csv", b"x"))
    assert [r.name for r in back.rows] == list(EVIL)


TEXTS = st.text(alphabet="产出效益数量里程人次率≥≤%0123456789（）、 =+-@|<&\"'", min_size=1, max_size=24).map(
    str.strip
)


@settings(max_examples=examples(30))
@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS.filter(bool)), min_size=1, max_size=5))
def test_any_words_come_back_as_they_were(pairs: list[tuple[str, str]]) -> None:
    lines = tuple(
        DraftRow(number=n, level1="产出指标", level2="数量指标", name=f"甲{name}", target=f"乙{value}")
        for n, (name, value) in enumerate(pairs, 1)
    )
    back = read("b.xlsx", annotated([report(Draft(project="修路", rows=lines))], "a.csv", None))
    assert [(r.name, r.target) for r in back.rows] == [(r.name, r.target) for r in lines]


def test_the_letter_is_a_letter() -> None:
    draft = read("a.xlsx", form_88())
    opened = docx.Document(io.BytesIO(letter([report(draft)], date(2024, 3, 5))))
    text = "\n".join(p.text for p in opened.paragraphs)
    for part in (
        "关于村道硬化工程绩效目标的审核意见",
        "公路所：",
        "一、总体意见",
        "二、需要修改的内容",
        "三、审核评分",
        "审核人（签字）",
        "2024年3月5日",
    ):
        assert part in text, part
    assert opened.tables[0].cell(1, 3).text == "7.5"
    assert opened.sections[0].page_width.mm == pytest.approx(210, abs=0.1)


def test_letters_of_a_batch_begin_on_pages_of_their_own() -> None:
    draft = read("a.xlsx", form_88())
    opened = docx.Document(io.BytesIO(letter([report(draft)] * 3, date(2024, 3, 5))))
    assert sum(bool(p.paragraph_format.page_break_before) for p in opened.paragraphs) == 2


def test_the_summary_lists_tables_findings_and_what_was_not_read() -> None:
    draft = read("a.xlsx", form_88())
    batch = BatchReport(
        reports=(report(draft, note(1), note(2, severity=Severity.HINT)),), made=date(2024, 1, 1),
        unread=(("坏.xlsx", "已损坏"),), by_code={"P01": 1}, titles={"P01": "空泛"}, grades={"良": 1},
    )  # fmt: skip
    book = book_of(summary(batch))
    assert [c.value for c in book["总表"][2]][6:9] == [1, 0, 1]
    assert book["问题清单"].max_row == 3
    assert [c.value for c in book["按问题类型"][2]] == ["P01 空泛", 1]
    assert [c.value for c in book["没有读出的文件"][2]] == ["坏.xlsx", "已损坏"]


def test_markdown_keeps_its_table_whatever_a_cell_holds() -> None:
    draft = Draft(project="甲|乙", rows=(DraftRow(number=1, name="里程|条\n数", target="5"),))
    text = markdown([report(draft, note(1, message="a|b\n<script>"))])
    assert "<script>" not in text
    (line,) = [t for t in text.splitlines() if t.startswith("| 1 |")]
    assert line.count(" | ") == 6


def test_a_stray_cell_far_away_is_told_by_name_before_anything_is_opened() -> None:
    book = openpyxl.Workbook()
    for line in (HEAD, ["产出指标", "数量指标", "里程", "5公里"]):
        book.active.append(line)
    book.active["XFD1048576"] = "x"
    with pytest.raises(Exception, match="XFD1048576"):
        read_drafts("远.xlsx", saved(book))
