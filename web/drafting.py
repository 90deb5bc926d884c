"""The pages of 起草: describe, choose, work on the table, hand in."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from indicators.choices import ProjectType
from indicators.draft import Draft
from indicators.model import Indicator
from indicators.weights import balanced_weights
from kb.draft_records import DraftProposal, Proposal
from kb.draft_rows import draft_of
from kb.draft_saved import Saved
from kb.draft_store import TooManyRowsError
from kb.errors import KnowledgeError
from web.context import knowledge
from web.draft_asking import AskingError
from web.draft_asking import propose as proposals_for
from web.review_work import actor, workshop
from web.uploaded import uploaded

pages = Blueprint("drafting", __name__)

KEPT = ("text", "sector", "subsector", "amount", "months", "people")
EXAMPLES = (
    "修5公里村道，投资300万元，6个月完工，受益3个村",
    "给200名残疾儿童做康复训练，每人每年1.8万元",
    "购买办公电脑50台，预算25万元",
    "公共图书馆免费开放，全年开放300天",
)


@pages.after_request
def keep_private(response: Response) -> Response:
    """Drafts are for whoever has the link: not for caches and search engines."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/draft")
def start() -> str:
    """The page where one describes a project or hands in an old table."""
    return _start_page({"text": request.args.get("text", "")[:2000]})


@pages.post("/draft")
def propose() -> str | tuple[str, int]:
    """What was understood, similar projects and proposals; changes nothing, so it needs no token."""
    values = _asked()
    try:
        answer = proposals_for(knowledge().drafter(), values)
    except AskingError as error:
        return _start_page(values, str(error)), 422
    return render_template(
        "draft_proposals.html", answer=answer, asked=values, groups=_groups(answer), key=key_of,
        sectors=knowledge().sectors(), types=list(ProjectType), landscape=_landscape, answered=_answered(answer),
    )  # fmt: skip


@pages.post("/draft/new")
def create() -> AnyResponse | tuple[str, int]:
    """A draft from the proposals that were ticked; on to its editor."""
    values = _asked()
    try:
        answer = proposals_for(knowledge().drafter(), values)
    except AskingError as error:
        return _start_page(values, str(error)), 422
    picked = set(request.form.getlist("pick"))
    table = draft_of(answer.description, _picked(answer, picked), answer.sector.name if answer.sector else "")
    return _keep(Saved(draft=table, text=answer.description.text), "由项目描述起草")


@pages.post("/draft/upload")
def upload() -> AnyResponse | tuple[str, int]:
    """A draft from an old table, its rows matched to the catalogue in force."""
    files = uploaded(request.files.getlist("file"))[:1]
    pasted = request.form.get("table", "")
    if not files and pasted.strip():
        files = [("粘贴的表格", pasted[:2_000_000].encode("utf-8", "replace"))]
    if not files:
        return _start_page({}, "请选择旧表文件，或把旧表粘贴进来。"), 422
    outcome = next(workshop().room.read(files))
    if outcome.read is None:
        return _start_page({}, outcome.error), 422
    try:
        return _keep(Saved(draft=_matched(outcome.read.drafts[0])), f"由旧表“{outcome.name}”起草")
    except TooManyRowsError as error:
        return _start_page({}, str(error)), 422


@pages.get("/draft/mine")
def mine() -> str:
    """The signed-in person's drafts, so that a lost link is not a lost draft."""
    return render_template("draft_mine.html", drafts=knowledge().drafts.owned(actor()))


def _asked() -> dict[str, object]:
    values: dict[str, object] = {name: request.form.get(name, "") for name in KEPT}
    values["types"] = request.form.getlist("types")
    return values


def _start_page(values: dict[str, object], error: str = "") -> str:
    return render_template(
        "draft_start.html", given={**dict.fromkeys((*KEPT, "types"), ""), **values}, error=error, examples=EXAMPLES,
        sectors=knowledge().sectors(), types=list(ProjectType),
    )  # fmt: skip


def _keep(saved: Saved, what: str) -> AnyResponse:
    try:
        line = knowledge().drafts.create(saved, who=actor(), what=what)
    except KnowledgeError as error:
        abort(422, str(error))
    return redirect(f"/draft/{line.id}", 303)


def key_of(proposal: Proposal) -> str:
    """What a tick stands for: the indicator's code, or the project and row it was taken from."""
    return (
        proposal.indicator.code or f"{proposal.source}/{proposal.indicator.level2}/{proposal.indicator.name}"
    )


def _picked(answer: DraftProposal, picked: set[str]) -> list[Proposal]:
    """Proposals that were ticked (the chosen ones where the form had no ticks), weighed anew."""
    kept = [p for p in answer.proposals if (key_of(p) in picked if picked else p.chosen)]
    spans = [(p.indicator.level1, p.indicator.weight_min, p.indicator.weight_max) for p in kept]
    weights = balanced_weights(spans) if spans else []
    return [msgspec.structs.replace(p, chosen=True, weight=w) for p, w in zip(kept, weights, strict=True)]


def _groups(answer: DraftProposal) -> list[tuple[str, str, list[Proposal]]]:
    """(level 1, level 2, proposals) in the form's order."""
    groups: list[tuple[str, str, list[Proposal]]] = []
    for p in answer.proposals:
        if not groups or groups[-1][1] != p.indicator.level2:
            groups.append((p.indicator.level1, p.indicator.level2, []))
        groups[-1][2].append(p)
    return groups


def _answered(answer: DraftProposal) -> dict[str, list[str]]:
    """Names of the benefits that answer each output, by the output's code."""
    found: dict[str, list[str]] = {}
    for p in answer.proposals:
        for code in p.answers:
            found.setdefault(code, []).append(p.indicator.name)
    return found


def _landscape(proposal: Proposal) -> str:
    """Values that real projects set, in a sentence."""
    v = proposal.values
    if not v.n or v.minimum is None or v.median is None or v.maximum is None:
        return ""
    low, middle, high = (f"{float(x):g}" for x in (v.minimum, v.median, v.maximum))
    if v.n == 1 or low == high:
        return f"{v.n} 个项目定为 {low}{v.unit}"
    return f"{v.n} 个项目定在 {low}–{high}{v.unit}，中位 {middle}{v.unit}"


def _matched(draft: Draft) -> Draft:
    """An old table with the codes of the indicators that its rows surely mean."""
    review = knowledge().reviewer().review(draft)
    rows = []
    for r in review.rows:
        sure = r.match is not None and r.match.score >= 0.8
        rows.append(
            msgspec.structs.replace(
                r.row, level1=r.level1 or r.row.level1, level2=r.level2 or r.row.level2,
                code=r.row.code or (r.match.code if sure and r.match else ""),
            )
        )  # fmt: skip
    return msgspec.structs.replace(draft, rows=tuple(rows), sector=draft.sector or review.sector)


@pages.get("/draft/compare")
def compare() -> str:
    """Two to four indicators side by side."""
    kb = knowledge()
    found = []
    for code in list(dict.fromkeys(request.args.getlist("code")))[:4]:
        try:
            record = kb.record(code[:40])
        except KnowledgeError:
            continue
        if isinstance(record, Indicator):
            found.append(kb.view(record.code))
    if not found:
        abort(404, "没有可以对比的指标。请在指标后面勾选后再对比。")
    return render_template("draft_compare.html", views=found)
