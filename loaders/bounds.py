"""Bounds on files from outside: how large, how much they may expand, how many parts."""

from __future__ import annotations

import io
import zipfile

from loaders.errors import DamagedFileError, TooLargeError

LARGEST_FILE = 50 * 2**20
"""Bytes of one file."""
LARGEST_EXPANDED = 400 * 2**20
"""Bytes that the parts of a zipped document may expand to."""
MOST_PARTS = 20_000
MOST_CELLS = 2_000_000
MOST_ROWS = 200_000
"""Rows of one sheet: some programs save one row as repeated down to the last."""
HIGHEST_RATIO = 200
"""Expansion of one large part; honest sheets of repeated text reach about 100."""


def require_size(name: str, data: bytes) -> None:
    """Refuse a file above the size limit. Raises TooLargeError."""
    if len(data) > LARGEST_FILE:
        raise TooLargeError(name, f"{LARGEST_FILE // 2**20} MB")


def require_sane_zip(name: str, data: bytes) -> zipfile.ZipFile:
    """Open a zipped document after looking at its directory only, so that a bomb never expands.

    Raises TooLargeError for what would expand too much, DamagedFileError for what is no ZIP.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedFileError(name, "压缩包结构不完整") from error
    parts = archive.infolist()
    expanded = sum(p.file_size for p in parts)
    bomb = any(
        p.file_size > 2**20 * 20 and p.file_size > HIGHEST_RATIO * max(1, p.compress_size) for p in parts
    )
    if len(parts) > MOST_PARTS or expanded > LARGEST_EXPANDED or bomb:
        raise TooLargeError(name, f"{LARGEST_EXPANDED // 2**20} MB")
    return archive
