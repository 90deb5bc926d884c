"""Batches of changes: their list by pages, one of them field by field, its release notes, its export."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from openpyxl import Workbook
from werkzeug.wrappers import Response as BaseResponse

from indicators.differences import told_between
from indicators.model import IndicatorSet, Kind
from kb.catalogue import BATCH_PREFIX
from kb.errors import KnowledgeError
from kb.ledger import BatchChange
from kb.markdown import render
from kb.views import BatchInfo
from loaders.sheets import saved, table
from web.admin import admin
from web.context import knowledge
from web.downloads import BOOK, attachment
from web.import_view import PAGE, facts_of
from web.query import page_number, whole
from web.words import KIND_NAMES

pages = Blueprint("batches", __name__)

_LISTED = 50
WORDS = {"changed": "修改", "new": "新增", "removed": "移出", "setting": "设置", "kept": "保留本单位的"}
_HEADS = ("代码", "种类", "名称", "变化", "字段", "改前", "改后")


@pages.get("/admin/batches")
def batches() -> str:
    """All batches that changed anything, newest first."""
    before = whole(request.args.get("before", ""))
    found = knowledge().ledger.page(_LISTED + 1, before)
    older = found[_LISTED - 1].number if len(found) > _LISTED else 0
    return render_template("admin_batches.html", batches=found[:_LISTED], older=older, newest=not before)


@pages.get("/admin/batch/<int:number>")
def batch(number: int) -> str:
    """A batch: who, when, why, what it changed field by field, its notes, and the way back."""
    info = _info(number)
    ledger = knowledge().ledger
    changes = ledger.changes(number)
    spared = [
        BatchChange(k.record.code, k.record.kind, k.own, k.shipped)
        for k in knowledge().shipped.kept(info.name)
    ]
    names = ledger.names([*changes, *spared])
    groups = {a: [c for c in changes if c.action == a] for a in WORDS} | {"kept": spared}
    counts = {a: len(group) for a, group in groups.items() if group}
    action = request.args.get("show", "")
    if action not in counts:
        action = next(iter(counts), "changed")
    own = groups[action]
    page = min(page_number(request.args.get("page", "")), max(1, -(-len(own) // PAGE)))
    here = own[(page - 1) * PAGE : page * PAGE]
    kept = ledger.notes(number)
    noted = any(isinstance(c.after, IndicatorSet) or c.kind is Kind.INDICATOR for c in changes)
    drafted = "" if kept or not noted else ledger.draft(number, changes)
    return render_template(
        "admin_batch.html", b=info, changes=[(c, _told(c, names), _facts(c, names)) for c in here], counts=counts,
        action=action, page=page, last=max(1, -(-len(own) // PAGE)), words=WORDS, undone=ledger.undone_by(number),
        shipped=info.name.startswith(BATCH_PREFIX), notes=kept, text=kept.text if kept else drafted, noted=noted,
        html=render(kept.text if kept else drafted, lambda _code: None),
    )  # fmt: skip


def _info(number: int) -> BatchInfo:
    try:
        return knowledge().ledger.batch(number)
    except KnowledgeError as error:
        abort(404, str(error))


def _told(change: BatchChange, names: dict[str, str]) -> list[object]:
    if change.before is None or change.after is None:
        return []
    return list(told_between(change.before, change.after, names))


def _facts(change: BatchChange, names: dict[str, str]) -> list[tuple[str, str]]:
    record = change.after or change.before
    return facts_of(record, names) if record and change.action != "changed" else []


@pages.post("/admin/batch/<int:number>/notes")
def notes(number: int) -> BaseResponse:
    """Keep the release notes of a batch, or take them out and draft them anew."""
    _info(number)
    text = "" if request.form.get("drafted") else request.form.get("text", "").replace("\r\n", "\n")
    try:
        knowledge().ledger.keep_notes(number, text, actor=admin().name)
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        flash("已保存版本说明；指标集页上可以看到。" if text.strip() else "已改回自动起草的说明。")
    return redirect(f"/admin/batch/{number}#notes", 303)


@pages.get("/admin/batch/<int:number>/notes.md")
def notes_file(number: int) -> Response:
    """The release notes as a Markdown file: those kept, else the draft."""
    _info(number)
    ledger = knowledge().ledger
    kept = ledger.notes(number)
    text = kept.text if kept else ledger.draft(number)
    return attachment(text.encode(), f"第{number}批版本说明.md", "text/markdown; charset=utf-8")


@pages.get("/admin/batch/<int:number>/changes.xlsx")
def changes_book(number: int) -> Response:
    """Everything that a batch changed, a line a field, as a workbook."""
    _info(number)
    ledger = knowledge().ledger
    changes = ledger.changes(number)
    names = ledger.names(changes)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = f"第{number}批"
    rows = [row for c in changes for row in _rows(c, names)]
    table(sheet, _HEADS, rows, [18, 10, 30, 8, 16, 40, 40])
    return attachment(saved(book), f"第{number}批改动.xlsx", BOOK)


def _rows(change: BatchChange, names: dict[str, str]) -> list[list[str]]:
    kind = KIND_NAMES.get(change.kind, "设置") if change.kind else "设置"
    head = [change.code, kind, change.name, WORDS[change.action]]
    if change.before is None or change.after is None:
        place = 6 if change.after else 5
        return [[*head, label, *([""] * (place - 5)), text] for label, text in _facts(change, names)] or [
            head
        ]
    rows = []
    for t in told_between(change.before, change.after, names):
        before, after = ("\n".join(t.gone), "\n".join(t.come)) if t.is_list else (t.before, t.after)
        rows.append([*head, t.title, before, after])
    return rows
