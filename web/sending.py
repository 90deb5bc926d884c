"""Files as answers: a name that every browser takes, a type, nothing that a browser would run."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

_BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(content: bytes, name: str) -> Response:
    """A workbook to keep."""
    return _named(Response(content, mimetype=_BOOK), name)


def text(content: str, name: str, mimetype: str) -> Response:
    """A text to keep."""
    return _named(Response(content, mimetype=f"{mimetype}; charset=utf-8"), name)


def _named(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
