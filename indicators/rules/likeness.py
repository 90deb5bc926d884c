"""How alike two names are, by the pairs of characters they share."""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNS = re.compile(r"[\s“”‘’《》【】()（）、，,。；;：:★\"'·—/-]")
_FILLERS = re.compile(r"数量$|人数$|个数$|数$|情况$|指标$")


@lru_cache(maxsize=20000)
def pairs(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters, signs left out; a single character is its own pair."""
    bare = _SIGNS.sub("", text)
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1)) or frozenset({bare} - {""})


def likeness(a: str, b: str) -> float:
    """Share of pairs that two texts have in common (Dice), 0..1."""
    one, two = pairs(a), pairs(b)
    if not one or not two:
        return 0.0
    return 2 * len(one & two) / (len(one) + len(two))


def plain(name: str) -> str:
    """A name without signs and without 数量, 人数, 数 and the like at its end."""
    return _FILLERS.sub("", _SIGNS.sub("", name)) or name
