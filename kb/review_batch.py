"""A season of tables at once: near-identical tables, copied targets, each unit's habits, counts.

Pure over finished reviews. Tables are compared by the rows they share, found through an inverted
index, so that 600 tables take well under a second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from indicators.draft import Draft
from indicators.finding import Finding, Severity
from indicators.rules.fitness import row_keys
from indicators.rules.likeness import likeness
from kb.reviewing import Review

SAME_SHARE = 0.8
"""Share of rows (name and value) that two tables must have in common to be near-identical."""

_LEAST_ROWS = 4
_COMMON_ROW = 60  # a row that stands in more tables than this says nothing about a pair


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """Two near-identical tables: their positions in the batch, share of rows alike, the rows side by side.

    ``pairs`` are (row of one, row of the other) numbers; ``kin`` tells that the projects' names are alike too.
    """

    one: int
    other: int
    share: float
    pairs: tuple[tuple[int, int], ...]
    kin: bool
    same_unit: bool


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """One target (name and value) that stands word for word in many tables."""

    name: str
    target: str
    tables: tuple[int, ...]


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's usual fault: the code, and in how many of its tables it occurs."""

    unit: str
    code: str
    tables: int
    of: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a resubmission changed: findings gone, new and still there, and rows added or removed by name."""

    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    left: tuple[Finding, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


class BatchStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: twins, copied targets, habits, and counts by code, unit, sector and grade."""

    twins: tuple[Twin, ...]
    copied: tuple[Copied, ...]
    habits: tuple[Habit, ...]
    by_code: dict[str, int]
    by_unit: dict[str, int]
    by_sector: dict[str, int]
    grades: dict[str, int]


def statistics(reviews: Sequence[Review], earlier: Sequence[Draft] = ()) -> BatchStatistics:
    """Statistics of a batch. ``earlier`` are last year's tables; they follow the batch in ``Twin.other``."""
    drafts = [r.draft for r in reviews]
    found = [(r, f) for r in reviews for f in r.all_findings() if f.severity is not Severity.HINT]
    return BatchStatistics(
        twins=tuple(twins(drafts, earlier)),
        copied=tuple(copied(drafts)),
        habits=tuple(habits(reviews)),
        by_code=dict(Counter(f.code for _, f in found).most_common()),
        by_unit=dict(Counter(unit_of(r.draft) for r, _ in found).most_common()),
        by_sector=dict(Counter(r.sector or "未识别" for r, _ in found).most_common()),
        grades=dict(Counter(r.grade for r in reviews)),
    )


def unit_of(draft: Draft) -> str:
    """The unit that a table is counted under."""
    return draft.unit or draft.department or "未写单位"


def twins(drafts: Sequence[Draft], earlier: Sequence[Draft] = ()) -> Iterator[Twin]:
    """Pairs of near-identical tables within the batch, and of the batch with earlier ones."""
    everything = [*drafts, *earlier]
    keys = [row_keys(d) for d in everything]
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, own in enumerate(keys):
        for key in own:
            holders[key].append(number)
    for one, own in enumerate(keys[: len(drafts)]):
        if sum(own.values()) < _LEAST_ROWS:
            continue
        shared = Counter(
            n for key in own if len(holders[key]) <= _COMMON_ROW for n in holders[key] if n > one
        )
        for other in shared:
            same = sum((own & keys[other]).values())
            share = same / max(1, sum((own | keys[other]).values()))
            if share >= SAME_SHARE:
                yield _twin(everything, one, other, share)


def _twin(drafts: Sequence[Draft], one: int, other: int, share: float) -> Twin:
    a, b = drafts[one], drafts[other]
    waiting: dict[str, list[int]] = defaultdict(list)
    for row in b.rows:
        waiting[row.name.strip()].append(row.number)
    side_by_side = tuple(
        (row.number, waiting[row.name.strip()].pop(0)) for row in a.rows if waiting[row.name.strip()]
    )
    return Twin(
        one=one, other=other, share=round(share, 3), pairs=side_by_side,
        kin=likeness(a.project, b.project) >= 0.5, same_unit=unit_of(a) == unit_of(b),
    )  # fmt: skip


def copied(drafts: Sequence[Draft], least: int = 3) -> list[Copied]:
    """Targets that stand word for word in at least ``least`` tables, the most copied first."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, draft in enumerate(drafts):
        for key in row_keys(draft):
            if key[1]:
                places[key].append(number)
    often = [Copied(name=k[0], target=k[1], tables=tuple(v)) for k, v in places.items() if len(v) >= least]
    return sorted(often, key=lambda c: (-len(c.tables), c.name))


def habits(reviews: Iterable[Review], most: int = 3) -> list[Habit]:
    """Each unit's most frequent faults: in how many of its tables a code occurs (hints left out)."""
    tables: Counter[str] = Counter()
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    for review in reviews:
        unit = unit_of(review.draft)
        tables[unit] += 1
        codes[unit].update({f.code for f in review.all_findings() if f.severity is not Severity.HINT})
    return [
        Habit(unit=unit, code=code, tables=n, of=tables[unit])
        for unit in sorted(codes)
        for code, n in codes[unit].most_common(most)
    ]


def compare(before: Review, after: Review) -> Change:
    """What a resubmission changed; findings are the same if code, field and the row's name are."""
    old, new = _named(before), _named(after)
    names_before = [r.row.name for r in before.rows]
    names_after = [r.row.name for r in after.rows]
    return Change(
        gone=tuple(f for key, f in old.items() if key not in new),
        new=tuple(f for key, f in new.items() if key not in old),
        left=tuple(f for key, f in new.items() if key in old),
        added=tuple(n for n in names_after if n not in names_before),
        removed=tuple(n for n in names_before if n not in names_after),
    )


def _named(review: Review) -> dict[tuple[str, str, str], Finding]:
    names = {r.row.number: r.row.name for r in review.rows}
    return {(f.code, f.field, names.get(f.row, "")): f for f in review.all_findings()}
