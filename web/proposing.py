"""Reporting a wrong field or a gap from any page, with or without an account; the receipt tells the outcome."""

from __future__ import annotations

import hashlib
import hmac

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from indicators.fields import label_of, shown
from indicators.model import Kind, Record
from kb.accounts import Account
from kb.db.proposals import ProposalRow
from kb.errors import InputError
from kb.merging import parts_of
from kb.proposals import LONGEST, Report, Sender, Sort, TooManyProposalsError, UnknownProposalError
from web.context import knowledge
from web.field_table import KEPT
from web.proxy import client_address
from web.query import clean
from web.record_form import clean_text
from web.sessions import signed_in
from web.words import KIND_NAMES

pages = Blueprint("proposing", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]

SORTS = {
    Sort.WRONG: "有一栏写错了", Sort.GAP: "缺一条指标或别的内容", Sort.OTHER: "其他",
}  # fmt: skip
SORT_NAMES = {
    Sort.WRONG: "写错", Sort.GAP: "缺口", Sort.OTHER: "其他", Sort.CHANGE: "修改", Sort.NEW: "新建",
}  # fmt: skip
STATE_NAMES = {"open": "待处理", "accepted": "已采纳", "declined": "不采纳"}
TRAP = "website"
"""A field that people do not see; whoever fills it is a program."""
_MINE = 200


@pages.app_context_processor
def _words() -> dict[str, object]:
    return {"SORT_NAMES": SORT_NAMES, "STATE_NAMES": STATE_NAMES}


def sender_of(account: Account | None, name: str = "", contact: str = "") -> Sender:
    """Who sends: the account, or what a reader says of themselves; the address only as a hash that nobody can undo."""
    key = current_app.config["SECRET_KEY"]
    raw = (key if isinstance(key, bytes) else str(key).encode(), client_address().encode())
    origin = hmac.new(raw[0], raw[1], hashlib.sha256).hexdigest()
    if account is not None:
        return Sender(account.name, contact, account.key, account.key)
    return Sender(name, contact, "", origin)


@pages.get("/report")
def report() -> Answer:
    """The form to report something, about the record of ``?code=`` where there is one."""
    asked = {name: clean(request.args.get(name, ""))[:300] for name in ("code", "field", "text")}
    sort = request.args.get("sort", "")
    filled = {**asked, "sort": sort if sort in SORTS else (Sort.WRONG if asked["code"] else Sort.GAP).value}
    return _page(filled)


@pages.post("/report")
def send() -> Answer:
    """Keep a report and show its receipt."""
    names = ("code", "field", "text", "suggestion", "source", "name", "contact", "sort")
    filled = {name: clean_text(request.form.get(name, "")) for name in names}
    if request.form.get(TRAP):
        return _page(filled, "没有提交：请不要填写“网址”一栏，它是防自动程序用的。"), 400
    try:
        sort = Sort(filled["sort"])
    except ValueError:
        sort = Sort.OTHER
    made = Report(
        sort if sort in SORTS else Sort.OTHER, filled["code"].strip()[:80], filled["field"][:80], filled["text"],
        filled["suggestion"], filled["source"],
    )  # fmt: skip
    sender = sender_of(signed_in(), filled["name"], filled["contact"])
    try:
        row = knowledge().proposals.report(made, sender)
    except InputError as error:
        return _page(filled, str(error)), 400
    except TooManyProposalsError as error:
        return _page(filled, str(error)), 429, {"Retry-After": "3600"}
    flash("收到了，谢谢。请留下这一页的地址，处理结果会写在这里。")
    return redirect(f"/proposals/{row.token}", 303)


def _page(filled: dict[str, str], error: str = "") -> str:
    record = knowledge().editing.standing(filled["code"])[0] if filled["code"] else None
    blank = dict.fromkeys(("field", "text", "suggestion", "source", "name", "contact"), "")
    values = blank | filled
    return render_template(
        "report.html", filled=values, record=record, sorts=SORTS, fields=_fields(record), error=error, most=LONGEST,
        trap=TRAP, now=_now(record, values["field"]), kind_name=KIND_NAMES[record.kind] if record else "",
    )  # fmt: skip


def _fields(record: Record | None) -> list[tuple[str, str]]:
    """Fields that a report may be about: (name, label)."""
    if record is None:
        return []
    return [(n, label_of(record.kind, n)) for n in parts_of(record) if n not in KEPT]


def _now(record: Record | None, name: str) -> str:
    """What stands now in the field that a report is about, where it is a text."""
    value = parts_of(record).get(name, "") if record is not None else ""
    return value if isinstance(value, str) else ""


@pages.get("/proposals/<token>")
def receipt(token: str) -> str:
    """What somebody sent, and what became of it; whoever has the address may see it."""
    row = _row(token)
    return render_template("receipt.html", row=row, **about(row))


@pages.get("/account/proposals")
def mine() -> str:
    """What the account has reported and proposed."""
    own = signed_in()
    rows = knowledge().proposals.listed(account=own.key, limit=_MINE) if own is not None else []
    return render_template("proposals_mine.html", rows=[(row, about(row)) for row in rows])


def about(row: ProposalRow) -> dict[str, object]:
    """What a page tells beside a proposal: the record's name, the field's, the changes in words."""
    kb = knowledge()
    record = kb.editing.standing(row.code)[0] if row.code else None
    kind = Kind(row.kind) if row.kind else None
    standing = kb.proposals.standing(row)
    return {
        "record": record,
        "kind_name": KIND_NAMES[kind] if kind else "",
        "label": label_of(kind, row.field) if kind and row.field else "",
        "now": shown(row.field, parts_of(record).get(row.field)) if record is not None and row.field else "",
        "told": kb.editing.told(standing.base, _proposed(standing.base, row)) if standing is not None else [],
    }


def _proposed(base: Record | None, row: ProposalRow) -> Record:
    """The record as its proposer wanted it, whatever became of it since."""
    return knowledge().proposals.wanted(row, base)


def _row(token: str) -> ProposalRow:
    try:
        return knowledge().proposals.by_token(token)
    except UnknownProposalError as error:
        abort(404, str(error))
