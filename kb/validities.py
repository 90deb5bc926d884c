"""Which indicators stand only in sets that are out of force on a day; looked up once until anything changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date

import msgspec

from indicators.model import IndicatorSet
from indicators.validity import Validity, validity
from kb.db.reader import Reader

_OUT = frozenset((Validity.EARLY, Validity.OVER))


class Validities:
    """Sets with dates, by their members. ``stamp`` changes whenever the store may have."""

    def __init__(self, reader: Reader, stamp: Callable[[], Hashable]) -> None:
        self._reader, self._stamp = reader, stamp
        self._kept: tuple[Hashable, dict[str, list[IndicatorSet]]] | None = None

    def out_of_force(self, codes: Iterable[str], today: date) -> dict[str, Validity]:
        """Those of the codes whose sets are all not yet or no longer in force, with how the sets are."""
        homes = self._homes()
        found = {c: {validity(s, today) for s in homes[c]} for c in codes if c in homes}
        return {c: max(states) for c, states in found.items() if states <= _OUT}

    def _homes(self) -> dict[str, list[IndicatorSet]]:
        """Sets of every indicator that stands in a set with dates."""
        stamp, kept = self._stamp(), self._kept
        if kept is None or kept[0] != stamp:
            sets = self._reader.of_type(IndicatorSet)
            dated = {m for s in sets if s.valid_from or s.valid_to for m in s.members}
            homes: dict[str, list[IndicatorSet]] = {}
            for s in sets:
                bare = msgspec.structs.replace(s, members=())
                for member in dated.intersection(s.members):
                    homes.setdefault(member, []).append(bare)
            kept = self._kept = (stamp, homes)
        return kept[1]
