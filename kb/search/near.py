"""Words of the index that look or sound like a query that found nothing: proposals for synonyms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from kb.search.sounds import SoundTable

_LIKE = 0.3
_SOUND = 0.6  # what the same sound is worth against the share of common characters


class NearWords:
    """The words of one index, by their characters and by their sound."""

    def __init__(self, sounds: SoundTable, frequency: Mapping[str, int]) -> None:
        self._sounds = sounds
        words = {word for found in sounds.full.values() for word in found}
        self._held = {word: frequency.get(word, 0) for word in words if len(word) > 1}
        self._by_character: dict[str, list[str]] = defaultdict(list)
        for word in self._held:
            for character in set(word):
                self._by_character[character].append(word)

    def find(self, query: str, limit: int) -> tuple[str, ...]:
        """At most ``limit`` words, nearest first; the query itself is none of them."""
        own = query.replace(" ", "")
        shared = Counter(word for c in set(own) for word in self._by_character.get(c, ()))
        points = {word: 2 * n / (len(set(own)) + len(set(word))) for word, n in shared.items()}
        for word, likeness in points.items():
            if _pairs(word) & _pairs(own):
                points[word] = likeness + 0.2
        for word in self._sounding(own):
            points[word] = points.get(word, 0.0) + _SOUND
        good = [(likeness, word) for word, likeness in points.items() if likeness >= _LIKE and word != own]
        ranked = sorted(good, key=lambda item: (-item[0], -self._held.get(item[1], 0), item[1]))
        return tuple(word for _, word in ranked[:limit])

    def _sounding(self, query: str) -> list[str]:
        sound = self._sounds.sound(query)
        return [*self._sounds.full.get(sound, ()), *self._sounds.initials.get(sound, ())][:20]


def _pairs(word: str) -> set[str]:
    return {word[i : i + 2] for i in range(len(word) - 1)}
