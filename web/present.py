"""Answers as JSON: the one place that turns what the knowledge base gives into what scripts read.

Command line and HTTP API both call ``search_json`` and ``record_json``, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from indicators.model import Issue, Project, Record
from kb.links import PATHS, url_of
from kb.search.answer import Hit, SearchAnswer
from kb.views import (
    AnyView,
    Branch,
    CitedSource,
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
    Use,
    Version,
)

_HIT_FIELDS = ("rank", "id", "kind", "code", "name", "level1", "level2", "sector", "set", "snippet")


def search_json(answer: SearchAnswer) -> dict[str, Any]:
    """A search answer as ``kb search --json`` and ``/api/v1/search`` give it."""
    return {
        "query": answer.query,
        "total": answer.total,
        "took_ms": round(answer.took_ms, 2),
        "relaxed": bool(answer.relaxed),
        "relaxed_step": answer.relaxed,
        "did_you_mean": answer.did_you_mean,
        "hits": [_hit(hit) for hit in answer.hits],
        "facets": answer.facets,
        "related": list(answer.related),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        **{name: getattr(hit, name) for name in _HIT_FIELDS},
        "marks": [list(mark) for mark in hit.marks],
        "name_marks": [list(mark) for mark in hit.name_marks],
        "why": list(hit.why),
        "score": round(hit.score, 4),
        "url": hit.url,
        "record_kind": hit.record_kind.value,
        "core": hit.core,
        "used": hit.used,
        "status": hit.status,
    }


def record_json(view: AnyView, actor: Callable[[str], str] = str) -> dict[str, Any]:
    """A record whole, as ``kb show --json`` gives it.

    ``fields`` holds every field of the record, blanks included; ``field_sources`` names for each
    field that is not blank the sources it was taken from: its own ones, else those of the record as a
    whole. ``actor`` gives the name by which a version's author is told.
    """
    record = record_of(view)
    values = {name: plain(getattr(record, name)) for name in record.__struct_fields__}
    return {
        "kind": record.kind.value,
        "code": record.code,
        "name": record.name,
        "url": url_of(record.kind, record.code) if record.kind in PATHS else "",
        "fields": values,
        "field_sources": field_sources(view, values),
        "sources": [_cited(entry) for entry in view.sources],
        "versions": [{**_version(v), "actor": actor(v.actor)} for v in view.versions],
        **_joined(view),
    }


def field_sources(view: AnyView, values: dict[str, Any]) -> dict[str, list[str]]:
    """Codes of the sources of each field that is not blank; a part of the standards by its own name too."""
    whole = [entry.source.code for entry in view.sources if not entry.ref.field]
    own: dict[str, list[str]] = {}
    for entry in view.sources:
        if entry.ref.field:
            own.setdefault(entry.ref.field, []).append(entry.source.code)
    return {**{n: own.pop(n, whole) for n, value in values.items() if not _blank(value)}, **own}


def record_of(view: AnyView) -> Record:
    """The record that a view is about."""
    subjects = {
        IndicatorView: "indicator", ProjectView: "project", IssueView: "issue", ProblemView: "problem",
        FrameworkView: "framework", NodeView: "node", SectorView: "sector", SetView: "set",
        GuideView: "guide", ClauseView: "clause", SourceView: "source",
    }  # fmt: skip
    record: Record = getattr(view, subjects[type(view)])
    return record


def plain(value: object) -> Any:
    """A value as JSON types: records and our dataclasses as objects with every field, numbers as numbers."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}  # type: ignore[arg-type]
    return value


def _blank(value: object) -> bool:
    if isinstance(value, dict):
        return all(_blank(item) for item in value.values())
    return value is None or value in ("", [])


def _joined(view: AnyView) -> dict[str, Any]:
    """What the record is joined to, under the names that ``kb show --json`` promises."""
    match view:
        case IndicatorView():
            return {
                "places": {edition: list(place) for edition, place in view.places.items()},
                "projects": [_use(use) for use in view.uses],
                "values": [_landscape(landscape) for landscape in view.landscapes],
                "issues": _briefs(view.issues),
                "frameworks": _refs(view.nodes),
                "sets": _refs(view.sets),
                "pairs": _briefs(view.pairs),
                "pitfalls": [
                    {
                        "problem": problem.code if problem else "",
                        "name": problem.name if problem else "",
                        "text": text,
                    }
                    for problem, text in view.pitfalls
                ],
                "successor": _refs((view.successor,))[0] if view.successor else None,
                "neighbours": _refs(view.neighbours),
            }
        case ProjectView():
            return {
                "rows": [
                    {
                        "row": row.number,
                        **plain(row.target),
                        "parsed": plain(row.value),
                        "match": _refs((row.indicator,))[0] if row.indicator else None,
                    }
                    for row in view.rows
                ],
                "issues": _briefs(view.issues),
                "similar": _refs(view.similar),
            }
        case IssueView():
            return {
                "problems": _briefs(view.problems),
                "projects": _briefs(view.projects),
                "indicators": _briefs(view.indicators),
            }
        case ProblemView():
            return {
                "issues": _briefs(view.issues),
                "indicators": _briefs(view.indicators),
                "clauses": _refs(view.clauses),
            }
        case _:
            return _joined_shelves(view)


def _joined_shelves(view: AnyView) -> dict[str, Any]:
    """Joins of the records that gather others: frameworks, sectors, sets, guides, clauses, sources."""
    match view:
        case FrameworkView():
            return {
                "tree": [_branch(branch) for branch in view.tree],
                "counterparts": {code: _refs(refs) for code, refs in view.counterparts.items()},
                "frameworks": _briefs(view.others),
            }
        case NodeView():
            return {
                "frameworks": _briefs((view.framework,)),
                "same_as": _refs(view.same_as),
                "related": _refs(view.related),
                "indicators": _refs(view.indicators),
            }
        case SectorView():
            return {
                "groups": {level2: _briefs(indicators) for level2, indicators in view.groups},
                "projects": _briefs(view.projects),
                "issues": _briefs(view.issues),
                "sets": _refs(view.sets),
            }
        case SetView():
            return {"indicators": _briefs(view.members)}
        case GuideView():
            return {"html": view.html}
        case ClauseView():
            return {"document": plain(view.document), "problems": _briefs(view.problems)}
        case SourceView():
            return {"cited_by": {kind.value: _refs(refs) for kind, refs in view.cited_by}}
    return {}


def _brief(record: Record) -> dict[str, Any]:
    brief: dict[str, Any] = {"code": record.code, "name": record.name}
    if record.kind in PATHS:
        brief["url"] = url_of(record.kind, record.code)
    if isinstance(record, Project | Issue):
        brief["year"] = record.year
    if isinstance(record, Issue):
        brief |= {"what": record.what, "fix": record.fix, "problems": list(record.problems)}
    return brief


def _briefs(records: Iterable[Record]) -> list[dict[str, Any]]:
    return [_brief(record) for record in records]


def _refs(refs: Iterable[Ref]) -> list[dict[str, Any]]:
    return [
        {"kind": ref.kind.value, "code": ref.code, "name": ref.name, "note": ref.note, "url": _url(ref)}
        for ref in refs
    ]


def _url(ref: Ref) -> str:
    return url_of(ref.kind, ref.code) if ref.kind in PATHS else ""


def _use(use: Use) -> dict[str, Any]:
    return {
        **_brief(use.project),
        "row": use.row,
        "name_in_row": use.target.name,
        "target": use.target.target,
        "unit": use.target.unit,
        "actual": use.target.actual,
        "link": use.target.link.value if use.target.link else None,
        "parsed": plain(use.value),
    }


def _landscape(landscape: Landscape) -> dict[str, Any]:
    return {
        "unit": landscape.unit,
        "n": landscape.n,
        "min": plain(landscape.minimum),
        "median": plain(landscape.median),
        "max": plain(landscape.maximum),
        "examples": [{"project": use.project.name, "target": use.target.target} for use in landscape.uses],
    }


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "name": branch.name,
        "branches": [_branch(child) for child in branch.branches],
        "nodes": [
            {"code": node.code, "name": node.name, "points": list(node.points)} for node in branch.nodes
        ],
    }


def _cited(entry: CitedSource) -> dict[str, Any]:
    ref = entry.ref
    return {**plain(entry.source), "place": ref.place, "ref_note": ref.note, "field": ref.field}


def _version(version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = plain(version)
    return shown
