"""The admin's way of loading a file: upload, progress, preview, and what is still unfinished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as BaseResponse

from kb.errors import InputError
from kb.imports import SetAbout
from kb.knowledge import KnowledgeBase
from loaders.exports import SHEETS
from loaders.loading import KINDS
from loaders.signing import spoken
from loaders.template import TEMPLATES
from web import import_view as view
from web.admin import admin
from web.context import knowledge
from web.import_jobs import KEY, ImportRoom
from web.import_uploads import Phase, TooManyUploadsError, Upload
from web.load_plan import LOADED
from web.query import page_number
from web.set_about import set_about_from
from web.uploaded import uploaded

pages = Blueprint("importing", __name__)

PATIENCE = 3.0
"""Seconds that a request waits for work that is nearly always shorter; after them it shows progress."""
_GLANCE = 0.5
"""Seconds that a page waits which would else show progress: those before it have waited already."""
KIND_NAMES = {
    "auto": "自动识别", "indicators": "指标集", "projects": "项目、部门得分、目标表", "issues": "评价问题", "framework": "共性框架",
}  # fmt: skip


def install(app: Flask, kb: KnowledgeBase) -> None:
    """Give ``app`` a room in which uploads are worked on."""
    app.extensions[KEY] = ImportRoom(kb)


def room() -> ImportRoom:
    """The room of this application."""
    return room_of(current_app)


def room_of(app: Flask) -> ImportRoom:
    """The room of an application."""
    return cast(ImportRoom, app.extensions[KEY])


def upload_of(token: str) -> Upload:
    """The upload of an address; 404 where there is none (any more)."""
    found = room().uploads.get(token)
    if found is None:
        abort(404, "没有这个上传，或者已经放弃、超过一天没有继续。请重新上传。")
    return found


def address(upload: Upload, rest: str = "") -> str:
    """Address of an upload's preview, or of something under it."""
    return f"/admin/import/{upload.token}{rest}"


@pages.get("/admin/import")
def start() -> str:
    """The form to upload a file, templates, unfinished uploads, and the last batches."""
    return _start_page({})


def _start_page(given: Mapping[str, str], error: str = "") -> str:
    recent = [b for b in knowledge().batches(60) if b.name.startswith(LOADED)][:15]
    return render_template(
        "admin_import.html", kinds=[(k, KIND_NAMES[k]) for k in KINDS], recent=recent, templates=TEMPLATES,
        open=[(u, about, state) for u, about, state in room().uploads.overview() if state.phase is not Phase.DONE],
        learned=len(knowledge().loading.learned()), given=given, error=error,
    )  # fmt: skip


@pages.post("/admin/import")
def upload() -> BaseResponse | tuple[str, int]:
    """Keep an uploaded file apart, have it read, and go on to its preview."""
    files = uploaded(request.files.getlist("file"))
    if len(files) != 1:
        flash("请选一个文件。", "bad")
        return redirect("/admin/import", 303)
    name, data = files[0]
    kind = request.form.get("kind", "auto")
    try:
        about = set_about_from(request.form)
    except InputError as error:
        return _start_page(request.form, str(error)), 400
    return take_in(
        name, data, kind if kind in KINDS else "auto", request.form.get("set", "").strip()[:100], about
    )


def take_in(
    name: str, data: bytes, kind: str, set_name: str = "", about: SetAbout | None = None
) -> BaseResponse:
    """Keep an upload apart, have it read, and go on to its preview."""
    try:
        kept = room().uploads.add(
            name, data, kind=kind, set_name=set_name, replace=bool(request.form.get("replace")), actor=admin().name,
            set_about=about,
        )  # fmt: skip
    except TooManyUploadsError as error:
        flash(str(error), "bad")
        return redirect("/admin/import", 303)
    room().read(kept)
    room().settled(kept, PATIENCE)
    return redirect(address(kept), 303)


@pages.get("/admin/import/<token>")
def preview(token: str) -> str | BaseResponse:
    """Progress while an upload is worked on; then its columns, faults, choices and changes; then its batch."""
    kept = upload_of(token)
    patience = _GLANCE
    if room().prepared(kept) is None and kept.state.phase is Phase.READY:  # another process has shown it
        room().show(kept)
        patience = PATIENCE
    if not room().settled(kept, patience):
        return render_template("admin_import_progress.html", up=kept, about=kept.about, state=kept.state)
    state = kept.state
    if state.phase is Phase.DONE:
        flash(f"已入库，记为第 {state.batch} 批；可以随时撤回。" if state.batch else "没有变化，没有写入。")
        return redirect(f"/admin/batch/{state.batch}" if state.batch else "/admin/import", 303)
    if state.phase in (Phase.FAILED, Phase.CANCELLED):
        return render_template("admin_import_failed.html", up=kept, about=kept.about, state=state)
    made = room().prepared(kept)
    if made is None:  # something was written between planning and this look
        return redirect(address(kept), 303)
    counts = view.counted(made.plan)
    action = request.args.get("show", "")
    if action not in view.ACTIONS:
        action = counts[0][0] if counts else "same"
    page = page_number(request.args.get("page", ""))
    changes, last = view.changes_of(made, action, page)
    return render_template(
        "admin_import_preview.html", up=kept, about=kept.about, state=state, file=made.file, plan=made.plan,
        tables=view.tables_of(made.file, knowledge().loading.learned()), causes=view.causes_of(made), counts=counts,
        action=action, page=min(page, last), last=last, changes=changes, set_change=view.set_change(made),
        touched=made.touched, title=made.title(kept.about), pack=made.pack, spoken=spoken, sheets=SHEETS,
        likes=view.ChoicePage.of(made.plan.duplicates, page_number(request.args.get("like", ""))),
        gone=view.ChoicePage.of(made.plan.vanished, page_number(request.args.get("gone", ""))),
    )  # fmt: skip


@pages.get("/admin/import/<token>/progress")
def progress(token: str) -> Response:
    """How far an upload is, for the script on its page."""
    kept = upload_of(token)
    finished = room().settled(kept, 0)
    state = kept.state
    return jsonify(
        {"state": state.phase.value, "label": state.phase.label, "done": state.done, "total": state.total,
         "count": state.count, "finished": finished}
    )  # fmt: skip


@pages.post("/admin/import/<token>/cancel")
def cancel(token: str) -> BaseResponse:
    """Call off reading or writing; what was begun is taken back."""
    kept = upload_of(token)
    room().cancel(kept)
    room().settled(kept, PATIENCE)
    return redirect(address(kept), 303)


@pages.post("/admin/import/<token>/discard")
def discard(token: str) -> BaseResponse:
    """Give an upload up; nothing was written."""
    kept = upload_of(token)
    name = kept.about.name
    room().cancel(kept)
    if not room().settled(kept, PATIENCE):
        flash(f"“{name}”正在收尾，请过一会儿再放弃。", "bad")
        return redirect("/admin/import", 303)
    room().uploads.discard(kept)
    flash(f"已放弃“{name}”，什么都没有写入。")
    return redirect("/admin/import", 303)
