"""Three-way merge (三方合并) of an overlay with next year's base: old base, new base, ours. Pure.

An overlay (本地指标集) shares what it leaves as it is with its base, keeps copies of what it changed
(each with the original beside it), and adds its own. A merge says for every indicator and field
whether the base's change is taken, ours is kept, both are the same, or a person must choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

import msgspec

from indicators.choices import Status
from indicators.differences import FieldChange, differences
from indicators.model import Indicator, IndicatorSet
from kb.import_codes import place_of
from kb.merging import parts_of, with_parts

_APART = frozenset(("code", "overlays", "original"))
"""Fields that say which record it is, not what it says."""
_LIKE = 0.5
"""Likeness of names from which a new indicator is proposed as the successor of a vanished one."""


class Side(StrEnum):
    """Whose text stands: ours, or theirs (the base's)."""

    OURS = "ours"
    THEIRS = "theirs"


class Outcome(StrEnum):
    """What became of a field."""

    SAME = "same"
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"
    CONFLICT = "conflict"


class Fate(StrEnum):
    """What becomes of an indicator, in the order of the page: what needs a person first."""

    CONFLICT = "conflict"
    LOST = "lost"
    TWICE = "twice"
    RETIRED = "retired"
    MERGED = "merged"
    TAKEN = "taken"
    ADDED = "added"
    LEFT_OUT = "left out"
    OWN = "own"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """A field (``standards.plan`` within the standards) in its three states, and what comes of it.

    Of a conflict ``value`` is ours until somebody chooses.
    """

    field: str
    old: Any
    theirs: Any
    ours: Any
    outcome: Outcome
    value: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """An indicator of the merge.

    ``code`` is the overlay's member ("" where the base adds one), ``old`` and ``new`` the base's
    indicator before and now ("" where there is none); ``successor`` is proposed for one that vanished.
    Of one that is left out ``below`` has what the base changed in it: told, never taken.
    """

    fate: Fate
    code: str
    name: str
    old: str = ""
    new: str = ""
    fields: tuple[FieldMerge, ...] = ()
    successor: str = ""
    successor_name: str = ""
    below: tuple[FieldChange, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What a person must choose a side for: the indicator as a whole, or its fields in conflict."""
        if self.fate in (Fate.LOST, Fate.TWICE):
            return (self.code,)
        return tuple(f"{self.code}.{f.field}" for f in self.fields if f.outcome is Outcome.CONFLICT)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Records that a merge writes; ``open`` are the keys that nobody has chosen a side for."""

    records: tuple[Indicator | IndicatorSet, ...]
    open: tuple[str, ...]


def merge_value(old: Any, theirs: Any, ours: Any) -> tuple[Outcome, Any]:
    """The outcome of one value. Lists are merged as sets in our order, so they never conflict."""
    if theirs == ours:
        return (Outcome.SAME if ours == old else Outcome.BOTH), ours
    if theirs == old:
        return Outcome.OURS, ours
    if ours == old:
        return Outcome.THEIRS, theirs
    if isinstance(ours, tuple) and isinstance(theirs, tuple) and isinstance(old, tuple):
        return Outcome.BOTH, merge_lists(old, theirs, ours)
    return Outcome.CONFLICT, ours


def merge_lists(old: Sequence[Any], theirs: Sequence[Any], ours: Sequence[Any]) -> tuple[Any, ...]:
    """Our items in our order without those that they took out, then what they added."""
    kept = [item for item in ours if item in theirs or item not in old]
    added = [item for item in theirs if item not in old and item not in kept]
    return tuple(dict.fromkeys([*kept, *added]))


def merge_fields(old: Indicator, theirs: Indicator, ours: Indicator) -> tuple[FieldMerge, ...]:
    """Every field that anybody changed, in the model's order."""
    found = []
    before, base, own = map(parts_of, (old, theirs, ours))
    for name, value in before.items():
        if name in _APART:
            continue
        outcome, merged = merge_value(value, base[name], own[name])
        if outcome is not Outcome.SAME:
            found.append(FieldMerge(name, value, base[name], own[name], outcome, merged))
    return tuple(found)


def compare(
    overlay: IndicatorSet,
    base: IndicatorSet,
    records: Mapping[str, Indicator],
    left: Mapping[str, Indicator] | None = None,
) -> tuple[Entry, ...]:
    """What merging ``base`` as it is now into an overlay does to each indicator.

    ``records`` holds the members of both and of the overlay's base as it was; ``left`` those that the
    overlay leaves out as they stood when it took up its base.
    """
    return _Comparison(overlay, base, records, left or {}).entries()


class _Comparison:
    """The three sets side by side."""

    def __init__(
        self,
        overlay: IndicatorSet,
        base: IndicatorSet,
        records: Mapping[str, Indicator],
        left: Mapping[str, Indicator],
    ) -> None:
        self.overlay, self.base, self.records, self.left = overlay, base, records, left
        members = [records[m] for m in overlay.members if m in records]
        below = set(overlay.base_members)
        self.copies = {r.overlays: r for r in members if r.overlays in below}
        self.shared = [r for r in members if r.code in below]
        self.own = [r for r in members if r.code not in below and r.overlays not in below]
        self.now = {m: records[m] for m in base.members if m in records}
        self.pairs = self._pairs()
        taken = set(self.pairs.values())
        self.fresh = [r for c, r in self.now.items() if c not in taken and r.status is Status.ACTIVE]

    def _before(self, code: str) -> Indicator | None:
        """A base indicator as the overlay knows it."""
        copy = self.copies.get(code)
        return copy.original if copy and copy.original else self.records.get(code)

    def _pairs(self) -> dict[str, str]:
        """The base's indicator of today by that of then: by code, by place, by the successor it named."""
        pairs = {code: code for code in self.overlay.base_members if code in self.now}
        taken = set(pairs.values())
        places: dict[tuple[str, ...], list[str]] = {}
        for code, record in self.now.items():
            if code not in taken:
                places.setdefault(place_of(record), []).append(code)
        for code in self.overlay.base_members:
            before = self._before(code)
            if code in pairs or before is None:
                continue
            waiting = places.get(place_of(before), [])
            heir = self.records[code].successor if code in self.records else ""
            found = waiting.pop(0) if waiting else heir if heir in self.now and heir not in taken else ""
            if found:
                pairs[code] = found
                taken.add(found)
        return pairs

    def entries(self) -> tuple[Entry, ...]:
        found = [*map(self._of_shared, self.shared), *map(self._of_copy, self.copies.values())]
        used = {r.code for r in self.shared} | self.copies.keys()
        for code in self.overlay.base_members:
            before = self._before(code)
            if code not in used and before is not None:
                new = self.pairs.get(code, "")
                found.append(Entry(Fate.LEFT_OUT, "", before.name, code, new, below=self._below(code, new)))
        places = {place_of(r): r for r in self.own if r.status is Status.ACTIVE}
        own = {r.code for r in self.own}
        for record in self.fresh:
            if record.code in own:
                continue
            mine = places.pop(place_of(record), None)
            fate = Fate.TWICE if mine else Fate.ADDED
            fields = merge_fields(mine, record, mine) if mine else ()
            found.append(Entry(fate, mine.code if mine else "", record.name, "", record.code, fields))
        twice = {e.code for e in found if e.fate is Fate.TWICE}
        found += [Entry(Fate.OWN, r.code, r.name) for r in self.own if r.code not in twice]
        order = list(Fate)
        return tuple(sorted(found, key=lambda e: order.index(e.fate)))

    def _below(self, code: str, new: str) -> tuple[FieldChange, ...]:
        """What the base changed in an indicator that is left out, since the overlay knows it.

        Every load adds its own file to the sources, which need not be said.
        """
        before, now = self.left.get(code) or self.records[code], self.now.get(new)
        changed = differences(before, now) if now else ()
        return tuple(c for c in changed if c.field not in _APART and c.field != "sources")

    def _of_shared(self, record: Indicator) -> Entry:
        new = self.pairs.get(record.code)
        if new is None:
            return self._vanished(Fate.RETIRED, record, record.code)
        if new == record.code:
            return Entry(Fate.SAME, record.code, record.name, record.code, new)
        theirs = self.now[new]
        return Entry(
            Fate.TAKEN, record.code, theirs.name, record.code, new, merge_fields(record, theirs, record)
        )

    def _of_copy(self, record: Indicator) -> Entry:
        old = record.original or record
        new = self.pairs.get(record.overlays)
        theirs = self.now[new] if new else None
        if theirs is None or (theirs.status is Status.RETIRED and old.status is Status.ACTIVE):
            return self._vanished(Fate.LOST, record, record.overlays, theirs.successor if theirs else "")
        fields = merge_fields(old, theirs, record)
        if any(f.outcome is Outcome.CONFLICT for f in fields):
            fate = Fate.CONFLICT
        elif new != record.overlays or any(f.theirs != f.old for f in fields):
            fate = Fate.MERGED
        else:
            fate = Fate.SAME
        return Entry(fate, record.code, record.name, record.overlays, new or "", fields)

    def _vanished(self, fate: Fate, record: Indicator, old: str, named: str = "") -> Entry:
        heir = self.records.get(named or record.successor) or self._likest(record)
        return Entry(
            fate, record.code, record.name, old,
            successor=heir.code if heir else "", successor_name=heir.name if heir else "",
        )  # fmt: skip

    def _likest(self, record: Indicator) -> Indicator | None:
        """The new indicator of the base that a vanished one most probably became."""
        near = [r for r in self.fresh if (r.sector, r.level2) == (record.sector, record.level2)]
        ranked = [(SequenceMatcher(None, record.name, r.name, False).ratio(), r.code, r) for r in near]
        score, _, best = max(ranked, default=(0.0, "", None), key=lambda x: x[:2])
        return best if score >= _LIKE else None


def resolve(
    overlay: IndicatorSet,
    base: IndicatorSet,
    records: Mapping[str, Indicator],
    choices: Mapping[str, Side],
    successors: Mapping[str, str] | None = None,
    held: Iterable[str] = (),
) -> Resolved:
    """What a merge writes with these choices by key (see ``Entry.keys``; RETIRED: by code, theirs where unsaid).

    ``successors`` replaces proposals ("" takes one away); indicators in ``held`` belong to other sets
    too and are never retired, they only leave this one. A chosen successor that is no record is left out.
    """
    work = _Resolution(overlay, base, records, choices, successors or {}, frozenset(held))
    return work.resolve(compare(overlay, base, records))


class _Resolution:
    """Members and records as the entries are gone through."""

    def __init__(
        self,
        overlay: IndicatorSet,
        base: IndicatorSet,
        records: Mapping[str, Indicator],
        choices: Mapping[str, Side],
        successors: Mapping[str, str],
        held: frozenset[str],
    ) -> None:
        self.overlay, self.base, self.records = overlay, base, records
        self.choices, self.successors, self.held = choices, successors, held
        self.moved: dict[str, str] = {}
        """Member of then -> member of now, "" where it leaves."""
        self.added: list[str] = []
        self.written: list[Indicator] = []
        self.open: list[str] = []

    def resolve(self, entries: Iterable[Entry]) -> Resolved:
        for entry in entries:
            self.open += [key for key in entry.keys if key not in self.choices]
            self._take(entry)
        members = [self.moved.get(m, m) for m in self.overlay.members]
        kept = tuple(m for m in dict.fromkeys([*members, *self.added]) if m)
        joined = msgspec.structs.replace(
            self.overlay, members=kept, base=self.base.code, base_edition=self.base.edition,
            base_members=self.base.members,
        )  # fmt: skip
        before = [self.records[r.code] for r in self.written]
        changed = [r for r, b in zip(self.written, before, strict=True) if r != b]
        return Resolved((*changed, *([joined] if joined != self.overlay else [])), tuple(self.open))

    def _take(self, entry: Entry) -> None:
        chosen = self.choices.get(entry.code, Side.THEIRS if entry.fate is Fate.RETIRED else Side.OURS)
        match entry.fate:
            case Fate.TAKEN:
                self.moved[entry.code] = entry.new
            case Fate.ADDED:
                self.added.append(entry.new)
            case Fate.CONFLICT | Fate.MERGED | Fate.SAME:
                self._rebase(entry)
            case Fate.RETIRED:
                if chosen is Side.THEIRS:
                    self._retire_shared(entry)
            case Fate.LOST:
                record = self.records[entry.code]
                if chosen is Side.THEIRS:
                    self.written.append(self._retired(record, entry.successor))
                else:
                    self.written.append(msgspec.structs.replace(record, overlays="", original=None))
            case Fate.TWICE:
                if chosen is Side.THEIRS:
                    self.written.append(self._retired(self.records[entry.code], entry.new))
                    self.moved[entry.code] = entry.new

    def _rebase(self, entry: Entry) -> None:
        """A local copy on its new original; what is shared needs nothing."""
        record = self.records[entry.code]
        if not record.overlays:
            return
        values = {f.field: f.value for f in entry.fields}
        for f in entry.fields:
            if f.outcome is Outcome.CONFLICT and self.choices.get(f"{entry.code}.{f.field}") is Side.THEIRS:
                values[f.field] = f.theirs
        theirs = self.records[entry.new]
        original = msgspec.structs.replace(theirs, overlays="", original=None)
        self.written.append(
            msgspec.structs.replace(with_parts(record, values), overlays=theirs.code, original=original)
        )

    def _retire_shared(self, entry: Entry) -> None:
        record = self.records[entry.code]
        if entry.code in self.held:
            self.moved[entry.code] = ""
        elif record.status is Status.ACTIVE:
            self.written.append(self._retired(record, entry.successor))

    def _retired(self, record: Indicator, proposed: str) -> Indicator:
        heir = self.successors.get(record.code, proposed)
        known = heir if heir in self.records and heir != record.code else ""
        return msgspec.structs.replace(record, status=Status.RETIRED, successor=known or record.successor)


def count_fates(entries: Iterable[Entry]) -> dict[Fate, int]:
    """Number of indicators by fate; only what there is."""
    counted = Counter(e.fate for e in entries)
    return {fate: counted[fate] for fate in Fate if counted[fate]}
