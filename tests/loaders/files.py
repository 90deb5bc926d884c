"""One sheet of rows as a file of each kind that can be read: xlsx, ods, csv, html, Markdown, docx, PDF, text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from html import escape

import docx
import openpyxl
from openpyxl.utils import range_boundaries

from tests.loaders.build import saved, workbook

Rows = Sequence[Sequence[object]]


def as_xlsx(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """A workbook with one sheet; text that begins with = is text."""
    book = openpyxl.load_workbook(io.BytesIO(workbook([], ())))
    sheet = book.worksheets[0]
    for r, row in enumerate(rows, 1):
        for c, value in enumerate(row, 1):
            cell = sheet.cell(r, c, value if value != "" else None)
            if isinstance(value, str) and value:
                cell.data_type = "s"
    for area in merges:
        sheet.merge_cells(area)
    return saved(book)


def as_ods(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """An OpenDocument sheet, written by hand."""
    spans = _spans(merges)
    covered = {
        (r, c)
        for (top, left), (h, w) in spans.items()
        for r in range(top, top + h)
        for c in range(left, left + w)
    }
    body = []
    for r, row in enumerate(rows):
        cells = []
        for c, value in enumerate(row):
            h, w = spans.get((r, c), (1, 1))
            if (r, c) in covered and (r, c) not in spans:
                cells.append("<table:covered-table-cell/>")
                continue
            span = f' table:number-columns-spanned="{w}" table:number-rows-spanned="{h}"' if h * w > 1 else ""
            text = escape(str(value if value is not None else ""))
            kind = ' office:value-type="string"' if text else ""
            cells.append(
                f"<table:table-cell{span}{kind}>{f'<text:p>{text}</text:p>' if text else ''}</table:table-cell>"
            )
        body.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{"".join(body)}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return out.getvalue()


def as_csv(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """Comma-separated in GBK, merged cells written once."""
    lines = [",".join(_quoted(v) for v in row) for row in rows]
    return "\r\n".join(lines).encode("gb18030")


def as_html(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """A page with a table and its spans."""
    spans = _spans(merges)
    covered = {
        (r, c)
        for (top, left), (h, w) in spans.items()
        for r in range(top, top + h)
        for c in range(left, left + w)
    }
    body = ""
    for r, row in enumerate(rows):
        body += "<tr>"
        for c, value in enumerate(row):
            if (r, c) in covered and (r, c) not in spans:
                continue
            h, w = spans.get((r, c), (1, 1))
            text = escape(str(value if value is not None else "")).replace("\n", "<br>")
            body += f'<td rowspan="{h}" colspan="{w}">{text}</td>'
        body += "</tr>\n"
    return f"<html><body><p>公开内容</p><table border=1>{body}</table></body></html>".encode()


def as_md(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """A pipe table."""
    width = max(len(r) for r in rows)
    lines = ["| " + " | ".join(_piped(v) for v in [*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]]).encode()


def as_txt(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """One cell a line behind a tab, a blank line between rows, amid paragraphs: a document saved as text."""
    head = " 关于绩效情况的报告\n现将有关情况报告如下。\n一、基本情况\n[bookmark: _GoBack]详见下表。\n"
    blocks = [
        "".join(f"\t{str(v if v is not None else '').replace(chr(10), '')}\n" for v in row) for row in rows
    ]
    return (head + "\n".join(blocks) + "\n\n二、下一步打算\n继续加强管理，提高资金使用效益。\n").encode()


def as_docx(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """A document with one table."""
    made = docx.Document()
    made.add_paragraph("附件")
    width = max(len(r) for r in rows)
    table = made.add_table(len(rows), width)
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            table.cell(r, c).text = str(value if value is not None else "")
    for (top, left), (h, w) in _spans(merges).items():
        kept = table.cell(top, left).text
        table.cell(top, left).merge(table.cell(top + h - 1, left + w - 1)).text = kept
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def as_pdf(rows: Rows, merges: Iterable[str] = (), *, lines: bool = True) -> bytes:
    """A text PDF of one page, with or without lines around the cells."""
    width, height, top = 170, 22, 780
    drawn = []
    columns = max(len(r) for r in rows)
    for r, row in enumerate(rows):
        y = top - r * height
        for c, value in enumerate(row):
            x = 30 + c * width
            if text := str(value if value is not None else "").replace("\n", ""):
                coded = text.encode("utf-16-be").hex()
                drawn.append(f"BT /F1 7 Tf 1 0 0 1 {x + 3} {y + 7} Tm <{coded}> Tj ET")
            if lines:
                drawn.append(f"{x} {y} {width} {height} re S")
    content = "\n".join(drawn).encode()
    page = 60 + columns * width
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page} 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor 7 0 R >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, body)
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    trailer = (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    )
    return out + trailer % (len(objects) + 1, table, len(objects) + 1, len(out))


def as_plain_pdf(rows: Rows, merges: Iterable[str] = ()) -> bytes:
    """A text PDF whose table has no lines."""
    return as_pdf(rows, merges, lines=False)


WRITERS = {
    "xlsx": as_xlsx, "ods": as_ods, "csv": as_csv, "html": as_html, "md": as_md, "docx": as_docx, "pdf": as_pdf,
    "plain.pdf": as_plain_pdf, "txt": as_txt,
}  # fmt: skip


def _spans(merges: Iterable[str]) -> dict[tuple[int, int], tuple[int, int]]:
    found = {}
    for area in merges:
        left, top, right, bottom = range_boundaries(area)
        found[top - 1, left - 1] = (bottom - top + 1, right - left + 1)
    return found


def _quoted(value: object) -> str:
    text = str(value if value is not None else "")
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def _piped(value: object) -> str:
    return str(value if value is not None else "").replace("|", "\\|").replace("\n", "<br>")
