"""Joining a record to everything it touches: one function per kind, from the store to a view.

This is what the knowledge base is for: indicator → example project → value actually set →
problem later found by evaluators.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, groupby
from statistics import median
from typing import Any, TypeVar, cast

from indicators.choices import LinkKind
from indicators.content import references
from indicators.model import (
    Clause,
    Framework,
    FrameworkNode,
    Guide,
    Indicator,
    IndicatorSet,
    Issue,
    Kind,
    ProblemType,
    Project,
    Record,
    Sector,
    Source,
    SourceRef,
)
from indicators.taxonomy import CATALOGUE_LEVELS, Edition, place
from indicators.value import TargetValue
from kb import views as v
from kb.db.reader import Pointer, Reader
from kb.links import url_of
from kb.markdown import render

R = TypeVar("R", bound=Record)
_NEIGHBOURS = 8
_SIMILAR = 6


def view_of(reader: Reader, record: Record) -> v.AnyView:
    """The view of a record of any kind that has a page."""
    build = cast("Callable[[Reader, Any], v.AnyView]", _VIEWS[record.kind])
    return build(reader, record)


def landscapes_of(uses: Sequence[v.Use]) -> tuple[v.Landscape, ...]:
    """Spread of the values that projects set, by unit, the most used unit first.

    Only rows that mean the indicator itself or something narrower count, and only values that
    were parsed with confidence; a text without a number is shown with its project, not counted.
    """
    by_unit: dict[str, list[v.Use]] = defaultdict(list)
    for use in uses:
        if use.target.link is not LinkKind.BROADER and use.value.value is not None and use.value.confident:
            by_unit[use.value.unit].append(use)
    spreads = [_spread(unit, members) for unit, members in by_unit.items()]
    return tuple(sorted(spreads, key=lambda s: (-s.n, s.unit)))


def _uses(rows: Sequence[tuple[str, int]], found: Mapping[str, Record]) -> tuple[v.Use, ...]:
    """Published rows (project code, row number), newest project first; ``found`` holds the projects."""
    uses = []
    for code, number in rows:
        project = cast("Project", found[code])
        row = project.targets[number - 1]
        uses.append(v.Use(project, number, row, TargetValue.parse(row.target, row.unit)))
    return tuple(sorted(uses, key=lambda u: (-(u.project.year or 0), u.project.code, u.row)))


def _spread(unit: str, uses: list[v.Use]) -> v.Landscape:
    values = sorted(u.value.value for u in uses if u.value.value is not None)
    return v.Landscape(unit, len(values), values[0], median(values), values[-1], tuple(uses))


def _base(reader: Reader, record: Record) -> dict[str, Any]:
    return {
        "sources": _cited(record, reader.many(_sources(record))),
        "versions": reader.versions(record.code),
    }


def _sources(record: Record) -> list[str]:
    return [ref.source for ref in getattr(record, "sources", ())]


def _cited(record: Record, found: Mapping[str, Record]) -> tuple[v.CitedSource, ...]:
    refs: tuple[SourceRef, ...] = getattr(record, "sources", ())
    return tuple(v.CitedSource(cast("Source", found[r.source]), r) for r in refs if r.source in found)


def _typed(reader: Reader, codes: Sequence[str], type_: type[R]) -> tuple[R, ...]:
    return _among(reader.many(codes), codes, type_)


def _among(found: Mapping[str, Record], codes: Iterable[str], type_: type[R]) -> tuple[R, ...]:
    """Records of a type among those found, in the order of their codes, each once."""
    return tuple(r for code in dict.fromkeys(codes) if isinstance(r := found.get(code), type_))


def _sector(reader: Reader, code: str) -> Sector | None:
    found = reader.get(code) if code else None
    return found if isinstance(found, Sector) else None


def _refs(reader: Reader, codes: Sequence[str]) -> tuple[v.Ref, ...]:
    found = reader.refs(codes)
    return tuple(found[code] for code in codes if code in found)


def _pointing(reader: Reader, code: str, type_: type[R], *roles: str) -> tuple[R, ...]:
    return _typed(reader, reader.pointing_to(code, roles, type_.kind), type_)


def _indicator(reader: Reader, record: Indicator) -> v.IndicatorView:
    """As many questions for an indicator that hundreds of projects use as for one that none does."""
    rows = reader.rows_using(record.code)
    pointing: dict[tuple[str, str], list[Pointer]] = defaultdict(list)
    for pointer in reader.pointers([record.code, *(project for project, _ in rows)]):
        pointing[pointer.target, pointer.role].append(pointer)

    def sources(role: str, kind: Kind, target: str = record.code) -> list[str]:
        return [p.source for p in pointing[target, role] if p.kind is kind]

    pairs = [*record.pairs, *sources("pairs", Kind.INDICATOR)]
    problems = [p.problem for p in record.pitfalls]
    issues = {project: sources("projects", Kind.ISSUE, project) for project, _ in rows}
    direct = sources("indicators", Kind.ISSUE)
    found = reader.many(
        [*issues, *problems, *_sources(record), record.sector, *pairs, *direct, *chain(*issues.values())]
    )
    uses = _uses(rows, found)
    indirect = [code for use in uses for code in issues[use.project.code]]
    sector, successor = found.get(record.sector), record.successor
    sets, nodes = sources("members", Kind.SET), sources("indicators", Kind.NODE)
    refs = reader.refs([*sets, *nodes, successor])
    typical = {p.code: p for p in _among(found, problems, ProblemType)}
    return v.IndicatorView(
        sources=_cited(record, found),
        versions=reader.versions(record.code),
        indicator=record,
        sector=sector if isinstance(sector, Sector) else None,
        places={edition.value: place(record, edition) for edition in Edition},
        sets=tuple(refs[code] for code in sets if code in refs),
        nodes=tuple(refs[code] for code in nodes if code in refs),
        uses=uses,
        landscapes=landscapes_of(uses),
        # Those that name the indicator, then those found in projects that used it.
        issues=_among(found, [*direct, *indirect], Issue),
        pitfalls=tuple((typical.get(p.problem), p.text) for p in record.pitfalls),
        pairs=_among(found, pairs, Indicator),
        successor=refs.get(successor),
        neighbours=_neighbours(reader, record),
    )


def _neighbours(reader: Reader, record: Indicator) -> tuple[v.Ref, ...]:
    """Other indicators of the same branch and level 2."""
    found = [
        v.Ref(Kind.INDICATOR, i.code, i.name, i.unit)
        for i in reader.of_type(Indicator, sector=record.sector, level2=record.level2)
        if i.code != record.code and (i.subsector == record.subsector or not record.subsector)
    ]
    return tuple(found[:_NEIGHBOURS])


def _project(reader: Reader, record: Project) -> v.ProjectView:
    names = reader.refs([t.indicator for t in record.targets if t.indicator])
    rows = tuple(
        v.Row(n, t, TargetValue.parse(t.target, t.unit), names.get(t.indicator))
        for n, t in enumerate(record.targets, 1)
    )
    peers = [
        p for p in reader.of_type(Project, sector=record.sector) if p.code != record.code and record.sector
    ]
    peers = [p for p in peers if p.scope == record.scope]
    peers.sort(key=lambda p: (-len(set(p.types) & set(record.types)), not p.targets, p.code))
    return v.ProjectView(
        **_base(reader, record),
        project=record,
        sector=_sector(reader, record.sector),
        rows=rows,
        issues=_pointing(reader, record.code, Issue, "projects"),
        similar=tuple(v.Ref(Kind.PROJECT, p.code, p.name, str(p.year or "")) for p in peers[:_SIMILAR]),
    )


def _issue(reader: Reader, record: Issue) -> v.IssueView:
    return v.IssueView(
        **_base(reader, record),
        issue=record,
        sector=_sector(reader, record.sector),
        problems=_typed(reader, record.problems, ProblemType),
        projects=_typed(reader, record.projects, Project),
        indicators=_typed(reader, record.indicators, Indicator),
    )


def _problem(reader: Reader, record: ProblemType) -> v.ProblemView:
    visited = [*record.indicators, *reader.pointing_to(record.code, ["pitfalls"], Kind.INDICATOR)]
    return v.ProblemView(
        **_base(reader, record),
        problem=record,
        issues=_pointing(reader, record.code, Issue, "problems"),
        indicators=_typed(reader, visited, Indicator),
        clauses=_refs(reader, reader.pointing_to(record.code, ["problems"], Kind.CLAUSE)),
    )


def _framework(reader: Reader, record: Framework) -> v.FrameworkView:
    nodes = _pointing(reader, record.code, FrameworkNode, "framework")
    nodes = tuple(sorted(nodes, key=lambda n: n.order))
    counterparts = {n.code: _refs(reader, [*n.same_as, *n.related]) for n in nodes if n.same_as or n.related}
    return v.FrameworkView(
        **_base(reader, record),
        framework=record,
        tree=_tree(nodes),
        counterparts=counterparts,
        others=tuple(f for f in reader.of_type(Framework) if f.code != record.code),
    )


def _tree(nodes: Sequence[FrameworkNode]) -> tuple[v.Branch, ...]:
    tree = []
    for level1, members in groupby(nodes, key=lambda n: n.level1):
        branches = tuple(
            v.Branch(level2, nodes=tuple(rows)) for level2, rows in groupby(members, key=lambda n: n.level2)
        )
        tree.append(v.Branch(level1, branches=branches))
    return tuple(tree)


def _node(reader: Reader, record: FrameworkNode) -> v.NodeView:
    framework = reader.get(record.framework)
    assert isinstance(framework, Framework)  # noqa: S101 - the store's foreign key and the content check hold it
    return v.NodeView(
        **_base(reader, framework),
        node=record,
        framework=framework,
        same_as=_refs(reader, record.same_as),
        related=_refs(reader, record.related),
        indicators=_refs(reader, record.indicators),
    )


def _sector_view(reader: Reader, record: Sector) -> v.SectorView:
    indicators = reader.of_type(Indicator, sector=record.code)
    order = [level2 for names in CATALOGUE_LEVELS.values() for level2 in names]
    groups = [(name, tuple(i for i in indicators if i.level2 == name)) for name in order]
    return v.SectorView(
        **_base(reader, record),
        sector=record,
        groups=tuple((name, members) for name, members in groups if members),
        core=tuple(i for i in indicators if i.core),
        projects=tuple(reader.of_type(Project, sector=record.code)),
        issues=tuple(reader.of_type(Issue, sector=record.code)),
        sets=_sets_of_sector(reader, indicators),
        uses=reader.projects_using([i.code for i in indicators]),
    )


def _sets_of_sector(reader: Reader, indicators: Sequence[Indicator]) -> tuple[v.Ref, ...]:
    codes = {i.code for i in indicators}
    sets = [s for s in reader.of_type(IndicatorSet) if codes & set(s.members)]
    return tuple(v.Ref(Kind.SET, s.code, s.name) for s in sets)


def _set(reader: Reader, record: IndicatorSet) -> v.SetView:
    return v.SetView(
        **_base(reader, record),
        set=record,
        members=_typed(reader, record.members, Indicator),
        base=next(iter(_refs(reader, [record.base])), None) if record.base else None,
        overlays=_refs(reader, reader.pointing_to(record.code, ["base"])),
    )


def _guide(reader: Reader, record: Guide) -> v.GuideView:
    guides = reader.of_type(Guide)
    here = [g.code for g in guides].index(record.code)
    before, after = (
        (guides[here - 1] if here else None),
        (guides[here + 1] if here + 1 < len(guides) else None),
    )
    return v.GuideView(
        **_base(reader, record),
        guide=record,
        html=render(record.text, _resolver(reader, record)),
        before=v.Ref(Kind.GUIDE, before.code, before.name) if before else None,
        after=v.Ref(Kind.GUIDE, after.code, after.name) if after else None,
    )


def _resolver(reader: Reader, guide: Guide) -> Callable[[str], str | None]:
    found = reader.refs([code for field, code in references(guide) if field == "text"])
    return lambda code: url_of(found[code].kind, code) if code in found else None


def _clause(reader: Reader, record: Clause) -> v.ClauseView:
    document = reader.get(record.document)
    return v.ClauseView(
        **_base(reader, record),
        clause=record,
        document=document if isinstance(document, Source) else None,
        problems=_typed(reader, record.problems, ProblemType),
    )


def _source(reader: Reader, record: Source) -> v.SourceView:
    codes = reader.pointing_to(record.code, ["sources", "document"])
    refs = sorted(reader.refs(codes).values(), key=lambda r: (r.kind, r.code))
    cited = tuple((kind, tuple(members)) for kind, members in groupby(refs, key=lambda r: r.kind))
    return v.SourceView(**_base(reader, record), source=record, cited_by=cited)


_VIEWS: dict[Kind, object] = {
    Kind.INDICATOR: _indicator,
    Kind.PROJECT: _project,
    Kind.ISSUE: _issue,
    Kind.PROBLEM: _problem,
    Kind.FRAMEWORK: _framework,
    Kind.NODE: _node,
    Kind.SECTOR: _sector_view,
    Kind.SET: _set,
    Kind.GUIDE: _guide,
    Kind.CLAUSE: _clause,
    Kind.SOURCE: _source,
}
