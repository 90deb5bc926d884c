"""PDFs to grids and lines, page by page: tables with and without lines; pages that are images are recognised."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from loaders.errors import DamagedFileError, FileError, ProtectedFileError, TooLargeError
from loaders.furniture import is_page_number
from loaders.grid import Grid, make_grid
from loaders.ocr import is_available
from loaders.pages import joined
from loaders.pdf_plain import Word, plain_tables, text_of
from loaders.progress import tell
from loaders.recognised import Page
from loaders.scans import read_scanned_pages

MOST_PAGES = 300
_FEWEST_CHARACTERS = 20
_MOST_OF_A_PAGE = 0.5
_DRAWN = 200


@dataclass(frozen=True, slots=True)
class PdfContents:
    """Grids named by page, (page, line) of the text, pages that were recognised, pages nobody could read."""

    grids: tuple[Grid, ...]
    lines: tuple[tuple[int, str], ...]
    scanned: frozenset[int] = frozenset()
    unread: tuple[int, ...] = ()


def read_pdf(name: str, data: bytes) -> list[Grid]:
    """Grids of a PDF's tables, named by page. Raises a FileError."""
    return list(read_pdf_contents(name, data).grids)


def read_pdf_contents(name: str, data: bytes) -> PdfContents:
    """Tables and text of a PDF. Raises a FileError; a NoRecognitionError for a scan that nobody can read here."""
    pages, scans = _text_pages(name, data)
    unread: tuple[int, ...] = ()
    if scans and (is_available() or not any(page.lines for page in pages.values())):
        pages |= dict(read_scanned_pages(name, data, scans))
    elif scans:
        unread, scans = tuple(scans), []
    grids = joined(grid for _, page in sorted(pages.items()) for grid in page.grids)
    lines = [
        (n, line) for n, page in sorted(pages.items()) for line in page.lines if not is_page_number(line)
    ]
    kept = tuple((n, line) for n, line in lines if not line.strip("-—– 第页").isdigit())
    return PdfContents(tuple(grids), kept, frozenset(scans), unread)


def _text_pages(name: str, data: bytes) -> tuple[dict[int, Page], list[int]]:
    """Pages that hold text, and the numbers of those that are images."""
    pages: dict[int, Page] = {}
    scans = []
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > MOST_PAGES:
                raise TooLargeError(name, f"{MOST_PAGES} 页")
            for page in document.pages:
                tell("页", page.page_number, len(document.pages))
                if _is_scan(page):
                    scans.append(page.page_number)
                else:
                    pages[page.page_number] = _page(page)
                page.close()
    except PDFPasswordIncorrect as error:
        raise ProtectedFileError(name) from error
    except PdfminerException as error:
        if isinstance(error.args[0] if error.args else None, PDFPasswordIncorrect):
            raise ProtectedFileError(name) from error
        raise DamagedFileError(name, "PDF 结构不完整") from error
    except FileError:
        raise
    except Exception as error:  # a foreign parser on bytes from outside: a mutated file raises anything
        raise DamagedFileError(name, str(error)[:120] or "PDF 结构不完整") from error
    return pages, scans


def _is_scan(page: Any) -> bool:
    """Whether a page is an image of text (or text drawn as curves) with hardly a character of its own."""
    if len(page.chars) >= _FEWEST_CHARACTERS:
        return False
    covered = sum(abs(i["width"] * i["height"]) for i in page.images)
    large = covered > _MOST_OF_A_PAGE * float(page.width * page.height)
    return large or (not page.chars and (bool(page.images) or len(page.curves) > _DRAWN))


def _page(page: Any) -> Page:
    grids = (
        make_grid(
            f"第{page.page_number}页", [[(cell or "") for cell in row] for row in rows], addressed=False
        )
        for rows in _tables(page)
    )
    lines = (line.strip() for line in (page.extract_text() or "").splitlines())
    return Page(tuple(grids), tuple(line for line in lines if line))


def _tables(page: Any) -> list[list[list[str | None]]]:
    """Tables of a page: those with lines, else words under a header row."""
    ruled: list[list[list[str | None]]] = page.extract_tables()
    if ruled:
        return ruled
    words = [Word(w["text"], w["x0"], w["x1"], w["top"]) for w in page.extract_words()]
    return [[[text_of(cell) for cell in row] for row in rows] for rows in plain_tables(words)]
