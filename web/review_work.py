"""What the review pages share: the workshop of this application, who decides."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

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


def actor() -> str:
    """Name of the account that decides, "" for an anonymous reviewer with the link."""
    account = signed_in()
    return account.name if account else ""
