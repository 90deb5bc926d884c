"""What the review pages share: the workshop of this application, uploads, who decides."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import cast

from flask import Flask, current_app
from werkzeug.datastructures import FileStorage

from kb.knowledge import KnowledgeBase
from web.review_jobs import KEY, Workshop
from web.sessions import signed_in


def install(app: Flask, kb: KnowledgeBase) -> None:
    """Give ``app`` a workshop; its processes start with the first file."""
    app.extensions[KEY] = Workshop(kb)


def workshop() -> Workshop:
    """The workshop of this application."""
    return workshop_of(current_app)


def workshop_of(app: Flask) -> Workshop:
    """The workshop of an application."""
    return cast(Workshop, app.extensions[KEY])


def uploaded(files: Iterable[FileStorage]) -> list[tuple[str, bytes]]:
    """Uploaded files with a safe name to show; fields left empty are left out."""
    taken: set[str] = set()
    found = []
    for file in files:
        if file.filename:
            name = _free(shown_name(file.filename), taken)
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


def actor() -> str:
    """Name of the account that decides, "" for an anonymous reviewer with the link."""
    account = signed_in()
    return account.name if account else ""


def shown_name(name: str | None) -> str:
    """A file's name as it is shown: without folders of the sender's machine and control characters."""
    bare = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in bare if c.isprintable())[:200] or "未命名"
