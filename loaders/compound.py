"""Streams of a compound file (MS-CFB, the shell of xls): one whole stream by its name, read with olefile."""

from __future__ import annotations

import struct
from io import BytesIO

import olefile

_BROKEN = (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError, struct.error)
"""What olefile raises over a file that is none, or is broken."""


def stream_of(data: bytes, name: str) -> bytes:
    """Bytes of a stream, b"" where the file has none of that name or is broken."""
    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            return bytes(file.openstream(name).read()) if file.exists(name) else b""
    except _BROKEN:
        return b""
