"""Tables without lines on a page: words under the words of a header row. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loaders.mapping import known_header

_SAME_LINE = 3.0
_FEWEST_HEADS = 3
_LONG = 60
_CLOSE, _NEAR, _LONGEST_HEAD = 0.8, 0.45, 12


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
        above = lines[n - 2] if n > 1 else []
        body = []
        while n < len(lines) and not _is_prose(lines[n]):
            body.append(lines[n])
            n += 1
        if body:
            found.append(_table(heads, above, body))
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


def _table(heads: Sequence[Word], above: Sequence[Word], body: Sequence[Sequence[Word]]) -> list[list[Cell]]:
    """Rows of a table: lines that hold only the rest of broken cells go to the nearest row."""
    parts = _parts(heads, body)
    rows = [line for n, line in enumerate(body) if n not in parts]
    step = min((b[0].top - a[0].top for a, b in pairwise([heads, *rows])), default=0.0)
    mine: dict[int, list[Word]] = {}
    if (
        above
        and heads[0].top - above[0].top < _CLOSE * step
        and all(len(w.text) <= _LONGEST_HEAD for w in above)
    ):
        mine[0] = list(above)
    tops = [heads[0].top, *(line[0].top for line in rows)]
    for n in parts:
        at = body[n][0].top
        nearest = min(range(len(tops)), key=lambda k: (abs(tops[k] - at), tops[k] > at))
        mine.setdefault(nearest, []).extend(body[n])
    columns = _columns([*heads, *mine.get(0, [])])
    place = _placer(columns, rows)
    table: list[list[Cell]] = [[tuple(column) for column in columns]]
    for k, line in enumerate(rows, 1):
        cells: list[Cell] = [()] * len(columns)
        for word in sorted([*line, *mine.get(k, [])], key=lambda w: w.top):
            cells[place(word)] += (word,)
        table.append(cells)
    return table


def _parts(heads: Sequence[Word], body: Sequence[Sequence[Word]]) -> list[int]:
    """Lines that are the rest of cells that were broken: few words, none a number, or much nearer than rows are."""
    widest = max(len(heads), *(len(line) for line in body))
    gaps = [b[0].top - a[0].top for a, b in pairwise([heads, *body])]
    usual = sorted(gaps)[len(gaps) // 2]
    found = []
    for n, line in enumerate(body):
        near = min(gaps[n], gaps[n + 1] if n + 1 < len(gaps) else usual)
        few = 3 * len(line) <= len(heads) or (2 * len(line) <= widest and near < _NEAR * usual)
        if few and not any(re.fullmatch(r"[\d.,%]+", w.text) for w in line):
            found.append(n)
    return found


def _columns(words: Sequence[Word]) -> list[list[Word]]:
    """Words of a header by column: those above one another are one name."""
    columns: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.left):
        if columns and word.left < max(w.right for w in columns[-1]) - 1:
            columns[-1].append(word)
        else:
            columns.append([word])
    return [sorted(column, key=lambda w: w.top) for column in columns]


def _placer(heads: Sequence[Sequence[Word]], body: Sequence[Sequence[Word]]) -> Callable[[Word], int]:
    """How words go to columns: by their left edges or by their middles, whichever fits the page better."""
    lefts = [min(w.left for w in head) for head in heads]
    centres = [(left + max(w.right for w in head)) / 2 for left, head in zip(lefts, heads, strict=True)]

    def left(word: Word) -> int:
        return min(range(len(heads)), key=lambda n: abs(lefts[n] - word.left))

    def middle(word: Word) -> int:
        return min(range(len(heads)), key=lambda n: abs(centres[n] - word.centre))

    words = [w for line in body for w in line]
    off_left = sum(abs(lefts[left(w)] - w.left) for w in words)
    off_middle = sum(abs(centres[middle(w)] - w.centre) for w in words)
    return left if off_left <= off_middle else middle
