"""Pages of the search task: the home page and the results."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from indicators.chinese_time import today
from indicators.model import Kind, ProblemType
from kb.search.answer import SearchAnswer
from web.context import knowledge
from web.counting import count_search
from web.query import FACETS, PAGE_SIZE, SearchState, read_state

pages = Blueprint("search", __name__)

EXAMPLES = ("修路", "残疾儿童康复", "垃圾清运", "学生满意度", "办培训班", "买电脑", "预算执行率")
"""Everyday words shown as first steps; each finds something in the shipped catalogue."""

GROUPS = {
    "可衡量": "年底能不能打分：值是不是空话，单位、口径、方向对不对",
    "分类归位": "指标放对地方没有：产出和效益、数量和质量、成本和满意度",
    "完整结构": "该有的有没有：条数、层级、权重、产出与效益是否成对",
    "适当性": "值定得合不合适：太低、太满、与资金和任务对不上",
    "自评监控": "年中年末怎么报：完成值、偏差、佐证",
}
"""Groups of problem types in the order of review, each with the question it answers."""


@pages.get("/")
def home() -> str:
    """Home page: search first, then the ways to browse."""
    kb = knowledge()
    return render_template(
        "home.html",
        examples=EXAMPLES,
        counts=kb.counts(),
        sectors=kb.sectors(),
        frameworks=kb.frameworks(),
        problem_groups=problem_groups(kb.problems()),
        guides=kb.guides(),
        sets=kb.sets(),
        Kind=Kind,
    )


@pages.get("/search")
def results() -> str | BaseResponse:
    """Results of the search that the URL describes; without words or choices, a page that teaches."""
    state = read_state(request.args)
    if not state.asks:
        return render_template("search_start.html", examples=EXAMPLES, sectors=knowledge().sectors())
    answer = _search(state)
    count_search(state, answer)
    last = max(1, -(-answer.total // PAGE_SIZE))
    if state.page > last:
        return redirect(state.at(last).url)
    return render_template(
        "search.html",
        search=state,
        answer=answer,
        last=last,
        pages=page_numbers(state.page, last),
        facets=facet_groups(answer, state),
        out_of_force=knowledge().validities.out_of_force([h.code for h in answer.hits], today()),
        sectors=knowledge().sectors() if not answer.total else (),
        frameworks=knowledge().frameworks() if not answer.total else (),
        examples=EXAMPLES,
    )


def _search(state: SearchState) -> SearchAnswer:
    return knowledge().search(state.q, filters=state.filters, limit=PAGE_SIZE, offset=state.offset)


def facet_groups(answer: SearchAnswer, state: SearchState) -> list[tuple[str, list[tuple[str, int, bool]]]]:
    """Facets to show: (facet, [(value, count, chosen)]); a facet with one unchosen value says nothing."""
    shown = []
    for facet in FACETS:
        counts = answer.facets.get(facet, {})
        values = [(value, n, state.has(facet, value)) for value, n in counts.items() if value]
        missing = [(value, 0, True) for value in getattr(state.filters, facet) if value not in counts]
        if len(values) > 1 or missing or any(chosen for *_, chosen in values):
            shown.append((facet, [*missing, *values]))
    return shown


def page_numbers(page: int, last: int) -> list[int | None]:
    """Page numbers to offer; None stands for a gap."""
    wanted = sorted({1, last, *range(max(1, page - 2), min(last, page + 2) + 1)})
    numbers: list[int | None] = []
    for number in wanted:
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def problem_groups(problems: tuple[ProblemType, ...]) -> list[tuple[str, str, list[ProblemType]]]:
    """Problem types as (group, what it asks, types), known groups first."""
    order = {name: place for place, name in enumerate(GROUPS)}
    ranked = sorted(problems, key=lambda p: (order.get(p.group, len(order)), p.group, p.code))
    return [
        (name, GROUPS.get(name, ""), list(members))
        for name, members in groupby(ranked, key=lambda p: p.group)
    ]
