"""Drawn forms as a docx on A4: the title as paragraphs, the heading and the indicators as tables.

The indicators are a table of their own right below the heading, because Word repeats header rows only
from the top of a table; the two touch and look like one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt

from loaders.forms.layout import Cell, Sheet, Style, lines_of
from loaders.forms.workbook import row_heights

_MARGIN, _SHORT, _LONG = 15, 210, 297
_TWIPS_A_MM = 56.69
_SIZES = {Style.TITLE: 32, Style.SUBTITLE: 22}
_ROOM_LANDSCAPE, _ROOM_PORTRAIT = 450, 690
"""Points that surely fit on one page."""
_MOST_KEPT = 20
"""Lines of a row that is kept on one page; a longer one may be divided."""


def to_docx(sheets: Sequence[Sheet]) -> bytes:
    """Bytes of a document holding the first sheet, which is the form."""
    sheet = sheets[0]
    made = docx.Document()
    made.core_properties.author = ""
    _prepare(made, sheet.landscape)
    body = made.element.body
    end = body.sectPr
    for part in _parts(sheet):
        end.addprevious(part)
    _footer(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _prepare(made: Document, landscape: bool) -> None:
    section = made.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (
        (Mm(_LONG), Mm(_SHORT)) if landscape else (Mm(_SHORT), Mm(_LONG))
    )
    section.left_margin = section.right_margin = Mm(_MARGIN)
    section.top_margin = section.bottom_margin = Mm(18)
    section.header_distance = section.footer_distance = Mm(9)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "宋体", Pt(10)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")


def _parts(sheet: Sheet) -> Iterable[BaseOxmlElement]:
    yield from (_paragraph(c.text, c.style) for c in sheet.cells if c.area.top < sheet.titles)
    widths = _twips(sheet)
    split = sheet.header[0]
    heading = [c for c in sheet.cells if sheet.titles <= c.area.top < split]
    if heading:
        yield _table(heading, widths, range(sheet.titles, split), (), bottom="nil")
        yield _seam()
    notes = [c for c in sheet.cells if c.style is Style.NOTE]
    below = [p for c in sheet.cells if c.area.top >= split and c not in notes for p in _divided(c, sheet)]
    end = max(c.area.bottom for c in below) + 1
    yield _table(below, widths, range(split, end), range(split, sheet.header[1] + 1))
    yield from (_paragraph(c.text, c.style) for c in notes)
    if not notes:
        yield _seam()


def _divided(cell: Cell, sheet: Sheet) -> list[Cell]:
    """A label that runs from the header into the rows, cut below the header where the form takes pages.

    LibreOffice draws stray lines on later pages where a merged cell begins in a repeated row; cut, the
    label is repeated with the header.
    """
    last = sheet.header[1]
    area = cell.area
    pages = sum(row_heights(sheet)) > (_ROOM_LANDSCAPE if sheet.landscape else _ROOM_PORTRAIT)
    if not pages or not area.top <= last < area.bottom:
        return [cell]
    upper, lower = replace(area, bottom=last), replace(area, top=last + 1)
    return [replace(cell, area=upper), Cell(lower, "", cell.style)]


def _twips(sheet: Sheet) -> list[int]:
    room = ((_LONG if sheet.landscape else _SHORT) - 2 * _MARGIN) * _TWIPS_A_MM
    return [round(room * w / sum(sheet.widths)) for w in sheet.widths]


def _table(
    cells: Sequence[Cell], widths: Sequence[int], rows: range, repeated: Iterable[int], bottom: str = "single"
) -> BaseOxmlElement:
    table = _element("w:tbl")
    table.append(_table_look(widths, bottom))
    grid = _element("w:tblGrid")
    grid.extend(_element("w:gridCol", w=width) for width in widths)
    table.append(grid)
    at = {(r, c.area.left): c for c in cells for r in range(c.area.top, c.area.bottom + 1)}
    header = set(repeated)
    table.extend(_row(row, at, widths, row in header) for row in rows)
    return table


def _table_look(widths: Sequence[int], bottom: str) -> BaseOxmlElement:
    look = _element("w:tblPr")
    look.append(_element("w:tblW", w=sum(widths), type="dxa"))
    look.append(_element("w:jc", val="center"))
    borders = _element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = bottom if side == "bottom" else "single"
        borders.append(_element(f"w:{side}", val=line, sz=4, space=0, color="000000"))
    look.append(borders)
    look.append(_element("w:tblLayout", type="fixed"))
    margins = _element("w:tblCellMar")
    for side, room in (("top", 30), ("left", 60), ("bottom", 30), ("right", 60)):
        margins.append(_element(f"w:{side}", w=room, type="dxa"))
    look.append(margins)
    return look


def _row(row: int, at: dict[tuple[int, int], Cell], widths: Sequence[int], repeated: bool) -> BaseOxmlElement:
    made, about = _element("w:tr"), _element("w:trPr")
    here = [at[row, column] for column in range(len(widths)) if (row, column) in at]
    single = [c for c in here if c.area.top == c.area.bottom]
    if all(lines_of(c.text, _characters(c, widths)) <= _MOST_KEPT for c in single):
        about.append(_element("w:cantSplit"))
    about.append(_element("w:trHeight", val=400, hRule="atLeast"))
    if repeated:
        about.append(_element("w:tblHeader"))
    made.append(about)
    made.extend(_cell(c, row, widths) for c in here)
    return made


def _characters(cell: Cell, widths: Sequence[int]) -> float:
    return sum(widths[cell.area.left : cell.area.right + 1]) / 105


def _cell(cell: Cell, row: int, widths: Sequence[int]) -> BaseOxmlElement:
    made, about = _element("w:tc"), _element("w:tcPr")
    area = cell.area
    about.append(_element("w:tcW", w=sum(widths[area.left : area.right + 1]), type="dxa"))
    if area.right > area.left:
        about.append(_element("w:gridSpan", val=area.right - area.left + 1))
    if area.bottom > area.top:
        about.append(_element("w:vMerge", val="restart" if row == area.top else "continue"))
    about.append(_element("w:vAlign", val="center"))
    made.append(about)
    made.append(_paragraph(cell.text if row == area.top else "", cell.style))
    return made


def _paragraph(text: str, style: Style) -> BaseOxmlElement:
    made, about = _element("w:p"), _element("w:pPr")
    title = style in (Style.TITLE, Style.SUBTITLE)
    about.append(_element("w:spacing", before=0, after=80 if title else 0, line=240, lineRule="auto"))
    about.append(_element("w:jc", val="left" if style in (Style.TEXT, Style.NOTE) else "center"))
    made.append(about)
    if text:
        made.append(_run(text, style))
    return made


def _run(text: str, style: Style) -> BaseOxmlElement:
    made, look = _element("w:r"), _element("w:rPr")
    font = "黑体" if style is Style.TITLE else "宋体"
    look.append(_element("w:rFonts", ascii=font, hAnsi=font, eastAsia=font, hint="eastAsia"))
    if style in (Style.TITLE, Style.REQUIRED):
        look.append(_element("w:b"))
    look.append(_element("w:sz", val=_SIZES.get(style, 20)))
    made.append(look)
    for number, line in enumerate(text.split("\n")):
        if number:
            made.append(_element("w:br"))
        words = _element("w:t")
        words.text = line
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        made.append(words)
    return made


def _seam() -> BaseOxmlElement:
    """The least paragraph that keeps two tables apart in the file and together on paper."""
    made, about, look = _element("w:p"), _element("w:pPr"), _element("w:rPr")
    about.append(_element("w:spacing", before=0, after=0, line=20, lineRule="exact"))
    look.append(_element("w:sz", val=2))
    about.append(look)
    made.append(about)
    return made


def _footer(made: Document) -> None:
    line = made.sections[0].footer.paragraphs[0]
    line.alignment = 1
    for text, code in (("第 ", "PAGE"), (" 页 共 ", "NUMPAGES"), (" 页", "")):
        line.add_run(text)
        if code:
            line._p.append(_field(code))


def _field(code: str) -> BaseOxmlElement:
    made = _element("w:fldSimple", instr=code)
    made.append(_run("1", Style.TEXT))
    return made


def _element(tag: str, **attributes: object) -> BaseOxmlElement:
    made = cast(BaseOxmlElement, OxmlElement(tag))
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made
