"""One spelling for all text: width, case, traditional characters; with a way back to the original.

Every character is normalised on its own, so that a fragment of a text always normalises to a
fragment of the normal text: that is what makes "any fragment finds its record" provable.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

VERSION = "1"
"""Raise it when the normal form of anything changes: indexes are then rebuilt."""

# CJK unified ideographs, extension A and the compatibility block: where traditional forms live.
_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))


@dataclass(frozen=True, slots=True)
class Normal:
    """A normalised text; ``starts[i]`` is where character i came from, None where nothing moved."""

    text: str
    length: int
    starts: tuple[int, ...] | None = None

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The [start, end) in the original text that a [start, end) of the normal text came from.

        A range within one expanded character (``㎡`` → ``m2``) covers that whole character.
        """
        if self.starts is None:
            return start, end
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else self.length
            return place, place
        return self.starts[start], self.starts[end - 1] + 1


def normalise(text: str) -> Normal:
    """Normal form of a text: NFKC, lower case, simplified, without control and zero-width characters.

    White space of any kind becomes a blank; marks that sit on a letter are dropped.
    """
    table = _table()
    normal = text.translate(table)
    if table.uneven.isdisjoint(text):
        return Normal(normal, len(text))
    starts: list[int] = []
    for place, character in enumerate(text):
        starts.extend([place] * len(character.translate(table)))
    return Normal(normal, len(text), tuple(starts))


def fold(text: str) -> str:
    """The normal text alone, where no way back is needed."""
    return text.translate(_table())


class _Table(dict[int, str]):
    """Translation table that learns each character when it first meets it."""

    def __init__(self, simplified: dict[str, str]) -> None:
        super().__init__()
        self.simplified = simplified
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        normal = self._normal(character)
        if len(normal) != 1:
            self.uneven.add(character)
        self[code] = normal
        return normal

    def _normal(self, character: str) -> str:
        if character.isspace():
            return " "
        parts = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).lower())
        if any(unicodedata.combining(c) for c in unicodedata.normalize("NFKD", parts)):
            parts = unicodedata.normalize("NFKD", parts)
        kept = (" " if c.isspace() else c for c in parts if unicodedata.category(c) not in _DROPPED)
        return "".join(self.simplified.get(c, c) for c in kept)


# Controls, format characters (zero width, direction), surrogates, and marks that combine.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Mn", "Me"})


@cache
def _table() -> _Table:
    return _Table(_simplified())


def _simplified() -> dict[str, str]:
    """Traditional -> simplified, one character to one, from zhconv's table.

    All characters go through the converter in one call, each on a line of its own, so that
    its phrase rules (乾隆, 瞭望) cannot apply and every character has one fixed answer.
    """
    import zhconv_rs

    characters = [chr(code) for low, high in _HAN_BLOCKS for code in range(low, high)]
    converted = zhconv_rs.zhconv("\n".join(characters), "zh-hans").split("\n")
    if len(converted) != len(characters):  # pragma: no cover - another zhconv that eats lines
        converted = [zhconv_rs.zhconv(c, "zh-hans") for c in characters]
    pairs = zip(characters, converted, strict=True)
    table = {a: b for a, b in pairs if a != b and len(b) == 1}
    # Chains (A -> B -> C) are followed so that normalising twice changes nothing.
    return {a: table.get(b, b) for a, b in table.items()}
