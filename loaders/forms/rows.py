"""The rows of a draft as a form prints them: in an edition's order, the value in one cell or in three."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from indicators.draft import DraftRow
from indicators.taxonomy import (
    BENEFIT,
    COST,
    LEVELS,
    OUTPUT,
    SUSTAINED,
    Edition,
    level1_of,
    read_level1,
    read_level2,
)
from indicators.units import normalise_unit
from indicators.value import TargetValue, ValueKind
from loaders.forms.layout import printable

_COUNTABLE = (ValueKind.NUMBER, ValueKind.RANGE, ValueKind.PLACEHOLDER)


def placed_rows(rows: Iterable[DraftRow], edition: Edition) -> list[DraftRow]:
    """Rows under the edition's classes and in its order, numbered anew; ties keep the draft's order.

    Classes that the edition does not know stand last as written. A blank class stands first: a form
    writes a class once for all rows below it, so a blank further down would be read as that class.
    """
    placed = [msgspec.structs.replace(r, **_levels(r, edition)) for r in rows]
    seen1 = list(dict.fromkeys(r.level1 for r in placed))
    seen2 = list(dict.fromkeys(r.level2 for r in placed))
    known = list(LEVELS[edition])

    def key(row: DraftRow) -> tuple[int, int, int, int]:
        inner = list(LEVELS[edition].get(row.level1, ()))
        return (*_rank(row.level1, known, seen1), *_rank(row.level2, inner, seen2))

    ordered = sorted(placed, key=key)
    return [msgspec.structs.replace(r, number=n) for n, r in enumerate(ordered, 1)]


def _rank(level: str, known: list[str], seen: list[str]) -> tuple[int, int]:
    if not level:
        return (-1, 0)
    return (known.index(level), 0) if level in known else (len(known), seen.index(level))


def _levels(row: DraftRow, edition: Edition) -> dict[str, str]:
    level1, level2 = place_levels(row.level1, row.level2, edition)
    return {"level1": level1, "level2": level2}


def place_levels(level1: str, level2: str, edition: Edition) -> tuple[str, str]:
    """Written classes as the edition has them: 成本 under 产出 in 2015, 可持续影响 as 社会效益 in 2021.

    Whatever is not surely one of the standard classes stays as written.
    """
    first, second = printable(level1), printable(level2)
    known1, known2 = read_level1(first), read_level2(second)
    if not first and known2:
        known1 = level1_of(known2)
    standard2 = known2 if known2 and level1_of(known2) == known1 else ""
    if known1 == COST or (known1 == OUTPUT and level1_of(known2) == COST):
        if edition is Edition.E2015:
            return OUTPUT, "成本指标"
        return COST, known2 if level1_of(known2) == COST else second
    if standard2 == SUSTAINED and edition is Edition.E2021:
        return BENEFIT, "社会效益指标"
    return known1 or first, standard2 or second


def sign_of(row: DraftRow) -> str:
    """The comparator as part of a value; 定性 and 定量(其他) are names of kinds and no part of it."""
    return "" if row.comparator.strip().startswith("定") else row.comparator.strip()


def value_text(row: DraftRow) -> str:
    """Comparator, value and unit in one cell, each written once."""
    return signed_value(row) + _unit_after(row)


def signed_value(row: DraftRow) -> str:
    """Comparator and value in one cell, beside a unit cell of its own."""
    target, sign = printable(row.target), sign_of(row)
    return target if TargetValue.parse(target).comparator else sign + target


def _unit_after(row: DraftRow) -> str:
    target, unit = printable(row.target), printable(row.unit)
    if not target or not unit:
        return unit
    value = TargetValue.parse(target)
    stands = target.endswith(unit) or (value.unit and normalise_unit(value.unit) == normalise_unit(unit))
    return "" if stands or value.kind not in _COUNTABLE else unit


def split_value(row: DraftRow) -> tuple[str, str, str]:
    """Comparator, value and unit for three cells.

    What the draft has apart stays apart; a value in one cell is divided only where the whole of it is
    a plain number (≥5公里), and 定性 is set where it is surely qualitative.
    """
    if row.comparator or row.unit:
        return row.comparator, row.target, row.unit
    value = TargetValue.parse(row.target)
    if value.kind is ValueKind.QUALITATIVE and value.confident and not value.comparator:
        return "定性", row.target, ""
    plain = value.kind is ValueKind.NUMBER and value.confident and not value.approximate and not value.change
    if not plain or value.text() != row.target.strip():
        return "", row.target, ""
    return value.comparator, f"{value.value:f}", value.unit
