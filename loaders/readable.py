"""Which files can be read here, by the ends of their names: what a picker of files offers."""

from __future__ import annotations

from loaders.ocr import is_available

DOCUMENTS = (
    ".xlsx", ".xls", ".xlsm", ".et", ".ods", ".docx", ".pdf", ".csv", ".tsv", ".txt", ".html", ".htm", ".md",
)  # fmt: skip
_PICTURES = (".png", ".jpg", ".jpeg")


def readable() -> tuple[str, ...]:
    """Ends of the names of files that can be read; pictures only where text can be recognised."""
    return (*DOCUMENTS, *(_PICTURES if is_available() else ()))
