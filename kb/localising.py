"""Rows for an overlay (本地指标集): one that says something else of a base indicator becomes a local copy. Pure.

An overlay shares the indicators that it leaves as they are with the set below, so that nothing is
found twice; only what it changes is copied, with the original beside it for next year's merge.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from indicators.candidate import Candidate
from indicators.model import Indicator
from kb.import_codes import place_of
from kb.import_merging import merged
from kb.import_plan import Snapshot

_OWN = frozenset(Indicator.__struct_fields__) - {"code"}


def copy_of(original: Indicator, code: str = "") -> Indicator:
    """A local copy of an indicator as it stands; a plan gives it a code where none is given."""
    bare = msgspec.structs.replace(original, overlays="", original=None)
    return msgspec.structs.replace(bare, code=code, overlays=original.code, original=bare)


def localised(candidates: Sequence[Candidate], snapshot: Snapshot) -> list[Candidate]:
    """Candidates for a set; in an overlay those that meet a shared indicator stand for it or for a copy of it."""
    below = snapshot.set.base_members if snapshot.set else ()
    found = [snapshot.records.get(m) for m in (snapshot.set.members if snapshot.set else ()) if m in below]
    shared = {r.code: r for r in found if isinstance(r, Indicator)}
    places = {place_of(r): r for r in shared.values()}
    return [_localised(c, shared, places) for c in candidates] if shared else list(candidates)


def _localised(
    c: Candidate, shared: dict[str, Indicator], places: dict[tuple[str, ...], Indicator]
) -> Candidate:
    if not isinstance(c.record, Indicator):
        return c
    met = shared.get(c.record.code) or (None if c.record.code else places.get(place_of(c.record)))
    if met is None:
        return c
    return copied(met, c)


def copied(met: Indicator, c: Candidate, code: str = "") -> Candidate:
    """A row that says something else of a shared indicator as a local copy of it, else as the indicator itself."""
    after = merged(met, c.record, c.given)
    if after == met:
        return Candidate(met, frozenset(), c.place, c.row)
    local = copy_of(met, code)
    changed = {f: getattr(after, f) for f in _OWN - {"overlays", "original"}}
    return Candidate(msgspec.structs.replace(local, **changed), _OWN, c.place, c.row)
