"""What the admin chooses over an upload: columns, merging, retiring; and the columns that are remembered."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from kb.imports import ImportPlan
from loaders.mapping import FIELDS
from loaders.template import TEMPLATES, template_book
from web.admin import admin
from web.context import knowledge
from web.downloads import BOOK, attachment
from web.import_uploads import About, Phase, Upload
from web.import_view import choices_of
from web.importing import PATIENCE, address, room, upload_of
from web.query import page_number

pages = Blueprint("import_choices", __name__)

_FIELDS = {field for kind in FIELDS for field, _ in choices_of(kind)}
_LONGEST_CODE = 80
_PLACES = ("duplicates", "vanished")
_KEEP, _RETIRE, _OTHER = "keep", "retire", "other"


@pages.post("/admin/import/<token>/mapping")
def remap(token: str) -> BaseResponse:
    """Take corrected columns and read the file again by them; they are remembered when it is loaded."""
    kept = upload_of(token)
    if request.form.get("reset"):
        return _read_again(kept, {})
    tables = kept.read().tables if kept.was_read else ()
    current = {c.key: c.field for t in tables for c in t.columns}
    given = {k.removeprefix("map:"): v for k, v in request.form.items() if k.startswith("map:")}
    changed = {key: field for key, field in given.items() if field in _FIELDS and current.get(key) != field}
    if not changed:
        flash("没有改动列名对应。")
        return redirect(address(kept), 303)
    return _read_again(kept, {**kept.about.corrections, **changed})


def _read_again(kept: Upload, corrections: dict[str, str]) -> BaseResponse:
    if not room().settled(kept, PATIENCE):
        return redirect(address(kept), 303)
    kept.keep_about(
        msgspec.structs.replace(kept.about, corrections=corrections, merge={}, retire={}, keep=frozenset())
    )
    room().read(kept)
    room().settled(kept, PATIENCE)
    return redirect(address(kept, "#columns"), 303)


@pages.post("/admin/import/<token>/choices")
def choose(token: str) -> BaseResponse:
    """Take what was chosen on a page of duplicates and vanished members, plan anew, and turn to the page asked for."""
    kept = upload_of(token)
    if made := room().preview(kept, PATIENCE):
        keep_chosen(kept, made.plan)
    return redirect(decide_address(kept), 303)


def keep_chosen(kept: Upload, plan: ImportPlan) -> bool:
    """Take note of a form's choices; whether they differ from those before, so that the upload is planned anew."""
    before = kept.about
    about = chosen(before, plan, request.form)
    kept.keep_about(about)
    if about.asked.decisions == before.asked.decisions:
        return False
    room().plan(kept)
    room().settled(kept, PATIENCE)
    return True


def decide_address(kept: Upload) -> str:
    """The pages of choices that a form's address asks for, with the place on them."""
    pages_ = {name: page_number(request.args.get(name, "")) for name in ("like", "gone")}
    pages_ = {name: number for name, number in pages_.items() if number > 1}
    at = request.args.get("at", "")
    place = f"#{at if at in _PLACES else 'decide'}"
    return address(kept, (f"?{urlencode(pages_)}" if pages_ else "") + place)


def chosen(about: About, plan: ImportPlan, form: MultiDict[str, str]) -> About:
    """What an upload is with the choices of a form; what the form does not speak of stays as it was."""
    merge = dict(about.merge)
    for d in plan.duplicates:
        answer = form.get(f"like:{d.code}")
        if answer is not None:
            merge.pop(d.code, None)
            if answer in {code for code, _, _ in d.options}:
                merge[d.code] = answer
    retire, keep = dict(about.retire), set(about.keep)
    for v in plan.vanished:
        answer = form.get(f"gone:{v.code}")
        if answer is None:
            continue
        retire.pop(v.code, None)
        keep.discard(v.code)
        if answer == _KEEP:
            keep.add(v.code)
        elif not answer:
            continue
        elif answer == _OTHER:
            retire[v.code] = form.get(f"successor:{v.code}", "").strip()[:_LONGEST_CODE]
        else:
            retire[v.code] = "" if answer == _RETIRE else answer[:_LONGEST_CODE]
    title, reason = (form.get(name, "").strip()[:most] for name, most in (("title", 200), ("reason", 500)))
    return msgspec.structs.replace(
        about, merge=merge, retire=retire, keep=frozenset(keep), title=title, reason=reason,
        replace=bool(form.get("replace")) if "rest" in form else about.replace,
    )  # fmt: skip


@pages.get("/admin/import/columns")
def columns() -> str:
    """Header rows whose correction is remembered."""
    names = {f: name for kind in FIELDS for f, name in choices_of(kind)}
    learned = knowledge().loading.learned()
    return render_template("admin_import_columns.html", learned=sorted(learned.items()), names=names)


@pages.post("/admin/import/columns/forget")
def forget() -> BaseResponse:
    """Forget the correction of a header row; that can be taken back as any batch."""
    mark = request.form.get("mark", "")
    if mark in knowledge().loading.learned():
        knowledge().loading.forget(mark, actor=admin().name)
        flash("已忘掉，下次按列名重新认。要恢复，在批次里撤回。")
    return redirect("/admin/import/columns", 303)


@pages.get("/admin/import/template/<kind>.xlsx")
def template(kind: str) -> Response:
    """A workbook to fill in, for those who start clean."""
    if kind not in TEMPLATES:
        abort(404)
    sectors = [s.sector.name for s in knowledge().sectors()]
    return attachment(template_book(kind, sectors), f"{TEMPLATES[kind]}模板.xlsx", BOOK)


@pages.post("/admin/import/<token>/reread")
def reread(token: str) -> BaseResponse:
    """Read an upload again, without corrections."""
    kept = upload_of(token)
    if kept.state.phase in (Phase.FAILED, Phase.CANCELLED):
        return _read_again(kept, {})
    return redirect(address(kept), 303)
