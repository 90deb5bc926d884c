"""What is new (新增与停用): batches month by month, and what each did to which indicator.

The batch that founded the knowledge base is one entry with a number, not a thousand new indicators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from indicators.chinese_time import in_china
from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet, Kind
from kb.db.news import Deed, NewsRows, Step
from kb.db.reader import Reader
from kb.db.rows import record_from
from kb.views import Ref


class Happening(StrEnum):
    """What a batch did to an indicator, in the order of the page."""

    NEW = "new"
    RETIRED = "retired"
    CHANGED = "changed"
    BACK = "back"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator of an entry; ``fields`` are those that changed, ``sets`` the sets that hold it now."""

    what: Happening
    code: str
    name: str
    sector: str
    fields: tuple[str, ...] = ()
    sets: tuple[Ref, ...] = ()
    successor: Ref | None = None

    @property
    def gone(self) -> bool:
        """Whether the indicator was taken out, so that it has no page."""
        return self.what is Happening.REMOVED


@dataclass(frozen=True, slots=True)
class NewsEntry:
    """A batch of changes. ``founded`` is the number of indicators where it founded the knowledge base."""

    batch: int
    name: str
    reason: str
    at: datetime
    items: tuple[Item, ...] = ()
    founded: int = 0

    @property
    def month(self) -> str:
        """The month (YYYY-MM) that it belongs to."""
        return _month(self.at)

    @property
    def counts(self) -> dict[Happening, int]:
        """Number of indicators by what happened; only what happened at all."""
        counted = Counter(item.what for item in self.items)
        return {what: counted[what] for what in Happening if counted[what]}


@dataclass(frozen=True, slots=True)
class MonthOfNews:
    """The entries of a month (YYYY-MM), newest first, and all months that there are."""

    month: str
    months: tuple[str, ...]
    entries: tuple[NewsEntry, ...]


class News:
    """What is new in a knowledge base."""

    def __init__(self, reader: Reader, rows: NewsRows) -> None:
        self._reader, self._rows = reader, rows
        self._kept: dict[tuple[int, str], tuple[int, tuple[NewsEntry, ...]]] = {}

    def month(self, month: str = "", sector: str = "", set_code: str = "") -> MonthOfNews:
        """Entries of a month, the newest where none or an unknown one is named; narrowed by sector and set."""
        deeds = self._rows.deeds()
        months = tuple(dict.fromkeys(_month(d.at) for d in deeds))
        shown = month if month in months else next(iter(months), "")
        return MonthOfNews(
            shown, months, self._entries(deeds, [d for d in deeds if _month(d.at) == shown], sector, set_code)
        )

    def newest(self, limit: int, sector: str = "") -> tuple[NewsEntry, ...]:
        """The newest entries, at most ``limit`` of all batches; for feeds, kept until the next batch."""
        last, key = self._rows.last(), (limit, sector)
        if key not in self._kept or self._kept[key][0] != last:
            self._kept[key] = (last, self._newest(limit, sector))
        return self._kept[key][1]

    def _newest(self, limit: int, sector: str) -> tuple[NewsEntry, ...]:
        deeds = self._rows.deeds()
        found: list[NewsEntry] = []
        for start in range(0, len(deeds), limit):
            found += self._entries(deeds, deeds[start : start + limit], sector, "")
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    def founded(self) -> str:
        """What tells this knowledge base from every other: the moment of its first batch."""
        deeds = self._rows.deeds()
        return deeds[-1].at.isoformat() if deeds else ""

    def _entries(
        self, deeds: Sequence[Deed], wanted: Sequence[Deed], sector: str, set_code: str
    ) -> tuple[NewsEntry, ...]:
        first = deeds[-1].batch if deeds else 0
        steps: dict[int, list[Step]] = {}
        for step in self._rows.steps([d.batch for d in wanted if d.batch != first]):
            steps.setdefault(step.batch, []).append(step)
        sets = self._sets()
        items = {batch: [i for i in map(_item, _whole(found)) if i] for batch, found in steps.items()}
        names = self._reader.refs({s for found in items.values() for i, s in found if s})
        made = []
        for deed in wanted:
            if deed.batch == first:
                if not sector and not set_code:
                    made.append(
                        NewsEntry(
                            deed.batch, deed.name, deed.reason, deed.at, founded=self._rows.size(deed.batch)
                        )
                    )
                continue
            told = [_told(i, sets.get(i.code, ()), names.get(s)) for i, s in items.get(deed.batch, [])]
            kept = [
                i
                for i in told
                if (not sector or i.sector == sector)
                and (not set_code or any(r.code == set_code for r in i.sets))
            ]
            if kept:
                order = list(Happening)
                kept.sort(key=lambda i: (order.index(i.what), i.code))
                made.append(NewsEntry(deed.batch, deed.name, deed.reason, deed.at, tuple(kept)))
        return tuple(made)

    def _sets(self) -> Mapping[str, tuple[Ref, ...]]:
        found: dict[str, list[Ref]] = {}
        for s in self._reader.of_type(IndicatorSet):
            for member in s.members:
                found.setdefault(member, []).append(Ref(Kind.SET, s.code, s.name))
        return {code: tuple(refs) for code, refs in found.items()}


def _month(at: datetime) -> str:
    """The month of the calendar of the offices that read the page."""
    return f"{in_china(at):%Y-%m}"


def _whole(steps: Iterable[Step]) -> Iterable[Step]:
    """A batch's revisions of one code as one step, from before its first to after its last."""
    joined: dict[str, Step] = {}
    for step in steps:
        first = joined.get(step.code)
        joined[step.code] = Step(step.batch, step.code, first.before, step.after) if first else step
    return joined.values()


def _item(step: Step) -> tuple[Item, str] | None:
    """What a step did, and the code of the successor; None where nothing is left of it."""
    before, after = _indicator(step.before), _indicator(step.after)
    if before is None and after is None:
        return None
    shown = cast(Indicator, after or before)
    fields: tuple[str, ...] = ()
    if after is None:
        what = Happening.REMOVED
    elif before is None:
        what = Happening.NEW
    elif before.status is not after.status:
        what = Happening.RETIRED if after.status is Status.RETIRED else Happening.BACK
    else:
        what = Happening.CHANGED
        fields = tuple(f for f in after.__struct_fields__ if getattr(before, f) != getattr(after, f))
        if not fields:
            return None
    return Item(what, step.code, shown.name, shown.sector, fields), shown.successor


def _told(item: Item, sets: tuple[Ref, ...], successor: Ref | None) -> Item:
    return Item(item.what, item.code, item.name, item.sector, item.fields, sets, successor)


def _indicator(body: str | None) -> Indicator | None:
    return cast(Indicator, record_from(Kind.INDICATOR, body)) if body is not None else None
