"""What of a workbook its reader does not see: hidden sheets, rows and columns. They are read like all others, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_NAMED = 10


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
            parts.append(f"有 {len(self.rows)} 行是隐藏的（第 {_some(list(map(str, self.rows)))} 行）")
        if self.columns:
            names = [letters(number - 1) for number in self.columns]
            parts.append(f"有 {len(names)} 列是隐藏的（{_some(names)} 列）")
        return "，".join(parts) + "，也一并读了；不要的请在文件里删去再传。" if parts else ""


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + (" 等" if len(names) > _NAMED else "")
