"""What goes into the index and what comes out of a search: the engine's whole boundary."""

from __future__ import annotations

from dataclasses import dataclass, field

from indicators.model import Kind


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A record as the index sees it.

    ``kind`` is the record's kind, ``public_kind`` the one it is found and counted under.
    ``level1``/``level2``/``sector``/``set`` are display names, "" where a kind has none.
    ``name`` outranks ``aliases`` and ``keywords``, those ``body`` (explanation, then the rest).
    ``aside`` is text about other records (for whom an indicator is wrong, what to use instead):
    its fragments are found, its words do not count.
    ``pairs`` are codes of the benefits of an output, or the outputs of a benefit.
    ``used`` counts the real projects that use an indicator. Texts are as stored, not normalised.
    """

    id: str
    kind: Kind
    public_kind: str
    code: str
    name: str
    url: str
    level1: str = ""
    level2: str = ""
    sector: str = ""
    set: str = ""
    status: str = "active"
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    core: bool = False
    used: int = 0
    aside: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; an empty tuple does not narrow. Values are display names."""

    kind: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    level1: tuple[str, ...] = ()
    level2: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    status: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. ``marks`` are [start, end) offsets into ``snippet``, ``name_marks`` into ``name``."""

    rank: int
    id: str
    kind: str
    record_kind: Kind
    code: str
    name: str
    level1: str
    level2: str
    sector: str
    set: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    name_marks: tuple[tuple[int, int], ...]
    why: tuple[str, ...]
    score: float
    url: str
    core: bool = False
    used: int = 0
    status: str = "active"


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """A page of hits with counts over all matches.

    ``relaxed`` names the step that found something when the query itself found nothing
    ("" otherwise); ``facets`` maps facet -> value -> count, largest first. Each facet is
    counted over the matches of all other filters, so that a chosen value's siblings stay visible.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    relaxed: str = ""
    did_you_mean: str | None = None
    related: tuple[str, ...] = field(default=())
