"""The last step of loading: write the plan that was shown, strictly or good rows now; the bad rows to mend."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response, abort, flash, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from loaders.packs import UnsignedPackError, require_signed
from web.admin import admin
from web.downloads import BOOK, attachment
from web.import_choices import decide_address, keep_chosen
from web.import_jobs import must_wait
from web.importing import PATIENCE, address, room, upload_of
from web.load_plan import bad_book

pages = Blueprint("import_commit", __name__)


@pages.post("/admin/import/<token>/commit")
def commit(token: str) -> BaseResponse:
    """Write the plan that was shown, as one batch; choices that were not yet in it are shown first."""
    kept = upload_of(token)
    if not room().settled(kept, PATIENCE):
        return redirect(address(kept), 303)
    made, shown = room().preview(kept, PATIENCE), request.form.get("fingerprint", "")
    if made is None:
        return redirect(address(kept), 303)
    if made.plan.fingerprint != shown:
        flash("知识库在预览之后有了改动，没有入库。请看过新的差异再确认。", "bad")
        return redirect(address(kept), 303)
    try:
        if made.pack:
            require_signed(kept.about.name, made.pack, bool(request.form.get("unsigned")))
    except UnsignedPackError as error:
        flash(str(error), "bad")
        return redirect(address(kept, "#commit"), 303)
    if keep_chosen(kept, made.plan):
        flash("取舍刚改过，差异已重新算好，还没有入库。请看过再点“确认入库”。", "bad")
        return redirect(decide_address(kept), 303)
    if must_wait(made.file, made.plan) and request.form.get("good") != "1":
        flash("文件里有错误的行，没有入库。请改正后重新上传，或改选“先入没有错的行”。", "bad")
        return redirect(address(kept, "#errors"), 303)
    room().write(kept, shown, admin().name)
    room().settled(kept, PATIENCE)
    return redirect(address(kept), 303)


@pages.get("/admin/import/<token>/bad.xlsx")
def bad(token: str) -> Response:
    """Rows that cannot be taken, with the reason, to be mended and loaded again."""
    kept = upload_of(token)
    made = room().preview(kept, PATIENCE)
    content = bad_book(made.file, made.plan) if made else None
    if content is None:
        abort(404, "没有要补正的行。请回到预览页再下载。")
    return attachment(content, f"{PurePath(kept.about.name).stem}（补正）.xlsx", BOOK)
