"""Other words for a word, with how far they may stand for it, and the pairs that must stay apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from indicators.choices import Strength
from indicators.model import SynonymGroup
from kb.search.text import fold


@dataclass(frozen=True, slots=True)
class Expansion:
    """Another word for a query word; ``why`` says it as users read it: ``同义：村里→农村``."""

    word: str
    strength: Strength
    why: str


_LABELS = {Strength.SAME: "同义", Strength.NEAR: "近义", Strength.RELATED: "相关"}
_ORDER = {Strength.SAME: 0, Strength.NEAR: 1, Strength.RELATED: 2}


class Synonyms:
    """Synonym groups ready for look-up."""

    def __init__(self, groups: Iterable[SynonymGroup]) -> None:
        self._found: dict[str, dict[str, Strength]] = defaultdict(dict)
        groups = tuple(groups)
        barred = _barred(groups)
        for group in groups:
            words = list(dict.fromkeys(map(fold, (group.name, *group.words))))
            for word in words:
                for other in words:
                    if other != word and other not in barred.get(word, ()):
                        self._add(word, other, group.strength)
        self.words = frozenset(self._found)

    def expand(self, word: str) -> tuple[Expansion, ...]:
        """Other words for a normal word, strongest first; () where there is none."""
        found = self._found.get(word)
        if not found:
            return ()
        ordered = sorted(found.items(), key=lambda item: _ORDER[item[1]])
        return tuple(Expansion(w, s, f"{_LABELS[s]}：{word}→{w}") for w, s in ordered)

    def _add(self, word: str, other: str, strength: Strength) -> None:
        known = self._found[word].get(other)
        if known is None or _ORDER[strength] < _ORDER[known]:
            self._found[word][other] = strength


def _barred(groups: Iterable[SynonymGroup]) -> Mapping[str, set[str]]:
    """Words that may never stand for a word, both ways, with all that mean the same as either."""
    same: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        if group.strength is Strength.SAME:
            words = set(map(fold, (group.name, *group.words)))
            for word in words:
                same[word] |= words
    barred: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        own = {w for word in (group.name, *group.words) for w in {fold(word), *same[fold(word)]}}
        if group.strength is Strength.RELATED:
            own = {fold(group.name), *same[fold(group.name)]}
        for other, _ in group.not_same:
            others = {fold(other), *same[fold(other)]} - own
            for word in own:
                barred[word] |= others
            for word in others:
                barred[word] |= own
    return barred
