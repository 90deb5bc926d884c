"""Hidden rows and columns of an old workbook (xls), told by its records; the reader itself does not hand them on.

Only lengths and flags are looked at (MS-XLS: ROW, COLINFO, BOUNDSHEET); all numbers are a stranger's,
so that nothing is followed twice and nothing is looked for outside of the file.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator

from loaders.compound import stream_of
from loaders.hidden import Span, Spans

_STREAMS = ("Workbook", "Book")
_ROW, _COLUMNS, _SHEET, _BEGIN, _END, _ENCRYPTED = 0x208, 0x7D, 0x85, 0x809, 0x0A, 0x2F
_ROW_HIDDEN, _COLUMN_HIDDEN = 0x20, 0x01


def hidden_in_xls(data: bytes) -> list[Spans]:
    """Hidden rows and columns of each sheet, in the order of the book; [] where that cannot be told."""
    stream = next(filter(None, (stream_of(data, name) for name in _STREAMS)), b"")
    rows: dict[int, set[Span]] = defaultdict(set)
    columns: dict[int, set[Span]] = defaultdict(set)
    sheets: list[int] = []
    begun = depth = 0  # where the sheet at hand begins; a chart within a sheet has a beginning and an end too
    for at, kind, body in _records(stream):
        if kind == _ENCRYPTED:
            return []
        if kind == _BEGIN:
            begun, depth = (at if depth == 0 else begun), depth + 1
        elif kind == _END:
            depth = max(0, depth - 1)
        elif kind == _SHEET and len(body) >= 4:
            sheets.append(*struct.unpack_from("<I", body))
        elif depth == 1 and kind == _ROW and len(body) >= 14:
            number, flags = struct.unpack_from("<H10xH", body)
            if flags & _ROW_HIDDEN:
                rows[begun].add((number + 1, number + 1))
        elif depth == 1 and kind == _COLUMNS and len(body) >= 10:
            first, last, flags = struct.unpack_from("<HH4xH", body)
            if flags & _COLUMN_HIDDEN:
                columns[begun].add((first + 1, last + 1))
    return [Spans(rows.get(at, ()), columns.get(at, ())) for at in sheets]


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(position, kind, body) of the records that matter, up to where the stream breaks off."""
    wanted = (_ROW, _COLUMNS, _SHEET, _BEGIN, _END, _ENCRYPTED)
    at, last = 0, len(stream) - 4
    while at <= last:
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind in wanted:
            yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length
