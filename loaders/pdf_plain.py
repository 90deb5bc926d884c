"""Tables without lines on a page: words under the words of a header row. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from loaders.mapping import known_header

_SAME_LINE = 3.0
_FEWEST_HEADS = 3
_LONG = 60


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters on a page, in points from the left and the top; how surely one of a scan is right."""

    text: str
    left: float
    right: float
    top: float
    sure: float = 1.0

    @property
    def centre(self) -> float:
        """Middle of the word."""
        return (self.left + self.right) / 2


Cell = tuple[Word, ...]


def text_of(cell: Cell) -> str:
    """Words of a cell as its text."""
    return "".join(word.text for word in cell)


def plain_tables(words: Sequence[Word]) -> list[list[list[Cell]]]:
    """Tables of a page as rows of cells, each from a line of known headers down to the next line of prose."""
    lines = list(_lines(words))
    found: list[list[list[Cell]]] = []
    n = 0
    while n < len(lines):
        heads = lines[n]
        known = [w for w in heads if known_header(w.text)]
        n += 1
        if len(known) < _FEWEST_HEADS or len(known) * 2 < len(heads):
            continue
        body = []
        while n < len(lines) and not _is_prose(lines[n]):
            body.append(lines[n])
            n += 1
        if body:
            found.append(_table(heads, body))
    return found


def _lines(words: Sequence[Word]) -> Iterator[list[Word]]:
    line: list[Word] = []
    for word in sorted(words, key=lambda w: (w.top, w.left)):
        if line and word.top - line[0].top > _SAME_LINE:
            yield sorted(line, key=lambda w: w.left)
            line = []
        line.append(word)
    if line:
        yield sorted(line, key=lambda w: w.left)


def _is_prose(line: Sequence[Word]) -> bool:
    text = "".join(w.text for w in line)
    return len(line) == 1 and (
        "。" in text
        or len(text) > _LONG
        or bool(re.match(r"^[一二三四五六七八九十]+、|^[-—]?\s*\d+\s*[-—]?$", text))
    )


def _table(heads: Sequence[Word], body: Sequence[Sequence[Word]]) -> list[list[Cell]]:
    place = _placer(heads, body)
    rows: list[list[Cell]] = [[(w,) for w in heads]]
    for line in body:
        cells: list[Cell] = [()] * len(heads)
        for word in line:
            cells[place(word)] += (word,)
        if len(rows) > 1 and _goes_on(cells):
            rows[-1] = [above + below for above, below in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def _placer(heads: Sequence[Word], body: Sequence[Sequence[Word]]) -> Callable[[Word], int]:
    """How words go to columns: by their left edges or by their middles, whichever fits the page better."""

    def left(word: Word) -> int:
        return min(range(len(heads)), key=lambda n: abs(heads[n].left - word.left))

    def middle(word: Word) -> int:
        return min(range(len(heads)), key=lambda n: abs(heads[n].centre - word.centre))

    words = [w for line in body for w in line]
    off_left = sum(abs(heads[left(w)].left - w.left) for w in words)
    off_middle = sum(abs(heads[middle(w)].centre - w.centre) for w in words)
    return left if off_left <= off_middle else middle


def _goes_on(cells: Sequence[Cell]) -> bool:
    """Whether a line is the rest of a cell that was broken: few cells, none of them a number."""
    filled = [text_of(c) for c in cells if c]
    return (
        not cells[0]
        and 3 * len(filled) <= len(cells)
        and not any(re.fullmatch(r"[\d.,%]+", c) for c in filled)
    )
