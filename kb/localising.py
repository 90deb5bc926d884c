"""Rows for an overlay (本地指标集): one that says something else of a base indicator becomes a local copy. Pure.

An overlay shares the indicators that it leaves as they are with the set below, so that nothing is
found twice; only what it changes is copied, with the original beside it for next year's merge.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from indicators.candidate import Candidate
from indicators.model import Indicator
from kb.import_codes import fits, place_of
from kb.import_merging import merged
from kb.import_plan import Snapshot

_OWN = frozenset(Indicator.__struct_fields__) - {"code"}


def copy_of(original: Indicator, code: str = "") -> Indicator:
    """A local copy of an indicator as it stands; a plan gives it a code where none is given."""
    bare = msgspec.structs.replace(original, overlays="", original=None)
    return msgspec.structs.replace(bare, code=code, overlays=original.code, original=bare)


def localised(candidates: Sequence[Candidate], snapshot: Snapshot) -> list[Candidate]:
    """Candidates for a set; in an overlay those that meet a shared indicator stand for it or for a copy of it.

    They meet by code, by place, or by a name that only one shared indicator has where nothing that the
    file says of sector and levels speaks against it.
    """
    below = snapshot.set.base_members if snapshot.set else ()
    found = [snapshot.records.get(m) for m in (snapshot.set.members if snapshot.set else ()) if m in below]
    shared = {r.code: r for r in found if isinstance(r, Indicator)}
    if not shared:
        return list(candidates)
    named: dict[str, list[Indicator]] = {}
    for record in shared.values():
        for name in dict.fromkeys((record.name, *record.aliases)):
            named.setdefault(name, []).append(record)
    return [_localised(c, shared, named) for c in candidates]


def _localised(c: Candidate, shared: dict[str, Indicator], named: dict[str, list[Indicator]]) -> Candidate:
    if not isinstance(c.record, Indicator):
        return c
    met = shared.get(c.record.code)
    if met is None and not c.record.code:
        met = _namesake(c.record, named.get(c.record.name, []))
    return copied(met, c) if met else c


def _namesake(record: Indicator, named: Sequence[Indicator]) -> Indicator | None:
    fitting = [m for m in named if fits(record, m)]
    same = [m for m in fitting if place_of(m) == place_of(record)] or fitting
    return same[0] if len(same) == 1 else None


def copied(met: Indicator, c: Candidate, code: str = "") -> Candidate:
    """A row that says something else of a shared indicator as a local copy of it, else as the indicator itself."""
    after = merged(met, c.record, c.given)
    if after == met:
        return Candidate(met, frozenset(), c.place, c.row)
    local = copy_of(met, code)
    changed = {f: getattr(after, f) for f in _OWN - {"overlays", "original"}}
    return Candidate(msgspec.structs.replace(local, **changed), _OWN, c.place, c.row)
