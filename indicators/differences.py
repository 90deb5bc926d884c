"""What differs between two states of a record, field by field, and how that is told to people. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec

from indicators.fields import label_of, shown, shown_items
from indicators.model import Kind, Record

_LONGEST_MARKED = 4000
"""Characters up to which two texts are compared word by word; longer ones are compared by lines first."""
_MOST_LINES = 4000
_AROUND = 60
_WORD = re.compile(r"[A-Za-z0-9.]+|\s+|.", re.DOTALL)
_ALIKE = 0.5
"""Share of equal characters from which marking places helps more than both texts whole."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as plain values."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Told:
    """A change in words. ``before`` and ``after`` are texts, "" for a blank.

    Of a list only what went (``gone``) and what came (``come``) is told; the texts are "" then.
    """

    title: str
    before: str = ""
    after: str = ""
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether items of a list came or went."""
        return bool(self.gone or self.come)

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """(same | gone | come | cut, text) in reading order; [] where the texts have too little in common.

        ``cut`` stands for that many equal characters between two changes far from each other.
        """
        return folded(pieces(self.before, self.after))

    def __str__(self) -> str:
        if self.is_list:
            parts = (("减去 ", self.gone), ("加上 ", self.come))
            return f"{self.title}：" + "；".join(word + "、".join(items) for word, items in parts if items)
        return f"{self.title}：{self.before or '（空）'} → {self.after or '（空）'}"


def differences(before: Record, after: Record) -> tuple[FieldChange, ...]:
    """Fields that differ, in the model's order, as plain values."""
    if before == after:
        return ()
    return tuple(
        FieldChange(f, msgspec.to_builtins(getattr(before, f)), msgspec.to_builtins(getattr(after, f)))
        for f in before.__struct_fields__
        if getattr(before, f) != getattr(after, f)
    )


def told(kind: Kind, changes: Iterable[FieldChange], names: Mapping[str, str] | None = None) -> list[Told]:
    """Changes with the Chinese names of fields and readable values; ``names`` are those of codes."""
    return [one for change in changes for one in _told(kind, change, names or {})]


def told_between(before: Record, after: Record, names: Mapping[str, str] | None = None) -> list[Told]:
    """What differs between two states of a record, in words."""
    return told(before.kind, differences(before, after), names)


def _told(kind: Kind, change: FieldChange, names: Mapping[str, str]) -> Iterator[Told]:
    before, after, title = change.before, change.after, label_of(kind, change.field)
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        old, new = before or {}, after or {}
        for inner in dict.fromkeys((*old, *new)):
            if old.get(inner) != new.get(inner):
                name = f"{change.field}.{inner}"
                yield Told(
                    label_of(kind, name),
                    shown(name, old.get(inner), names),
                    shown(name, new.get(inner), names),
                )
        return
    if isinstance(before, (list, tuple)) or isinstance(after, (list, tuple)):
        old_items = shown_items(change.field, before or (), names)
        new_items = shown_items(change.field, after or (), names)
        gone = tuple(i for i in old_items if i not in new_items)
        come = tuple(i for i in new_items if i not in old_items)
        yield Told(title, gone=gone, come=come) if gone or come else Told(title, "原来的次序", "新的次序")
        return
    yield Told(title, shown(change.field, before, names), shown(change.field, after, names))


def pieces(before: str, after: str) -> list[tuple[str, str]]:
    """What two texts share and where they differ, as (same | gone | come, text).

    Words are kept whole, and of texts with many lines those that differ are compared. [] where one
    text is blank, or they are too long or too unlike for marks to help.
    """
    if not before or not after or min(len(before), len(after)) < 4:
        return []
    if len(before) + len(after) <= _LONGEST_MARKED:
        return _marked(before, after, _ALIKE)
    return _marked_by_line(before.splitlines(keepends=True), after.splitlines(keepends=True))


def _marked_by_line(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    if len(before) + len(after) > _MOST_LINES:
        return []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[tuple[str, str]] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        old, new = "".join(before[a0:a1]), "".join(after[b0:b1])
        if tag == "equal":
            found.append(("same", old))
            continue
        near = _marked(old, new, _ALIKE) if old and new and len(old) + len(new) <= _LONGEST_MARKED else []
        found += near or [piece for piece in (("gone", old), ("come", new)) if piece[1]]
    return found


def _marked(before: str, after: str, alike: float) -> list[tuple[str, str]]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < alike:
        return []
    runs: list[list[str]] = []  # [same, text] or [change, what went, what came]
    codes = matcher.get_opcodes()
    for n, (tag, a0, a1, b0, b1) in enumerate(codes):
        gone, come = "".join(old[a0:a1]), "".join(new[b0:b1])
        # One equal character between two changes is chance, not something kept.
        if tag == "equal" and (len(gone) > 1 or n in (0, len(codes) - 1)):
            runs.append(["same", gone])
        elif runs and runs[-1][0] == "change":
            runs[-1][1] += gone
            runs[-1][2] += come
        else:
            runs.append(["change", gone, come])
    return [piece for run in runs for piece in _pieces_of(run)]


def _pieces_of(run: list[str]) -> list[tuple[str, str]]:
    if run[0] == "same":
        return [("same", run[1])]
    return [(what, text) for what, text in zip(("gone", "come"), run[1:], strict=True) if text]


def folded(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pieces in which a long equal run is cut to its ends; what is left out is told as (cut, how much)."""
    short: list[tuple[str, str]] = []
    for n, (what, text) in enumerate(found):
        if what != "same" or len(text) <= 3 * _AROUND:
            short.append((what, text))
            continue
        head = text[:_AROUND] if n else ""
        tail = text[-_AROUND:] if n < len(found) - 1 else ""
        cut = ("cut", str(len(text) - len(head) - len(tail)))
        short += [p for p in (("same", head), cut, ("same", tail)) if p[1]]
    return short
