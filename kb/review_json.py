"""A review as JSON: the shape that ``kb review --json`` and ``POST /api/v1/review`` promise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indicators.finding import Finding
from indicators.numbers import json_number
from kb.review_form import FormItem
from kb.reviewing import Review, RowReview


def review_json(file: str, reviews: Iterable[Review], problems: Iterable[str] = ()) -> dict[str, Any]:
    """One file's object: its tables with rows, findings, form and grade.

    ``problems`` are messages about what could not be read. Numbers are JSON numbers; blanks are null or "".
    """
    content: dict[str, Any] = {"file": file, "tables": [_table(r) for r in reviews]}
    messages = list(problems)
    if messages:
        content["problems"] = messages
    return content


def _table(review: Review) -> dict[str, Any]:
    draft = review.draft
    return {
        "project": draft.project, "unit": draft.unit, "year": draft.year, "amount": json_number(draft.amount),
        "kind": draft.kind.value, "sector": review.sector, "types": [t.value for t in review.types],
        "edition": review.edition.value, "sheet": draft.sheet, "place": draft.place,
        "unseen": [{"place": place, "message": said} for place, said in draft.unseen],
        "rows": [_row(r) for r in review.rows],
        "findings": [_finding(f) for f in review.findings],
        "form": [_item(i) for i in review.form],
        "points": json_number(review.points), "grade": review.grade,
        "ex_ante": [
            {"point": p.point, "codes": list(p.codes), "shown": list(p.shown), "missing": list(p.missing)}
            for p in review.ex_ante
        ],
        "pack": review.pack,
    }  # fmt: skip


def _row(review: RowReview) -> dict[str, Any]:
    row, value, match = review.row, review.value, review.match
    found = None
    if match:
        found = {
            "code": match.code, "name": match.name, "score": match.score, "how": match.how,
            "differences": list(match.differences),
        }  # fmt: skip
    return {
        "row": row.number, "level1": row.level1, "level2": row.level2, "name": row.name, "target": row.target,
        "comparator": value.comparator, "value": json_number(value.value), "unit": value.unit,
        "kind": value.kind.value, "weight": json_number(row.weight), "place": row.place, "hidden": row.hidden,
        "match": found,
        "findings": [_finding(f) for f in review.findings],
    }  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    suggestion = finding.suggestion
    return {
        "code": finding.code, "severity": finding.severity.value, "message": finding.message,
        "basis": finding.basis, "suggestion": suggestion.text if suggestion else "",
        "fields": dict(suggestion.fields) if suggestion else {}, "field": finding.field,
        "evidence": finding.evidence, "clause": finding.clause, "others": list(finding.others),
    }  # fmt: skip


def _item(item: FormItem) -> dict[str, Any]:
    return {
        "item": item.item, "points": json_number(item.points), "score": json_number(item.score),
        "evidence": list(item.evidence),
        "parts": [
            {
                "name": p.name, "points": json_number(p.points), "score": json_number(p.score),
                "evidence": list(p.evidence), "note": p.note,
            }
            for p in item.parts
        ],
    }  # fmt: skip
