"""Target tables as tables to load: columns mapped, kind told (目标, 自评, 监控, a set), blanks filled down. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from loaders.found import Hints, LoadTable, TableRow, headers_at, loose_heading
from loaders.grid import Grid
from loaders.mapping import MappedColumn, TableKind, fixed_fields, guess, map_headers
from loaders.tables import FoundTable, with_columns

_FILLED_FLAT = ("project", "unit", "amount", "department", "year", "sector", "subsector")
_BESIDE_COLUMNS = (
    "possibility",
    "level1",
    "level2",
)  # told by ticks and by rows of their own, without a column


def from_target_table(table: FoundTable, hints: Hints) -> LoadTable:
    """A target table with its columns mapped for loading; its kind by columns, title and what owns it."""
    table = _corrected(table, hints)
    grid, header = table.grid, table.header
    kind = _target_kind(table, hints)
    by_column = {c: f for f, c in header.columns.items()}
    headers = headers_at(grid, header.row, header.below)
    guessed = {m.column: m for m in map_headers(headers, kind, hints.corrections, hints.learned)}
    columns = []
    for column, text in headers.items():
        mapped = guessed[column]
        certain = mapped.confidence == 1.0 and mapped.field and text
        own = mapped.fixed or (certain and _differs(mapped.field, by_column.get(column, "")))
        name = mapped.field if own else by_column.get(column, mapped.field)
        sure = max(mapped.confidence, 0.9 if column in by_column else 0.0)
        columns.append(replace(mapped, header=text, field=name, confidence=sure))
    columns = _first_claims(columns, header.columns)
    rows = [_row_with_extras(grid, r.index, r.values, columns, set(header.columns)) for r in table.rows]
    heading = {**loose_heading(grid, header.row), **table.heading}
    flat = tuple(_fill_flat(rows))
    return LoadTable(grid, kind, header.row, tuple(columns), flat, heading, table.title)


def _corrected(table: FoundTable, hints: Hints) -> FoundTable:
    """The table with its rows read by the columns that somebody corrected, where anybody did."""
    headers = headers_at(table.grid, table.header.row, table.header.below)
    fixed = fixed_fields(headers, hints.corrections, hints.learned)
    said = {field: column for column, field in fixed.items() if field}
    kept = {f: c for f, c in table.header.columns.items() if c not in fixed and f not in said}
    columns = kept | said
    return table if columns == table.header.columns else with_columns(table, columns)


def _differs(own: str, found: str) -> bool:
    """Whether loading names a column more exactly than reviewing does (计算公式 is no 指标解释)."""
    return found in ("", "explanation", "evidence", "basis", "note", own) and own not in (
        "unit",
        "project",
        "name",
    )


def _first_claims(columns: Sequence[MappedColumn], sure: Mapping[str, int]) -> list[MappedColumn]:
    taken: set[str] = set()
    kept = []
    for c in sorted(columns, key=lambda m: (not m.fixed, sure.get(m.field) != m.column, -m.confidence)):
        kept.append(c if c.field not in taken else replace(c, field="", confidence=0.0))
        taken |= {c.field} - {""}
    return sorted(kept, key=lambda m: m.column)


def _row_with_extras(
    grid: Grid, index: int, values: Mapping[str, str], columns: Sequence[MappedColumn], sure: set[str]
) -> TableRow:
    mapped = {c.field: grid.text(index, c.column) for c in columns if c.field}
    # A field that the mapping gives another column to is read from there.
    kept = {f: v for f, v in values.items() if f in _BESIDE_COLUMNS or (f in mapped and f in sure)}
    return TableRow(index, {**mapped, **kept})


def _target_kind(table: FoundTable, hints: Hints) -> TableKind:
    if hints.kind in ("indicators", "framework"):
        return TableKind(hints.kind)
    columns, title = set(table.header.columns), table.title + table.grid.name
    months = any(
        re.search(r"月.{0,4}(执行|完成)|全年预计", h)
        for h in headers_at(table.grid, table.header.row, table.header.below).values()
    )
    if "possibility" in columns or "监控" in title or months:
        return TableKind.MONITORING
    if "actual" in columns or "自评" in title:
        return TableKind.SELF_EVALUATION
    owned = "project" in columns or bool(table.heading.get("project") or table.heading.get("unit"))
    headers = headers_at(table.grid, table.header.row, table.header.below).values()
    shelf = {guess(h, TableKind.INDICATORS)[0] for h in headers if h}
    named = re.search(r"指标(库|集|体系|汇编|目录)|核心.{0,4}指标|共性指标", title)
    if (
        not hints.kind
        and not owned
        and (
            named
            or shelf & {"code", "sector", "formula", "keywords", "subsector", "direction", "explanation"}
        )
    ):
        return TableKind.INDICATORS
    return TableKind.TARGETS


def _fill_flat(rows: Sequence[TableRow]) -> Iterator[TableRow]:
    """Project, unit and the like, written once over several rows; a new project forgets the last one's."""
    carried: dict[str, str] = {}
    for row in rows:
        values = dict(row.values)
        if values.get("project") and values["project"] != carried.get("project"):
            carried = {k: v for k, v in carried.items() if k in ("unit", "department", "year", "sector")}
        blank = frozenset(f for f in _FILLED_FLAT if f in values and not values[f] and carried.get(f))
        values |= {f: carried[f] for f in blank}
        carried |= {f: values[f] for f in _FILLED_FLAT if values.get(f)}
        yield TableRow(row.index, values, blank)
