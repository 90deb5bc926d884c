"""Text files and pasted text to grids: csv, tab-separated, HTML, Markdown."""

from __future__ import annotations

import csv
import io
import re

from lxml import etree, html

from loaders.errors import DamagedFileError
from loaders.grid import Grid, Range, make_grid

_ENCODINGS = ("utf-8-sig", "gb18030")
_WIDEST_SPAN = 200
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EMPHASIS = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_MARKDOWN_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")


def decode(name: str, data: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 (with its mark) or GB18030. Raises DamagedFileError."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DamagedFileError(name, "文字编码既不是 UTF-8 也不是 GBK")


def read_text(name: str, text: str) -> list[Grid]:
    """Grids of a text by its look: HTML, Markdown tables, else separated values."""
    if re.search(r"<\s*(table|html|tr|td)\b", text[:20_000], re.I) or re.search(r"<\s*table\b", text, re.I):
        return read_html(text, name)
    if any(_MARKDOWN_RULE.match(line) and "|" in line for line in text.splitlines()):
        return read_markdown(text)
    return read_separated(text, name)


def read_separated(text: str, name: str = "文字") -> list[Grid]:
    """A grid of comma-, semicolon- or tab-separated text; quotes may hold breaks. Raises DamagedFileError."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.splitlines() if line.strip()][:50]
    counts = {mark: sum(line.count(mark) for line in lines) for mark in ("\t", ",", "，", ";", "|")}
    mark = max(counts, key=lambda m: (counts[m], m == "\t"))
    if counts["\t"]:
        mark = "\t"
    if not counts[mark]:
        return []
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    try:
        grid = make_grid("粘贴内容" if mark == "\t" else "CSV", list(rows), addressed=False)
    except csv.Error as error:
        raise DamagedFileError(name, "分隔不成表格，可能少了引号") from error
    return [grid] if grid.height else []


def read_markdown(text: str) -> list[Grid]:
    """Grids of the pipe tables of a Markdown text."""
    grids: list[Grid] = []
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if "|" in line:
            if not _MARKDOWN_RULE.match(line):
                rows.append(_pipe_cells(line))
        elif rows:
            grids.append(make_grid(f"表{len(grids) + 1}", rows, addressed=False))
            rows = []
    return [g for g in grids if g.height]


def _pipe_cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|").removesuffix("|")
    cells = (cell.replace("\\|", "|").replace("<br>", "\n").strip() for cell in re.split(r"(?<!\\)\|", bare))
    return [_EMPHASIS.sub(lambda m: m[1] or m[2], cell) for cell in cells]


def read_html(text: str, name: str = "网页") -> list[Grid]:
    """Grids of the tables of a page, outermost first; spans become merged ranges."""
    text = _CONTROLS.sub("", text)
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise DamagedFileError(name, str(error)[:120]) from error
    grids = [_html_grid(n, table) for n, table in enumerate(tree.iter("table"), 1)]
    return [g for g in grids if g.height]


def _html_grid(number: int, table: html.HtmlElement) -> Grid:
    taken: dict[tuple[int, int], str] = {}
    merged: list[Range] = []
    own_rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    for r, row in enumerate(own_rows):
        c = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while (r, c) in taken:
                c += 1
            height, width = _span(cell, "rowspan"), _span(cell, "colspan")
            for dr in range(height):
                for dc in range(width):
                    taken[r + dr, c + dc] = ""
            taken[r, c] = _cell_text(cell)
            if height > 1 or width > 1:
                merged.append(Range(r, c, r + height - 1, c + width - 1))
            c += width
    height = len(own_rows)
    width = max((c + 1 for _, c in taken), default=0)
    rows = [[taken.get((r, c), "") for c in range(width)] for r in range(height)]
    return make_grid(f"表{number}", rows, merged, addressed=False)


def _span(cell: html.HtmlElement, name: str) -> int:
    written = str(cell.get(name, "1"))
    return min(max(int(written), 1), _WIDEST_SPAN) if written.isascii() and written.isdigit() else 1


def _cell_text(cell: html.HtmlElement) -> str:
    for line_break in cell.iter("br", "p", "div"):
        line_break.tail = "\n" + (line_break.tail or "")
    return re.sub(r"[ \t]*\n\s*", "\n", str(cell.text_content())).strip()
