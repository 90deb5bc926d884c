"""Word documents (docx) to grids and paragraphs."""

from __future__ import annotations

import io
from dataclasses import replace

import docx
from docx.document import Document
from docx.oxml.table import CT_Tbl, CT_Tc
from docx.table import Table

from loaders.errors import DamagedFileError
from loaders.grid import Grid, Range, make_grid

_CAPTION_LINES, _LONGEST_CAPTION = 4, 60


def read_word(name: str, data: bytes) -> tuple[list[Grid], list[str]]:
    """Tables of a document in order (nested ones after their table), and its paragraphs.

    A table has as caption the short lines right above it. Raises a FileError.
    """
    try:
        document: Document = docx.Document(io.BytesIO(data))
        above = _above(document)
        grids = [
            replace(_grid(n, table), caption=above[table._tbl][0], follows=above[table._tbl][1])
            if table._tbl in above
            else _grid(n, table)
            for n, table in enumerate(_tables(document), 1)
        ]
        paragraphs = [p.text.strip() for p in document.paragraphs if p.text.strip()]
    except Exception as error:  # a foreign parser on bytes from outside: a mutated file raises anything
        raise DamagedFileError(name, str(error)[:120] or "Word 结构不完整") from error
    return [g for g in grids if g.height], paragraphs


def _above(document: Document) -> dict[CT_Tbl, tuple[tuple[str, ...], bool]]:
    """For each table of the body the last short lines above it, and whether it touches a table there."""
    found: dict[CT_Tbl, tuple[tuple[str, ...], bool]] = {}
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            found[block._tbl] = (tuple(lines[-_CAPTION_LINES:]), bool(found) and not lines)
            lines = []
        elif text := block.text.strip():
            lines = [*lines, text] if len(text) <= _LONGEST_CAPTION else []
    return found


def _tables(document: Document) -> list[Table]:
    found = []
    waiting = list(document.tables)
    while waiting:
        table = waiting.pop(0)
        found.append(table)
        seen = {cell._tc: cell for row in table.rows for cell in row.cells}
        waiting = [inner for cell in seen.values() for inner in cell.tables] + waiting
    return found


def _grid(number: int, table: Table) -> Grid:
    rows: list[list[str]] = []
    # Keyed by the elements themselves: they stay alive so long, and their identity with them.
    corners: dict[CT_Tc, tuple[int, int]] = {}
    ends: dict[CT_Tc, tuple[int, int]] = {}
    for r, row in enumerate(table.rows):
        texts = []
        start = row.grid_cols_before
        texts += [""] * start
        for c, cell in enumerate(row.cells, start):
            key = cell._tc
            first = key not in corners
            corners.setdefault(key, (r, c))
            ends[key] = (r, max(c, ends.get(key, (r, c))[1]))
            texts.append(cell.text if first else "")
        rows.append(texts)
    merged = [Range(*corners[key], *ends[key]) for key in corners if corners[key] != ends[key]]
    return make_grid(f"表{number}", rows, merged, addressed=False)
