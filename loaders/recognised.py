"""What was seen on a page's image as tables and lines of text; every cell keeps how surely it was recognised. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from loaders.grid import Grid, Range, make_grid
from loaders.ocr import Seen
from loaders.pdf_plain import Word, plain_tables
from loaders.ruled import RuledTable

_POINTS = 72
_SPLIT_SURE = 0.6
_EDGE = 8.0


@dataclass(frozen=True, slots=True)
class Page:
    """A recognised page: its tables, and the lines of text outside of them."""

    grids: tuple[Grid, ...]
    lines: tuple[str, ...]


def page_of(number: int, seen: Sequence[Seen], tables: Sequence[RuledTable], dpi: float) -> Page:
    """Tables with lines by their lines; where there are none, words under a header row."""
    grids: list[Grid] = []
    rest = list(seen)
    for table in tables:
        inside = [s for s in rest if table.cell(*_middle(s)) is not None]
        rest = [s for s in rest if table.cell(*_middle(s)) is None]
        grid = _ruled(f"第{number}页", table, inside)
        if grid.height:
            grids.append(replace(grid, caption=_caption(rest, table)))
    lines = _lines(rest)
    if not grids:
        grids += _plain(f"第{number}页", rest, dpi)
    return Page(tuple(grids), tuple("".join(s.text for s in line) for line in lines))


def _middle(seen: Seen) -> tuple[float, float]:
    return (seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2


def _caption(seen: Iterable[Seen], table: RuledTable) -> tuple[str, ...]:
    above = [s for s in seen if s.bottom <= table.rows[0] + 2]
    return tuple(
        "".join(s.text for s in line) for line in _lines(above)[-3:] if sum(len(s.text) for s in line) <= 60
    )


def _ruled(name: str, table: RuledTable, seen: Iterable[Seen]) -> Grid:
    owner = {
        (r, c): a
        for a in table.merged
        for r in range(a.top, a.bottom + 1)
        for c in range(a.left, a.right + 1)
    }
    cells: dict[tuple[int, int], list[Seen]] = {}
    for part in (p for s in seen for p in _split(s, table, owner)):
        at = table.cell(*_middle(part))
        if at is not None:
            area = owner.get(at, Range(*at, *at))
            cells.setdefault((area.top, area.left), []).append(part)
    rows = [
        [_joined(cells.get((r, c), [])) for c in range(len(table.columns) - 1)]
        for r in range(len(table.rows) - 1)
    ]
    sure = {at: min(s.sure for s in found) for at, found in cells.items()}
    return replace(make_grid(name, rows, table.merged, addressed=False), sureness=sure, _owner={})


def _split(seen: Seen, table: RuledTable, owner: dict[tuple[int, int], Range]) -> list[Seen]:
    """A run that reaches over a line between two cells, cut there by the widths of its characters."""
    at = table.cell(*_middle(seen))
    if at is None:
        return []
    row = at[0]
    cuts = [
        x
        for n, x in enumerate(table.columns[1:-1], 1)
        if seen.left + _EDGE < x < seen.right - _EDGE and owner.get((row, n), Range(row, n, row, n)).left == n
    ]
    if not cuts:
        return [seen]
    widths = [1.0 if c > "\u2e7f" else 0.55 for c in seen.text]
    scale = (seen.right - seen.left) / sum(widths)
    parts: list[Seen] = []
    begin, x = 0, seen.left
    edges = [*cuts, seen.right + 1]
    left = seen.left
    for n, width in enumerate(widths):
        x += width * scale
        if x - width * scale / 2 > edges[len(parts)]:
            parts.append(
                replace(
                    seen,
                    text=seen.text[begin:n],
                    left=left,
                    right=edges[len(parts)] - 1,
                    sure=min(seen.sure, _SPLIT_SURE),
                )
            )
            begin, left = n, edges[len(parts) - 1] + 1
    parts.append(replace(seen, text=seen.text[begin:], left=left, sure=min(seen.sure, _SPLIT_SURE)))
    return [p for p in parts if p.text]


def _joined(seen: Sequence[Seen]) -> str:
    """Text of a cell: its lines one after the other, a blank only between Latin words."""
    text = ""
    for line in _lines(seen):
        for part in line:
            text += (
                " " if re.search(r"[A-Za-z]$", text) and re.match(r"[A-Za-z]", part.text) else ""
            ) + part.text
    # Brackets of one pair are of one width: recognition mixes them up.
    return re.sub(r"（([^（）()]*)\)|\(([^（）()]*)）", lambda m: f"（{m[1] or m[2] or ''}）", text)


def _lines(seen: Iterable[Seen]) -> list[list[Seen]]:
    """Runs in lines from the top, each from the left: one begins a line where its middle is under all before it."""
    lines: list[list[Seen]] = []
    for s in sorted(seen, key=lambda s: (s.top + s.bottom) / 2):
        if lines and _middle(s)[1] < max(o.bottom for o in lines[-1]) - (s.bottom - s.top) * 0.35:
            lines[-1].append(s)
        else:
            lines.append([s])
    return [sorted(line, key=lambda s: s.left) for line in lines]


def _plain(name: str, seen: Sequence[Seen], dpi: float) -> list[Grid]:
    """Tables without lines. Words of a line get one height: boxes of 一 and of 产 begin at different ones."""
    scale = _POINTS / dpi
    words = [
        Word(s.text, s.left * scale, s.right * scale, min(_middle(o)[1] for o in line) * scale, s.sure)
        for line in _lines(seen)
        for s in line
    ]
    grids = []
    for rows in plain_tables(words):
        grid = make_grid(
            name, [["".join(w.text for w in cell) for cell in row] for row in rows], addressed=False
        )
        sure = {
            (r, c): min(w.sure for w in cell)
            for r, row in enumerate(rows)
            for c, cell in enumerate(row)
            if cell
        }
        grids.append(replace(grid, sureness=sure, _owner={}))
    return grids
