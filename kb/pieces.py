"""Likeness of short Chinese texts by the pieces of two to four characters they share.

Rare pieces count more than common ones; no dictionary is needed, so names of places, trades and
machines that no dictionary holds count like any other word.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter

from kb.search.text import fold

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LENGTHS = (2, 3, 4)
_NOISE = re.compile(
    r"平方米|平方公里|立方米|公里|万元|亿元|受益|投资|完工|\d+年(度)?|第[一二三四五六七八九十]+批|项目|工程|资金|经费|补助|专项|工作|建设|中央|省级|市级|县级|区级|年度"
)
_SHORT = 25.0
"""Least weight of a whole text: one common word that makes up a text must not make likeness."""

_LONG = 30
"""A text of pages is compared as if it were this long: what it says besides must not hide what it is."""


def pieces(text: str) -> list[str]:
    """Pieces of two to four Han characters of a text, words that say nothing of a project left out."""
    return [
        run[start : start + length]
        for run in _HAN.findall(_NOISE.sub(" ", fold(text)))
        for length in _LENGTHS
        for start in range(len(run) - length + 1)
    ]


def shared_words(text: str, other: str, most: int = 3) -> list[str]:
    """The longest pieces two texts share, none inside another."""
    folded = fold(text)
    shared = sorted(set(pieces(text)) & set(pieces(other)), key=lambda p: (-len(p), folded.find(p)))
    kept: list[str] = []
    for piece in shared:
        place = folded.find(piece)
        overlaps = any(piece[:-1] in k or piece[1:] in k for k in kept) if len(piece) > 2 else False
        if not overlaps and not any(piece in k for k in kept) and len(kept) < most and place >= 0:
            kept.append(piece)
    return kept


def overlap(subject: str, text: str, common: Collection[str] = ()) -> float:
    """Share (0..1) of a subject's pieces that stand in a text, longer ones counting more.

    Pieces of ``common`` say nothing, unless the subject has no others.
    """
    everything = set(pieces(subject))
    wanted = {p for p in everything if p not in common} or everything
    if not wanted:
        return 0.0
    held = set(pieces(text))
    return sum(len(p) - 1 for p in wanted & held) / sum(len(p) - 1 for p in wanted)


class PieceIndex:
    """Which texts hold which pieces, rare pieces counting more; likeness is a weighted share."""

    def __init__(self, texts: Iterable[Sequence[tuple[str, float]]]) -> None:
        # Text, weight, text, weight and so on: pairs would be a million objects more.
        self._postings: dict[str, list[float]] = defaultdict(list)
        self.size = 0
        for number, fields in enumerate(texts):
            weights: dict[str, float] = {}
            for text, weight in sorted(fields, key=itemgetter(1)):  # the greatest weight of a piece stays
                weights |= dict.fromkeys(pieces(text), weight)
            for piece, weight in weights.items():
                self._postings[piece] += number, weight
            self.size = number + 1

    def scores(self, text: str) -> dict[int, float]:
        """Likeness of each text that shares a piece with ``text``; the whole of it would be about 1."""
        wanted = set(pieces(text))
        found: Counter[int] = Counter()
        total = 0.0
        for piece in wanted:
            weight = self._weight(piece)
            total += weight
            posted = iter(self._postings.get(piece, ()))
            for number, share in zip(posted, posted, strict=True):
                found[number] += weight * share  # type: ignore[assignment,index]
        whole = max(_SHORT, total * min(1.0, _LONG / max(1, len(text))))
        return {n: min(1.0, score / whole) for n, score in found.items()}

    def _weight(self, piece: str) -> float:
        seen = len(self._postings.get(piece, ())) // 2
        return (len(piece) - 1) * math.log(1 + self.size / (1 + seen)) if seen else 0.3 * (len(piece) - 1)
