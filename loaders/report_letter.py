"""The opinion letter as a Word document, laid out as official letters are (GB/T 9704)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from loaders.reports import Report, amount_text, number_text, unit_text

_TITLE, _BODY, _HEAD = "方正小标宋简体", "仿宋_GB2312", "黑体"
_INDENT = Pt(32)  # two characters of size 3 (16 pt)


def letter(reports: Sequence[Report], made: date) -> bytes:
    """One letter a table, each on a page of its own."""
    document = docx.Document()
    _page(document)
    for n, report in enumerate(reports):
        if n:
            document.add_paragraph().paragraph_format.page_break_before = True
        _letter(document, report, made)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _BODY)


def _letter(document: Document, report: Report, made: date) -> None:
    draft = report.draft
    title = f"关于{report.project if draft.project else '报送'}绩效目标的审核意见"
    _paragraph(document, title, font=_TITLE, size=22, align=WD_ALIGN_PARAGRAPH.CENTER, indent=False, after=16)
    _paragraph(document, f"{unit_text(draft) or '有关单位'}：", indent=False)
    _paragraph(document, f"你单位报送的{_called(report)}收悉。经审核，意见如下：")
    _heading(document, "一、总体意见")
    head, *points = report.opinion.splitlines() or ["未发现需要退改的问题。"]
    _paragraph(document, head)
    if points:
        _heading(document, "二、需要修改的内容")
        for line in points:
            _paragraph(document, line)
    _heading(document, "三、审核评分" if points else "二、审核评分")
    said = f"按财预〔2015〕88号审核要点评分，合计 {number_text(report.points)} 分，等级“{report.grade}”。"
    _paragraph(document, said, after=6).paragraph_format.keep_with_next = True
    _form(document, report)
    _signature(document, made)


def _called(report: Report) -> str:
    draft = report.draft
    year = f"{draft.year}年" if draft.year else ""
    money = f"（{amount_text(draft.amount)}）" if draft.amount is not None else ""
    name = f"“{draft.project}”项目" if draft.project else ""
    return f"{year}{name}{money}{draft.kind.value}"


def _heading(document: Document, text: str) -> None:
    _paragraph(document, text, font=_HEAD).paragraph_format.keep_with_next = True


def _paragraph(
    document: Document,
    text: str,
    *,
    font: str = _BODY,
    size: int = 16,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
    indent: bool = True,
    after: int = 0,
) -> Paragraph:
    paragraph = document.add_paragraph()
    _face(paragraph.add_run(_plain(text)), font, size)
    form = paragraph.paragraph_format
    form.alignment = align
    form.first_line_indent = _INDENT if indent else Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(max(28, size + 12))
    form.space_before, form.space_after = Pt(0), Pt(after)
    return paragraph


def _face(run: Run, font: str, size: float) -> None:
    run.font.size = Pt(size)
    run.font.name = "Times New Roman" if font == _BODY else font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _form(document: Document, report: Report) -> None:
    """The form: items, sub-items, full points, points given, what they rest on."""
    if not report.form:
        return
    grid = document.add_table(rows=1, cols=5, style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = (Mm(28), Mm(30), Mm(14), Mm(14), Mm(68))
    for cell, text in zip(
        grid.rows[0].cells, ("审核内容", "审核要点", "满分", "得分", "查到的问题"), strict=True
    ):
        _fill(cell, text, _HEAD)
    first = 1
    for number, line in enumerate(report.form, 1):
        cells = grid.add_row().cells
        same = number > 1 and report.form[number - 2].item == line.item
        first = first if same else number
        texts = ("" if same else line.item, line.part, number_text(line.points), number_text(line.score),
                 "；".join(line.evidence) or line.note or "未见问题")  # fmt: skip
        for cell, text in zip(cells, texts, strict=True):
            _fill(cell, text)
        if same:
            grid.cell(first, 0).merge(grid.cell(number, 0))
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width
    for cell in grid.columns[0].cells:
        _trim(cell)


def _fill(cell: _Cell, text: str, font: str = _BODY) -> None:
    paragraph = cell.paragraphs[0]
    _face(paragraph.add_run(_plain(text)), font, 10.5)
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.keep_with_next = True  # the form stays on one page, with its heading


def _trim(cell: _Cell) -> None:
    """Merging leaves empty paragraphs behind; they would make the row tall."""
    for paragraph in cell.paragraphs[1:]:
        if not paragraph.text:
            paragraph._element.getparent().remove(paragraph._element)


def _signature(document: Document, made: date) -> None:
    _paragraph(document, "", indent=False)
    right = WD_ALIGN_PARAGRAPH.RIGHT
    _paragraph(document, "审核人（签字）：＿＿＿＿＿＿＿＿", align=right, indent=False)
    _paragraph(document, "审核单位（盖章）：＿＿＿＿＿＿＿＿", align=right, indent=False)
    _paragraph(document, f"{made.year}年{made.month}月{made.day}日", align=right, indent=False)


def _plain(text: str) -> str:
    """Text without characters that XML cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\n\t")
