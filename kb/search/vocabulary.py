"""The words the engine knows beyond jieba's: domain terms, synonym words, names, sectors' everyday names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indicators.model import SynonymGroup
from indicators.shipped import CATALOGUE
from kb.search import segment
from kb.search.text import fold

FOLDER = CATALOGUE / "vocabulary"
"""Word lists that ship with the catalogue: ``_terms.txt`` and ``_sectors.txt``."""

NAME_LIMIT = 8
"""Longer names are found by their words; they are no words of their own."""


@dataclass(frozen=True)
class Vocabulary:
    """Synonym groups, terms, names, and everyday words for sectors.

    ``sectors`` maps a word as staff write it (环卫, 林业) to the sector's name. All words are
    normal text. Build it with ``load``.
    """

    groups: tuple[SynonymGroup, ...] = ()
    terms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sectors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(
        cls, synonyms: Iterable[SynonymGroup], names: Iterable[str] = (), folder: Path = FOLDER
    ) -> Vocabulary:
        """Vocabulary from synonym records, catalogue names (aliases and keywords too), and the word lists.

        Names longer than eight characters are left to the dictionary's shorter words. A missing
        list is an empty one.
        """
        short = {n for n in map(fold, names) if 2 <= len(n) <= NAME_LIMIT}
        return cls(
            groups=tuple(synonyms),
            terms=tuple(fold(line) for line in _lines(folder / "_terms.txt")),
            names=tuple(sorted(short)),
            sectors=_read_sectors(_lines(folder / "_sectors.txt")),
        )

    def words(self) -> list[str]:
        """Every word for the index's dictionary, sorted."""
        spoken = (fold(w) for g in self.groups for w in (g.name, *g.words))
        return segment.dictionary_words([*self.terms, *self.names, *self.sectors, *spoken])

    @property
    def fingerprint(self) -> str:
        """Identifies the shipped terms, which an index must have been built with.

        Synonyms work at query time and names only sharpen the dictionary, so editing either
        does not make an index stale.
        """
        return segment.fingerprint(self.terms)


def _lines(file: Path) -> Sequence[str]:
    if not file.exists():
        return ()
    lines = (line.split("#", 1)[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _read_sectors(lines: Iterable[str]) -> dict[str, str]:
    sectors: dict[str, str] = {}
    for line in lines:
        name, _, words = line.partition("：")
        for word in (name, *words.split()):
            sectors.setdefault(fold(word), name)
    return sectors
