"""The pages of 体检: hand in files, watch the job, work through the tables by risk, one at a time."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from indicators.finding import Finding
from kb.errors import KnowledgeError
from kb.review_batch import BatchStatistics, unit_of
from kb.review_packs import PACKS, USUAL, UnknownPackError
from kb.review_records import Choice, Decision, Job, TableLine, Verdict
from kb.review_store import ReasonError
from kb.reviewing import Review
from web.context import knowledge
from web.query import clean
from web.review_list import PAGE_SIZE, read_choice
from web.review_report import Reporter
from web.review_table import TablePage, change_since
from web.review_work import actor, workshop
from web.uploaded import uploaded

pages = Blueprint("reviewing", __name__)

JOB = "<string(length=22):job_id>"
LONGEST_TEXT = 2_000_000
_LINK = re.compile(r"([A-Za-z0-9_-]{22})(?:/|$|\?|#)")


@pages.after_request
def keep_private(response: Response) -> Response:
    """Results are for whoever has the link: not for caches and search engines."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/review")
def start() -> str:
    """The page where one pastes or drops files."""
    return _start_page(earlier=clean(request.args.get("earlier", ""))[:200])


@pages.post("/review")
def begin() -> AnyResponse | tuple[str, int]:
    """Start a job from files or pasted text; then on to its page."""
    files = uploaded(request.files.getlist("file"))
    text = request.form.get("text", "")
    if text.strip():
        files.append(("粘贴的内容", text.encode("utf-8", "replace")))
    earlier = request.form.get("earlier", "").strip()
    if not files:
        return _start_page(error="请选择文件，或粘贴表格。", earlier=earlier), 422
    kb = knowledge()
    try:
        job = kb.reviews.create(files, request.form.get("rules", ""), _earlier(earlier), who=actor())
    except UnknownPackError as error:
        abort(400, str(error))
    workshop().start(job)
    return redirect(f"/review/{job.id}", 303)


def _start_page(error: str = "", earlier: str = "") -> str:
    return render_template("review_start.html", packs=PACKS, usual=USUAL, error=error, earlier=earlier)


def _earlier(link: str) -> str:
    """Id of the job that a link or id names, "" where there is none (any more)."""
    found = _LINK.search(link + "/") if link else None
    if not found:
        return ""
    try:
        return knowledge().reviews.job(found[1]).id
    except KnowledgeError:
        return ""


def job_of(job_id: str) -> Job:
    """The job of an address; 404 with a sentence where there is none."""
    try:
        return knowledge().reviews.job(job_id)
    except KnowledgeError as error:
        abort(404, str(error))


@pages.get(f"/review/{JOB}")
def job(job_id: str) -> str:
    """Progress while the job works, afterwards its tables by risk."""
    found = job_of(job_id)
    if not found.finished:
        workshop().resume(found)
        return render_template("review_progress.html", job=found)
    kb = knowledge()
    lines, files = kb.reviews.lines(job_id), kb.reviews.files(job_id)
    choice = read_choice(request.args)
    chosen = choice.of(lines)
    decided = Counter(d.number for d in kb.reviews.decisions(job_id))
    reporter = Reporter(kb)
    return render_template(
        "review_job.html", job=found, lines=chosen[choice.offset : choice.offset + PAGE_SIZE], found=len(chosen),
        total=len(lines), choice=choice, last=max(1, -(-len(chosen) // PAGE_SIZE)), files=files,
        unread=[f for f in files if f.error], decided=decided, facets=_facets(lines), reporter=reporter,
        sums=(sum(t.errors for t in lines), sum(t.warnings for t in lines), sum(t.hints for t in lines)),
        grades=Counter(t.grade for t in lines),
    )  # fmt: skip


def _facets(lines: list[TableLine]) -> dict[str, list[tuple[str, int]]]:
    codes: Counter[str] = Counter()
    for line in lines:
        codes.update(line.codes.keys())
    grades = Counter(t.grade for t in lines)
    return {
        "grade": [(g, grades[g]) for g in ("差", "中", "良", "优") if grades[g]],
        "unit": Counter(t.unit for t in lines).most_common(),
        "code": codes.most_common(),
    }


@pages.get(f"/review/{JOB}/progress")
def progress(job_id: str) -> Response:
    """How far the job is, for the script on its page."""
    found = job_of(job_id)
    workshop().resume(found)
    return jsonify(
        {"state": found.state.value, "label": found.state.label, "done": found.done, "total": found.total,
         "count": found.count, "finished": found.finished}
    )  # fmt: skip


@pages.post(f"/review/{JOB}/remove")
def remove(job_id: str) -> AnyResponse:
    """Remove a job with its uploads and results at once."""
    job_of(job_id)
    knowledge().reviews.remove(job_id, who=actor())
    return redirect("/review", 303)


# The batch as a whole


def _statistics(job_id: str) -> tuple[Job, BatchStatistics, list[TableLine]]:
    found = job_of(job_id)
    statistics = knowledge().reviews.statistics(job_id)
    if statistics is None:
        abort(404, "这次体检还没有完成，统计要等全部表看完。")
    return found, statistics, knowledge().reviews.lines(job_id)


@pages.get(f"/review/{JOB}/statistics")
def batch(job_id: str) -> str:
    """Problems by code, unit and sector, grades, each unit's habits."""
    found, statistics, lines = _statistics(job_id)
    habits: dict[str, list[object]] = {}
    for habit in statistics.habits:
        habits.setdefault(habit.unit, []).append(habit)
    tables = Counter(line.unit for line in lines)
    return render_template(
        "review_statistics.html", job=found, statistics=statistics, reporter=Reporter(knowledge()),
        habits=sorted(habits.items(), key=lambda pair: -tables[pair[0]]), lines=lines, tables=tables,
    )  # fmt: skip


@pages.get(f"/review/{JOB}/alike")
def alike(job_id: str) -> str:
    """Near-identical tables and copied targets."""
    found, statistics, lines = _statistics(job_id)
    return render_template(
        "review_alike.html", job=found, statistics=statistics, lines=lines,
        earlier=knowledge().reviews.lines(found.earlier) if found.earlier else [],
        twins=sorted(statistics.twins, key=lambda t: (t.same_unit, t.kin, -t.share)),
    )  # fmt: skip


@pages.get(f"/review/{JOB}/alike/<int:one>/<int:other>")
def pair(job_id: str, one: int, other: int) -> str:
    """Two near-identical tables side by side."""
    found, statistics, lines = _statistics(job_id)
    twin = next((t for t in statistics.twins if (t.one, t.other) == (one, other)), None)
    if twin is None:
        abort(404, "这两张表不在雷同清单里。")
    reviews = knowledge().reviews
    left = reviews.review(job_id, one + 1).draft
    late = other - len(lines)
    right = (
        reviews.review(found.earlier, late + 1).draft
        if late >= 0
        else reviews.review(job_id, other + 1).draft
    )
    rows = ({r.number: r for r in left.rows}, {r.number: r for r in right.rows})
    matched = [(rows[0][a], rows[1][b]) for a, b in twin.pairs]
    alone = [
        [r for n, r in side.items() if n not in {p[k] for p in twin.pairs}] for k, side in enumerate(rows)
    ]
    return render_template(
        "review_pair.html", job=found, twin=twin, left=left, right=right, matched=matched, alone=alone,
        unit_of=unit_of, late=late >= 0,
    )  # fmt: skip


# One table


def review_of(job_id: str, number: int) -> Review:
    """The review of an address; 404 with a sentence where there is none."""
    try:
        return knowledge().reviews.review(job_id, number)
    except KnowledgeError as error:
        abort(404, str(error))


@pages.get(f"/review/{JOB}/<int:number>")
def table(job_id: str, number: int) -> str:
    """One table with its findings beside the rows, the form and the opinion."""
    found = job_of(job_id)
    return _table_page(found, number)


def _table_page(found: Job, number: int, error: str = "") -> str:
    kb = knowledge()
    review = review_of(found.id, number)
    change = change_since(kb, found, review, request.args.get("with", ""))
    page = TablePage(
        review, kb.reviews.decisions(found.id, number), kb.reviews.verdicts(found.id).get(number),
        kb.reviews.bounds(), change, everything=change is None or "all" in request.args,
    )  # fmt: skip
    order = [t.number for t in sorted(kb.reviews.lines(found.id), key=lambda t: t.risk, reverse=True)]
    place = order.index(number)
    return render_template(
        "review_table.html", job=found, number=number, page=page, review=review, reporter=Reporter(kb), error=error,
        clauses={c.code: c for c in kb.clauses()}, place=place + 1, of=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        earlier=kb.reviews.lines(found.earlier) if found.earlier else [],
        alike=kb.filed.alike(review.draft),
    )  # fmt: skip


@pages.post(f"/review/{JOB}/<int:number>/decision")
def decide(job_id: str, number: int) -> AnyResponse | tuple[str, int]:
    """Accept, dismiss with a reason, or edit; then on to the next finding that waits."""
    found = job_of(job_id)
    review = review_of(job_id, number)
    decision = _decision(number)
    if not any((f.row, f.code, f.field) == decision.key for f in review.all_findings()):
        abort(400, "这张表里没有这一条意见。")
    try:
        knowledge().reviews.decide(job_id, decision)
    except ReasonError as error:
        return _table_page(found, number, str(error)), 422
    return redirect(f"/review/{job_id}/{number}{_query()}#{_next(review, job_id, decision)}", 303)


def _query() -> str:
    kept = {key: request.args[key] for key in ("all", "with") if key in request.args}
    return f"?{urlencode(kept)}" if kept else ""


def _decision(number: int) -> Decision:
    form = request.form
    try:
        row, choice = int(form.get("row", "")), Choice(form.get("choice", ""))
    except ValueError:
        abort(400, "提交的内容不完整，请退回上一页重试。")
    fields = {k.removeprefix("new-"): v[:500] for k, v in form.items() if k.startswith("new-")}
    return Decision(
        number=number, row=row, code=form.get("code", "")[:16], field=form.get("field", "")[:40], choice=choice,
        reason=form.get("reason", "").strip()[:500], fields=fields if choice is Choice.EDIT else {},
        who=actor(),
    )  # fmt: skip


def anchor_of(finding: Finding) -> str:
    """Id of a finding on its table's page."""
    return f"f-{finding.row}-{finding.code}-{finding.field}"


def _next(review: Review, job_id: str, decision: Decision) -> str:
    """Id of the first finding after the decided one that nobody has decided; itself where all are."""
    decided = {d.key for d in knowledge().reviews.decisions(job_id, decision.number)}
    found = review.all_findings()
    here = next(n for n, f in enumerate(found) if (f.row, f.code, f.field) == decision.key)
    waiting = (f for f in [*found[here:], *found[:here]] if (f.row, f.code, f.field) not in decided)
    return anchor_of(next(waiting, found[here]))


@pages.post(f"/review/{JOB}/<int:number>/verdict")
def judge(job_id: str, number: int) -> AnyResponse:
    """Keep the reviewer's own points and opinion."""
    job_of(job_id)
    review = review_of(job_id, number)
    scores: dict[str, float] = {}
    for item in review.form:
        for part in item.parts:
            key = f"{item.item}/{part.name}"
            scores[key] = _points(request.form.get(key, ""), float(part.points), float(part.score))
    opinion = request.form.get("opinion", "").replace("\r\n", "\n").strip()[:8000]
    knowledge().reviews.set_verdict(job_id, number, Verdict(scores=scores, opinion=opinion, who=actor()))
    return redirect(f"/review/{job_id}/{number}{_query()}#verdict", 303)


def _points(text: str, most: float, proposed: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return proposed
    return min(max(value, 0.0), most) if value == value else proposed
