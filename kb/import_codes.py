"""Codes of indicators that a file gives none: their set's member of the same place, else the next free one. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from indicators.candidate import Candidate
from indicators.model import Indicator
from indicators.taxonomy import LEVEL2_LETTERS
from kb.import_plan import Snapshot

LOCAL = "BD-"
_OTHER = "QT"
"""Letters in the code of an indicator whose level 2 is no standard one."""


def set_code_of(name: str) -> str:
    """Code of a new set: its name where that is plain letters and digits, else six characters of its hash."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").upper()
    if name.isascii() and 1 < len(plain) <= 24:
        return f"{LOCAL}{plain}"
    return LOCAL + hashlib.sha256(name.encode()).hexdigest()[:6].upper()


def place_of(record: Indicator) -> tuple[str, ...]:
    """By which an indicator is the same one in another edition of its set."""
    return (record.sector, record.level1, record.level2, record.name)


def own_prefix(set_code: str) -> str:
    """How the codes begin that a set gives to its own indicators."""
    return set_code if set_code.startswith(LOCAL) else f"{LOCAL}{set_code}"


def with_codes(candidates: Sequence[Candidate], snapshot: Snapshot, set_code: str) -> list[Candidate]:
    """Candidates, each indicator with its code: the file's, that of a member it means, or a free one."""
    met = _members_met(candidates, snapshot)
    taken = set(snapshot.taken) | {c.record.code for c in candidates}
    numbers: Counter[str] = Counter()
    prefix = own_prefix(set_code)
    coded = []
    for n, c in enumerate(candidates):
        if not c.record.code and isinstance(c.record, Indicator):
            code = met.get(n) or free_code(prefix, c.record.level2, numbers, taken)
            c = with_code(c, code)
        coded.append(c)
    return coded


def with_code(candidate: Candidate, code: str) -> Candidate:
    """A candidate under another code."""
    record = msgspec.structs.replace(candidate.record, code=code)
    return Candidate(record, candidate.given, candidate.place, candidate.row)


def _members_met(candidates: Sequence[Candidate], snapshot: Snapshot) -> dict[int, str]:
    """Position of a candidate -> code of the member that it means.

    The very place goes first; then the name, or another name, where nothing that the file says of
    level and sector speaks against it: a file without a column for the sector means the same ones.
    """
    exact: dict[tuple[str, ...], list[str]] = defaultdict(list)
    named: dict[str, list[Indicator]] = defaultdict(list)
    for record in _members(snapshot):
        exact[place_of(record)].append(record.code)
        for name in (record.name, *record.aliases):
            named[name].append(record)
    open_ = [
        (n, c.record)
        for n, c in enumerate(candidates)
        if isinstance(c.record, Indicator) and not c.record.code
    ]
    met: dict[int, str] = {}
    for n, record in open_:
        if waiting := exact[place_of(record)]:
            met[n] = waiting.pop(0)
    used = {*met.values(), *(c.record.code for c in candidates)}
    for n, record in open_:
        if n in met:
            continue
        member = next((m for m in named[record.name] if m.code not in used and fits(record, m)), None)
        if member:
            met[n] = member.code
            used.add(member.code)
    return met


def _members(snapshot: Snapshot) -> Iterator[Indicator]:
    """The set's own members: those of the set below are met by ``kb.localising``."""
    below = set(snapshot.set.base_members) if snapshot.set else set()
    for code in snapshot.set.members if snapshot.set else ():
        record = snapshot.records.get(code)
        if isinstance(record, Indicator) and code not in below:
            yield record


def fits(record: Indicator, member: Indicator) -> bool:
    """Whether nothing that is written of sector and levels speaks against two being the same indicator."""
    pairs = ((record.level1, member.level1), (record.level2, member.level2), (record.sector, member.sector))
    return all(not a or not b or a == b for a, b in pairs)


def free_code(prefix: str, level2: str, numbers: Counter[str], taken: set[str]) -> str:
    """The next code of a set (by its ``prefix``) for an indicator of a level 2; it is taken from then on."""
    stem = f"{prefix}-{LEVEL2_LETTERS.get(level2, _OTHER)}"
    while True:
        numbers[stem] += 1
        code = f"{stem}-{numbers[stem]:02d}"
        if code not in taken:
            taken.add(code)
            return code
