"""What of a target table nobody sees in its workbook, row by row, so that a reviewer misses no hidden target. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from loaders.grid import Grid, column_letters
from loaders.hidden import NAMED, Hidden, some
from loaders.tables import FoundRow, FoundTable
from loaders.workbook import FORMULA

_LONGEST = 60

Told = tuple[str, str]
"""A place and the sentence about it."""


def around(tables: Sequence[FoundTable], number: int) -> range:
    """Rows of the sheet that belong to a table: from below the one above it; the last one has the rest."""
    table = tables[number]
    above = tables[number - 1] if number else None
    below = tables[number + 1] if number + 1 < len(tables) else None
    begin = _end(above) if above and _stacked(above, table) else 0
    return range(begin, _end(table) if below and _stacked(table, below) else table.grid.height)


def _stacked(upper: FoundTable, lower: FoundTable) -> bool:
    """Whether a table stands in the same sheet below another, not beside it."""
    return upper.grid.name == lower.grid.name and _end(upper) <= lower.header.row


def _end(table: FoundTable) -> int:
    return table.rows[-1].index + 1


def unseen_rows(grid: Grid, rows: Iterable[int]) -> list[int]:
    """Those of the rows that are hidden."""
    hidden = frozenset(grid.hidden.rows)
    return [row for row in rows if grid.origin(row)[1] + 1 in hidden] if hidden else []


def unseen(table: FoundTable, rows: Sequence[FoundRow], others: Iterable[int]) -> Iterator[Told]:
    """Sentences about what is hidden of a table's ``rows``, of ``others`` around them, and of its columns."""
    grid = table.grid
    if grid.hidden == Hidden():
        return
    corner = grid.place(table.header.row, 0)
    if grid.hidden.sheet:
        yield corner, f"工作表“{grid.name}”是隐藏的，里面的表也一并检查了"
    yield from _on_rows(table, rows, others)
    yield from ((corner, sentence) for sentence in _on_columns(table, rows))


def _on_rows(table: FoundTable, rows: Sequence[FoundRow], others: Iterable[int]) -> Iterator[Told]:
    grid, own = table.grid, {row.index: row for row in rows}
    told = {row.index for row in table.rows}
    wanted = sorted({*own, *(row for row in others if row not in told)})
    found = [
        (row, inside)
        for row in unseen_rows(grid, wanted)
        if (inside := _of_target(own[row]) if row in own else _of_other(grid, row))
    ]
    for row, inside in found[:NAMED]:
        yield grid.place(row, 0), f"第 {_number(grid, row)} 行隐藏，{inside}"
    if more := [str(_number(grid, row)) for row, _ in found[NAMED:]]:
        yield grid.place(found[NAMED][0], 0), f"另有 {len(more)} 行隐藏：第 {some(more)} 行"


def _number(grid: Grid, row: int) -> int:
    return grid.origin(row)[1] + 1


def _of_target(row: FoundRow) -> str:
    v = row.values
    name = v.get("name", "") or v.get("level2", "") or v.get("level1", "")
    value = " ".join(filter(None, (v.get("comparator", ""), v.get("target", ""), v.get("unit_of_value", ""))))
    return f"里面有“{_short(name)}”" + (f"，指标值“{_short(value)}”" if value else "") + "，也一并检查了"


def _of_other(grid: Grid, row: int) -> str:
    """What stands in a row that is no target row, "" where nothing does."""
    text = " ".join(dict.fromkeys(t for column in range(grid.width) if (t := grid.own(row, column).strip())))
    return f"里面有“{_short(text)}”，不是指标行" if text else ""


def _on_columns(table: FoundTable, rows: Sequence[FoundRow]) -> Iterator[str]:
    grid, header = table.grid, table.header
    hidden = frozenset(grid.hidden.columns)
    for column in range(grid.width):
        number = column + grid.shift
        heads = range(header.row, header.below)
        if number + 1 not in hidden or not any(
            grid.own(r, column) for r in (*heads, *(r.index for r in rows))
        ):
            continue
        head = next((t for row in heads if (t := grid.text(row, column).strip())), "")
        checked = "，也一并检查了" if column in header.columns.values() else ""
        yield f"{column_letters(number)} 列{f'（{_short(head)}）' if head else ''}隐藏{checked}"


def _short(text: str) -> str:
    text = " ".join(text.replace(FORMULA, "").split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
