"""Text PDFs to grids: tables with and without lines, page by page. Scans hold no text and are refused."""

from __future__ import annotations

import io
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from loaders.errors import DamagedFileError, FileError, ProtectedFileError, TooLargeError
from loaders.grid import Grid, make_grid
from loaders.pages import joined
from loaders.pdf_plain import Word, plain_tables

MOST_PAGES = 300


class ScannedPdfError(FileError):
    """The pages are images; there is no text to read."""

    def __init__(self, file: str) -> None:
        super().__init__(file, "是扫描件，页面里只有图片没有文字。请交可编辑的文件，或先做文字识别。")


def read_pdf(name: str, data: bytes) -> list[Grid]:
    """Grids of a PDF's tables, named by page. Raises a FileError."""
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > MOST_PAGES:
                raise TooLargeError(name, f"{MOST_PAGES} 页")
            tables = [(page.page_number, t) for page in document.pages for t in _tables(page)]
            if not tables and not any((page.extract_text() or "").strip() for page in document.pages[:5]):
                raise ScannedPdfError(name)
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
    return joined(
        [
            make_grid(f"第{page}页", [[(cell or "") for cell in row] for row in rows], addressed=False)
            for page, rows in tables
        ]
    )


def _tables(page: Any) -> list[list[list[str | None]]]:
    """Tables of a page: those with lines, else words under a header row."""
    ruled: list[list[list[str | None]]] = page.extract_tables()
    if ruled:
        return ruled
    words = [Word(w["text"], w["x0"], w["x1"], w["top"]) for w in page.extract_words()]
    return [[list(row) for row in rows] for rows in plain_tables(words)]


def read_pdf_lines(name: str, data: bytes) -> list[tuple[int, str]]:
    """(page, line) of a PDF's text, page numbers and blank lines left out. Raises a FileError."""
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            pages = [(page.page_number, page.extract_text() or "") for page in document.pages[:MOST_PAGES]]
    except PDFPasswordIncorrect as error:
        raise ProtectedFileError(name) from error
    except Exception as error:
        raise DamagedFileError(name, "PDF 结构不完整") from error
    found = [(page, line.strip()) for page, text in pages for line in text.splitlines() if line.strip()]
    return [(page, line) for page, line in found if not line.strip("-—– 第页").isdigit()]
