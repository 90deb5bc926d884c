"""One draft: its editor with and without script, its versions, and handing it in."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from indicators.finding import Finding
from indicators.model import Indicator
from kb.draft_saved import Saved, SavedLine, differences, heading_differences
from kb.draft_store import DraftMovedError, TooManyRowsError, UnknownDraftError, fingerprint
from kb.errors import KnowledgeError
from loaders.errors import UnknownFormError
from loaders.forms import FORMS
from web.context import knowledge
from web.downloads import attachment
from web.draft_editing import (
    CLASSES,
    COMPARATORS,
    act,
    balance,
    empty_row,
    from_form,
    from_json,
    rewrite,
    row_of_indicator,
    with_rows,
)
from web.draft_forms import write
from web.draft_work import Checked, check, checked_json
from web.drafting import keep_private
from web.query import whole
from web.review_table import FIELD_NAMES
from web.review_work import actor

pages = Blueprint("draft_table", __name__)
pages.after_request(keep_private)

ID = "<string(length=22):draft_id>"
HATS = ("业务", "财务")
AUTOMATIC = "自动保存"


@pages.get(f"/draft/{ID}")
def editor(draft_id: str) -> str:
    """The table editor, with findings beside the rows."""
    line, saved = _load(draft_id)
    return _editor_page(line, saved)


@pages.post(f"/draft/{ID}")
def change(draft_id: str) -> AnyResponse | tuple[str, int]:
    """Save the posted table, and do what its button says (add, delete, move, balance, rewrite …)."""
    line, old = _load(draft_id)
    saved = from_form(request.form, old)
    deed, _, argument = request.form.get("do", "").partition(":")
    try:
        saved, told = _done(saved, deed, argument)
        knowledge().drafts.save(
            draft_id, saved, based_on=_version(request.form.get("version")), who=_who(), what=told
        )
    except (DraftMovedError, TooManyRowsError) as error:
        return _editor_page(line, saved, str(error)), 409
    number = argument.partition(":")[0]
    return redirect(
        f"/draft/{draft_id}{_hat_query()}" + (f"#row-{number}" if number.isdigit() else "#table"), 303
    )


def _done(saved: Saved, deed: str, argument: str) -> tuple[Saved, str]:
    """The table after a button's deed, and the deed in words for the list of versions."""
    number, _, code = argument.partition(":")
    place = whole(number)
    words = {"add": "加一行", "delete": "删除一行", "copy": "复制一行", "up": "上移一行", "down": "下移一行"}
    if deed in words:
        return act(saved, deed, place), words[deed]
    if deed == "balance":
        return balance(saved, knowledge().reviewer().index.by_code), "重新分配权重"
    if deed == "fix":
        finding = _finding(saved, place, code)
        return (rewrite(saved, finding), f"按 {finding.code} 的建议改写") if finding else (saved, "保存")
    if deed == "find":
        return _with_indicator(saved, request.form.get("wanted", ""))
    return saved, "保存"


def _finding(saved: Saved, row: int, code: str) -> Finding | None:
    found = check(knowledge(), saved).review.all_findings()
    return next((f for f in found if f.row == row and f.code == code and f.suggestion), None)


def _with_indicator(saved: Saved, wanted: str) -> tuple[Saved, str]:
    """The table with an indicator of the catalogue added, by code or name."""
    index = knowledge().reviewer().index
    wanted = wanted.strip()[:80]
    indicator = index.by_code.get(wanted.upper())
    if indicator is None and (exact := index.exact(wanted)):
        indicator = index.indicators[index.form(exact[0]).indicator]
    if indicator is None and wanted and (near := index.near(wanted)):
        indicator = index.indicators[index.form(near[0][0]).indicator] if near[0][1] > 0.4 else None
    if indicator is None:
        flash(f"目录里没有“{wanted}”，没有加。可先搜索，再填它的代码。", "bad")
        return saved, "保存"
    rows = [*saved.draft.rows, row_of_indicator(0, indicator)]
    return with_rows(saved, rows), f"加入 {indicator.code} {indicator.name}"


@pages.post(f"/draft/{ID}/check")
def check_rows(draft_id: str) -> Response:
    """Findings, values as read and weights of the table as it stands in the grid; saves nothing."""
    _, old = _load(draft_id)
    return jsonify(checked_json(check(knowledge(), from_json(_json(), old))))


@pages.post(f"/draft/{ID}/save")
def save(draft_id: str) -> Response | tuple[Response, int]:
    """Keep the grid's table; 409 where somebody else saved meanwhile."""
    _, old = _load(draft_id)
    values = _json()
    try:
        line = knowledge().drafts.save(
            draft_id, from_json(values, old), based_on=_version(values.get("version")), who=_who(),
            what=AUTOMATIC, automatic=True,
        )  # fmt: skip
    except DraftMovedError as error:
        return jsonify({"error": {"status": 409, "message": str(error)}, "version": error.version}), 409
    except TooManyRowsError as error:
        return jsonify({"error": {"status": 422, "message": str(error)}}), 422
    return jsonify({"version": line.version, "at": line.touched_at.isoformat()})


@pages.post(f"/draft/{ID}/balance")
def balanced(draft_id: str) -> Response:
    """Weights for the grid's rows, locked ones kept."""
    _, old = _load(draft_id)
    saved = balance(from_json(_json(), old), knowledge().reviewer().index.by_code)
    return jsonify({"weights": [float(r.weight or 0) for r in saved.draft.rows]})


@pages.get(f"/draft/{ID}/versions")
def versions(draft_id: str) -> str:
    """All versions, and the difference between two of them."""
    line, _ = _load(draft_id)
    kept = knowledge().drafts.versions(draft_id)
    newer = _version(request.args.get("to")) or line.version
    older = _version(request.args.get("from")) or next((v.number for v in kept if v.number < newer), newer)
    before, after = _body(draft_id, older), _body(draft_id, newer)
    return render_template(
        "draft_versions.html", line=line, versions=kept, older=older, newer=newer, names=FIELD_NAMES,
        changes=differences(before.draft, after.draft), heading=heading_differences(before.draft, after.draft),
        project=after.draft.project,
    )  # fmt: skip


@pages.get(f"/draft/{ID}/receipt")
def receipt(draft_id: str) -> str:
    """What was handed in: the table's mark, the catalogue's edition, codes, checks passed."""
    line, saved = _load(draft_id)
    kb = knowledge()
    checked = check(kb, saved)
    rules = list(kb.reviews.pack("").active())
    failed = {f.code for f in checked.review.all_findings()}
    return render_template(
        "draft_receipt.html", line=line, saved=saved, checked=checked, mark=fingerprint(saved),
        edition=kb.catalogue_mark(), passed=[r for r in rules if r.code not in failed],
        failed=[r for r in rules if r.code in failed], forms=FORMS,
    )  # fmt: skip


@pages.get(f"/draft/{ID}/file")
def download(draft_id: str) -> Response:
    """An official form filled from the draft."""
    _, saved = _load(draft_id)
    try:
        written = write(saved.draft, request.args.get("form", ""), request.args.get("kind", "xlsx"))
    except UnknownFormError as error:
        abort(404, str(error))
    return attachment(written.data, written.name, written.mimetype)


@pages.post(f"/draft/{ID}/remove")
def remove(draft_id: str) -> AnyResponse:
    """Forget the draft with all its versions."""
    _load(draft_id)
    knowledge().drafts.delete(draft_id, who=_who())
    return redirect("/draft", 303)


def _editor_page(line: SavedLine, saved: Saved, error: str = "") -> str:
    checked = check(knowledge(), saved)
    return render_template(
        "draft_editor.html", line=line, saved=saved, checked=checked, error=error, classes=CLASSES,
        comparators=COMPARATORS, blank=empty_row(0), hat=_hat(), hats=HATS, forms=FORMS,
        retired=_retired(checked),
    )  # fmt: skip


def _retired(checked: Checked) -> dict[int, tuple[Indicator, Indicator | None]]:
    """Rows whose indicator is no longer in force, with what took its place."""
    found = {}
    for row in checked.saved.draft.rows:
        own = checked.indicators.get(row.code)
        if own and own.status == "retired":
            found[row.number] = (own, checked.indicators.get(own.successor))
    return found


def _load(draft_id: str) -> tuple[SavedLine, Saved]:
    try:
        return knowledge().drafts.load(draft_id)
    except UnknownDraftError as error:
        _gone(error)


def _body(draft_id: str, number: int) -> Saved:
    try:
        return knowledge().drafts.load(draft_id, number)[1]
    except UnknownDraftError:
        abort(404, f"没有第 {number} 版。")


def _gone(error: KnowledgeError) -> NoReturn:
    abort(404, str(error))


def _json() -> dict[str, object]:
    values = request.get_json(force=True, silent=True)
    if not isinstance(values, dict):
        abort(422, "请求正文应是 JSON 对象。")
    return values


def _version(value: object) -> int:
    """A version's number, 0 where none is given."""
    return whole(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else 0


def _hat() -> str:
    hat = request.args.get("hat", "")
    return hat if hat in HATS else ""


def _hat_query() -> str:
    return f"?hat={quote(_hat())}" if _hat() else ""


def _who() -> str:
    """Who saves: the account, else the hat that the link gave."""
    return actor() or _hat()
