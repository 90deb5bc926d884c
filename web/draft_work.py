"""What the editor tells beside a table: findings by row, values as read, weights, coverage, pairs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from indicators.finding import Finding
from indicators.model import Indicator
from indicators.numbers import json_number, plain_number
from indicators.taxonomy import Edition
from indicators.weights import schemes_for
from kb.draft_json import finding_json
from kb.draft_saved import Saved
from kb.knowledge import KnowledgeBase
from kb.reviewing import Review, RowReview
from kb.timing import REVIEW, timed
from web.draft_editing import CLASSES

_BENEFITS = frozenset({"效益指标", "满意度指标"})
EMPTY_VALUE = "P05"
"""The rule that a value must not be blank."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft reviewed, with the indicators its rows stand for."""

    saved: Saved
    review: Review
    indicators: dict[str, Indicator]
    took_ms: float

    @property
    def coverage(self) -> list[tuple[str, str, int]]:
        """(level 1, level 2, rows) of every class of the form."""
        counts = Counter((r.level1, r.level2) for r in self.saved.draft.rows if r.name)
        return [(level1, level2, counts[level1, level2]) for _, level1, level2 in CLASSES]

    @property
    def weights(self) -> list[tuple[str, Decimal, str]]:
        """(level 1, points, the scheme's points where one fits)."""
        sums: dict[str, Decimal] = {}
        for row in self.saved.draft.rows:
            sums[row.level1] = sums.get(row.level1, Decimal(0)) + (row.weight or 0)
        fitting = schemes_for(Edition.E2021, sums)
        wanted = fitting[0].points if fitting else {}
        return [
            (level, Decimal(plain_number(points)), f"{wanted[level]}" if level in wanted else "")
            for level, points in sums.items()
        ]

    @property
    def total(self) -> Decimal:
        """Sum of the weights."""
        return Decimal(plain_number(sum((points for _, points, _ in self.weights), Decimal(0))))

    @property
    def pairs(self) -> list[tuple[str, list[str]]]:
        """(output, the benefits in the table that answer it), by names."""
        own = {r.code: r.name for r in self.saved.draft.rows if r.code and r.level1 in _BENEFITS}
        found = []
        for row in self.saved.draft.rows:
            indicator = self.indicators.get(row.code)
            if indicator is None or row.level1 != "产出指标":
                continue
            answers = [c for c in own if c in indicator.pairs or self._pairs_back(c, row.code)]
            found.append((row.name, [own[c] for c in answers if c != row.code]))
        return found

    def _pairs_back(self, code: str, output: str) -> bool:
        other = self.indicators.get(code)
        return other is not None and output in other.pairs

    def successor(self, row: RowReview) -> Indicator | None:
        """The indicator that took the place of the row's, None where it is in force."""
        own = self.indicators.get(row.row.code)
        return self.indicators.get(own.successor) if own and own.successor else None

    def beside(self, row: RowReview) -> list[Finding]:
        """Findings to show beside a row: that a value is still open is told by its echo."""
        return [f for f in row.findings if row.row.target or f.code != EMPTY_VALUE]

    def echo(self, row: RowReview) -> str:
        """How the value cell was read; for an open one, how it may be written."""
        if row.value.raw.strip() and row.row.target:
            doubt = "" if row.value.confident else "（拿不准，请核对）"
            return f"读作 {row.value.text()} · {row.value.kind.value}{doubt}"
        own = self.indicators.get(row.row.code)
        return f"待填。可以写：{own.wording}" if own and own.wording else "待填。"

    def open_values(self) -> int:
        """Rows whose value is still to be filled."""
        return sum(not r.target for r in self.saved.draft.rows)


def check(kb: KnowledgeBase, saved: Saved) -> Checked:
    """A draft with what the rules say of it."""
    began = time.perf_counter()
    reviewer = kb.reviewer()
    with timed(REVIEW):
        review = reviewer.review(saved.draft, kb.reviews.pack(""))
    return Checked(saved, review, reviewer.index.by_code, (time.perf_counter() - began) * 1000)


def checked_json(checked: Checked) -> dict[str, Any]:
    """What the grid shows after a change."""
    return {
        "rows": [
            {
                "row": r.row.number, "echo": checked.echo(r),
                "match": {"code": r.match.code, "name": r.match.name} if r.match else None,
                "findings": [finding_json(f) for f in checked.beside(r)],
            }
            for r in checked.review.rows
        ],
        "findings": [finding_json(f) for f in checked.review.findings],
        "weights": [
            {"level1": level, "points": json_number(points), "scheme": wanted}
            for level, points, wanted in checked.weights
        ],
        "total": json_number(checked.total),
        "coverage": [{"level1": a, "level2": b, "rows": n} for a, b, n in checked.coverage],
        "grade": checked.review.grade, "points": json_number(checked.review.points),
        "ms": round(checked.took_ms, 1),
    }  # fmt: skip
