"""Streams of a compound file (MS-CFB, the shell of xls): one whole stream by its name, bounded by the file itself."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = 512
_ENTRY = 128
_ROOT, _STREAM = 5, 2
_SMALL_SECTOR = 64
_LAST_SECTOR = 0xFFFFFFFA
"""Numbers from here on are marks (free, end of chain, table), no sectors."""


def stream_of(data: bytes, name: str) -> bytes:
    """Bytes of a stream, b"" where the file has none of that name or is broken."""
    try:
        return _File(data).stream(name)
    except (struct.error, ValueError, IndexError):
        return b""


class _File:
    """A compound file: its sectors, the table that chains them, its directory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        shift, first = struct.unpack_from("<30xH16xI", data)
        self._small_most, self._small_first = struct.unpack_from("<56xII", data)
        if not data.startswith(_MAGIC) or shift not in (9, 12):
            raise ValueError("no compound file")
        self._size = 1 << shift
        self._sectors, self._each = len(data) >> shift, self._size // 4
        self._next = self._numbers(self._tables())
        self._directory = self._chained(first)

    def stream(self, name: str) -> bytes:
        """A stream by its name, b"" where there is none."""
        wanted = name.encode("utf-16-le")
        root, found = None, None
        for at in range(0, len(self._directory) - _ENTRY + 1, _ENTRY):
            length, kind, start, size = struct.unpack_from("<64xHB49xII", self._directory, at)
            if kind == _ROOT and root is None:
                root = start
            if kind == _STREAM and self._directory[at : at + max(0, length - 2)] == wanted:
                found = found or (start, size)
        if found is None:
            return b""
        start, size = found
        if size >= self._small_most or root is None:
            return self._chained(start)[:size]
        return self._small(root, start)[:size]

    def _small(self, root: int, start: int) -> bytes:
        """A stream of small sectors, which lie within the root's own stream."""
        within = self._chained(root)
        most = len(self._data) // _SMALL_SECTOR // self._each + 1
        chain = self._numbers(islice(self._chain(self._small_first, self._next), most))
        parts = (within[n * _SMALL_SECTOR : (n + 1) * _SMALL_SECTOR] for n in self._chain(start, chain))
        return b"".join(parts)

    def _tables(self) -> list[int]:
        """Sectors that hold the table of chains: those named in the header, then those named in sectors of their own."""
        first, more = struct.unpack_from("<68xII", self._data)
        found = [n for n in struct.unpack_from("<109I", self._data, 76) if n < _LAST_SECTOR]
        most = self._sectors // self._each + 1
        while more and first < _LAST_SECTOR and len(found) < most:
            *names, first = struct.unpack(f"<{self._each}I", self._sector(first))
            found += [n for n in names if n < _LAST_SECTOR]
            more -= 1
        return found[:most]

    def _numbers(self, sectors: Iterable[int]) -> Sequence[int]:
        table = b"".join(self._sector(n) for n in sectors)
        return struct.unpack(f"<{len(table) // 4}I", table)

    def _chained(self, start: int) -> bytes:
        return b"".join(self._sector(n) for n in self._chain(start, self._next))

    @staticmethod
    def _chain(start: int, following: Sequence[int]) -> Iterator[int]:
        """Sectors from the first on; a chain that bites its tail is longer than the table and broken off."""
        for _ in range(len(following)):
            if start >= _LAST_SECTOR:
                return
            yield start
            start = following[start]

    def _sector(self, number: int) -> bytes:
        begin = _HEADER if self._size == _HEADER else self._size
        begin += number * self._size
        found = self._data[begin : begin + self._size]
        return found.ljust(self._size, b"\0")
