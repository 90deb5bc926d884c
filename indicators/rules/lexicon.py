"""Word classes of the rule pack, and patterns that name them.

``catalogue/rules/_words.yaml`` lists the classes, each with a note that says what belongs in it. A
pattern may write ``{口号动词}`` for any word of that class; it is expanded before compiling.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

RULE_FILES = Path(__file__).parents[1] / "catalogue" / "rules"
"""Folder of the rule files."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NAMED = re.compile(r"\{([一-鿿]+)\}")


class WordClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of words: what belongs in it (``note``) and the words, separated by blanks."""

    note: str
    words: str

    @property
    def alternatives(self) -> str:
        """The words as one group of a pattern, longer ones first; a word may itself be a pattern."""
        return "(?:" + "|".join(sorted(self.words.split(), key=len, reverse=True)) + ")"


def read_yaml(name: str) -> Any:
    """The content of a rule file."""
    return yaml.load((RULE_FILES / name).read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader


@cache
def word_classes() -> dict[str, WordClass]:
    """All word classes by name."""
    return msgspec.convert(read_yaml("_words.yaml")["words"], dict[str, WordClass])


def expand(pattern: str) -> str:
    """The pattern with every ``{词类}`` replaced by its words; KeyError names an unknown class."""
    while _NAMED.search(pattern):
        pattern = _NAMED.sub(lambda m: word_classes()[m[1]].alternatives, pattern)
    return pattern


@cache
def pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern, word classes expanded."""
    return re.compile(expand(text))
