"""Editing a record in the browser: form, preview, saving over the version seen, conflicts; the same form proposes."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from indicators.model import RECORD_TYPES, Kind, Record, SourceRef
from kb.accounts import Account
from kb.editing import FaultyRecordError, NothingChangedError
from kb.errors import ChangedMeanwhileError, InputError, KnowledgeError, PointedGoneError
from kb.links import PATHS, history_of, url_of
from kb.merging import merge
from kb.proposals import DecidedError, Sort, TooManyProposalsError
from web.context import knowledge
from web.edit_page import (
    Filled,
    Task,
    form_page,
    in_words,
    page_as_shown,
    pointer_errors,
    rendered,
    sent_form,
    sides_taken,
)
from web.field_table import Widget, fields_of
from web.proposing import sender_of
from web.query import clean, whole
from web.record_form import PREFIX, empty, read, rows_in, with_row, with_row_up, without_row, written
from web.sessions import signed_in
from web.words import KIND_NAMES

pages = Blueprint("editing", __name__)

Answer = str | BaseResponse | tuple[str, int]
_LONGEST_MARKDOWN = 200_000


def staff() -> Account:
    """The account behind the request; the table of permissions has seen to it that there is one."""
    account = signed_in()
    if account is None:
        raise RuntimeError("a page of the staff ran without an account")
    return account


@pages.get("/admin/new")
def kinds() -> str:
    """Which kind of record a new one is to be."""
    return render_template("edit_kinds.html", kinds=RECORD_TYPES, counts=knowledge().counts())


@pages.get("/admin/new/<kind>")
def new(kind: str) -> Answer:
    """The form of a new record: empty, like another one (``?from=``), or as a proposal has it."""
    return _new_page(Task(_kind(kind), request.path, proposal=whole(request.args.get("proposal", ""))))


@pages.post("/admin/new/<kind>")
def add(kind: str) -> Answer:
    """Preview or store a new record."""
    return _work(Task(_kind(kind), request.path, proposal=whole(request.form.get("proposal", ""))))


@pages.get("/admin/edit/<path:code>")
def edit(code: str) -> Answer:
    """The form of a record, with a proposal's changes in it where one is to be carried out."""
    record, version = knowledge().editing.current(code)
    task = Task(
        record.kind,
        request.path,
        record.code,
        record,
        version,
        proposal=whole(request.args.get("proposal", "")),
    )
    return form_page(task, _filled_for(task))


@pages.post("/admin/edit/<path:code>")
def save(code: str) -> Answer:
    """Preview or store what was changed in a record."""
    return _work(_sent_task(code, proposing=False))


@pages.get("/propose/new/<kind>")
def propose_new(kind: str) -> Answer:
    """The form for a record that somebody misses."""
    return _new_page(Task(_kind(kind), request.path, proposing=True))


@pages.post("/propose/new/<kind>")
def send_new(kind: str) -> Answer:
    """Preview or keep a proposed new record."""
    return _work(Task(_kind(kind), request.path, proposing=True))


@pages.get("/propose/<path:code>")
def propose(code: str) -> Answer:
    """The form of a record, to propose a change."""
    record, version = knowledge().editing.current(code)
    return form_page(
        Task(record.kind, request.path, record.code, record, version, proposing=True),
        Filled(written(record), touched=False),
    )


@pages.post("/propose/<path:code>")
def send(code: str) -> Answer:
    """Preview or keep a proposed change."""
    return _work(_sent_task(code, proposing=True))


@pages.get("/codes")
def codes() -> Response:
    """Records of a kind for what is being typed into a field that holds a code."""
    found = knowledge().editing.find(
        _kind(request.args.get("kind", "")), clean(request.args.get("q", ""))[:60]
    )
    return jsonify({"codes": [{"code": ref.code, "name": ref.name} for ref in found]})


@pages.post("/markdown")
def markdown() -> Response:
    """A Markdown text as the page will show it."""
    text = request.form.get("text", "")[:_LONGEST_MARKDOWN]
    return jsonify({"html": rendered(text)})


@pages.post("/admin/take-out/<path:code>")
def take_out(code: str) -> BaseResponse:
    """Take a record out that nothing points to."""
    seen, reason = whole(request.form.get("seen", "")), request.form.get("reason", "")
    try:
        number = knowledge().editing.take_out(code, seen=seen, actor=staff().name, reason=reason)
    except KnowledgeError as error:
        flash(str(error), "bad")
        return redirect(f"/admin/edit/{quote(code)}", 303)
    flash(f"已撤下，记为第 {number} 批。历史还在，可以恢复。")
    return redirect(history_of(code), 303)


# The steps of a form


def _work(task: Task) -> Answer:
    """One step with a form that was sent: a row more or less, preview, merging, saving."""
    filled = Filled(
        sent_form(), clean(request.form.get("reason", ""))[:400], clean(request.form.get("code", ""))[:60]
    )
    verb, _, rest = request.form.get("do", "preview").partition(":")
    if verb in ("add", "drop", "up", "cite"):
        return form_page(task, _with_rows(task, filled, verb, rest))
    if verb == "back":
        return form_page(task, filled)
    record, errors = _record_of(task, filled)
    if record is None:
        return form_page(task, replace(filled, errors=errors)), 400
    if verb in ("merge", "merge-save"):
        return _merged(task, filled, record, save=verb == "merge-save")
    return _save(task, filled, record) if verb == "save" else _preview(task, filled, record)


def _record_of(task: Task, filled: Filled) -> tuple[Record | None, dict[str, str]]:
    """The record that a form holds, its code given where it is new; else what is wrong."""
    found = read(task.kind, task.code, filled.form, task.base)
    errors = {**found.errors}
    for path, message in pointer_errors(task.kind, filled.form).items():
        errors.setdefault(path, message)
    editing = knowledge().editing
    if not task.code and filled.code:
        try:
            editing.require_free(filled.code)
        except InputError as error:
            errors["code"] = str(error)
    if errors or found.record is None or task.code:
        return (None if errors else found.record), errors
    return msgspec.structs.replace(found.record, code=filled.code or editing.free_code(found.record)), errors


def _with_rows(task: Task, filled: Filled, verb: str, rest: str) -> Filled:
    """The form with a row more, less or elsewhere; ``cite`` adds a source for one field."""
    path, _, number = rest.partition(":")
    each = fields_of(task.kind).get(path.removeprefix(PREFIX))
    if verb == "cite":
        return _with_source(task, filled, rest)
    if each is None or each.widget is not Widget.ROWS:
        return filled
    if verb == "add":
        form = with_row(path, filled.form, each.columns)
        return replace(filled, form=form, focus=f"{path}.{rows_in(path, form)[-1]}.{each.columns[0].name}")
    change = without_row if verb == "drop" else with_row_up
    return replace(filled, form=change(path, whole(number), filled.form), focus=path)


def _with_source(task: Task, filled: Filled, name: str) -> Filled:
    sources = fields_of(task.kind).get("sources")
    if sources is None:
        return filled
    path = PREFIX + sources.name
    form = with_row(path, filled.form, sources.columns)
    row = f"{path}.{rows_in(path, form)[-1]}"
    return replace(filled, form={**form, f"{row}.field": name}, focus=f"{row}.source")


def _preview(task: Task, filled: Filled, record: Record, status: int = 200) -> Answer:
    """What saving would change, what is wrong with it, what it touches, and the page as it would be."""
    editing = knowledge().editing
    found = editing.examine(record, task.base)
    told = editing.told(task.base, record)
    shown = page_as_shown(record)
    page = render_template(
        "edit_preview.html", task=task, filled=filled, record=record, told=told, found=found, page=shown,
        errors=in_words(task.kind, found.errors), standing=in_words(task.kind, found.standing),
        hints=in_words(task.kind, found.hints), kind_name=KIND_NAMES[task.kind],
    )  # fmt: skip
    return page, status


def _save(task: Task, filled: Filled, record: Record) -> Answer:
    """Store the record, or keep it as a proposal, and go on to where it is seen."""
    try:
        if task.proposing:
            return _propose(task, filled, record)
        number = _store(task, filled, record)
    except ChangedMeanwhileError:
        return _conflict(task, filled, record), 409
    except FaultyRecordError:
        return _preview(task, filled, record, 400)
    except NothingChangedError as error:
        return form_page(task, replace(filled, notice=str(error))), 400
    except DecidedError as error:
        flash(str(error), "bad")
        return redirect(f"/admin/queue/{task.proposal}", 303)
    except PointedGoneError as error:
        errors = pointer_errors(task.kind, filled.form) or {"": str(error)}
        return form_page(task, replace(filled, errors=errors)), 409
    except (InputError, TooManyProposalsError) as error:
        return form_page(task, replace(filled, errors={"": str(error)})), 400
    flash(f"已保存，记为第 {number} 批；要撤回，到历史里恢复旧版，或在工作清单里撤回这一批。")
    if task.proposal:
        return redirect(f"/admin/queue/{task.proposal}", 303)
    return redirect(_seen_at(record), 303)


def _store(task: Task, filled: Filled, record: Record) -> int:
    kb, actor = knowledge(), staff().name
    if task.proposal:
        return kb.proposals.carry_out(
            task.proposal, record, seen=task.seen, actor=actor, answer=filled.reason, reason=""
        )
    return kb.editing.save(record, seen=task.seen, actor=actor, reason=filled.reason)


def _propose(task: Task, filled: Filled, record: Record) -> BaseResponse:
    account = staff()
    row = knowledge().proposals.propose(record, task.base, task.seen, filled.reason, sender_of(account))
    flash("已提交，管理员会看到。处理结果在这一页。")
    return redirect(f"/proposals/{row.token}", 303)


def _conflict(task: Task, filled: Filled, record: Record, error: str = "") -> str:
    """Theirs and mine, field by field; nothing of mine is lost."""
    theirs, version = knowledge().editing.standing(record.code)
    merged = merge(task.base, theirs, record) if task.base is not None and theirs is not None else None
    editing = knowledge().editing
    step = editing.history(record.code)[0].version
    return render_template(
        "edit_conflict.html", task=task, filled=filled, record=record, theirs=theirs, version=version, merged=merged,
        step=step, error=error, kind_name=KIND_NAMES[task.kind],
        their_changes=editing.told(task.base, theirs) if task.base is not None and theirs is not None else [],
        my_changes=editing.told(task.base, record) if task.base is not None else [],
    )  # fmt: skip


def _merged(task: Task, filled: Filled, record: Record, *, save: bool) -> Answer:
    """My changes brought into theirs, as chosen; again where theirs moved on meanwhile."""
    theirs, version = knowledge().editing.standing(record.code)
    if theirs is None or task.base is None or version != whole(request.form.get("theirs", "")):
        return _conflict(task, filled, record, "这一条刚才又被改过，请按新的内容再选一次。"), 409
    found = merge(task.base, theirs, record, sides_taken())
    if found.clashes:
        return _conflict(task, filled, record, f"还有 {len(found.clashes)} 栏没有选用哪一边。"), 409
    onward = replace(task, base=theirs, seen=version)
    fresh = replace(filled, form=written(found.record))
    return _save(onward, fresh, found.record) if save else _preview(onward, fresh, found.record)


def _new_page(task: Task) -> Answer:
    like = request.args.get("from", "")
    if task.proposal:
        return form_page(task, _filled_for(task))
    if not like:
        return form_page(task, Filled(empty(task.kind) | _asked(task.kind), touched=False))
    record, _ = knowledge().editing.current(like)
    if record.kind is not task.kind:
        abort(400, "样本不是这一种记录，请从它自己的页面点“照这条新建”。")
    return form_page(task, Filled(written(record)))


def _asked(kind: Kind) -> dict[str, str]:
    """What the link to the form says of a new record: its name, and a source of our own where it needs one."""
    form = {"f.name": clean(request.args.get("name", ""))[:200]}
    if kind is Kind.INDICATOR and knowledge().editing.names(["zibian"]):
        form |= {"f.sources.0.source": SourceRef(source="zibian").source}
    return form


def _filled_for(task: Task) -> Filled:
    """The form with a proposal's changes in it; a report's suggestion stands in the field that it is for."""
    shown = written(task.base) if task.base is not None else empty(task.kind)
    if not task.proposal:
        return Filled(shown, touched=False)
    proposals = knowledge().proposals
    row = proposals.get(task.proposal)
    standing = proposals.standing(row)
    if standing is not None and standing.wanted.kind is task.kind:
        return Filled(written(standing.wanted))
    path = PREFIX + row.field
    if row.sort == Sort.WRONG.value and row.suggestion and path in shown and row.code == task.code:
        return Filled(shown | {path: row.suggestion}, focus=path)
    return Filled(shown, touched=False)


def _sent_task(code: str, *, proposing: bool) -> Task:
    """The task of a form that was sent, from the version that its editor saw."""
    seen, editing = whole(request.form.get("seen", "")), knowledge().editing
    history = editing.history(code)
    base = editing.at(code, seen) if seen else None
    if base is None and (seen or editing.standing(code)[0] is not None):
        abort(400, "看不出您改的是哪一版。请重新打开这一条再改。")
    kind = (
        base.kind
        if base is not None
        else next((s.record.kind for s in history if s.record is not None), None)
    )
    if kind is None:
        abort(400, "这一条的旧版已经读不出来，不能在这里改。")
    proposal = 0 if proposing else whole(request.form.get("proposal", ""))
    return Task(kind, request.path, code, base, seen, proposing, proposal)


def _seen_at(record: Record) -> str:
    return url_of(record.kind, record.code) if record.kind in PATHS else history_of(record.code)


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        abort(404, "没有这一种记录。")
