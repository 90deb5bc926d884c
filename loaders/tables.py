"""Finding target tables in grids: header rows, the rows below, and the heading around them. Pure.

Forms differ in title rows, two-row headers, merged level columns, a midterm half beside the
annual one, and labels whose value stands to the right or below. All of that ends here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from loaders.beside import find_in
from loaders.furniture import is_ditto, is_footnote, is_numbering, is_signature
from loaders.grid import Grid
from loaders.headers import POSSIBILITIES, column_of, heading_of, is_label, rank_of
from loaders.levels import carry_level, split_levels

_ENDS = re.compile(
    r"^(合计|总计|总分|小计|得分合计|备注|注|填报说明|说明|填表人|填报人|单位负责人|联系人|评价结论|其他需要说明|总体结论|自评结论|项目负责人|存在问题|改进措施)"
)
_LEVELS = ("level1", "level2")
_HEADER_REACH = 3
_AMOUNTS = ("值", "数值", "内容", "目标", "指标值", "具体值", "数量")
_FORM_NUMBER = re.compile(r"^指标\s*\d{1,2}\s*[:：.、．]\s*(?=\S)")
_ANSWERS = (*POSSIBILITIES, "不可能")


@dataclass(frozen=True, slots=True)
class Header:
    """A header row of a target table: where it stands and which column holds which field.

    ``ticks`` are the columns that stand for one answer each (确定能, 有可能 …), to be ticked.
    """

    row: int
    below: int
    columns: dict[str, int]
    half: str = ""
    ticks: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One data row: fields to texts, and its place in the grid."""

    index: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A target table in a grid: its header, its rows, the heading texts that belong to it."""

    grid: Grid
    header: Header
    rows: tuple[FoundRow, ...]
    heading: dict[str, str]
    title: str


def find_all(grids: Iterable[Grid]) -> list[FoundTable]:
    """Target tables of a file; a heading that is a table of its own right above one belongs to it."""
    return find_in(grids, find_tables)


def find_tables(grid: Grid) -> list[FoundTable]:
    """All target tables of a grid, top to bottom; [] where it holds none."""
    headers = list(_headers(grid))
    found: list[FoundTable] = []
    for n, header in enumerate(headers):
        begin = headers[n - 1].below if n else 0
        end = headers[n + 1].row if n + 1 < len(headers) else grid.height
        rows = tuple(_rows(grid, header, end))
        if rows:
            top = max([begin, *(r.index + 1 for t in found for r in t.rows)])
            found.append(
                FoundTable(
                    grid, header, rows, _heading(grid, top, header, rows), _title(grid, top, header.row)
                )
            )
    return found


def with_columns(table: FoundTable, columns: dict[str, int]) -> FoundTable:
    """A table whose rows are read by other columns, as somebody corrected them."""
    header = replace(table.header, columns=columns)
    return replace(table, header=header, rows=tuple(_rows(table.grid, header, table.grid.height)))


def _headers(grid: Grid) -> Iterator[Header]:
    skip = -1
    last: Header | None = None
    for row in range(grid.height):
        if row <= skip:
            continue
        header = _header_at(grid, row)
        if header:
            skip = header.below - 1
            if not (last and _comes_again(grid, last, row)):
                last = header
                yield header


def _comes_again(grid: Grid, header: Header, row: int) -> bool:
    """Whether a header is the one above printed again on a new page: no label of a new form in between."""
    if grid.cells[row] != grid.cells[header.row]:
        return False
    name = header.columns.get("name", header.columns.get("level2", 0))
    above = row - 1
    while above > header.row and len(own := [t for t in grid.cells[above] if t]) < 2:
        if own and not ("续" in own[0] or own[0] in {t for r in grid.cells[: header.row] for t in r}):
            return False
        above -= 1
    return bool(grid.text(above, name)) and not any(heading_of(t) for t in grid.cells[above])


def _header_at(grid: Grid, row: int) -> Header | None:
    columns = _columns(grid, row)
    if not _is_header(columns):
        return None
    below = row + 1
    # A second header row refines group headings (偏差原因分析 over 经费保障, 制度保障 …).
    reach = max((grid.area(row, c).bottom for c in range(grid.width)), default=row)
    while below <= row + _HEADER_REACH and (
        (below <= reach and _still_header(grid, row, below)) or _names_only(grid, below)
    ):
        for name, places in _columns(grid, below).items():
            if name == "unit" and _spans(grid, row, columns.get("target", places), places):
                name = "unit_of_value"
            if name not in columns or _spans(grid, row, columns[name], places):
                columns[name] = places
        _amount_beside_sign(grid, below, columns)
        below += 1
    if below < grid.height and is_numbering(grid.cells[below]):
        below += 1
    return _one_half(grid, row, below, columns)


def _amount_beside_sign(grid: Grid, row: int, columns: dict[str, list[int]]) -> None:
    """A group 指标值 over 符号, 值, 单位: the target is the column of 值, not that of the sign."""
    if not columns.get("target") or columns["target"] != columns.get("comparator"):
        return
    group = range(columns["target"][0], grid.width)
    if places := [c for c in group if re.sub(r"\s", "", grid.own(row, c)) in _AMOUNTS]:
        columns["target"] = places[:1]


def _names_only(grid: Grid, row: int) -> bool:
    """Whether a row holds nothing but column names: the lower header row where a format lost its merges (ods)."""
    texts = [t for c in range(grid.width) if row < grid.height and (t := grid.own(row, c))]
    return 2 <= len(texts) < grid.width and all(column_of(t) for t in texts)


def _spans(grid: Grid, row: int, above: list[int], places: list[int]) -> bool:
    """Whether a group heading (偏差原因分析) spans the narrower column below it that says the same."""
    area = grid.area(row, above[0])
    return area.right > area.left and area.left <= places[0] <= area.right


def _ticks(grid: Grid, row: int, below: int) -> tuple[tuple[int, str], ...]:
    cells = [(c, grid.own(r, c)) for r in range(row, below) for c in range(grid.width)]
    return tuple((c, text) for c, text in cells if text in _ANSWERS)


def _still_header(grid: Grid, row: int, below: int) -> bool:
    """Whether a row refines the header above: most cells reach down from there, or the others are grouped."""
    spanning = [grid.area(below, c).top <= row for c in range(grid.width)]
    grouped = [grid.area(row, c).right > grid.area(row, c).left for c in range(grid.width)]
    refined = sum(spanning) > 1 and all(s or g for s, g in zip(spanning, grouped, strict=True))
    return 2 * sum(spanning) >= grid.width or refined


def _columns(grid: Grid, row: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    seen: set[tuple[int, int]] = set()
    for column in range(grid.width):
        area = grid.area(row, column)
        if (area.top, area.left) in seen:
            continue
        seen.add((area.top, area.left))
        field = column_of(grid.text(row, column))
        if field == "unit" and "level2" in found:
            field = "unit_of_value"
        if field:
            found.setdefault(field, []).append(column)
    return found


def _is_header(columns: dict[str, list[int]]) -> bool:
    return ("target" in columns and ("name" in columns or _LEVELS[1] in columns) and len(columns) >= 3) or (
        "name" in columns and "target" in columns
    )


def _one_half(grid: Grid, row: int, below: int, columns: dict[str, list[int]]) -> Header:
    """Choose between a midterm and an annual half: the annual one where it holds anything."""
    targets = columns.get("target", [])
    if len(targets) < 2:
        nearest = {f: min(p, key=lambda c: rank_of(f, grid.text(row, c))) for f, p in columns.items()}
        return Header(row, below, nearest, ticks=_ticks(grid, row, below))
    left, right = ({f: p[0] for f, p in columns.items()}, {f: p[-1] for f, p in columns.items()})
    telling = [right[f] for f in ("target", "name") if f in right and right[f] != left[f]]
    filled = any(grid.own(r, c) for r in range(below, grid.height) for c in telling)
    return Header(row, below, right if filled else left, "年度" if filled else "中期")


def _rows(grid: Grid, header: Header, end: int) -> Iterator[FoundRow]:
    carried = dict.fromkeys(_LEVELS, "")
    skip = header.below
    for index in range(header.below, end):
        own = [t for t in grid.cells[index] if t]
        if index < skip or _continues(grid, index, header):
            continue
        if _ends(grid, index, header) or is_signature(own):
            return
        if _is_header(_columns(grid, index)):
            if grid.cells[index] != grid.cells[header.row]:
                return
            skip = index + header.below - header.row
            continue
        if _is_beside(grid, index, header, own) or _is_level(own, header, carried):
            continue
        values = {name: grid.text(index, column) for name, column in header.columns.items()}
        _tick(grid, index, header, values)
        _carry(values, carried)
        if values.get("name") or (values.get("target") and values.get("level2")):
            values["name"] = _FORM_NUMBER.sub("", values.get("name", ""))
            yield FoundRow(index, values)


def _is_beside(grid: Grid, index: int, header: Header, own: list[str]) -> bool:
    """Whether a row is no data: a footnote, or a title that spans name and value (…绩效目标表（续）)."""
    if len(own) != 1:
        return False
    spanned = [header.columns[f] for f in ("name", "target") if f in header.columns]
    across = len(spanned) > 1 and len({grid.area(index, c).left for c in spanned}) == 1
    named = "name" in header.columns and bool(grid.own(index, header.columns["name"]))
    first = header.columns.get("name") == min(header.columns.values())
    return (is_footnote(own) and (first or not named)) or (across and bool(grid.text(index, spanned[0])))


def _is_level(own: list[str], header: Header, carried: dict[str, str]) -> bool:
    """Whether a row is a level's name over the rows below, in a table without such columns; remembers it."""
    if len(own) != 1 or all(level in header.columns for level in _LEVELS):
        return False
    return carry_level(own[0], carried)


def _continues(grid: Grid, index: int, header: Header) -> bool:
    """Whether a row is only the lower part of cells that are merged downward."""
    own = [header.columns[f] for f in ("name", "target") if f in header.columns]
    return all(grid.area(index, c).top < index for c in own)


def _tick(grid: Grid, index: int, header: Header, values: dict[str, str]) -> None:
    """The ticked answer in place of its tick."""
    ticked = [word for column, word in header.ticks if grid.own(index, column)]
    if header.ticks:
        values["possibility"] = ticked[0] if len(ticked) == 1 else ""


def _carry(values: dict[str, str], carried: dict[str, str]) -> None:
    """Fill level columns that are written only once; a new level 1 forgets the level 2 before it."""
    for level in _LEVELS:
        if is_ditto(values.get(level, "")):
            values[level] = ""
    if "level1" not in values and values.get("level2"):
        level1, values["level2"] = split_levels(values["level2"])
        values |= {"level1": level1} if level1 else {}
    if values.get("level1") and values["level1"] != carried["level1"]:
        carried["level1"], carried["level2"] = values["level1"], ""
    if values.get("level2"):
        carried["level2"] = values["level2"]
    for level in _LEVELS:
        if not values.get(level) and (level in values or carried[level]):
            values[level] = carried[level]


def _ends(grid: Grid, index: int, header: Header) -> bool:
    first = next((grid.own(index, c) for c in range(grid.width) if grid.own(index, c)), "")
    name_column = header.columns.get("name", header.columns.get("level2", 0))
    stop = min((c for c in header.columns.values() if c > name_column), default=name_column + 1)
    return bool(_ENDS.match(re.sub(r"\s", "", first))) and not _levels_here(grid, index, name_column, stop)


def _levels_here(grid: Grid, index: int, name_column: int, stop: int) -> bool:
    """Whether the name cell holds a name of its own; it may span the free columns to its right."""
    area = grid.area(index, name_column)
    return area.left == name_column and bool(grid.own(index, name_column)) and area.right < stop


def _heading(grid: Grid, top: int, header: Header, rows: tuple[FoundRow, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in range(top, header.row):
        for column in range(grid.width):
            field = heading_of(grid.own(row, column))
            if field and not found.get(field):
                value = _value_of_label(grid, row, column, header.row)
                if value and (field != "amount" or re.search(r"\d", value)):
                    found[field] = value
    _flat_heading(rows, found)
    return found


def _flat_heading(rows: tuple[FoundRow, ...], found: dict[str, str]) -> None:
    for field in ("project", "unit"):
        if values := {r.values[field] for r in rows if r.values.get(field)}:
            found.setdefault(field, next(iter(sorted(values))) if len(values) == 1 else "")


def _value_of_label(grid: Grid, row: int, column: int, stop: int) -> str:
    """Value of a heading label: in the cell after a colon, to its right, or below it."""
    text = grid.own(row, column)
    for mark in ("：", ":"):
        if mark in text and (after := text.split(mark, 1)[1].strip()):
            return after
    area = grid.area(row, column)
    right = area.right + 1
    if right < grid.width:
        beside = grid.text(row, right)
        if beside and not is_label(beside):
            return beside
    below = area.bottom + 1
    if below < stop and grid.area(below, column).left == area.left:
        under = grid.text(below, column)
        if under and not is_label(under):
            return under
    return ""


def _title(grid: Grid, top: int, row: int) -> str:
    """Texts of the rows that hold one cell only, above the first row of labels."""
    lines = [] if top else list(grid.caption)
    for index in range(top, row):
        texts = [grid.own(index, c) for c in range(grid.width) if grid.own(index, c)]
        if len(texts) > 1:
            break
        lines += texts
    return " ".join(lines)
