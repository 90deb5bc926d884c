"""Any file to its grids and its paragraphs, each with its place: what loading looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree, html
from lxml.html import HtmlElement

from loaders.bounds import require_sane_zip, require_size
from loaders.drafts import OLE, PICTURES, read_grids
from loaders.grid import Grid
from loaders.lines import Line, split_text
from loaders.text import decode, read_html, read_markdown, read_separated
from loaders.word import read_word

_ZIP, _PDF = b"PK", b"%PDF-"
_PROSE_LINE = 60
_BLOCKS = frozenset(
    ("p", "div", "br", "li", "tr", "table", "script", "style", "h1", "h2", "h3", "h4", "h5", "h6")
)


@dataclass(frozen=True, slots=True)
class Contents:
    """Grids of a file in order, and the lines of text that stand outside of them.

    ``scanned`` are the pages whose text was recognised; ``warnings`` tell what of the file was not read.
    """

    grids: tuple[Grid, ...]
    lines: tuple[Line, ...] = ()
    scanned: frozenset[int] = frozenset()
    warnings: tuple[str, ...] = ()


def read_contents(name: str, data: bytes) -> Contents:
    """Grids and lines of a file of any readable kind. Raises a FileError, which names the file."""
    require_size(name, data)
    if data[:4] == OLE:
        return Contents(tuple(read_grids(name, data)))
    if data[:2] == _ZIP:
        return _read_zipped(name, data)
    if data[:5] == _PDF:
        return _read_pdf(name, data)
    if data.startswith(PICTURES):
        from loaders.scans import read_picture

        page = read_picture(name, data)
        return Contents(
            page.grids, tuple(Line(t, n, 1) for n, t in enumerate(page.lines, 1)), frozenset((1,))
        )
    text = decode(name, data)
    if "\x00" in text:
        return Contents(tuple(read_grids(name, data)))  # raises what says so
    return _read_text(name, text)


def _read_pdf(name: str, data: bytes) -> Contents:
    from loaders.pdf import read_pdf_contents  # pdfplumber costs half a second

    pdf = read_pdf_contents(name, data)
    lines = tuple(Line(text, n, page) for n, (page, text) in enumerate(pdf.lines, 1))
    unread = "、".join(map(str, pdf.unread[:20]))
    told = (
        f"第 {unread} 页是扫描的图片，没有读。请交可编辑的文件，或请管理员安装文字识别组件（indicator-kb[ocr]）后再交。",
    )
    return Contents(pdf.grids, lines, pdf.scanned, told if pdf.unread else ())


def _read_zipped(name: str, data: bytes) -> Contents:
    if "word/document.xml" in require_sane_zip(name, data).namelist():
        grids, paragraphs = read_word(name, data)
        return Contents(tuple(grids), _numbered(p for text in paragraphs for p in text.split("\n")))
    return Contents(tuple(read_grids(name, data)))


def _numbered(texts: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(text.strip(), n) for n, text in enumerate(texts, 1) if text.strip())


def _read_text(name: str, text: str) -> Contents:
    lower = name.lower()
    if _looks_like_html(lower, text):
        return Contents(tuple(read_html(text, name)), _html_lines(text))
    if _has_pipe_table(text):
        lines = [line for line in text.split("\n") if "|" not in line]
        return Contents(tuple(read_markdown(text)), _numbered(lines))
    if lower.endswith((".csv", ".tsv")) or not _is_prose(text):
        return Contents(tuple(read_separated(text, name)) or tuple(split_text(text)[0]))
    grids, found = split_text(text)
    return Contents(tuple(grids), tuple(found))


def _looks_like_html(lower: str, text: str) -> bool:
    named = lower.endswith((".html", ".htm", ".xls", ".mht")) and "<" in text
    return named or any(
        mark in text[:20_000].lower() for mark in ("<table", "<html", "<tr", "<!doctype html")
    )


def _has_pipe_table(text: str) -> bool:
    lines = [line.strip() for line in text.splitlines()]
    return any(
        "|" in above and "-" in rule and "|" in rule and not set(rule) - set("|-: ")
        for above, rule in pairwise(lines)
    )


def _is_prose(text: str) -> bool:
    """Whether a text is a report or a copied page rather than separated values."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any(line.startswith("\t") and "\t" not in line.strip("\t") for line in lines):
        return True
    long = [line for line in lines if len(line) > _PROSE_LINE and "。" in line]
    separated = max((sum(mark in line for line in lines) for mark in ("\t", ",", ";")), default=0)
    return (bool(long) and separated < len(lines) * 0.8) or separated < len(lines) / 2


def _html_lines(text: str) -> tuple[Line, ...]:
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ()
    lines = [""]
    _gather(tree, lines)
    return _numbered(lines)


def _gather(element: HtmlElement, lines: list[str]) -> None:
    """Texts of a page outside of tables, a new line at each block; without recursion, pages nest deeply."""
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str):
            continue
        if event == "start":
            outside = next(node.iterancestors("table", "script", "style"), None) is None
            if outside and node.tag in _BLOCKS:
                lines.append("")
            if outside and node.tag not in ("table", "script", "style"):
                lines[-1] += node.text or ""
            continue
        if next(node.iterancestors("table", "script", "style"), None) is None:
            if node.tag in _BLOCKS:
                lines.append("")
            lines[-1] += node.tail or ""


def names_of(grids: Sequence[Grid]) -> str:
    """Names and heights of what was looked at, for a message."""
    return "、".join(f"{g.name}（{g.height}行）" for g in grids[:8]) or "没有任何表格"
