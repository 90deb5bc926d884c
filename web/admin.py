"""Pages of the admin: the work list that use has left, undo of any batch, the audit log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from indicators.chinese_time import in_china
from indicators.coverage import SectorCoverage
from kb.accounts import Account
from kb.db.audit import Entry
from kb.errors import KnowledgeError
from kb.learning import normal_query
from web.context import knowledge
from web.permissions import safe_next
from web.query import clean, whole
from web.sessions import signed_in

pages = Blueprint("admin", __name__)

_LISTED = 30
_AUDIT_PAGE = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the admin as the row of tabs names it."""

    label: str
    url: str
    under: str = ""

    @property
    def current(self) -> bool:
        """Whether the page shown is this one, or below it or ``under``."""
        below = self.under or self.url
        return request.path == self.url or (below != "/admin" and request.path.startswith(below + "/"))


TABS = (
    Tab("工作清单", "/admin"),
    Tab("待办", "/admin/queue"),
    Tab("新建", "/admin/new"),
    Tab("入库", "/admin/import"),
    Tab("批次", "/admin/batches", "/admin/batch"),
    Tab("本地指标集", "/admin/overlays"),
    Tab("指标集包", "/admin/packs"),
    Tab("历年目标表", "/admin/filed"),
    Tab("同义词", "/admin/synonyms"),
    Tab("精选答案", "/admin/answers"),
    Tab("词典", "/admin/words"),
    Tab("账号", "/admin/users"),
    Tab("审计", "/admin/audit"),
)


@pages.app_context_processor
def _tabs() -> dict[str, object]:
    return {"admin_tabs": TABS}


def admin() -> Account:
    """The admin behind the request; the table of permissions has seen to it that there is one."""
    account = signed_in()
    if account is None:
        raise RuntimeError("an admin page ran without an account")
    return account


@pages.get("/admin")
def work() -> str:
    """What use has left to do: misses, results that nobody opens, gaps of the content, recent changes."""
    kb = knowledge()
    settled = {*kb.tuning.ignored(), *(answer.query for answer in kb.tuning.answers())}
    report = kb.inventory()
    return render_template(
        "admin.html",
        misses=kb.learning.misses(_LISTED, settled.__contains__),
        low=kb.learning.low_clicks(_LISTED, settled.__contains__),
        gaps=[row for row in report.coverage.sectors if _has_gap(row)],
        to_mend={name: len(items) for name, items in report.coverage.to_mend.items()},
        faults=sum(fault.level == "error" for fault in report.faults),
        batches=kb.batches(15),
    )


def _has_gap(row: SectorCoverage) -> bool:
    return bool(not row.total or row.core_missing or row.bare_subsectors)


@pages.post("/admin/ignore")
def ignore() -> BaseResponse:
    """Take a query off the work list."""
    query = normal_query(request.form.get("query", "")[:400])
    if query:
        knowledge().tuning.ignore(query, actor=admin().name)
        flash(f"“{query}”不再列出。要它回来，在“最近的改动”里撤回。")
    return redirect("/admin", 303)


@pages.post("/admin/undo")
def undo() -> BaseResponse:
    """Take a batch back and return to the page where that was asked."""
    back = safe_next(request.form.get("next", "/admin"))
    wanted = whole(request.form.get("batch", ""))
    if not wanted:
        flash("没有这个批次号。", "bad")
        return redirect(back, 303)
    try:
        number = knowledge().undo(wanted, actor=admin().name, reason="在网页上撤回")
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        flash(f"已撤回第 {wanted} 批，记为第 {number} 批；再撤回第 {number} 批就是恢复。")
    return redirect(back, 303)


@pages.get("/admin/audit")
def audit() -> str:
    """The audit log, newest first, by pages; narrowed by person and by deed."""
    log = knowledge().audit
    actor, action = (clean(request.args.get(name, ""))[:80] for name in ("actor", "action"))
    entries = log.entries(_AUDIT_PAGE + 1, whole(request.args.get("before", "")), actor, action)
    actors, actions = log.names()
    return render_template(
        "admin_audit.html",
        entries=entries[:_AUDIT_PAGE],
        older=entries[_AUDIT_PAGE - 1].number if len(entries) > _AUDIT_PAGE else 0,
        actors=actors,
        actions=actions,
        actor=actor,
        action=action,
        count=log.count(),
    )


@pages.get("/admin/audit.csv")
def audit_csv() -> Response:
    """The whole log as a CSV file that a spreadsheet opens without running anything in it."""
    log = knowledge().audit
    log.write(admin().name, "导出审计日志")
    answer = Response(_csv_lines(log.everything()), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _csv_lines(entries: Iterator[Entry]) -> Iterator[str]:
    yield "\ufeff" + _csv_line(["编号", "时间（北京时间）", "经手", "操作", "对象", "说明"])
    for e in entries:
        yield _csv_line(
            [str(e.number), f"{in_china(e.at):%Y-%m-%d %H:%M:%S}", e.actor, e.action, e.target, e.detail]
        )


def _csv_line(cells: list[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow([plain_cell(cell) for cell in cells])
    return stream.getvalue()


def plain_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
