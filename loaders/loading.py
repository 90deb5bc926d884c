"""A whole file read for loading: its tables with rows and problems, the points and scores of its prose."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from indicators.candidate import Candidate
from loaders.bounds import require_size
from loaders.errors import FileError
from loaders.found import Hints
from loaders.kinds import find_all
from loaders.mapping import TableKind
from loaders.own import is_pack, own_sheets, read_pack
from loaders.prose import find_points, find_scores
from loaders.reading import Contents, names_of, read_contents
from loaders.records import LoadedTable, Row, load_table

_PROSE = "正文"
_YEAR = re.compile(r"(20[0-4]\d)\s*年?")
_OF_KIND = {
    "indicators": (TableKind.INDICATORS,), "framework": (TableKind.FRAMEWORK,), "issues": (TableKind.ISSUES,),
    "projects": (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.TARGETS, TableKind.SELF_EVALUATION, TableKind.MONITORING),
}  # fmt: skip
KINDS = ("auto", *_OF_KIND)
"""What ``kb load --as`` can be told."""


class NothingToLoadError(FileError):
    """The file was read but holds nothing that can be loaded."""

    def __init__(self, file: str, looked: str, kind: str) -> None:
        wanted = {
            "indicators": "指标表",
            "projects": "项目表或部门得分表",
            "issues": "评价问题",
            "framework": "框架表",
        }
        found = wanted.get(kind, "可以入库的表（指标集、目标表、自评表、项目清单、部门得分、评价问题）")
        super().__init__(
            file,
            f"没有找到{found}（看过：{looked}）。表要有一行列名，如“三级指标”“项目名称”“得分”；"
            "写在正文里的问题要在“存在的问题”一类标题下分条写。",
        )


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a file gave. ``digest`` names its bytes; ``ready`` are the records of sheets that we wrote ourselves.

    The last ``found`` tables are those whose rows have yet to become records.
    """

    file: str
    digest: str
    tables: tuple[LoadedTable, ...]
    contents: Contents
    year: int | None = None
    ready: tuple[Candidate, ...] = ()
    found: int = 0

    @property
    def problems(self) -> int:
        """Number of rows that cannot be taken."""
        return sum(len(t.bad) for t in self.tables)


def load_file(name: str, data: bytes, hints: Hints | None = None) -> LoadedFile:
    """Read everything loadable of a file. Raises a FileError, which names the file and what to do."""
    hints = hints or Hints()
    digest = hashlib.sha256(data).hexdigest()
    if is_pack(name):
        require_size(name, data)
        pack, packed = read_pack(name, data)
        return LoadedFile(name, digest, tuple(pack), Contents(()), None, tuple(packed))
    contents = read_contents(name, data)
    ours = list(own_sheets(contents.grids))
    names = {t.sheet for t, _ in ours}
    found = [load_table(t) for t in find_all([g for g in contents.grids if g.name not in names], hints)]
    found += _from_prose(contents, hints)
    wanted = _OF_KIND.get(hints.kind)
    kept = tuple(t for t in found if t.rows and (wanted is None or t.kind in wanted))
    if not kept and not ours:
        looked = names_of(contents.grids)
        raise NothingToLoadError(
            name, looked if contents.grids else f"{len(contents.lines)} 段文字，{looked}", hints.kind
        )
    ready = [c for _, candidates in ours for c in candidates]
    tables = (*(t for t, _ in ours), *kept)
    return LoadedFile(name, digest, tables, contents, _year(name, contents, kept), tuple(ready), len(kept))


def _year(name: str, contents: Contents, tables: Sequence[LoadedTable]) -> int | None:
    """Year that the file's title, name or first lines tell."""
    titles = [t.title for t in tables if t.sheet != _PROSE]
    for text in (*titles, name, *(line.text for line in contents.lines[:6])):
        if match := _YEAR.search(text):
            return int(match[1])
    return None


def _from_prose(contents: Contents, hints: Hints) -> Iterator[LoadedTable]:
    lines, scanned = contents.lines, contents.scanned
    if hints.kind in ("", "auto", "issues"):
        rows = [
            _row(
                n,
                p.line,
                _page(p.page, scanned),
                {"name": p.title, "what": p.what, "cause": p.cause, "fix": p.fix, "heading": p.heading},
            )
            for n, p in enumerate(find_points(lines), 1)
        ]
        yield LoadedTable(_PROSE, TableKind.ISSUES, 0, (), tuple(rows), ())
    if hints.kind in ("", "auto", "projects"):
        scored = [
            _row(n, s.line, _page(s.page, scanned), {"project": s.project, "third_party_score": s.score})
            for n, s in enumerate(find_scores(lines), 1)
        ]
        yield LoadedTable(_PROSE, TableKind.PROJECTS, 0, (), tuple(scored), ())


def _page(number: int, scanned: Container[int]) -> tuple[str, str]:
    """Name of a page, and the mark of one that was recognised."""
    return (f"第{number}页" if number else _PROSE), ("（识别）" if number in scanned else "")


def _row(number: int, line: int, page: tuple[str, str], texts: dict[str, str]) -> Row:
    place = f"{page[0]} 第{line}行{page[1]}"
    numbers = {f: Decimal(v) for f, v in texts.items() if f == "third_party_score"}
    return Row(number, line, texts, numbers, {"": place, **dict.fromkeys(texts, place)})
