"""Where a session's answers come from: the boundary between understanding a query and an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kb.search.answer import Filters
from kb.search.plan import Plan
from kb.search.ranking import Ranking
from kb.search.sounds import SoundTable
from kb.search.suggest import Suggestion


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of the groups that records stand in; ``framework_levels`` are levels of framework rows only."""

    levels: frozenset[str]
    framework_levels: frozenset[str]
    sectors: frozenset[str]


class Source(Protocol):
    """One state of an index. Threads may share it."""

    @property
    def frequency(self) -> Mapping[str, int]:
        """Words of the index with the number of records that hold them."""
        ...

    def sounds(self) -> SoundTable:
        """Pinyin of the index's words."""
        ...

    def labels(self) -> Labels:
        """Levels and sectors that records have."""
        ...

    def foresee(self, fragments: Iterable[str]) -> None:
        """These fragments will be asked for with ``holding``: look them up together."""
        ...

    def holding(self, fragment: str) -> int:
        """Number of records that hold a normal fragment literally."""
        ...

    def using(self, word: str) -> int:
        """Number of records that a word of a query gives anything."""
        ...

    def has_code(self, text: str) -> bool:
        """True where a record has this normal code."""
        ...

    def rank(self, plan: Plan, filters: Filters, reach: int) -> Ranking:
        """All records that hold anything of a plan, scored; at least the best ``reach`` that pass the filters."""
        ...

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """Suggestions for what stands in the search box, best first."""
        ...
