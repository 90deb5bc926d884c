"""A ZIP of files (an office's whole season in one upload) to its files, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from loaders.bounds import LARGEST_FILE, require_sane_zip
from loaders.errors import FileError, ProtectedFileError, TooLargeError
from loaders.readable import DOCUMENTS

_ENCRYPTED = 0x1
_UTF8 = 0x800


def is_archive(name: str, data: bytes) -> bool:
    """Whether bytes are a plain ZIP of files rather than a zipped document."""
    if data[:2] != b"PK":
        return False
    parts = set(require_sane_zip(name, data).namelist())
    return not parts & {"[Content_Types].xml", "content.xml"}


def unpack(name: str, data: bytes) -> Iterator[tuple[str, bytes | FileError]]:
    """(name inside, bytes) of each readable file, sorted by name; a part that cannot be had is an error.

    Folders, hidden files, pictures and files of other kinds are left out. Raises TooLargeError.
    """
    archive = require_sane_zip(name, data)
    for part in sorted(archive.infolist(), key=lambda p: p.filename):
        inside = part.filename if part.flag_bits & _UTF8 else _old_name(part.filename)
        path = PurePosixPath(inside)
        if part.is_dir() or path.name.startswith((".", "~$")) or path.suffix.lower() not in DOCUMENTS:
            continue
        if part.file_size > LARGEST_FILE:
            yield inside, TooLargeError(inside, f"{LARGEST_FILE // 2**20} MB")
        elif part.flag_bits & _ENCRYPTED:
            yield inside, ProtectedFileError(inside)
        else:
            yield inside, archive.read(part)


def count(name: str, data: bytes) -> int:
    """Files that an upload stands for: those in an archive, else one. Looks at the directory only."""
    try:
        if not is_archive(name, data):
            return 1
        names = require_sane_zip(name, data).namelist()
    except FileError:
        return 1
    return max(1, sum(PurePosixPath(n).suffix.lower() in DOCUMENTS for n in names))


def _old_name(name: str) -> str:
    """Chinese names of archives made by old programs, which wrote GBK without saying so."""
    try:
        return name.encode("cp437").decode("gb18030")
    except UnicodeError:
        return name
