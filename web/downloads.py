"""Files sent to be saved: a name that every system can write, in any script."""

from __future__ import annotations

import re
from pathlib import PurePath
from urllib.parse import quote

from flask import Response

BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Type of a workbook (xlsx)."""
_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')


def file_name(text: str, longest: int = 100) -> str:
    """Text as a file's name without what no system takes."""
    return _UNFIT.sub("_", text)[-longest:].strip("_.")


def attachment(data: bytes, name: str, kind: str) -> Response:
    """An answer that a browser saves under ``name``; browsers that know ASCII only, under its suffix."""
    suffix = PurePath(name).suffix
    safe = f"{file_name(name.removesuffix(suffix)) or 'download'}{suffix}"
    disposition = f"attachment; filename=\"download{suffix}\"; filename*=UTF-8''{quote(safe)}"
    return Response(data, content_type=kind, headers={"Content-Disposition": disposition})
