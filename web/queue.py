"""The one queue in which admins find what people report and propose, and decide it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from kb.db.proposals import ProposalRow
from kb.editing import FaultyRecordError, NothingChangedError
from kb.errors import ChangedMeanwhileError, InputError, PointedGoneError
from kb.proposals import DecidedError, Sort, Standing, UnknownProposalError
from web.context import knowledge
from web.edit_page import in_words, pointer_errors, sides_taken
from web.editing import staff
from web.proposing import SORT_NAMES, STATE_NAMES, about
from web.query import clean, page_number, whole
from web.record_form import written
from web.sessions import signed_in

pages = Blueprint("queue", __name__)

_PAGE = 40


@pages.app_context_processor
def _size() -> dict[str, object]:
    return {"open_proposals": open_proposals}


def open_proposals() -> int:
    """How many proposals wait, for the tab of the queue; 0 for everybody but admins."""
    account = signed_in()
    return knowledge().proposals.count(state="open") if account is not None and account.role == "admin" else 0


@pages.get("/admin/queue")
def queue() -> str:
    """Proposals by state and sort, the longest waiting first among the open ones."""
    state = request.args.get("state", "open")
    state = state if state in STATE_NAMES or state == "all" else "open"
    sort = request.args.get("sort", "")
    narrowed = {
        "state": "" if state == "all" else state,
        "sort": sort if sort in SORT_NAMES else "",
        "code": clean(request.args.get("code", ""))[:80],
    }
    proposals = knowledge().proposals
    total = proposals.count(**narrowed)
    last = max(1, -(-total // _PAGE))
    page = min(page_number(request.args.get("page", "")), last)
    rows = proposals.listed(**narrowed, oldest=state == "open", limit=_PAGE, offset=(page - 1) * _PAGE)
    return render_template(
        "admin_queue.html", rows=[(row, about(row), _age(row)) for row in rows], state=state, sort=narrowed["sort"],
        code=narrowed["code"], total=total, page=page, last=last,
        counts={name: proposals.count(state=name) for name in STATE_NAMES},
    )  # fmt: skip


@pages.get("/admin/queue/<int:number>")
def one(number: int) -> str:
    """A proposal with what it would change in the record as it is now."""
    return _page(_row(number))


@pages.post("/admin/queue/<int:number>/accept")
def accept(number: int) -> Response | str | tuple[str, int]:
    """Carry a proposed change out, clashes as chosen."""
    row = _row(number)
    standing = knowledge().proposals.standing(row, sides_taken())
    if standing is None:
        return _page(row, "这条意见没有带改动，或记录已撤下，不能直接采纳。请在编辑页里改。"), 400
    if standing.version != whole(request.form.get("seen", "")):
        return _page(row, "记录刚被改过，请看过新的内容再采纳。"), 409
    if standing.clashes:
        return _page(row, "两边都改了同一栏，请先选用哪一边。"), 409
    return _carry_out(row, standing)


def _carry_out(row: ProposalRow, standing: Standing) -> Response | tuple[str, int]:
    kb, record = knowledge(), standing.wanted
    if row.sort == Sort.NEW.value:
        return redirect(f"/admin/new/{row.kind}?proposal={row.number}", 303)
    if errors := pointer_errors(record.kind, written(record)):
        return _page(row, "改动里有不存在的代码：" + "".join(errors.values())), 400
    try:
        batch = kb.proposals.carry_out(
            row.number,
            record,
            seen=standing.version,
            actor=staff().name,
            answer=request.form.get("answer", ""),
        )
    except ChangedMeanwhileError:
        return _page(row, "记录刚被改过，请看过新的内容再采纳。"), 409
    except FaultyRecordError as error:
        return _page(
            row, "没有采纳：" + "；".join(in_words(record.kind, error.faults)) + "。可以“改一改再采纳”。"
        ), 400
    except NothingChangedError:
        return _page(row, "记录现在已经是这样了。请填一句说明，点“已处理”。"), 400
    except (InputError, DecidedError, PointedGoneError) as error:
        return _page(_row(row.number), str(error)), 409
    flash(f"已采纳，记为第 {batch} 批。提的人会看到结果。")
    return redirect(f"/admin/queue/{row.number}", 303)


@pages.post("/admin/queue/<int:number>/decline")
def decline(number: int) -> Response | tuple[str, int]:
    """Close a proposal without a change, with the reason."""
    return _close(number, declined=True)


@pages.post("/admin/queue/<int:number>/settle")
def settle(number: int) -> Response | tuple[str, int]:
    """Close a report that is done."""
    return _close(number, declined=False)


def _close(number: int, *, declined: bool) -> Response | tuple[str, int]:
    row, proposals = _row(number), knowledge().proposals
    try:
        (proposals.decline if declined else proposals.settle)(
            number, request.form.get("answer", ""), actor=staff().name
        )
    except InputError as error:
        return _page(row, str(error)), 400
    except DecidedError as error:
        return _page(_row(number), str(error)), 409
    flash("已答复，不采纳。" if declined else "已标为处理好了。")
    return redirect("/admin/queue", 303)


def _page(row: ProposalRow, error: str = "") -> str:
    kb = knowledge()
    standing = kb.proposals.standing(row, sides_taken()) if row.state == "open" else None
    found = kb.editing.examine(standing.wanted, standing.present) if standing is not None else None
    return render_template(
        "admin_proposal.html", row=row, standing=standing, age=_age(row), error=error, answer=request.form.get("answer", ""),
        would=kb.editing.told(standing.present, standing.wanted) if standing is not None else [],
        faults=in_words(standing.wanted.kind, found.errors) if standing is not None and found is not None else [],
        others=[r for r in kb.proposals.listed(state="open", code=row.code, limit=6) if r.number != row.number] if row.code else [],
        **about(row),
    )  # fmt: skip


def _row(number: int) -> ProposalRow:
    try:
        return knowledge().proposals.get(number)
    except UnknownProposalError as error:
        abort(404, str(error))


def _age(row: ProposalRow) -> str:
    """How long ago something was sent, in words."""
    minutes = int((datetime.now(UTC) - row.at).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 1)} 分钟"
    return f"{minutes // 60} 小时" if minutes < 48 * 60 else f"{minutes // 1440} 天"
