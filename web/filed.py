"""Pages of the filed target tables: the admin's list of seasons, filing a review batch, one table to compare with."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from indicators.chinese_time import day
from kb.errors import KnowledgeError
from web.admin import admin
from web.context import knowledge

pages = Blueprint("filed", __name__)


@pages.get("/admin/filed")
def seasons() -> str:
    """What is filed, by batch, and how to file more."""
    filed = knowledge().filed
    return render_template("admin_filed.html", seasons=filed.seasons(), totals=filed.totals())


@pages.post("/admin/filed")
def file_job() -> Response:
    """File the tables of a finished review, as one batch."""
    kb, job_id = knowledge(), request.form.get("job", "")[:40]
    try:
        job = kb.reviews.job(job_id)
    except KnowledgeError as error:
        flash(str(error), "bad")
        return redirect("/admin/filed", 303)
    if not job.finished:
        flash("这次体检还没有做完，做完再存入。", "bad")
        return redirect(f"/review/{job_id}", 303)
    batch, new, same = kb.filed.add(
        (r.draft for r in kb.reviews.reviews(job_id).values()), kb.reviewer(),
        name=f"历年目标表：{day(job.created_at)} 体检的一批", actor=admin().name,
        region=request.form.get("region", "").strip()[:80],
    )  # fmt: skip
    known = f"另有 {same} 张早已存过。" if same else ""
    flash(
        f"存入 {new} 张目标表，记为第 {batch} 批，可以撤回。{known}"
        if new
        else f"没有新的目标表，没有写入。{known}"
    )
    return redirect("/admin/filed", 303)


@pages.get("/filed/<int:number>")
def table(number: int) -> str:
    """A filed table as it was handed in."""
    try:
        line, rows = knowledge().filed.table(number)
    except KnowledgeError as error:
        abort(404, str(error))
    sector = next((s.name for s in knowledge().reviewer().sectors if s.code == line.sector), line.sector)
    return render_template("filed.html", line=line, rows=rows, sector=sector)
