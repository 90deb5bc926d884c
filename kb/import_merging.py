"""One record over another: what a file speaks of over what stands, links kept, pointers to nothing left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from indicators.candidate import Candidate
from indicators.model import Indicator, Project, Record, Target


def merged(before: Record, after: Record, given: frozenset[str]) -> Any:
    """The standing record with the fields that a file speaks of; its sources with them where any differs."""
    changes = {f: getattr(after, f) for f in given if getattr(after, f) != getattr(before, f)}
    if changes and isinstance(before, Project) and "targets" in changes:
        changes["targets"] = _targets_with_links(before, changes["targets"])
    if not changes:
        return before
    added = [s for s in getattr(after, "sources", ()) if s not in getattr(before, "sources", ())]
    if added and "sources" not in given:
        changes["sources"] = (*getattr(before, "sources", ()), *added)
    return msgspec.structs.replace(before, **changes)


def _targets_with_links(before: Project, targets: Sequence[Any]) -> tuple[Any, ...]:
    """Published rows keep the indicator that somebody linked them to."""
    linked = {(t.level2, t.name): t for t in before.targets if t.indicator}
    kept = []
    for t in targets:
        old = linked.get((t.level2, t.name))
        if old and not t.indicator:
            t = msgspec.structs.replace(t, indicator=old.indicator, link=old.link, linked_by=old.linked_by)
        kept.append(t)
    return tuple(kept)


_CODES = ("sector", "successor", "framework", "document", "base", "overlays")
_LISTS = ("pairs", "members", "same_as", "related", "indicators", "problems", "projects")


def redirected(record: Record, elsewhere: Mapping[str, str]) -> Record:
    """A record with its pointers to these codes led elsewhere, left out where they lead to ""."""
    changes: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name in _CODES and isinstance(value, str):
            changes[name] = elsewhere.get(value, value)
        elif name in _LISTS and isinstance(value, tuple):
            led = (elsewhere.get(v, v) for v in value)
            changes[name] = tuple(dict.fromkeys(v for v in led if v and v != record.code))
        elif name == "sources":
            changes[name] = tuple(s for s in value if s.source not in elsewhere)
        elif name == "pitfalls":
            changes[name] = tuple(p for p in value if p.problem not in elsewhere)
        elif name == "targets":
            changes[name] = tuple(_linked(t, elsewhere) if t.indicator in elsewhere else t for t in value)
    return msgspec.structs.replace(record, **changes)


def _linked(target: Target, elsewhere: Mapping[str, str]) -> Target:
    """A published row linked elsewhere, or no more."""
    if found := elsewhere[target.indicator]:
        return msgspec.structs.replace(target, indicator=found)
    return msgspec.structs.replace(target, indicator="", link=None, linked_by="")


def adopted(before: Indicator, candidate: Candidate) -> Candidate:
    """A row that updates an indicator which another set or a person named: name and sector stay, sources are
    added, blanks say nothing.

    The row's own name becomes one of its other names, by which the next load of the file meets it again.
    """
    record = candidate.record
    assert isinstance(record, Indicator)  # noqa: S101 - only indicators are merged
    written = {f for f in candidate.given if getattr(record, f) not in ("", (), None)}
    names = (*before.aliases, *record.aliases, record.name)
    aliases = tuple(dict.fromkeys(n for n in names if n != before.name))
    kept = {"name", "sources"} | ({"sector", "subsector"} if before.sector else set())
    changes: dict[str, Any] = {"name": before.name, "aliases": aliases}
    return Candidate(
        msgspec.structs.replace(record, code=before.code, **changes),
        frozenset((written | {"aliases"}) - kept), candidate.place, candidate.row,
    )  # fmt: skip


def renamed(before: Indicator, candidate: Candidate) -> Candidate:
    """A row that goes on with a member of its own set under a new name; the old name stays as another name."""
    record = candidate.record
    assert isinstance(record, Indicator)  # noqa: S101 - only indicators are merged
    given = candidate.given
    if "aliases" not in given and before.name != record.name:
        aliases = tuple(dict.fromkeys((*before.aliases, before.name)))
        record, given = msgspec.structs.replace(record, aliases=aliases), given | {"aliases"}
    return Candidate(msgspec.structs.replace(record, code=before.code), given, candidate.place, candidate.row)
