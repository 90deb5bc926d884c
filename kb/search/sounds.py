"""Pinyin: how the index's words sound, in full and by initials; homophones of a word.

The table is made when the index is built and kept with it, so that a search loads no pinyin
library. A character with several readings gets the one its word asks for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

import msgspec

_HAN = re.compile("[\u3400-\u9fff]")
_HAN_WORD = re.compile("[\u3400-\u9fff]{2,14}")
# Characters whose reading depends on the word: only words with one of them go through the slow way.
_MANY = frozenset(
    "重长行调率会还都降朝乐藏传弹单得地的着了好和合卡空模难宁泊强切塞省石识似宿提种中转参差车称盛乘数属术什系校血咽要应载择曾扎占涨正只壮拆"
)


class _Content(msgspec.Struct, frozen=True):
    full: dict[str, list[str]]
    initials: dict[str, list[str]]
    characters: dict[str, str]


class SoundTable:
    """Words by their sound. ``full``: ``dibao``; ``initials``: ``sgjf``. Likelier words come first."""

    def __init__(
        self, full: Mapping[str, list[str]], initials: Mapping[str, list[str]], characters: Mapping[str, str]
    ) -> None:
        self.full, self.initials, self._characters = full, initials, characters
        self._longest = max(map(len, full), default=0)
        self._full_keys, self._initial_keys = sorted(full), sorted(initials)

    @classmethod
    def build(cls, words: Iterable[str], characters: Iterable[str]) -> SoundTable:
        """Table over words (best first) and the sound of each character."""
        full: dict[str, list[str]] = defaultdict(list)
        initials: dict[str, list[str]] = defaultdict(list)
        for word in words:
            if _HAN_WORD.fullmatch(word):
                syllables = _syllables(word)
                full["".join(syllables)].append(word)
                initials["".join(s[0] for s in syllables)].append(word)
        return cls(full, initials, {c: _syllable(c) for c in characters if _HAN.match(c)})

    @classmethod
    def of_words(
        cls, words: Sequence[str], labels: Collection[str], frequency: Mapping[str, int]
    ) -> SoundTable:
        """Pinyin of vocabulary words and of words in names, aliases and keywords, likeliest first."""
        known = set(words)

        def order(word: str) -> tuple[bool, int, str]:
            return word not in frequency, -(frequency.get(word, 0) + 20 * (word in known)), word

        return cls.build(sorted(known | set(labels), key=order), set("".join(frequency)))

    @classmethod
    def load(cls, content: bytes) -> SoundTable:
        """The table that ``dump`` gave."""
        read = msgspec.msgpack.decode(content, type=_Content)
        return cls(read.full, read.initials, read.characters)

    def dump(self) -> bytes:
        """The table as bytes."""
        content = _Content(dict(self.full), dict(self.initials), dict(self._characters))
        return msgspec.msgpack.encode(content)

    def sound(self, text: str) -> str:
        """Sound of a text, character by character; others stand for themselves."""
        return "".join(self._characters.get(c, c) for c in text)

    def homophones(self, word: str) -> list[str]:
        """Other words with the sound of a word."""
        return [w for w in self.full.get(self.sound(word), ()) if w != word]

    def starting(self, letters: str, limit: int) -> list[str]:
        """Words whose full pinyin or initials begin with these letters, full pinyin first."""
        found: dict[str, None] = {}
        for table, keys in ((self.full, self._full_keys), (self.initials, self._initial_keys)):
            place = bisect_left(keys, letters)
            for key in keys[place : place + limit]:
                if not key.startswith(letters):
                    break
                found.update(dict.fromkeys(table[key][:3]))
        return list(found)[:limit]

    def read(self, letters: str, full: bool = False) -> tuple[str, ...]:
        """Words that a run of letters spells: in full, as initials, or in full one after the other.

        ``full`` leaves initials out. () where it spells nothing.
        """
        whole = self.full.get(letters) or (not full and len(letters) > 1 and self.initials.get(letters))
        if whole:
            return (whole[0],)
        return self._split(letters) if 4 <= len(letters) <= 60 else ()

    def _split(self, letters: str) -> tuple[str, ...]:
        """The fewest words whose full pinyin, one after the other, is this run."""
        size = len(letters)
        best: list[tuple[int, tuple[str, ...]] | None] = [None] * (size + 1)
        best[size] = (0, ())
        for start in range(size - 1, -1, -1):
            for end in range(start + 2, min(size, start + self._longest) + 1):
                rest, words = best[end], self.full.get(letters[start:end])
                if rest is None or not words:
                    continue
                found = (rest[0] + 1, (words[0], *rest[1]))
                if best[start] is None or found[0] < best[start][0]:  # type: ignore[index]
                    best[start] = found
        return best[0][1] if best[0] else ()


def _syllables(word: str) -> list[str]:
    if _MANY.isdisjoint(word):
        return [_syllable(c) for c in word]
    return list(_spoken(word))


@cache
def _syllable(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    sounds: list[str] = lazy_pinyin(character, style=Style.NORMAL)
    return sounds[0] or character


@cache
def _spoken(word: str) -> tuple[str, ...]:
    from pypinyin import Style, lazy_pinyin

    return tuple(s or "?" for s in lazy_pinyin(word, style=Style.NORMAL))
