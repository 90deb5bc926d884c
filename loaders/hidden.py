"""What of a workbook its reader does not see: hidden sheets, rows and columns. They are read like all others, and told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]
"""Numbers from the first to the last, both included."""
NAMED = 10
"""Rows or columns that a sentence names before it says that there are more."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Hidden parts of a sheet or table: the sheet itself, rows and columns by their numbers from 1."""

    sheet: bool = False
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def among(self, rows: Iterable[int], columns: Iterable[int]) -> Hidden:
        """What of these rows and columns (numbers from 1) is hidden."""
        unseen, beside = frozenset(self.rows), frozenset(self.columns)
        return Hidden(
            self.sheet,
            tuple(sorted(unseen.intersection(rows))),
            tuple(sorted(beside.intersection(columns))),
        )

    def told(self, sheet: str, letters: Callable[[int], str]) -> str:
        """A sentence about what was read although nobody sees it, "" where there is nothing."""
        parts = [f"工作表“{sheet}”是隐藏的"] if self.sheet else []
        if self.rows:
            parts.append(f"有 {len(self.rows)} 行是隐藏的（第 {some(list(map(str, self.rows)))} 行）")
        if self.columns:
            names = [letters(number - 1) for number in self.columns]
            parts.append(f"有 {len(names)} 列是隐藏的（{some(names)} 列）")
        return "，".join(parts) + "，也一并读了；不要的请在文件里删去再传。" if parts else ""


@dataclass(frozen=True, slots=True)
class Spans:
    """Hidden rows and columns of a sheet as its file tells them: spans that may overlap and reach beyond the cells."""

    rows: Collection[Span] = ()
    columns: Collection[Span] = ()

    def within(self, height: int, width: int, *, sheet: bool) -> Hidden:
        """What of a sheet so high and wide is hidden, each number once."""
        return Hidden(sheet, _numbers(self.rows, height), _numbers(self.columns, width))


def _numbers(spans: Iterable[Span], most: int) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in sorted(set(spans)):
        found += range(max(first, found[-1] + 1 if found else 1), min(last, most) + 1)
    return tuple(found)


def some(names: Sequence[str]) -> str:
    """The first of many names."""
    return "、".join(names[:NAMED]) + (" 等" if len(names) > NAMED else "")
