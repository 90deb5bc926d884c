"""From a file that was read to the plan of loading it, the same for the page and the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from indicators.candidate import Candidate
from indicators.differences import Told, told
from indicators.model import Indicator, IndicatorSet
from kb.imports import Change, Decisions, ImportPlan, SetAbout
from kb.knowledge import KnowledgeBase
from loaders import mending
from loaders.building import Options, build
from loaders.loading import LoadedFile
from loaders.records import RowProblem


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for beside the file: the set, the year and region, what to do with single records."""

    set_name: str = ""
    region: str = ""
    year: int | None = None
    about: SetAbout = field(default_factory=SetAbout)
    decisions: Decisions = field(default_factory=Decisions)


def plan_of(kb: KnowledgeBase, file: LoadedFile, asked: Asked) -> ImportPlan:
    """The plan of loading a file. Raises DecisionError where a decision cannot be followed.

    Without a named set indicators without codes go to one named by the file; a mended workbook
    goes to the set that it was made for, and nothing has vanished because it lacks it.
    """
    candidates = build(file, Options(kb.loading.sectors(), asked.region, asked.year))
    mended = mending.is_mended(file)
    name = asked.set_name or (mending.home_of(file) if mended else _set_of(file, candidates))
    decided = replace(asked.decisions, partial=True) if mended else asked.decisions
    return kb.loading.plan(candidates, name, about=asked.about, decisions=decided)


def merging_all(plan: ImportPlan) -> Mapping[str, str]:
    """Decisions that merge every near-duplicate of a plan into the one most like it, each only once."""
    chosen: dict[str, str] = {}
    for d in plan.duplicates:
        if d.like not in chosen.values():
            chosen[d.code] = d.like
    return chosen


def problems_of(file: LoadedFile, plan: ImportPlan) -> list[RowProblem]:
    """Everything that keeps rows of a file out: what reading and what the plan found."""
    read = [p for table in file.tables for p in table.problems]
    refused = [
        RowProblem(c.row, "", c.code, c.reason, c.place) for c in plan.changes if c.action == "invalid"
    ]
    return [*read, *refused]


def bad_book(file: LoadedFile, plan: ImportPlan) -> bytes | None:
    """The workbook of a file's bad rows with their reasons, None where there are none."""
    return mending.bad_rows(file.tables, plan.invalid, plan.set_name)


def told_of(change: Change, names: Mapping[str, str]) -> list[Told]:
    """What a load changes in a record, in words; sources only where one goes or is altered.

    Every load adds its own file to them, which need not be said of each record.
    """
    told_fields = [
        f for f in change.fields if f.field != "sources" or any(s not in f.after for s in f.before)
    ]
    return told(change.kind, told_fields, names)


LOADED, PACKED = "入库：", "导入指标集包："
"""How the names of batches begin that loaded a file, or took an edition pack."""


def title_of(file: str, plan: ImportPlan, given: str = "", begin: str = LOADED) -> str:
    """Name of the batch that loads a file: the one that somebody gave it, else by file and set."""
    if given:
        return begin + given.removeprefix(begin)
    return f"{begin}{Path(file).name}" + (f" → {plan.set_name}" if plan.set_name else "")


def _set_of(file: LoadedFile, candidates: list[Candidate]) -> str:
    """Set that the indicators of a file go to where nobody named one."""
    sets = [c.record.name for c in candidates if isinstance(c.record, IndicatorSet)]
    if sets or not any(isinstance(c.record, Indicator) for c in candidates):
        return sets[0] if len(sets) == 1 else ""
    own = any(isinstance(c.record, Indicator) and not c.record.code for c in candidates)
    return re.sub(r"\s+", " ", Path(file.file).stem)[:100] if own else ""
