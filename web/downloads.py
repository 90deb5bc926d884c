"""Files sent to be saved: a name that every system can write, in any script."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response

_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')


def file_name(text: str, longest: int = 100) -> str:
    """Text as a file's name without what no system takes."""
    return _UNFIT.sub("_", text)[-longest:].strip("_.")


def attachment(data: bytes, stem: str, suffix: str, kind: str) -> Response:
    """An answer that a browser saves under ``stem`` and ``suffix`` (with its dot)."""
    name = f"{file_name(stem) or 'download'}{suffix}"
    disposition = f"attachment; filename=\"download{suffix}\"; filename*=UTF-8''{quote(name)}"
    return Response(data, content_type=kind, headers={"Content-Disposition": disposition})
