"""Tables that stand in plain text: one cell a line, or cells between tabs, amid paragraphs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from loaders.grid import Grid, make_grid
from loaders.mapping import known_header

_GRADES = frozenset("优良中差")
_CAPTION = 60
_FEWEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of a document: its text, its number from 1, its page (0: pages are not known)."""

    text: str
    number: int
    page: int = 0


def split_text(text: str) -> tuple[list[Grid], list[Line]]:
    """Tables of a text and the lines that belong to none."""
    raw = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n").split("\n")
    )
    grids: list[Grid] = []
    lines: list[Line] = []
    at = 0
    while at < len(raw):
        end, rows = _table_at(raw, at)
        if rows:
            grid = make_grid(f"表{len(grids) + 1}", rows, addressed=False)
            grids.append(replace(grid, caption=_caption(lines)))
            at = end
            continue
        if raw[at].strip():
            lines.append(Line(raw[at].strip(), at + 1))
        at += 1
    return [g for g in grids if g.height], lines


def _caption(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(line.text for line in lines[-3:] if len(line.text) <= _CAPTION)


def _table_at(raw: Sequence[str], at: int) -> tuple[int, list[list[str]]]:
    for read in (_cells_in_blocks, _cells_between_tabs, _cells_in_lines):
        end, rows = read(raw, at)
        if rows:
            return end, rows
    return at, []


def _cells_in_blocks(raw: Sequence[str], at: int) -> tuple[int, list[list[str]]]:
    """Rows as blocks of lines that begin with a tab, one cell a line, blank lines between rows."""
    rows: list[list[str]] = []
    block: list[str] = []
    n = at
    for n in range(at, len(raw) + 1):
        line = raw[n] if n < len(raw) else "end"
        if line.startswith("\t") and "\t" not in line.strip("\t"):
            block.append(line.strip())
            continue
        if block:
            rows.append(block)
            block = []
        if line.strip():
            break
    if len(rows) < 2 or len(rows[0]) < 2 or not any(known_header(cell) for cell in rows[0]):
        return at, []
    return n, rows


def _cells_between_tabs(raw: Sequence[str], at: int) -> tuple[int, list[list[str]]]:
    """Rows as lines with tabs inside."""
    rows: list[list[str]] = []
    n = at
    while n < len(raw) and "\t" in raw[n].strip():
        rows.append(raw[n].split("\t"))
        n += 1
    return (n, rows) if len(rows) > 1 else (at, [])


def _cells_in_lines(raw: Sequence[str], at: int) -> tuple[int, list[list[str]]]:
    """Rows as runs of lines under header lines that are known names; blank cells may be missing."""
    head: list[str] = []
    n = at
    while n < len(raw) and len(head) < 12:
        text = raw[n].strip()
        if text and not known_header(text):
            break
        head += [text] if text else []
        n += 1
    if len(head) < _FEWEST_COLUMNS:
        return at, []
    cells: list[str] = []
    end = n
    for end in range(n, len(raw) + 1):
        text = raw[end].strip() if end < len(raw) else ""
        if end == len(raw) or len(text) > _CAPTION or "。" in text:
            break
        cells += [text] if text else []
    rows = list(_dealt(cells, head))
    return (end, [head, *rows]) if rows else (at, [])


def _dealt(cells: Sequence[str], head: Sequence[str]) -> Iterator[list[str]]:
    """Cells dealt to rows: a grade ends a row where the last column is one, else by count."""
    graded = known_header(head[-1]) == "grade"
    if not graded:
        if len(cells) % len(head) == 0:
            yield from (list(cells[i : i + len(head)]) for i in range(0, len(cells), len(head)))
        return
    row: list[str] = []
    for cell in cells:
        row.append(cell)
        if cell in _GRADES:
            yield _aligned(row, head)
            row = []


def _aligned(row: list[str], head: Sequence[str]) -> list[str]:
    """A row with fewer cells than columns: a number stays first, the rest stands right."""
    missing = [""] * (len(head) - len(row))
    if re.fullmatch(r"\d+", row[0]) and known_header(head[0]) == "number":
        return [row[0], *missing, *row[1:]]
    return [*missing, *row]
