"""Pages of the catalogue: one for each record, and lists to browse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from indicators.chinese_time import today
from indicators.model import FrameworkNode, Indicator, Kind, Project, Source
from indicators.rules.check import default_pack
from indicators.taxonomy import CATALOGUE_LEVELS, LEVEL2_LETTERS
from indicators.validity import validity
from kb.errors import UnknownCodeError
from kb.links import url_of
from kb.markdown import render
from kb.views import (
    AnyView,
    Branch,
    ClauseView,
    FrameworkView,
    GuideView,
    IndicatorView,
    IssueView,
    Landscape,
    NodeView,
    ProblemView,
    ProjectView,
    Ref,
    SectorView,
    SetView,
    SourceView,
)
from web.context import knowledge
from web.plot import Strip, strip
from web.present import record_of
from web.query import clean
from web.search import problem_groups
from web.text import plain_text

pages = Blueprint("catalogue", __name__)

V = TypeVar("V")

_GUIDE_LETTERS = {"SC": "CB", "EC": "CB", "JJ": "XY", "SH": "XY", "ST": "XY", "KC": "XY"}
"""Letters of a level 2 -> letters of the guide that covers it, where they differ."""

_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)


def _view(code: str, kind: type[V]) -> V | Response:
    """The view of a code for the page of its kind; a redirect where kind or letter case is another."""
    view: AnyView = g.get("unsaved") or knowledge().view(code)
    record = record_of(view)
    if isinstance(view, kind) and record.code == code:
        return view
    return redirect(url_of(record.kind, record.code))


def _page(code: str, kind: type[V], template: str, **values: object) -> str | Response:
    view = _view(code, kind)
    return view if isinstance(view, Response) else render_template(template, view=view, **values)


@pages.get("/i/<path:code>")
def indicator(code: str) -> str | Response:
    """An indicator with every field, its uses, values, problems and places."""
    view = _view(code, IndicatorView)
    if isinstance(view, Response):
        return view
    plots = [(landscape, _plot(landscape)) for landscape in view.landscapes]
    return render_template(
        "indicator.html",
        view=view,
        plots=plots,
        guide=_guide_for(view.indicator.level2),
        filed=knowledge().filed.landscapes(view.indicator.code),
    )


def _plot(landscape: Landscape) -> Strip | None:
    values = [
        (use.value.value, f"{use.project.name}：{use.target.target}{use.target.unit}")
        for use in landscape.uses
        if use.value.value is not None
    ]
    return strip(values, landscape.minimum, landscape.median, landscape.maximum)


def _guide_for(level2: str) -> Ref | None:
    """The guide on how to write targets of a level 2, if the catalogue has one."""
    letters = LEVEL2_LETTERS.get(level2, "")
    wanted = f"ZN-{_GUIDE_LETTERS.get(letters, letters)}"
    found = knowledge().editing.names([wanted]).get(wanted)
    return found if found and found.kind is Kind.GUIDE else None


@pages.get("/framework/<path:code>")
def framework(code: str) -> str | Response:
    """A framework as a tree with the switch to its other editions."""
    view = _view(code, FrameworkView)
    if isinstance(view, Response):
        return view
    editions = [f for f in view.others if f.scope == view.framework.scope and f.edition.isdigit()]
    return render_template(
        "framework.html",
        view=view,
        editions=sorted([view.framework, *editions], key=lambda f: f.edition) if editions else [],
        others=[f for f in view.others if f not in editions],
        labels={f.code: f for f in view.others},
        unchecked=any(not node.verified for node in _nodes(view.tree)),
    )


def _nodes(branches: Iterable[Branch]) -> Iterator[FrameworkNode]:
    """Every row under some branches, in order."""
    for branch in branches:
        yield from branch.nodes
        yield from _nodes(branch.branches)


@pages.get("/node/<path:code>")
def node(code: str) -> str | Response:
    """A row of a framework with its counterparts."""
    return _page(code, NodeView, "node.html", labels={f.code: f for f in knowledge().frameworks()})


@pages.get("/project/<path:code>")
def project(code: str) -> str | Response:
    """A project with its rows as published, scores and links."""
    return _page(code, ProjectView, "project.html")


@pages.get("/issue/<path:code>")
def issue(code: str) -> str | Response:
    """An evaluation issue with what it touches and the fix."""
    return _page(code, IssueView, "issue.html")


@pages.get("/problem/<path:code>")
def problem(code: str) -> str | Response:
    """A problem type with examples, clauses and cases."""
    return _page(code, ProblemView, "problem.html", checked=code in default_pack().rules)


@pages.get("/sector/<path:code>")
def sector(code: str) -> str | Response:
    """A sector: its core indicators, all indicators by level 2, projects and issues."""
    view = _view(code, SectorView)
    if isinstance(view, Response):
        return view
    groups = _by_level2([i for _, members in view.groups for i in members])
    core = [i for _, members in _by_level2(view.core) for i in members]
    return render_template("sector.html", view=view, groups=groups, core=core)


@pages.get("/set/<path:code>")
def indicator_set(code: str) -> str | Response:
    """An indicator set with its members and the release notes of its batches."""
    view = _view(code, SetView)
    if isinstance(view, Response):
        return view
    state = validity(view.set, today())
    notes = [(n, render(n.text, lambda _code: None)) for n in knowledge().ledger.notes_of_set(view.set.code)]
    return render_template("set.html", view=view, groups=_by_level2(view.members), state=state, notes=notes)


def _by_level2(indicators: Iterable[Indicator]) -> list[tuple[str, list[Indicator]]]:
    """Indicators by level 2 in the order of the classification, core ones first."""
    order = {
        name: place for place, name in enumerate(n for names in CATALOGUE_LEVELS.values() for n in names)
    }
    ranked = sorted(indicators, key=lambda i: (order.get(i.level2, 99), i.level2, not i.core, i.code))
    return [(name, list(members)) for name, members in groupby(ranked, key=lambda i: i.level2)]


@pages.get("/guide/<path:code>")
def guide(code: str) -> str | Response:
    """A guide with its contents beside it."""
    view = _view(code, GuideView)
    if isinstance(view, Response):
        return view
    contents = [(anchor, plain_text(heading)) for anchor, heading in _HEADING.findall(view.html)]
    return render_template("guide.html", view=view, contents=contents)


@pages.get("/clause/<path:code>")
def clause(code: str) -> str | Response:
    """A clause of a policy document, in our words."""
    return _page(code, ClauseView, "clause.html")


@pages.get("/source/<path:code>")
def source(code: str) -> str | Response:
    """A source with everything that rests on it."""
    return _page(code, SourceView, "source.html")


@pages.get("/sectors")
def sectors() -> str:
    """All sectors with what the catalogue holds for each."""
    return render_template("sectors.html", sectors=knowledge().sectors(), sets=knowledge().sets())


@pages.get("/frameworks")
def frameworks() -> str:
    """All common frameworks by scope and edition."""
    return render_template("frameworks.html", frameworks=knowledge().frameworks())


@pages.get("/problems")
def problems() -> str:
    """All problem types by group."""
    return render_template("problems.html", groups=problem_groups(knowledge().problems()))


@pages.get("/guides")
def guides() -> str:
    """All guides, and the clauses they rest on."""
    documents = {source.code: source for source in knowledge().sources()}
    ordered = sorted(knowledge().clauses(), key=lambda c: (c.document, c.code))
    clauses = [
        (documents.get(code), list(found)) for code, found in groupby(ordered, key=lambda c: c.document)
    ]
    return render_template("guides.html", guides=knowledge().guides(), clauses=clauses)


@pages.get("/sources")
def sources() -> str:
    """All source documents."""
    ordered = sorted(knowledge().sources(), key=_source_order)
    return render_template("sources.html", sources=ordered)


def _source_order(source: Source) -> tuple[bool, str]:
    return not source.number, source.name


@pages.get("/projects")
def projects() -> str:
    """Projects of the catalogue, of one sector where ``?sector=`` names it by name or code."""
    wanted = clean(request.args.get("sector", ""))[:40]
    counted = knowledge().sectors()
    chosen = next((c.sector for c in counted if wanted and wanted in (c.sector.code, c.sector.name)), None)
    if wanted and chosen is None:
        raise UnknownCodeError(
            wanted, [(Kind.SECTOR, c.sector.code, c.sector.name) for c in counted if c.projects]
        )
    found = knowledge().projects(chosen.code if chosen else "")
    return render_template(
        "projects.html",
        projects=found,
        chosen=chosen,
        sectors=[c for c in counted if c.projects],
        names={c.sector.code: c.sector.name for c in counted},
        scopes=_by_scope(found),
    )


def _by_scope(found: tuple[Project, ...]) -> list[tuple[str, list[Project]]]:
    """Projects first, then whole departments and policies, each in the order given."""
    order = {"项目": 0, "政策": 1, "部门整体": 2}
    ranked = sorted(found, key=lambda p: order.get(p.scope, 9))
    return [(scope, list(members)) for scope, members in groupby(ranked, key=lambda p: p.scope)]
