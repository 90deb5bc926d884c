"""The list of a batch's tables as its address holds it: filters, order, page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from kb.review_records import TableLine
from web.query import clean, page_number

PAGE_SIZE = 100
ORDERS = {"risk": "风险从高到低", "unit": "按单位", "file": "按报送次序"}


@dataclass(frozen=True, slots=True)
class ListChoice:
    """What is chosen of a list: "" is everything."""

    unit: str = ""
    grade: str = ""
    code: str = ""
    q: str = ""
    order: str = "risk"
    page: int = 1

    @property
    def offset(self) -> int:
        """Tables before this page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(self.unit or self.grade or self.code or self.q)

    def of(self, lines: Sequence[TableLine]) -> list[TableLine]:
        """The chosen tables in the chosen order."""
        kept = [line for line in lines if self._takes(line)]
        if self.order == "unit":
            return sorted(kept, key=lambda t: (t.unit, -t.errors, t.points))
        return sorted(kept, key=lambda t: t.risk, reverse=True) if self.order == "risk" else kept

    def _takes(self, line: TableLine) -> bool:
        return (
            (not self.unit or line.unit == self.unit)
            and (not self.grade or line.grade == self.grade)
            and (not self.code or self.code in line.codes)
            and (not self.q or self.q.lower() in f"{line.project}{line.unit}{line.file}".lower())
        )

    def url(self, page: int = 1) -> str:
        """Query string of this choice at a page."""
        pairs = {k: getattr(self, k) for k in ("unit", "grade", "code", "q") if getattr(self, k)}
        if self.order != "risk":
            pairs["order"] = self.order
        if page > 1:
            pairs["page"] = page
        return f"?{urlencode(pairs)}"

    def with_(self, **chosen: str) -> ListChoice:
        """The same choice with something else chosen, from its first page."""
        return replace(self, **chosen, page=1)


def read_choice(args: MultiDict[str, str]) -> ListChoice:
    """The choice of a query string; nonsense is left out."""
    texts = {key: clean(args.get(key, ""))[:120] for key in ("unit", "grade", "code", "q")}
    order = args.get("order", "risk")
    return ListChoice(
        **texts, order=order if order in ORDERS else "risk", page=page_number(args.get("page", ""))
    )
