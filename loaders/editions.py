"""Which edition's classification a table is written in, told by where it puts its levels. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from indicators.model import Placement
from indicators.taxonomy import COST, OUTPUT, Edition, read_level1

_NAMES = {
    Edition.E2015.value: "旧版分类（财预〔2015〕88号，成本在产出下）", Edition.E2021.value: "新版分类（财预〔2021〕101号，成本单列）",
    "2013": "财预〔2013〕53号框架（投入、过程、产出、效果）", "2020": "财预〔2020〕10号框架（决策、过程、产出、效益）",
}  # fmt: skip
_TITLES = (
    (re.compile(r"2015.{0,3}88\s*号"), Edition.E2015.value), (re.compile(r"2021.{0,3}101\s*号"), Edition.E2021.value),
    (re.compile(r"2013.{0,3}53\s*号"), "2013"), (re.compile(r"2020.{0,3}10\s*号"), "2020"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Classification:
    """The edition that a table's levels follow: its year, its name, and what tells so. Blank where nothing does."""

    edition: str = ""
    name: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of a row as written, and where they stand."""

    level1: str
    level2: str
    place: str


def classify(title: str, rows: Iterable[Levels], *, framework: bool = False) -> Classification:
    """The edition of a table: by its title, else by where 成本 stands; of a framework by its first levels."""
    levels = list(rows)
    for pattern, edition in _TITLES:
        if pattern.search(title):
            return Classification(edition, _NAMES[edition], f"标题写明：{title[:60]}")
    if framework:
        return _framework(levels)
    old = next((r for r in levels if is_old(r.level1, r.level2)), None)
    new = next((r for r in levels if read_level1(r.level1) == COST), None)
    if old and new:
        return Classification(basis=f"两版写法都有：{_said(old)}；{_said(new)}")
    if old or new:
        edition = Edition.E2015.value if old else Edition.E2021.value
        return Classification(edition, _NAMES[edition], _said(old or new))
    return Classification()


def _framework(levels: list[Levels]) -> Classification:
    for word, edition in (("投入", "2013"), ("决策", "2020")):
        found = next((r for r in levels if word in r.level1), None)
        if found:
            return Classification(edition, _NAMES[edition], f"{found.place} 一级指标是“{found.level1}”")
    return Classification()


def _said(row: Levels | None) -> str:
    return f"{row.place} “{row.level2 or row.level1}”写在“{row.level1}”下" if row else ""


def is_old(level1: str, level2: str) -> bool:
    """Whether a row puts 成本 under 产出, as the edition of 2015 does."""
    return read_level1(level1) == OUTPUT and "成本" in level2


def old_placement(level1: str, level2: str) -> tuple[Placement, ...]:
    """Where a row of the old edition stood, to be kept beside its place in the new one; () for any other row."""
    if not is_old(level1, level2):
        return ()
    return (Placement(edition=Edition.E2015.value, level1=OUTPUT, level2=level2.strip()),)
