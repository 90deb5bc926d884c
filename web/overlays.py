"""The admin's local sets (本地指标集): made over a set, indicators copied or left out, next year's base merged."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from indicators.differences import Told, told
from indicators.fields import label_of, shown
from indicators.model import Indicator, Kind
from kb.errors import KnowledgeError
from kb.imports import SetAbout
from kb.overlaying import MergeView, OpenConflictError
from kb.overlays import Entry, Fate, Outcome, Side
from web.admin import admin
from web.context import knowledge
from web.query import clean
from web.set_about import set_about_from
from web.words import FATE_NAMES, OUTCOME_NAMES

pages = Blueprint("overlays", __name__)

_QUIET = (Fate.LEFT_OUT, Fate.OWN, Fate.SAME)
_MOST = 300
"""Indicators of one fate that the page lists; conflicts are listed all."""


@pages.get("/admin/overlays")
def overlays() -> str:
    """All local sets, and the form for a new one."""
    return _list_page({"base": clean(request.args.get("base", ""))[:80]})


@pages.post("/admin/overlays")
def make() -> str | Response | tuple[str, int]:
    """Make a local set over another one."""
    given = {f: clean(request.form.get(f, ""))[:100] for f in ("name", "base", *SetAbout.__slots__)}
    try:
        about = set_about_from(request.form)
        code, batch = knowledge().overlays.make(given["name"], given["base"], about, actor=admin().name)
    except KnowledgeError as error:
        return _list_page(given, str(error)), 400
    flash(f"已新建，记为第 {batch} 批。现在全部沿用上级；在下面选要改口径或不用的指标。")
    return redirect(f"/admin/overlays/{code}", 303)


def _list_page(given: dict[str, str], error: str = "") -> str:
    kb = knowledge()
    sets = {s.code: s for s in kb.sets()}
    return render_template(
        "admin_overlays.html", overlays=kb.overlays.all(), sets=sets, given=given, error=error
    )


@pages.get("/admin/overlays/<code>")
def overlay(code: str) -> str | Response:
    """One local set: what it shares, changed, added, left out; and the choice of a base to merge."""
    kb = knowledge()
    try:
        found = kb.overlays.overlay(code)
    except KnowledgeError as error:
        flash(str(error), "bad")
        return redirect("/admin/overlays", 303)
    members = [r for r in kb.loading.records_with(found.members) if isinstance(r, Indicator)]
    below = set(found.base_members)
    others = [s for s in kb.sets() if s.code not in (found.code, found.base)]
    return render_template(
        "admin_overlay.html", set=found, base=kb.record(found.base), others=others,
        shared=[r for r in members if r.code in below], copies=[r for r in members if r.code not in below and r.overlays],
        own=[r for r in members if r.code not in below and not r.overlays], left_out=kb.overlays.left_out(found), versions=kb.view(found.code).versions[:5],
    )  # fmt: skip


@pages.post("/admin/overlays/<code>")
def change(code: str) -> Response:
    """Copy, leave out or take up the ticked indicators."""
    kb, actor = knowledge(), admin().name
    codes, deed = request.form.getlist("code")[:5000], request.form.get("do", "")
    try:
        if deed == "copy":
            made, batch = kb.overlays.copy(code, codes, actor=actor)
            flash(f"已改成本地口径 {len(made)} 条，记为第 {batch} 批。到各条的页面上修改内容，或用表格入库。")
        elif deed == "leave":
            batch = kb.overlays.leave_out(code, codes, actor=actor)
            flash(f"不再用 {len(set(codes))} 条上级指标，记为第 {batch} 批。")
        else:
            batch = kb.overlays.take_up(code, codes, actor=actor)
            flash(f"已用回 {len(set(codes))} 条上级指标，记为第 {batch} 批。")
    except KnowledgeError as error:
        flash(str(error), "bad")
    return redirect(f"/admin/overlays/{code}", 303)


@pages.get("/admin/overlays/<code>/merge")
def preview(code: str) -> str | Response:
    """What merging a base would do, with the choices to make."""
    return _merge_page(code, clean(request.args.get("base", ""))[:80], {}, {})


@pages.post("/admin/overlays/<code>/merge")
def merge(code: str) -> str | Response | tuple[str, int]:
    """Carry a merge out as it was shown; with a choice missing the page comes back with those made."""
    base = request.form.get("base", "")[:80]
    prefix, heir = "take:", "successor:"
    choices = {
        key.removeprefix(prefix): Side(value)
        for key, value in request.form.items()
        if key.startswith(prefix) and value in list(Side)
    }
    successors = {
        key.removeprefix(heir): value.strip()[:80]
        for key, value in request.form.items()
        if key.startswith(heir)
    }
    try:
        batch = knowledge().overlays.merge(
            code, base, choices, mark=request.form.get("mark", ""), actor=admin().name, successors=successors
        )
    except OpenConflictError as error:
        page = _merge_page(code, base, choices, successors, error)
        return page if isinstance(page, Response) else (page, 400)
    except KnowledgeError as error:
        flash(str(error), "bad")
        return redirect(f"/admin/overlays/{code}/merge?base={base}", 303)
    flash(f"已合并，记为第 {batch} 批；可以整批撤回。" if batch else "没有变化，没有写入。")
    return redirect(f"/admin/overlays/{code}", 303)


def _merge_page(
    code: str,
    base: str,
    choices: dict[str, Side],
    successors: dict[str, str],
    error: OpenConflictError | None = None,
) -> str | Response:
    try:
        view = knowledge().overlays.compare(code, base)
    except KnowledgeError as failure:
        flash(str(failure), "bad")
        return redirect("/admin/overlays", 303)
    groups = [(fate, [e for e in view.entries if e.fate is fate]) for fate in view.counts]
    return render_template(
        "admin_merge.html", view=view, groups=groups, quiet=_QUIET, most=_MOST, choices=choices, successors=successors,
        error=error, missing=frozenset(error.keys if error else ()), FATES=FATE_NAMES, OUTCOMES=OUTCOME_NAMES,
        label=_label, shown=shown, conflict=Outcome.CONFLICT, left_out=_left_out(view),
    )  # fmt: skip


def _left_out(view: MergeView) -> list[tuple[Entry, list[Told]]]:
    """Indicators that are left out and that the base changed or dropped, each with what it changed."""
    left = (e for e in view.entries if e.fate is Fate.LEFT_OUT and (e.below or not e.new))
    return [(e, told(Kind.INDICATOR, e.below)) for e in left]


def _label(field: str) -> str:
    return label_of(Kind.INDICATOR, field)
