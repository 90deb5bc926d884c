"""A file that was read, as bytes and back: what a reading process hands over and what is kept beside an upload.

MessagePack with the types of our own values: nothing in it is ever executed, whoever made the file.
"""

from __future__ import annotations

import msgspec

from indicators.candidate import Candidate
from indicators.model import RECORD_TYPES, Kind
from loaders.loading import LoadedFile
from loaders.reading import Contents
from loaders.records import LoadedTable


class _Ready(msgspec.Struct, frozen=True):
    kind: Kind
    body: bytes
    given: frozenset[str]
    place: str
    row: int


class _Kept(msgspec.Struct, frozen=True):
    file: str
    digest: str
    tables: tuple[LoadedTable, ...]
    year: int | None
    ready: tuple[_Ready, ...]
    found: int
    warnings: tuple[str, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


def pack(file: LoadedFile) -> bytes:
    """A file that was read as bytes; its grids and lines are left out, nobody asks for them again."""
    ready = tuple(
        _Ready(c.record.kind, msgspec.json.encode(c.record), c.given, c.place, c.row) for c in file.ready
    )
    warnings = file.contents.warnings
    return _encoder.encode(_Kept(file.file, file.digest, file.tables, file.year, ready, file.found, warnings))


def unpack(data: bytes) -> LoadedFile:
    """What ``pack`` was given. Raises msgspec.DecodeError where the bytes are something else."""
    kept = _decoder.decode(data)
    ready = tuple(
        Candidate(msgspec.json.decode(r.body, type=RECORD_TYPES[r.kind]), r.given, r.place, r.row)
        for r in kept.ready
    )
    contents = Contents((), warnings=kept.warnings)
    return LoadedFile(kept.file, kept.digest, kept.tables, contents, kept.year, ready, kept.found)
