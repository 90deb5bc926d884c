"""The history of a record: every version, what differs between any two, and the way back to one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from kb.editing import Step
from kb.errors import KnowledgeError
from kb.links import PATHS, history_of, url_of
from web.context import knowledge
from web.editing import staff
from web.query import whole
from web.words import KIND_NAMES

pages = Blueprint("history", __name__)

_TOLD = 40
"""Versions whose changes are told on one page; older ones can be compared by their numbers."""


@pages.get("/history/<path:code>")
def history(code: str) -> str:
    """All versions of a record with what each changed, or (``?a=1&b=3``) what differs between two."""
    editing = knowledge().editing
    steps = editing.history(code)
    standing, version = editing.standing(code)
    shown = standing or next((s.record for s in steps if s.record is not None), None)
    a, b = (_chosen(steps, request.args.get(name, "")) for name in ("a", "b"))
    compared = None
    if a is not None and b is not None and b.record is not None:
        older, newer = (a, b) if a.version.number <= b.version.number else (b, a)
        if newer.record is not None:
            compared = (older, newer, editing.told(older.record, newer.record))
    return render_template(
        "history.html", code=code, steps=[] if compared else _told(steps), standing=standing, version=version, shown=shown,
        compared=compared, numbers=[s.version.number for s in steps], kind_name=KIND_NAMES[shown.kind] if shown else "记录",
        url=url_of(standing.kind, code) if standing is not None and standing.kind in PATHS else "",
    )  # fmt: skip


def _told(steps: tuple[Step, ...]) -> list[tuple[Step, list[object] | None]]:
    """Each version with what it changed; None where that cannot or need not be told."""
    found: list[tuple[Step, list[object] | None]] = []
    for n, step in enumerate(steps):
        before = steps[n + 1].record if n + 1 < len(steps) else None
        told = step.record is not None and n + 1 < len(steps) and n < _TOLD
        found.append(
            (step, list(knowledge().editing.told(before, step.record)) if told and step.record else None)
        )
    return found


def _chosen(steps: tuple[Step, ...], text: str) -> Step | None:
    return next((s for s in steps if str(s.version.number) == text), None)


@pages.post("/admin/restore/<path:code>")
def restore(code: str) -> Response:
    """Put a record back as it was in a version."""
    number, seen = (whole(request.form.get(name, ""), -1) for name in ("version", "seen"))
    try:
        batch = knowledge().editing.restore(
            code, number, seen=seen, actor=staff().name, reason=request.form.get("reason", "")
        )
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        flash(f"已恢复到第 {number} 版，记为第 {batch} 批；要反悔，再恢复到恢复前的那一版。")
    return redirect(history_of(code), 303)
