"""Tables and rows that were read as JSON, as ``kb load --json`` prints them."""

from __future__ import annotations

from typing import Any

from indicators.numbers import json_number
from indicators.rules.facts import read_row
from indicators.taxonomy import read_level1, read_level2
from loaders.hidden import Hidden
from loaders.mapping import TableKind
from loaders.records import AS_ROWS, KEY, LoadedTable, Row, draft_row

_RENAMED = {"unit": "implementing_unit", "unit_of_value": "unit_cell"}


def table_json(table: LoadedTable, rows: bool) -> dict[str, Any]:
    """A table as ``kb load --json`` prints it."""
    answer: dict[str, Any] = {
        "sheet": table.sheet, "kind": table.kind.value, "header_row": table.header_row, "mapping": table.mapping,
        "confidence": {c.header: c.confidence for c in table.columns if c.field},
        "unmapped": [c.header for c in table.columns if c.header and not c.field],
        "rows": len(table.rows), "ok": len(table.rows) - len(table.bad),
        "errors": [
            {"row": p.row, "column": p.column, "value": p.value, "message": p.message, "place": p.place}
            for p in table.problems
        ],
    }  # fmt: skip
    if table.classification.basis:
        answer["edition"] = table.classification.edition
        answer["edition_name"] = table.classification.name
        answer["edition_basis"] = table.classification.basis
    if table.hidden != Hidden():
        answer["hidden"] = {
            "sheet": table.hidden.sheet, "rows": list(table.hidden.rows), "columns": list(table.hidden.columns)
        }  # fmt: skip
    if table.warnings:
        answer["warnings"] = list(table.warnings)
        answer["recognised"] = {"cells": table.recognised, "doubtful": table.doubtful}
    if rows:
        answer["records"] = [row_json(table, row) for row in table.rows]
    return answer


def row_json(table: LoadedTable, row: Row) -> dict[str, Any]:
    """A row as ``kb load --rows`` prints it: the fields of ``kb review``'s rows, and all that the file gave."""
    answer: dict[str, Any] = {"row": row.number}
    if table.kind in AS_ROWS:
        answer |= _value_json(row)
    elif table.kind is TableKind.ISSUES:
        answer["name"] = row.text("name") or row.text("what")[:40]
    else:
        answer["name"] = row.text(KEY.get(table.kind, "name"))
        if table.kind is TableKind.DEPARTMENTS:
            answer["score"] = json_number(row.numbers.get("third_party_score"))
    given = {**{k: v for k, v in table.heading.items() if k in ("project", "year")}, **row.texts}
    for name, text in given.items():
        out = _RENAMED.get(name, name)
        if out in answer and answer[out] not in ("", None):
            continue
        answer[out] = json_number(row.numbers[name]) if name in row.numbers else text
    answer |= {"place": row.place, "sheet_row": row.sheet_row}
    answer |= {"recognised": dict(row.recognised)} if row.recognised else {}
    return answer | ({"notes": list(row.notes)} if row.notes else {})


def _value_json(row: Row) -> dict[str, Any]:
    facts = read_row(draft_row(row))
    return {
        "level1": row.text("level1"), "level2": row.text("level2"), "name": row.text("name"),
        "target": row.text("target"), "comparator": facts.value.comparator,
        "value": json_number(facts.value.value), "unit": facts.value.unit or row.text("unit_of_value"),
        "weight": json_number(row.numbers.get("weight")),
        "standard_level1": read_level1(row.text("level1")), "standard_level2": read_level2(row.text("level2")),
    }  # fmt: skip
