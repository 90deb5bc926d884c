"""A proposed table as a draft: what the rules check and the forms print."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from indicators.draft import Draft, DraftRow
from indicators.numbers import plain_number
from kb.describing import Description
from kb.draft_records import Proposal

COLUMNS = frozenset({"project", "level1", "level2", "name", "target", "unit", "weight"})


def draft_of(said: Description, proposals: Sequence[Proposal], sector: str = "") -> Draft:
    """The chosen proposals as a target table; values that no source supports stay blank."""
    return Draft(
        project=said.name,
        amount=said.amount,
        sector=sector,
        types=said.types,
        columns=COLUMNS,
        rows=tuple(row_of(n, p) for n, p in enumerate((p for p in proposals if p.chosen), 1)),
    )


def row_of(number: int, proposal: Proposal) -> DraftRow:
    """A proposal as a row of a table."""
    indicator = proposal.indicator
    return DraftRow(
        number=number,
        level1=indicator.level1,
        level2=indicator.level2,
        name=indicator.name,
        comparator=proposal.comparator,
        target="" if proposal.value is None else plain_number(proposal.value),
        unit=proposal.unit,
        weight=None if proposal.weight is None else Decimal(plain_number(proposal.weight)),
        explanation=indicator.explanation,
        basis=proposal.basis,
        scoring=indicator.scoring,
        evidence=indicator.evidence,
        code=indicator.code,
    )
