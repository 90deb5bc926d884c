"""The state of a search as its URL holds it: what was asked, what was chosen, which page.

Whatever a URL says, ``read_state`` gives a state that can be searched; links on the result page
are made from that state, so every view of the results has an address.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from kb.search.answer import Filters

FACETS = ("kind", "sector", "level1", "level2", "set", "status")
"""Facets of the result page in the order they are shown; each is a field of ``Filters``."""

LONGEST_QUERY = 200
"""Characters of a query that are read: a sentence, not a document."""
MOST_CHOICES = 40
LONGEST_CHOICE = 120
LAST_PAGE = 500
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class SearchState:
    """A search as a URL: query, chosen facet values, page (from 1). ``cut`` tells that q was too long."""

    q: str = ""
    filters: Filters = field(default_factory=Filters)
    page: int = 1
    cut: bool = False

    @property
    def offset(self) -> int:
        """Hits before this page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def chosen(self) -> tuple[tuple[str, str], ...]:
        """Every chosen (facet, value), in the order of ``FACETS``."""
        return tuple((facet, value) for facet in FACETS for value in getattr(self.filters, facet))

    @property
    def asks(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.q or self.chosen)

    def has(self, facet: str, value: str) -> bool:
        """Whether a facet's value is chosen."""
        return value in getattr(self.filters, facet)

    def toggled(self, facet: str, value: str) -> SearchState:
        """The same search with one value put in or taken out, from its first page."""
        values: tuple[str, ...] = getattr(self.filters, facet)
        kept = tuple(v for v in values if v != value) if value in values else (*values, value)
        return replace(self, filters=replace(self.filters, **{facet: kept}), page=1)

    def cleared(self) -> SearchState:
        """The same words with nothing chosen."""
        return SearchState(q=self.q)

    def asking(self, q: str) -> SearchState:
        """Other words with the same choices."""
        return replace(self, q=q, page=1)

    def at(self, page: int) -> SearchState:
        """Another page of the same search."""
        return replace(self, page=page)

    @property
    def url(self) -> str:
        """Address of this search: the same state always gives the same address."""
        pairs = self._pairs()
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return f"/search?{urlencode(pairs)}" if pairs else "/search"

    @property
    def export_url(self) -> str:
        """Address of all matches as a file, up to the format (``as=``) that is to be put behind it."""
        return f"/export/search?{urlencode(self._pairs())}&"

    def _pairs(self) -> list[tuple[str, str]]:
        return [("q", self.q), *self.chosen] if self.q else list(self.chosen)


def read_state(args: MultiDict[str, str]) -> SearchState:
    """Search state of a query string, however hostile: too long is cut, nonsense is left out."""
    raw = clean(args.get("q", ""))
    chosen = {facet: _choices(args.getlist(facet)) for facet in FACETS}
    return SearchState(
        q=raw[:LONGEST_QUERY].strip(),
        filters=Filters(**chosen),
        page=min(page_number(args.get("page", "").strip()), LAST_PAGE),
        cut=len(raw) > LONGEST_QUERY,
    )


def clean(text: str) -> str:
    """Text without control characters and lone surrogates, each run of white space one blank."""
    kept = "".join(c if c.isprintable() or c.isspace() else " " for c in text[: LONGEST_QUERY * 8])
    return " ".join(kept.split())


def _choices(values: list[str]) -> tuple[str, ...]:
    wanted = (clean(value)[:LONGEST_CHOICE] for value in values[:MOST_CHOICES])
    return tuple(dict.fromkeys(value for value in wanted if value))


def whole(text: str, otherwise: int = 0) -> int:
    """The number that an address or a form gives in at most nine plain digits, else ``otherwise``."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def page_number(text: str) -> int:
    """A page number from an address, 1 where it is none."""
    return max(1, whole(text, 1))
