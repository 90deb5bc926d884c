"""Cases of the rules as tables, so that tests and docs run what the YAML says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from indicators.draft import Draft, DraftRow
from indicators.finding import Finding
from indicators.model import Indicator
from indicators.rules.base import Case, RulePack
from indicators.rules.check import check_table
from indicators.rules.facts import Match, Spread, TableFacts, read_table

_COLUMNS = frozenset({"project", "level1", "level2", "name", "target", "unit"})
_ROW = ("level1", "level2", "name", "target", "unit")
_AS_IS = frozenset({"weight", "score"})


def case_table(case: Case) -> TableFacts:
    """The table of a case, read, with the matches, spreads and peers that it names."""
    draft = _draft({**case.table, "rows": case.rows}, frozenset(case.columns) | _COLUMNS)
    numbers = [row.number for row in draft.rows]
    table = read_table(draft, {n: _match(case.match) for n in numbers} if case.match else None)
    table.spreads = {code: (Spread(unit=u, values=v),) for code, (u, v) in case.spreads.items()}
    table.costs = {code: (Spread(unit=u, values=v),) for code, (u, v) in case.costs.items()}
    table.peers = [_draft(peer, _COLUMNS) for peer in case.peers]
    table.cores = [_indicator(code) for code in case.cores]
    return table


def findings_of(case: Case, code: str, pack: RulePack) -> list[Finding]:
    """What a rule finds at the place that the case means."""
    found = [f for f in check_table(case_table(case), pack) if f.code == code]
    return [f for f in found if case.at in {-1, f.row}]


def _draft(fields: dict[str, Any], columns: frozenset[str]) -> Draft:
    given = {k: v for k, v in fields.items() if k != "rows"}
    draft = msgspec.convert(given, Draft)
    return msgspec.structs.replace(draft, rows=_rows(fields["rows"]), columns=columns)


def _rows(rows: Sequence[Any]) -> tuple[DraftRow, ...]:
    made = []
    for number, row in enumerate(rows, 1):
        cells = dict(row) if isinstance(row, dict) else dict(zip(_ROW, row, strict=False))
        cells = {k: v if k in _AS_IS else str(v) for k, v in cells.items() if v is not None}
        made.append(msgspec.convert({**cells, "number": number}, DraftRow))
    return tuple(made)


def _match(code: str) -> Match:
    indicator = _indicator(code)
    return Match(code=code, name=indicator.name, score=1.0, how="代码", indicator=indicator)


def _indicator(code: str) -> Indicator:
    return Indicator(code=code, name=code, sector=code.partition("-")[0])
