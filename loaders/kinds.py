"""Finding every table of a file that can be loaded, and what kind it is. Pure.

Target tables, self-evaluations and monitoring tables are found by ``loaders.tables``; what it
leaves is looked through for header rows of the other kinds. A table knows for each row and
field its text and its place; levels, sectors, agencies written only once are filled down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from loaders.grid import Grid, stacked
from loaders.headers import heading_of
from loaders.mapping import MappedColumn, TableKind, guess, map_headers
from loaders.tables import FoundTable, find_tables

_ENDS = re.compile(
    r"^(合计|总计|小计|共计|备注|注|填报说明|说明|填表人|填报人|制表|审核人|单位负责人|联系人|数据来源)([:：\d]|$|(?<=[计]))"
)
_FILLED = ("sector", "subsector", "use", "agency", "level1", "level2")
_FILLED_FLAT = ("project", "unit", "amount", "department", "year", "sector", "subsector")
_HEADER_REACH = 3
_LONGEST_HEADER = 30
_KINDS = (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.ISSUES, TableKind.INDICATORS)
_FORMULA = "\ufff9"

Learned = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Hints:
    """What somebody said about a file: its kind ("" to find out), corrected headers, what was learned."""

    kind: str = ""
    corrections: Mapping[str, str] = field(default_factory=dict)
    learned: Learned = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A data row: its index in the grid, texts by field, and whether it goes on the row above it."""

    index: int
    values: dict[str, str]
    filled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LoadTable:
    """A table found in a file, with its mapping and rows as texts."""

    grid: Grid
    kind: TableKind
    header_row: int
    columns: tuple[MappedColumn, ...]
    rows: tuple[TableRow, ...]
    heading: Mapping[str, str]
    title: str

    def place(self, row: TableRow, name: str) -> str:
        """Where the cell of a field stands; the row's first cell where the table has no such column."""
        column = next((c.column for c in self.columns if c.field == name), 0)
        return self.grid.place(row.index, column)

    def header(self, name: str) -> str:
        """Header over a field's column as people see it."""
        return next((c.header.replace("\n", "") for c in self.columns if c.field == name), "")


def find_all(grids: Sequence[Grid], hints: Hints | None = None) -> list[LoadTable]:
    """All tables of a file that can be loaded, in order."""
    hints = hints or Hints()
    found: list[LoadTable] = []
    heading: Grid | None = None
    for given in grids:
        grid = stacked(heading, given) if heading and given.follows else given
        tables = _tables_of(grid, hints)
        heading = None if tables else grid
        found += tables
    return found


def _tables_of(grid: Grid, hints: Hints) -> list[LoadTable]:
    targets = [_from_target_table(t, hints) for t in find_tables(grid)]
    taken = [(t.header_row, max([t.header_row, *(r.index for r in t.rows)])) for t in targets]
    others, start = [], 0
    for top, bottom in [*taken, (grid.height, grid.height)]:
        others += list(_others(grid, start, top, hints))
        start = bottom + 1
    return sorted([*targets, *others], key=lambda t: t.header_row)


# Target tables


def _from_target_table(table: FoundTable, hints: Hints) -> LoadTable:
    grid, header = table.grid, table.header
    kind = _target_kind(table, hints)
    by_column = {c: f for f, c in header.columns.items()}
    headers = _headers_at(grid, header.row, header.below)
    guessed = {m.column: m for m in map_headers(headers, kind, hints.corrections, hints.learned)}
    columns = []
    for column, text in headers.items():
        mapped = guessed[column]
        certain = mapped.confidence == 1.0 and mapped.field and text
        name = (
            mapped.field
            if certain and _differs(mapped.field, by_column.get(column, ""))
            else by_column.get(column, mapped.field)
        )
        columns.append(
            MappedColumn(column, text, name, max(mapped.confidence, 0.9 if column in by_column else 0.0))
        )
    columns = _first_claims(columns, header.columns)
    rows = [_row_with_extras(grid, r.index, r.values, columns, set(header.columns)) for r in table.rows]
    heading = {**_loose_heading(grid, header.row), **table.heading}
    flat = tuple(_fill_flat(rows))
    return LoadTable(grid, kind, header.row, tuple(columns), flat, heading, table.title)


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
    for c in sorted(columns, key=lambda m: (sure.get(m.field) != m.column, -m.confidence)):
        kept.append(c if c.field not in taken else MappedColumn(c.column, c.header, "", 0.0))
        taken |= {c.field} - {""}
    return sorted(kept, key=lambda m: m.column)


def _row_with_extras(
    grid: Grid, index: int, values: Mapping[str, str], columns: Sequence[MappedColumn], sure: set[str]
) -> TableRow:
    mapped = {c.field: grid.text(index, c.column) for c in columns if c.field}
    kept = {f: v for f, v in values.items() if f in mapped or f in ("possibility",)}
    # A field that the mapping gives another column to is read from there.
    return TableRow(index, {**mapped, **{f: v for f, v in kept.items() if f in sure and f in values}})


def _target_kind(table: FoundTable, hints: Hints) -> TableKind:
    if hints.kind in ("indicators", "framework"):
        return TableKind(hints.kind)
    columns, title = set(table.header.columns), table.title + table.grid.name
    months = any(
        re.search(r"月.{0,4}(执行|完成)|全年预计", h)
        for h in _headers_at(table.grid, table.header.row, table.header.below).values()
    )
    if "possibility" in columns or "监控" in title or months:
        return TableKind.MONITORING
    if "actual" in columns or "自评" in title:
        return TableKind.SELF_EVALUATION
    owned = "project" in columns or bool(table.heading.get("project") or table.heading.get("unit"))
    headers = _headers_at(table.grid, table.header.row, table.header.below).values()
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


def _loose_heading(grid: Grid, stop: int) -> dict[str, str]:
    """Labels with their value after a colon in rows above the header (单位：某局)."""
    found: dict[str, str] = {}
    for row in range(stop):
        for column in range(grid.width):
            label, mark, value = grid.own(row, column).replace(":", "：").partition("：")
            if mark and value.strip() and (name := heading_of(label)):
                found.setdefault(name, value.strip())
    return found


# Other tables


def _others(grid: Grid, start: int, stop: int, hints: Hints) -> Iterator[LoadTable]:
    row = start
    while row < stop:
        found = _header_at(grid, row, stop, hints)
        if not found:
            row += 1
            continue
        kind, below, columns = found
        rows, end = _rows(grid, below, stop, columns, kind, hints)
        if rows:
            title = _title(grid, start, row)
            if kind is TableKind.INDICATORS and _is_framework(title, grid, rows, hints):
                kind = TableKind.FRAMEWORK
            yield LoadTable(grid, kind, row, columns, tuple(rows), _loose_heading(grid, row), title)
        row = max(end, below)
        start = row


def _is_framework(title: str, grid: Grid, rows: Sequence[TableRow], hints: Hints) -> bool:
    """Whether indicators are an evaluation framework's: its title says so, or it begins with 决策, 过程, 投入."""
    if hints.kind:
        return hints.kind == "framework"
    first = {r.values.get("level1", "").removesuffix("指标") for r in rows}
    return "框架" in title + grid.name or len(first & {"决策", "过程", "投入"}) > 0


def _title(grid: Grid, start: int, row: int) -> str:
    lines = list(grid.caption)
    for index in range(start, row):
        texts = [grid.own(index, c) for c in range(grid.width) if grid.own(index, c)]
        lines += texts if len(texts) <= 2 else []
    return " ".join(lines)


def _headers_at(grid: Grid, row: int, below: int) -> dict[int, str]:
    """Header of each column: the lowest text of its header rows, with its group where it says too little."""
    found = {}
    for column in range(grid.width):
        texts = list(dict.fromkeys(t for r in range(row, below) if (t := grid.text(r, column))))
        found[column] = texts[-1] if texts else ""
    return found


def _header_at(
    grid: Grid, row: int, stop: int, hints: Hints
) -> tuple[TableKind, int, tuple[MappedColumn, ...]] | None:
    best: tuple[TableKind, int, tuple[MappedColumn, ...]] | None = None
    score = 0.0
    if sum(bool(grid.own(row, c)) for c in range(grid.width)) < 2:
        return None
    for kind in _wanted(hints):
        below = _below(grid, row, stop, kind)
        columns = tuple(_mapped(grid, row, below, kind, hints))
        sure = sum(c.confidence for c in columns if c.field)
        if _signature(kind, {c.field for c in columns} - {""}) and _short(grid, row) and sure > score:
            best, score = (kind, below, columns), sure
    return best


def _mapped(grid: Grid, row: int, below: int, kind: TableKind, hints: Hints) -> list[MappedColumn]:
    low = _headers_at(grid, row, below)
    mapped = map_headers(low, kind, hints.corrections, hints.learned)
    top = {c: grid.text(row, c) for c in low}
    taken = {m.field for m in mapped}
    # A lower row that says too little (得分 under 自评) is read with the heading of its group.
    better = []
    for m in mapped:
        joined = top[m.column] + low[m.column] if top[m.column] != low[m.column] else ""
        name, sure = guess(joined, kind) if joined else ("", 0.0)
        if name and name not in taken and (sure >= 0.95 or not m.field):
            taken.add(name)
            m = MappedColumn(m.column, joined, name, sure)
        better.append(m)
    return better


def _wanted(hints: Hints) -> Sequence[TableKind]:
    if hints.kind == "projects":
        return (TableKind.PROJECTS, TableKind.DEPARTMENTS)
    if hints.kind in ("indicators", "framework"):
        return (TableKind.INDICATORS,)
    return (TableKind.ISSUES,) if hints.kind == "issues" else _KINDS


def _short(grid: Grid, row: int) -> bool:
    return all(len(grid.own(row, c)) <= _LONGEST_HEADER for c in range(grid.width))


def _signature(kind: TableKind, fields: set[str]) -> bool:
    if kind is TableKind.PROJECTS:
        telling = fields & {"amount", "self_score", "third_party_score", "grade", "executed"}
        return "project" in fields and (bool(telling) or fields == {"number", "project"})
    if kind is TableKind.DEPARTMENTS:
        return (
            "department" in fields
            and bool(fields & {"third_party_score", "self_score", "grade"})
            and "project" not in fields
        )
    if kind is TableKind.ISSUES:
        return "what" in fields and len(fields) >= 2
    beside = fields & {"level1", "level2", "explanation", "formula", "unit_of_value", "sector", "code"}
    return "name" in fields and len(beside) >= 1 and len(fields) >= 3


def _below(grid: Grid, row: int, stop: int, kind: TableKind) -> int:
    """First data row under a header: rows that merged heads reach into or that name columns are heads."""
    below = row + 1
    while below < min(stop, row + _HEADER_REACH):
        own = [
            (c, grid.own(below, c))
            for c in range(grid.width)
            if grid.own(below, c) and grid.area(below, c).top == below
        ]
        known = [c for c, text in own if guess(text, kind)[0]]
        reaching = any(grid.area(row, c).bottom >= below for c in range(grid.width))
        grouped = any(grid.area(row, c).right > c or not grid.text(row, c) for c, _ in own)
        if not own and reaching:
            below += 1
            continue
        if not own or not (reaching or grouped) or 2 * len(known) < len(own):
            break
        below += 1
    return below


def _rows(
    grid: Grid, below: int, stop: int, columns: Sequence[MappedColumn], kind: TableKind, hints: Hints
) -> tuple[list[TableRow], int]:
    fields = {c.field: c.column for c in columns if c.field}
    carried: dict[str, str] = {}
    rows: list[TableRow] = []
    for index in range(below, stop):
        if _header_at(grid, index, stop, hints) and index > below:
            return rows, index
        own = [grid.own(index, c) for c in range(grid.width) if grid.own(index, c)]
        values = {f: _text(grid, index, c) for f, c in fields.items()}
        if not own or _lower_half(grid, index, fields, kind):
            continue
        if _ends(own, values, kind):
            if rows and not _more_below(grid, index, stop, fields, kind):
                return rows, index
            continue
        if _is_section(own, values, kind):
            carried["section"] = own[0]
            carried.pop("number", None)
            carried.pop("project", None)
            continue
        rows.append(_filled(index, values, carried, kind))
    return rows, stop


def _text(grid: Grid, index: int, column: int) -> str:
    text = grid.text(index, column)
    return "" if text == _FORMULA else text


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
    for n, name in enumerate(_FILLED):
        if name not in values:
            continue
        if values[name]:
            if values[name] != carried.get(name):
                for lower in _FILLED[n + 1 :] if name != "agency" else ():
                    carried.pop(lower, None)
            carried[name] = values[name]
        elif carried.get(name):
            values[name] = carried[name]
            blank.add(name)
    return TableRow(index, values, frozenset(blank))
