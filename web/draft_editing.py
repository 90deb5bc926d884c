"""The table editor between a form or JSON and a draft: reading rows, and the deeds that need no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from werkzeug.datastructures import MultiDict

from indicators.draft import DraftRow
from indicators.finding import Finding
from indicators.model import Indicator
from indicators.numbers import plain_number
from indicators.taxonomy import CATALOGUE_LEVELS
from indicators.weights import weights_around
from kb.draft_saved import Saved
from kb.draft_store import MOST_ROWS
from web.draft_asking import AskingError, amount_of

TEXTS = (
    "code", "name", "comparator", "target", "unit", "explanation", "basis", "scoring", "evidence", "note",
)  # fmt: skip
"""Fields of a row that are read as they are written, beside its class and weight."""

HEADS = ("project", "department", "unit", "period", "goal", "midterm_goal", "grounds")
LONGEST = 2000
CLASSES = tuple(
    (f"{level1}|{level2}", level1, level2) for level1, names in CATALOGUE_LEVELS.items() for level2 in names
)
"""Value of the class field, level 1, level 2."""

COMPARATORS = ("", "≥", "≤", "=", ">", "<", "定性")
COLUMNS = frozenset({"project", "level1", "level2", "name", "comparator", "target", "unit", "weight"})


def from_form(form: MultiDict[str, str], old: Saved) -> Saved:
    """A draft as the posted form has it; what the form does not show stays as it was."""
    lists = {name: form.getlist(f"row-{name}") for name in ("class", "weight", *TEXTS)}
    many = min(len(lists["name"]), MOST_ROWS + 1)
    rows = [
        {name: values[n] if n < len(values) else "" for name, values in lists.items()} for n in range(many)
    ]
    heading = {name: form[name] for name in (*HEADS, "amount", "year") if name in form}
    locked = [int(n) for n in form.getlist("lock") if n.isascii() and n.isdigit() and len(n) < 4]
    return _saved(rows, heading, locked, old)


def from_json(values: Mapping[str, Any], old: Saved) -> Saved:
    """A draft as the grid sends it: {"rows": [{…}], "heading": {…}}."""
    given = values.get("rows")
    rows = [r for r in given if isinstance(r, dict)][: MOST_ROWS + 1] if isinstance(given, list) else []
    heading = values.get("heading")
    locked = [n for n, r in enumerate(rows, 1) if r.get("lock") is True]
    return _saved(rows, heading if isinstance(heading, dict) else {}, locked, old)


def _saved(
    rows: Sequence[Mapping[str, Any]], heading: Mapping[str, Any], locked: Sequence[int], old: Saved
) -> Saved:
    heads: dict[str, Any] = {name: _text(heading[name]) for name in HEADS if name in heading}
    if "amount" in heading:
        heads["amount"] = _amount(heading["amount"], old.draft.amount)
    if "year" in heading:
        year = _text(heading["year"])
        heads["year"] = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None
    draft = msgspec.structs.replace(
        old.draft, **heads, columns=old.draft.columns | COLUMNS,
        rows=tuple(_row(n, row) for n, row in enumerate(rows, 1)),
    )  # fmt: skip
    return Saved(draft=draft, text=old.text, locked=tuple(sorted({n for n in locked if 1 <= n <= len(rows)})))


def _row(number: int, values: Mapping[str, Any]) -> DraftRow:
    level1, _, level2 = _text(values.get("class")).partition("|")
    texts: dict[str, Any] = {name: _text(values.get(name)) for name in TEXTS}
    return DraftRow(
        number=number, level1=level1, level2=level2, weight=weight_of(_text(values.get("weight"))), **texts
    )


def weight_of(written: str) -> Decimal | None:
    """A weight as written, None where it is no number from 0 to 100."""
    try:
        weight = Decimal(written.replace("分", "").strip())
    except InvalidOperation:
        return None
    return weight if weight.is_finite() and 0 <= weight <= 100 else None


def _amount(value: object, before: Decimal | None) -> Decimal | None:
    try:
        return amount_of(value)
    except AskingError:
        return before  # a half-typed amount must not lose the rows beside it


def _text(value: object) -> str:
    if value is None or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").strip()[:LONGEST]


def empty_row(number: int, level1: str = "产出指标", level2: str = "数量指标") -> DraftRow:
    """A row to be filled."""
    return DraftRow(number=number, level1=level1, level2=level2)


def row_of_indicator(number: int, indicator: Indicator) -> DraftRow:
    """A catalogue indicator as a row, its value open."""
    return DraftRow(
        number=number, level1=indicator.level1, level2=indicator.level2, name=indicator.name,
        comparator={"正向": "≥", "反向": "≤", "等于": "="}.get(indicator.direction or "", ""),
        unit=indicator.unit, explanation=indicator.explanation, scoring=indicator.scoring,
        evidence=indicator.evidence, code=indicator.code,
    )  # fmt: skip


def act(saved: Saved, deed: str, number: int) -> Saved:
    """A row deleted, copied, moved up or down; locks go with their rows."""
    rows = [(row, row.number in saved.locked) for row in saved.draft.rows]
    place = number - 1
    if deed == "add":
        rows.append((empty_row(0), False))
    elif not 0 <= place < len(rows):
        return saved
    elif deed == "delete":
        del rows[place]
    elif deed == "copy":
        rows.insert(place + 1, rows[place])
    elif deed in ("up", "down"):
        other = place + (1 if deed == "down" else -1)
        if 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
    return with_rows(saved, [r for r, _ in rows], [n for n, (_, lock) in enumerate(rows, 1) if lock])


def with_rows(saved: Saved, rows: Sequence[DraftRow], locked: Sequence[int] | None = None) -> Saved:
    """The draft with other rows, numbered anew."""
    numbered = tuple(msgspec.structs.replace(r, number=n) for n, r in enumerate(rows, 1))
    draft = msgspec.structs.replace(saved.draft, rows=numbered)
    return Saved(draft=draft, text=saved.text, locked=saved.locked if locked is None else tuple(locked))


def balance(saved: Saved, indicators: Mapping[str, Indicator]) -> Saved:
    """Weights by the edition's scheme; locked ones stay."""
    given = []
    for row in saved.draft.rows:
        found = indicators.get(row.code)
        locked = row.weight if row.number in saved.locked else None
        least, most = (found.weight_min, found.weight_max) if found else (None, None)
        given.append((row.level1, least, most, locked))
    weights = [Decimal(plain_number(w)) for w in weights_around(given)]
    rows = [msgspec.structs.replace(r, weight=w) for r, w in zip(saved.draft.rows, weights, strict=True)]
    return with_rows(saved, rows)


def rewrite(saved: Saved, finding: Finding) -> Saved:
    """The draft with a finding's suggested fields in its row."""
    fields: dict[str, Any] = dict(finding.suggestion.fields) if finding.suggestion else {}
    if "weight" in fields:
        fields["weight"] = weight_of(fields["weight"])
    known = {k: v for k, v in fields.items() if k in DraftRow.__struct_fields__}
    rows = [msgspec.structs.replace(r, **known) if r.number == finding.row else r for r in saved.draft.rows]
    return with_rows(saved, rows)
