"""Problems of a file's rows grouped by their cause, so that one reads each once and mends alike ones together. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from loaders.records import RowProblem

_OWN = re.compile(r"“[^”]*”|\d+")


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong and what to do, in which column, and every place where it is so."""

    message: str
    column: str
    problems: tuple[RowProblem, ...]

    @property
    def count(self) -> int:
        """Number of places."""
        return len(self.problems)

    @property
    def places(self) -> list[str]:
        """Where the problems are, in the file's order."""
        return [p.place or f"第 {p.row} 行" for p in self.problems]


def group(problems: Iterable[RowProblem]) -> list[Cause]:
    """Causes with their problems, those with the most places first."""
    found: dict[tuple[str, str], list[RowProblem]] = defaultdict(list)
    for problem in problems:
        found[problem.column, _OWN.sub("…", problem.message)].append(problem)
    causes = [
        Cause(ps[0].message if len({p.message for p in ps}) == 1 else message, column, tuple(ps))
        for (column, message), ps in found.items()
    ]
    return sorted(causes, key=lambda c: -len(c.problems))
