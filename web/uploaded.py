"""Files that a form brings, for every page that takes some."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from werkzeug.datastructures import FileStorage


def uploaded(files: Iterable[FileStorage]) -> list[tuple[str, bytes]]:
    """Uploaded files with a safe name to show; fields left empty are left out."""
    taken: set[str] = set()
    found = []
    for file in files:
        if file.filename:
            name = _free(_shown(file.filename), taken)
            taken.add(name)
            found.append((name, file.read()))
    return found


def _free(name: str, taken: set[str]) -> str:
    """A name that no other upload of the request has: two people's 申报表.xlsx stay apart."""
    stem, dot, kind = name.rpartition(".")
    tries = (
        name if n == 1 else f"{stem or kind}（{n}）{dot if stem else ''}{kind if stem else ''}"
        for n in count(1)
    )
    return next(name for name in tries if name not in taken)


def _shown(name: str) -> str:
    """A file's name as it is shown: without folders of the sender's machine and control characters."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in bare if c.isprintable())[:200] or "未命名"
