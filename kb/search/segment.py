"""Words of a text: every dictionary word in it, found by jieba or, where installed, rjieba.

The index takes all words that occur (jieba's full mode), not one best cut: whether a word is
found then depends on the text alone, never on what stands around it. Queries are cut by
``Lexicon`` over the words the index knows, so that asking never loads jieba's dictionary.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

LATIN = re.compile(r"[a-z0-9]+(?:[.\-+/][a-z0-9]+)*")
"""Words outside Han: ``pm2.5``, ``ppp``, ``h7n9``."""
_HAN = re.compile("[\u3400-\u9fff]+")
_WORD_LIMIT = 16
_FREQUENCY = 1000


class Segmenter(Protocol):
    """What the index needs of a word finder."""

    name: str

    def words(self, text: str) -> list[str]:
        """All dictionary words of two and more characters in a normal text, with repeats."""
        ...


def segmenter(words: Iterable[str], engine: str = "") -> Segmenter:
    """A Segmenter over jieba's dictionary and these words.

    ``engine`` is "jieba" or "rjieba"; by default rjieba where it is installed (the same words,
    an order of magnitude faster). Raises ImportError for an engine that is not there.
    """
    if engine != "jieba":
        try:
            return _Rjieba(words)
        except ImportError:
            if engine:
                raise
    return _Jieba(words)


def dictionary_words(words: Iterable[str]) -> list[str]:
    """The words that a dictionary can hold: Han only, two to sixteen characters, sorted, once each."""
    return sorted({w for w in words if 2 <= len(w) <= _WORD_LIMIT and _HAN.fullmatch(w)})


def fingerprint(words: Iterable[str]) -> str:
    """Identifies a domain dictionary; jieba and rjieba are one engine by proof of a test."""
    return hashlib.sha256("\n".join(["full-mode-1", *dictionary_words(words)]).encode()).hexdigest()


class _Jieba:
    name = "jieba"

    def __init__(self, words: Iterable[str]) -> None:
        import logging

        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._cut: Any = jieba.Tokenizer()
        for word in dictionary_words(words):
            self._cut.add_word(word, _FREQUENCY)

    def words(self, text: str) -> list[str]:
        return [w for w in self._cut.cut(text, cut_all=True) if len(w) > 1 and w[0] >= "\u3400"]


class _Rjieba:
    name = "rjieba"

    def __init__(self, words: Iterable[str]) -> None:
        import rjieba

        self._cut: Any = rjieba.Jieba()
        for word in dictionary_words(words):
            self._cut.add_word(word, _FREQUENCY, "n")

    def words(self, text: str) -> list[str]:
        return [w for w in self._cut.cut_all(text) if len(w) > 1 and w[0] >= "\u3400"]


class Lexicon:
    """Cuts a query into words the index knows; the rest comes out as unknown characters.

    The best cut is the likeliest by the words' frequencies in the index (the same rule as
    jieba's); long domain words win because one word is likelier than two.
    """

    def __init__(self, frequency: Mapping[str, int]) -> None:
        self.frequency = frequency
        self._total = math.log(max(2, sum(frequency.values())))
        self._longest = min(_WORD_LIMIT, max(map(len, frequency), default=1))

    def __contains__(self, word: str) -> bool:
        return word in self.frequency

    def cut(self, text: str, without: str = "") -> list[str]:
        """Words and single unknown characters of a run of text, in order; joined they give the text.

        ``without`` is a word not to use.
        """
        size = len(text)
        best = [0.0] * (size + 1)
        step = [1] * (size + 1)
        for start in range(size - 1, -1, -1):
            best[start], step[start] = best[start + 1] - self._total - 3.0, 1
            for length in range(2, min(self._longest, size - start) + 1):
                word = text[start : start + length]
                count = self.frequency.get(word)
                if count is None or word == without:
                    continue
                chance = best[start + length] + math.log(count) - self._total
                if chance > best[start]:
                    best[start], step[start] = chance, length
        words, place = [], 0
        while place < size:
            words.append(text[place : place + step[place]])
            place += step[place]
        return words

    def inside(self, word: str) -> list[str]:
        """The words that a longer word falls into, without single characters."""
        return [part for part in self.cut(word, without=word) if len(part) > 1] if len(word) > 2 else []
