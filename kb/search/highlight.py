"""Marks on the original text, and the stretch of a body that best shows why it was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kb.search.text import Normal

WIDTH = 96
"""Characters of a snippet, before the ellipses."""

Marks = tuple[tuple[int, int], ...]
_BREAKS = frozenset("，。；：、！？（）《》“”,.;:!?() \n")
_SLACK = 14  # characters that an edge may move to end at a break


def marks(normal: Normal, words: Iterable[str]) -> Marks:
    """[start, end) offsets into the original text of everything that is one of the normal words.

    Overlapping and touching marks are one.
    """
    spans = []
    for word in words:
        place = normal.text.find(word)
        while place >= 0 and word:
            spans.append((place, place + len(word)))
            place = normal.text.find(word, place + len(word))
    return tuple(normal.back(a, b) for a, b in _merge(spans))


def snippet(
    bodies: Sequence[tuple[str, Normal]],
    words: Sequence[str],
    telling: Sequence[str] = (),
    width: int = WIDTH,
) -> tuple[str, Marks]:
    """The text and marks to show of a body given as (original, normal) texts.

    The first text (the explanation) is shown unless another holds more of the ``telling``
    words. A text longer than ``width`` is cut at a break or blank where there is one near, never
    inside a mark or a Latin word, and an ellipsis stands where something is left out.
    """
    if not bodies:
        return "", ()
    best = 0
    if telling and len(bodies) > 1:
        held = [_held(normal, telling) * (1.0 if n == 0 else 0.7) for n, (_, normal) in enumerate(bodies)]
        best = held.index(max(held))
    original, normal = bodies[best]
    found = marks(normal, words)
    if len(original) <= width + _SLACK:
        return original, found
    start = _densest(found, width)
    start = _edge_before(original, start, found)
    end = _edge_after(original, min(len(original), start + width), found)
    lead, trail = "…" if start else "", "…" if end < len(original) else ""
    shift = len(lead) - start
    inside = tuple((a + shift, b + shift) for a, b in found if a >= start and b <= end)
    return f"{lead}{original[start:end]}{trail}", inside


def _held(normal: Normal, words: Iterable[str]) -> int:
    return sum(len(word) for word in words if word in normal.text)


def _merge(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _densest(found: Marks, width: int) -> int:
    """Start of the window that holds most marked characters; the earliest of equals."""
    best, start = 0, 0
    for n, (first, _) in enumerate(found):
        held = sum(b - a for a, b in found[n:] if b <= first + width)
        if held > best:
            best, start = held, first
    return start


def _edge_before(text: str, start: int, found: Marks) -> int:
    """A place at or before ``start`` that begins a clause or at least a word."""
    if start <= _SLACK * 2:
        return 0
    for place in range(start, start - 2 * _SLACK, -1):
        if text[place - 1] in _BREAKS:
            return place
    return _outside(text, start, found, -1)


def _edge_after(text: str, end: int, found: Marks) -> int:
    if len(text) - end <= _SLACK:
        return len(text)
    for place in range(end, end + _SLACK):
        if text[place] in _BREAKS:
            return place
    return _outside(text, end, found, 1)


def _outside(text: str, place: int, found: Marks, step: int) -> int:
    """The nearest place in a direction that is inside neither a mark nor a Latin word or number."""

    def inside(at: int) -> bool:
        letters = (
            text[at - 1].isascii() and text[at - 1].isalnum() and text[at].isascii() and text[at].isalnum()
        )
        return letters or any(a < at < b for a, b in found)

    while 0 < place < len(text) and inside(place):
        place += step
    return place
