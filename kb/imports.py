"""What loading would change, before anything is written. Pure: candidates and a snapshot in, a plan out.

An indicator without a code gets ``BD-<set>-<letters of level 2>-<number>``: the code of the member
of the same set that it means, else the next free number. So the same file always meets its own
records again, and next year's file keeps the codes of this year's. What the admin decides over the
plan (merging, retiring) goes into the next plan; the fingerprint tells whether a plan is the one shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from indicators.candidate import Candidate
from indicators.choices import Status
from indicators.content import references
from indicators.differences import FieldChange, differences
from indicators.model import Indicator, IndicatorSet, Kind, Record, Source
from kb.db.rows import body_of
from kb.import_codes import own_prefix, place_of, set_code_of, with_code, with_codes
from kb.import_merging import adopted, merged, redirected, renamed
from kb.import_plan import (
    Change,
    DecisionError,
    Decisions,
    Duplicate,
    ImportPlan,
    Near,
    SetAbout,
    Snapshot,
    Vanished,
)
from kb.localising import copied
from kb.matching import MatchIndex

__all__ = [
    "Change", "DecisionError", "Decisions", "Duplicate", "FieldChange", "ImportPlan", "Near", "SetAbout", "Snapshot", "Vanished",
    "differences", "merged", "place_of", "plan", "set_code_of",
]  # fmt: skip

_ALIKE = 0.8
_LIKELY = 0.34
"""Least likeness of a new indicator that is named as a likely successor."""
_OFFERED = 3


def plan(
    candidates: Sequence[Candidate], snapshot: Snapshot, set_name: str = "", *,
    replace: bool = False, near: Near | None = None, decisions: Decisions | None = None,
    about: SetAbout | None = None,
) -> ImportPlan:  # fmt: skip
    """What writing these candidates would change.

    With ``replace`` members of the set that the candidates lack are taken out of use (停用);
    without, they are told and left, but for those that ``decisions`` retire. ``near`` finds existing
    indicators for new ones to be merged with; ``about`` is said of the set itself. Raises DecisionError
    where a decision cannot be followed.
    """
    decided = decisions or Decisions(replace=replace)
    standing = snapshot.set
    code = standing.code if standing else _given_code(candidates, set_name)
    coded = with_codes(candidates, snapshot, code)
    nameless = {n.record.code for o, n in zip(candidates, coded, strict=True) if not o.record.code}
    work = _Work(snapshot, coded, nameless, code, decided)
    for candidate in coded:
        work.take(candidate)
    indicators = [c for c in work.taken if isinstance(work.taken[c], Indicator)]
    vanished: tuple[Vanished, ...] = ()
    if code and indicators:
        own = (c.record for c in coded if isinstance(c.record, IndicatorSet))
        given = next((r for r in own if r.code == code), None)
        vanished = work.vanish(standing, set(indicators))
        left_out = {v.code for v in vanished if v.shared and v.retired}
        told = _told(standing, given, code, set_name, about)
        work.join(told, standing, _in_order(indicators, given, work.elsewhere), left_out)
    records = _without_idle_sources(work.records)
    versions = {r.code: snapshot.versions.get(r.code, 0) for r in records}
    gone = {v.code for v in vanished}
    duplicates = tuple(_duplicates(coded, snapshot, work, gone, near)) if near else ()
    return ImportPlan(
        code, set_name or (standing.name if standing else ""), tuple(work.changes), tuple(records), versions, duplicates,
        _fingerprint(records, versions), vanished,
    )  # fmt: skip


def _given_code(candidates: Sequence[Candidate], set_name: str) -> str:
    """Code of a set that is not there yet: the file's own, else one made of its name."""
    sets = (c.record for c in candidates if isinstance(c.record, IndicatorSet))
    given = next((s.code for s in sets if s.name == set_name), "")
    return given or (set_code_of(set_name) if set_name else "")


class _Work:
    """Changes and records as they come together."""

    def __init__(
        self,
        snapshot: Snapshot,
        coded: Sequence[Candidate],
        nameless: set[str],
        set_code: str,
        decided: Decisions,
    ) -> None:
        # ``nameless``: codes that the plan, not the file, gave.
        self.snapshot, self.nameless, self.set_code, self.decided = snapshot, nameless, set_code, decided
        below = snapshot.set.base_members if snapshot.set else ()
        # Codes of rows that update another record. One that changes the set below becomes a copy of its own.
        self.elsewhere = {new: old for new, old in decided.merge.items() if old not in below}
        self.coming = {c.record.code for c in coded} - self.elsewhere.keys()
        self.changes: list[Change] = []
        self.records: list[Record] = []
        self.taken: dict[str, Record] = {}
        self.refused: set[str] = set()

    def take(self, candidate: Candidate) -> None:
        record = candidate.record
        if isinstance(record, IndicatorSet) and record.code == self.set_code:
            return  # joined with its members at the end
        candidate, merged_as = self._met(candidate)
        record = candidate.record
        before = self.snapshot.records.get(record.code)
        if reason := self._refusal(record, before):
            self.refused.add(record.code)
            self._note("invalid", record, candidate, reason=reason)
            return
        record = self._linked(record)
        self.taken[record.code] = record
        if before is None:
            self.records.append(record)
            self._note("new", record, candidate)
            return
        after = merged(before, record, candidate.given)
        fields = differences(before, after)
        if fields:
            self.records.append(after)
        self._note("changed" if fields else "same", after, candidate, fields, merged_as=merged_as)

    def _met(self, candidate: Candidate) -> tuple[Candidate, str]:
        """A candidate as it goes over the record that it means, and its own name where that was decided."""
        record = candidate.record
        if not isinstance(record, Indicator):
            return candidate, ""
        target = self.decided.merge.get(record.code, "")
        before = self.snapshot.records.get(target or record.code)
        below = self.snapshot.set.base_members if self.snapshot.set else ()
        if target in below and isinstance(before, Indicator):
            return copied(before, adopted(before, candidate), record.code), record.name
        if target and not isinstance(before, Indicator):
            said = f"不能并入 {target}：没有这个代码的指标。请改选，或当作新指标。"
            raise DecisionError(candidate.record.code, said)
        if not isinstance(before, Indicator):
            return candidate, ""
        own = before.code.startswith(own_prefix(self.set_code) + "-")
        if target:
            name = record.name
            return (renamed if own else adopted)(before, with_code(candidate, target)), name
        if record.code in self.nameless and (not own or record.name in before.aliases):
            return adopted(before, candidate), ""
        return candidate, ""

    def _refusal(self, record: Record, before: Record | None) -> str:
        if before is not None and before.kind is not record.kind:
            return f"代码 {record.code} 已经是另一种记录（{before.name}）。请换一个没有用过的代码。"
        if record.code in self.taken:
            return f"代码 {record.code} 在文件里出现了两次。请改正其中一个。"
        return ""

    def _linked(self, record: Record) -> Record:
        """The record with pointers to what was merged led there, without those to what does not exist."""
        there = self.snapshot.known
        gone = {code for _, code in references(record) if code not in there and code not in self.coming}
        led = {code: self.elsewhere.get(code, "") for code in gone}
        return redirected(record, led) if led else record

    def vanish(self, standing: IndicatorSet | None, present: set[str]) -> tuple[Vanished, ...]:
        """Members that the file lacks, each kept or taken out of use as was decided.

        Those that belong to the set below are never retired: they only leave this one.
        """
        gone = self._gone(standing, present)
        below = set(standing.base_members) if standing else set()
        likely = _Likely([c for c in self.records if isinstance(c, Indicator) and self._is_new(c)])
        found = []
        for record in gone:
            retired, shared = self.decided.retires(record.code), record.code in below
            successor = self.decided.retire.get(record.code, "") if retired and not shared else ""
            after = record
            if retired and not shared:
                self._require_successor(record, successor, gone)
                after = msgspec.structs.replace(
                    record, status=Status.RETIRED, successor=successor or record.successor
                )
                self.records.append(after)
            fields = differences(record, after)
            reason = _NOT_OURS if shared else ""
            self.changes.append(
                Change("vanished", record.code, record.kind, record.name, fields, reason=reason)
            )
            suggested = () if shared else tuple(likely.after(record))
            found.append(Vanished(record.code, record.name, retired, successor, shared, suggested))
        return tuple(found)

    def _gone(self, standing: IndicatorSet | None, present: set[str]) -> list[Indicator]:
        if standing is None or self.decided.partial:
            return []
        copied = {r.overlays for r in self.records if isinstance(r, Indicator) and r.overlays}
        here = present | copied | self.refused
        records = (self.snapshot.records.get(code) for code in standing.members if code not in here)
        below = set(standing.base_members)
        return [
            r
            for r in records
            if isinstance(r, Indicator) and (r.status is not Status.RETIRED or r.code in below)
        ]

    def _require_successor(self, record: Indicator, successor: str, gone: Sequence[Indicator]) -> None:
        if not successor:
            return
        if successor == record.code:
            raise DecisionError(record.code, f"{record.code} 不能由自己替代。请改选一个替代指标，或不写。")
        retiring = {r.code for r in gone if self.decided.retires(r.code)}
        there = self.taken.get(successor) or self.snapshot.records.get(successor)
        if not isinstance(there, Indicator) or successor in retiring:
            raise DecisionError(
                record.code,
                f"{record.code} 的替代指标 {successor} 不是在用的指标。请改选文件里或库里在用的指标，或不写。",
            )

    def _is_new(self, record: Record) -> bool:
        return record.code not in self.snapshot.records

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
        merged_as: str = "",
    ) -> None:
        self.changes.append(
            Change(action, record.code, record.kind, record.name, fields, c.place, c.row, reason, merged_as)
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


def _in_order(
    members: Sequence[str], given: IndicatorSet | None, elsewhere: Mapping[str, str]
) -> Sequence[str]:
    """Members in the order of the set's own record, where the file brings it."""
    if given is None:
        return members
    here = set(members)
    led = (elsewhere.get(m, m) for m in given.members)
    return tuple(dict.fromkeys((*(m for m in led if m in here), *members)))


class _Likely:
    """New indicators that may succeed one that vanished, by the likeness of their names."""

    def __init__(self, new: Sequence[Indicator]) -> None:
        self.index = MatchIndex(new)

    def after(self, gone: Indicator) -> Iterator[tuple[str, str, float]]:
        seen: set[str] = set()
        for number, score in self.index.near(gone.name) if self.index.indicators else ():
            found = self.index.indicators[self.index.form(number).indicator]
            if score >= _LIKELY and found.code not in seen and len(seen) < _OFFERED:
                seen.add(found.code)
                yield found.code, found.name, round(score, 3)


def _without_idle_sources(records: Sequence[Record]) -> list[Record]:
    """Records to write, without source files that none of them names."""
    named = {ref.source for r in records for ref in getattr(r, "sources", ())}
    return [r for r in records if not isinstance(r, Source) or r.code in named]


def _duplicates(
    coded: Sequence[Candidate], snapshot: Snapshot, work: _Work, gone: set[str], near: Near
) -> Iterable[Duplicate]:
    """New indicators with existing ones like them. Members that vanished may be meant; others in the file are not."""
    taken = {code for code in work.taken if code not in work.decided.merge.values()} - gone
    for candidate in coded:
        record = candidate.record
        if (
            not isinstance(record, Indicator)
            or record.code in snapshot.records
            or record.code in work.refused
        ):
            continue
        chosen = work.decided.merge.get(record.code, "")
        found = [
            (code, name, round(score, 3))
            for code, name, score in near(record.name)
            if code not in taken and (score >= _ALIKE or code == chosen)
        ][:_OFFERED]
        if chosen and chosen not in [code for code, _, _ in found]:
            found.append((chosen, snapshot.records[chosen].name, 0.0))
        if found:
            yield Duplicate(record.code, record.name, *found[0], tuple(found[1:]), chosen)


def _fingerprint(records: Sequence[Record], versions: Mapping[str, int]) -> str:
    digest = hashlib.sha256()
    for record in sorted(records, key=lambda r: r.code):
        digest.update(f"{record.code} {versions[record.code]} {body_of(record)}\n".encode())
    return digest.hexdigest()[:32]
