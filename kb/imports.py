"""What loading would change, before anything is written. Pure: candidates and a snapshot in, a plan out.

An indicator without a code gets ``BD-<set>-<letters of level 2>-<number>``: the code of the member
of the same set that has the same sector, levels and name, else the next free number. So the same
file always meets its own records again, and next year's file keeps the codes of this year's.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from indicators.candidate import Candidate
from indicators.content import references
from indicators.differences import FieldChange, differences
from indicators.model import Indicator, IndicatorSet, Kind, Project, Record, Source, Status
from indicators.taxonomy import LEVEL2_LETTERS
from kb.db.rows import body_of

_LOCAL = "BD-"
_OTHER = "QT"
"""Letters in the code of an indicator whose level 2 is no standard one."""
_ALIKE = 0.8

Near = Callable[[str], Sequence[tuple[str, str, float]]]
"""Existing indicators like a name: (code, name, likeness 0..1), best first."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What stands now: records that candidates may meet, the versions of them, codes that are taken.

    ``set`` is the set that indicators go to, None where it is new. ``known`` tells codes that exist.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    set: IndicatorSet | None = None
    taken: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SetAbout:
    """What is said of a set beside its file (版本、发布单位、地区、有效期); "" leaves what stands."""

    edition: str = ""
    issuer: str = ""
    region: str = ""
    valid_from: str = ""
    valid_to: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The fields that are said."""
        return {f: v for f in self.__slots__ if (v := getattr(self, f))}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one record: new, changed, same, vanished, or invalid with the reason."""

    action: str
    code: str
    kind: Kind
    name: str
    fields: tuple[FieldChange, ...] = ()
    place: str = ""
    row: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A new indicator that is much like one that stands already elsewhere."""

    code: str
    name: str
    like: str
    like_name: str
    score: float


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything a load would do. ``records`` are to be written, over ``versions`` that must still stand."""

    set_code: str
    set_name: str
    changes: tuple[Change, ...]
    records: tuple[Record, ...]
    versions: Mapping[str, int]
    duplicates: tuple[Duplicate, ...]
    fingerprint: str

    @property
    def counts(self) -> dict[str, int]:
        """Number of records by action; the set and the source file themselves are not counted."""
        counted = Counter(c.action for c in self.changes if c.kind not in (Kind.SET, Kind.SOURCE))
        return {a: counted[a] for a in ("new", "changed", "same", "vanished", "invalid")}


def set_code_of(name: str) -> str:
    """Code of a new set: its name where that is plain letters and digits, else eight characters of it."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").upper()
    if name.isascii() and 1 < len(plain) <= 24:
        return f"{_LOCAL}{plain}"
    return _LOCAL + hashlib.sha256(name.encode()).hexdigest()[:6].upper()


def plan(
    candidates: Sequence[Candidate], snapshot: Snapshot, set_name: str = "", *,
    replace: bool = False, near: Near | None = None, about: SetAbout | None = None,
) -> ImportPlan:  # fmt: skip
    """What writing these candidates would change.

    With ``replace`` members of the set that the candidates lack are taken out of use (停用);
    without, they are told and left. ``near`` finds existing indicators for new ones to be merged with.
    ``about`` is said of the set itself.
    """
    standing = snapshot.set
    given_set = next(
        (
            c.record.code
            for c in candidates
            if isinstance(c.record, IndicatorSet) and c.record.name == set_name
        ),
        "",
    )
    code = standing.code if standing else given_set or (set_code_of(set_name) if set_name else "")
    coded = _with_codes(candidates, snapshot, code)
    work = _Work(snapshot, {c.record.code for c in coded}, code)
    for candidate in coded:
        work.take(candidate)
    indicators = [
        c.record.code for c in coded if isinstance(c.record, Indicator) and c.record.code not in work.refused
    ]
    if code and indicators:
        own = (c.record for c in coded if isinstance(c.record, IndicatorSet))
        given = next((r for r in own if r.code == code), None)
        left_out = work.vanish(standing, set(indicators), replace)
        work.join(
            _told(standing, given, code, set_name, about), standing, _in_order(indicators, given), left_out
        )
    records = _without_idle_sources(work.records)
    versions = {r.code: snapshot.versions.get(r.code, 0) for r in records}
    duplicates = tuple(_duplicates(work.changes, near)) if near else ()
    return ImportPlan(
        code, set_name or (standing.name if standing else ""), tuple(work.changes), tuple(records), versions, duplicates,
        _fingerprint(records, versions),
    )  # fmt: skip


def place_of(record: Indicator) -> tuple[str, ...]:
    """By which an indicator is the same one in another edition of its set."""
    return (record.sector, record.level1, record.level2, record.name)


def _with_codes(candidates: Sequence[Candidate], snapshot: Snapshot, set_code: str) -> list[Candidate]:
    known: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for member in snapshot.set.members if snapshot.set else ():
        record = snapshot.records.get(member)
        if isinstance(record, Indicator) and not (snapshot.set and member in snapshot.set.base_members):
            known[place_of(record)].append(record.code)
    taken = set(snapshot.taken) | {c.record.code for c in candidates}
    numbers: Counter[str] = Counter()
    prefix = set_code if set_code.startswith(_LOCAL) else f"{_LOCAL}{set_code}"
    coded = []
    for c in candidates:
        if c.record.code or not isinstance(c.record, Indicator):
            coded.append(c)
            continue
        waiting = known[place_of(c.record)]
        code = (
            waiting.pop(0)
            if waiting
            else _free(f"{prefix}-{LEVEL2_LETTERS.get(c.record.level2, _OTHER)}", numbers, taken)
        )
        coded.append(Candidate(msgspec.structs.replace(c.record, code=code), c.given, c.place, c.row))
    return coded


def _free(stem: str, numbers: Counter[str], taken: set[str]) -> str:
    while True:
        numbers[stem] += 1
        code = f"{stem}-{numbers[stem]:02d}"
        if code not in taken:
            taken.add(code)
            return code


class _Work:
    """Changes and records as they come together."""

    def __init__(self, snapshot: Snapshot, coming: set[str], set_code: str) -> None:
        self.snapshot, self.coming, self.set_code = snapshot, coming, set_code
        self.changes: list[Change] = []
        self.records: list[Record] = []
        self.refused: set[str] = set()
        self.seen: set[str] = set()

    def take(self, candidate: Candidate) -> None:
        record = candidate.record
        if isinstance(record, IndicatorSet) and record.code == self.set_code:
            return  # joined with its members at the end
        before = self.snapshot.records.get(record.code)
        if reason := self._refusal(record, before):
            self.refused.add(record.code)
            self._note("invalid", record, candidate, reason=reason)
            return
        self.seen.add(record.code)
        record = self._linked(record)
        if before is None:
            self.records.append(record)
            self._note("new", record, candidate)
            return
        after = merged(before, record, candidate.given)
        fields = differences(before, after)
        if fields:
            self.records.append(after)
        self._note("changed" if fields else "same", after, candidate, fields)

    def _refusal(self, record: Record, before: Record | None) -> str:
        if before is not None and before.kind is not record.kind:
            return f"代码 {record.code} 已经是另一种记录（{before.name}）。请换一个没有用过的代码。"
        if record.code in self.seen:
            return f"代码 {record.code} 在文件里出现了两次。请改正其中一个。"
        return ""

    def _linked(self, record: Record) -> Record:
        """The record without pointers to what does not exist."""
        there = self.snapshot.known
        gone = {code for _, code in references(record) if code not in there and code not in self.coming}
        return _without(record, gone) if gone else record

    def vanish(self, standing: IndicatorSet | None, present: set[str], replace: bool) -> set[str]:
        """Tell the set's members that the file lacks. With ``replace`` they are retired, but those that
        belong to the set below only leave this one: their codes are given."""
        copied = {r.overlays for r in self.records if isinstance(r, Indicator) and r.overlays}
        left_out: set[str] = set()
        for code in standing.members if standing else ():
            record = self.snapshot.records.get(code)
            if code in present | copied | self.refused or not isinstance(record, Indicator):
                continue
            if standing and code in standing.base_members:
                self.changes.append(Change("vanished", code, record.kind, record.name, reason=_NOT_OURS))
                left_out |= {code} if replace else set()
                continue
            if record.status is Status.RETIRED:
                continue
            fields = (FieldChange("status", Status.ACTIVE.value, Status.RETIRED.value),)
            self.changes.append(Change("vanished", code, record.kind, record.name, fields))
            if replace:
                self.records.append(msgspec.structs.replace(record, status=Status.RETIRED))
        return left_out

    def join(
        self, told: IndicatorSet, standing: IndicatorSet | None, members: Sequence[str], left_out: set[str]
    ) -> None:
        """The set itself with its new members; a local copy takes the place of what it was made from."""
        copies = {r.overlays: r.code for r in self.records if isinstance(r, Indicator) and r.overlays}
        kept = [copies.get(m, m) for m in (standing.members if standing else ()) if m not in left_out]
        joined = msgspec.structs.replace(told, members=tuple(dict.fromkeys((*kept, *members))))
        fields = differences(standing, joined) if standing else ()
        if standing is None or fields:
            self.records.append(self._linked(joined))
        action = "new" if standing is None else "changed" if fields else "same"
        shown = tuple(f for f in fields if f.field != "members")
        self.changes.append(Change(action, joined.code, Kind.SET, joined.name, shown))

    def _note(
        self,
        action: str,
        record: Record,
        c: Candidate,
        fields: tuple[FieldChange, ...] = (),
        reason: str = "",
    ) -> None:
        self.changes.append(
            Change(action, record.code, record.kind, record.name, fields, c.place, c.row, reason)
        )


_NOT_OURS = "上级指标集的指标：只会不再列入本集，不会停用"
_SET_FIELDS = (
    "name", "edition", "issuer", "region", "valid_from", "valid_to", "summary", "base", "base_edition", "base_members",
)  # fmt: skip


def _told(
    standing: IndicatorSet | None, given: IndicatorSet | None, code: str, name: str, about: SetAbout | None
) -> IndicatorSet:
    """The set as it stands, with what the file and the loader say of it; its members are left as they are."""
    base: IndicatorSet = standing or given or IndicatorSet(code=code, name=name)
    if standing and given:
        base = merged(standing, given, frozenset(_SET_FIELDS))
    return msgspec.structs.replace(base, code=code, **(about.given if about else {}))


def _in_order(members: Sequence[str], given: IndicatorSet | None) -> Sequence[str]:
    """Members in the order of the set's own record, where the file brings it."""
    if given is None:
        return members
    here = set(members)
    return tuple(dict.fromkeys((*(m for m in given.members if m in here), *members)))


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


def _without(record: Record, gone: set[str]) -> Record:
    changes: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if (
            isinstance(value, str)
            and value in gone
            and name in ("sector", "successor", "framework", "document", "base", "overlays")
        ):
            changes[name] = ""
        elif isinstance(value, tuple) and name in (
            "pairs",
            "members",
            "same_as",
            "related",
            "indicators",
            "problems",
            "projects",
        ):
            changes[name] = tuple(v for v in value if v not in gone)
        elif name == "sources":
            changes[name] = tuple(s for s in value if s.source not in gone)
        elif name == "pitfalls":
            changes[name] = tuple(p for p in value if p.problem not in gone)
        elif name == "targets":
            changes[name] = tuple(
                msgspec.structs.replace(t, indicator="", link=None, linked_by="")
                if t.indicator in gone
                else t
                for t in value
            )
    return msgspec.structs.replace(record, **changes)


def _without_idle_sources(records: Sequence[Record]) -> list[Record]:
    """Records to write, without source files that none of them names."""
    named = {ref.source for r in records for ref in getattr(r, "sources", ())}
    return [r for r in records if not isinstance(r, Source) or r.code in named]


def _duplicates(changes: Sequence[Change], near: Near) -> Iterable[Duplicate]:
    own = {c.code for c in changes}
    for change in changes:
        if change.action != "new" or change.kind is not Kind.INDICATOR:
            continue
        for code, name, score in near(change.name):
            if code not in own and score >= _ALIKE:
                yield Duplicate(change.code, change.name, code, name, round(score, 3))
                break


def _fingerprint(records: Sequence[Record], versions: Mapping[str, int]) -> str:
    digest = hashlib.sha256()
    for record in sorted(records, key=lambda r: r.code):
        digest.update(f"{record.code} {versions[record.code]} {body_of(record)}\n".encode())
    return digest.hexdigest()[:32]
