"""Data rows of a list: where they end, what is no data among them, what is written once and filled down. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from loaders.found import Hints, TableRow
from loaders.furniture import is_ditto, is_footnote, is_signature
from loaders.grid import Grid
from loaders.levels import carry_level, split_levels
from loaders.list_headers import header_at
from loaders.mapping import MappedColumn, TableKind, known_header
from loaders.prose import listed

_ENDS = re.compile(
    r"^(合计|总计|小计|共计|备注|注|填报说明|说明|填表人|填报人|制表|审核人|单位负责人|联系人|数据来源)([:：\d]|$|(?<=[计]))"
)
_FILLED = ("sector", "subsector", "use", "agency", "level1", "level2")


def rows_below(
    grid: Grid, header: int, below: int, stop: int, columns: Sequence[MappedColumn], kind: TableKind, hints: Hints
) -> tuple[list[TableRow], int]:  # fmt: skip
    """Rows of a list under its header, and the row where it ends. A header printed again is passed over."""
    fields = {c.field: c.column for c in columns if c.field}
    carried: dict[str, str] = {}
    rows: list[TableRow] = []
    skip = below
    for index in range(below, stop):
        own = [grid.own(index, c) for c in range(grid.width) if grid.own(index, c)]
        if index < skip or not own:
            continue
        if index > below and _may_be_header(own) and (again := header_at(grid, index, stop, hints)):
            if grid.cells[index] != grid.cells[header]:
                return rows, index
            skip = again[1]
            continue
        values = {f: grid.text(index, c) for f, c in fields.items()}
        if _lower_half(grid, index, fields, kind) or (
            len(own) == 1 and _is_title_again(grid, header, index, stop)
        ):
            continue
        if _ends(own, values, kind):
            if rows and not _more_below(grid, index, stop, fields, kind):
                return rows, index
            continue
        if is_footnote(own) or is_signature(own) or _sets_level(own, carried, kind):
            continue
        if _is_section(own, values, kind):
            carried["section"] = own[0]
            carried.pop("number", None)
            carried.pop("project", None)
            continue
        rows += _apart(_filled(index, values, carried, kind), kind)
    return rows, stop


def _may_be_header(own: Sequence[str]) -> bool:
    """Whether it is worth looking for a header here: every row of a long list is asked."""
    return len(own) > 1 and sum(bool(known_header(text)) for text in own) > 1


def _is_title_again(grid: Grid, header: int, index: int, stop: int) -> bool:
    """Whether a row stands right above the header printed again (a title with 续)."""
    return index + 1 < stop and grid.cells[index + 1] == grid.cells[header]


def _sets_level(own: Sequence[str], carried: dict[str, str], kind: TableKind) -> bool:
    """Whether a row is a level's name over the rows below it; remembers it."""
    if kind is not TableKind.INDICATORS or len(own) > 1:
        return False
    return carry_level(own[0], carried)


def _apart(row: TableRow, kind: TableKind) -> list[TableRow]:
    """A cell that lists several numbered problems is as many rows; causes and fixes go with them by number."""
    parts = listed(row.values.get("what", "")) if kind is TableKind.ISSUES else []
    if not parts:
        return [row]
    beside = {f: p for f in ("cause", "fix") if len(p := listed(row.values.get(f, ""))) == len(parts)}
    return [
        replace(row, values={**row.values, "what": part, **{f: p[n] for f, p in beside.items()}})
        for n, part in enumerate(parts)
    ]


def _lower_half(grid: Grid, index: int, fields: Mapping[str, int], kind: TableKind) -> bool:
    """Whether a row is only the lower part of cells that are merged downward."""
    if kind is TableKind.PROJECTS:
        return False  # a project may have several rows of money under one name
    own = [
        fields[f] for f in ("name", "what", "explanation", "third_party_score", "department") if f in fields
    ]
    return bool(own) and all(grid.area(index, c).top < index for c in own)


def _ends(own: Sequence[str], values: Mapping[str, str], kind: TableKind) -> bool:
    first = re.sub(r"\s", "", own[0])
    named = "department" if kind is TableKind.DEPARTMENTS else _KEYS.get(kind, "name")
    return bool(_ENDS.match(first)) and (not values.get(named) or values.get(named) == own[0])


def _continued(values: dict[str, str], carried: dict[str, str]) -> set[str]:
    """A row of money without a name goes on with the project above it, told by its number where there is one."""
    number = values.get("number", "")
    filled: set[str] = set()
    for name in ("department", "unit", "project"):
        if is_ditto(values.get(name, "")):
            values[name] = ""
    for name in ("department", "unit"):
        if name in values and not values[name] and carried.get(name):
            values[name] = carried[name]
            filled.add(name)
    if not values["project"] and carried.get("project") and number in ("", carried.get("number", "")):
        values["project"] = carried["project"]
        filled.add("project")
        if not number and carried.get("number"):
            values["number"] = carried["number"]
            filled.add("number")
    carried |= {f: values[f] for f in ("project", "number", "department", "unit") if values.get(f)}
    return filled


_KEYS = {TableKind.PROJECTS: "project", TableKind.ISSUES: "what"}


def _more_below(grid: Grid, index: int, stop: int, fields: Mapping[str, int], kind: TableKind) -> bool:
    """Whether data goes on under a subtotal."""
    key = fields.get("department" if kind is TableKind.DEPARTMENTS else _KEYS.get(kind, "name"), 0)
    return any(
        grid.own(r, key) and sum(bool(t) for t in grid.cells[r]) >= 3
        for r in range(index + 1, min(stop, index + 4))
    )


def _is_section(own: Sequence[str], values: Mapping[str, str], kind: TableKind) -> bool:
    """Whether a row is one text over the rows below it (一、教育类)."""
    return (
        len(own) == 1
        and kind is not TableKind.ISSUES
        and bool(re.match(r"^([一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）])", own[0]))
    )


def _filled(index: int, values: dict[str, str], carried: dict[str, str], kind: TableKind) -> TableRow:
    blank = _continued(values, carried) if kind is TableKind.PROJECTS else set()
    if carried.get("section"):
        values["section"] = carried["section"]
    if "level2" in values and "level1" not in values:
        level1, values["level2"] = split_levels(values["level2"])
        values |= {"level1": level1} if level1 else {}
    for n, name in enumerate(_FILLED):
        if is_ditto(values.get(name, "")):
            values[name] = ""
        if name not in values and not (name in ("level1", "level2") and carried.get(name)):
            continue
        if values.get(name):
            if values[name] != carried.get(name):
                for lower in _FILLED[n + 1 :] if name != "agency" else ():
                    carried.pop(lower, None)
            carried[name] = values[name]
        elif carried.get(name):
            values[name] = carried[name]
            blank.add(name)
    return TableRow(index, values, frozenset(blank))
