"""Rows that were read to records of the model, ready for a plan. Pure.

A value stands in a record as the file has it; only levels, amounts (万元) and yes/no are brought
to the standard form. What a file does not speak of is not in ``Candidate.given``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import msgspec

from indicators.candidate import Candidate
from indicators.choices import Direction, ProjectType, Status
from indicators.model import (
    Framework,
    FrameworkNode,
    FundLine,
    Indicator,
    Issue,
    Pitfall,
    Placement,
    Project,
    Record,
    Source,
    SourceRef,
    Standards,
    Target,
)
from indicators.rules.facts import joined
from indicators.taxonomy import level1_of, read_level1, read_level2
from loaders.editions import old_placement
from loaders.exports import split_list
from loaders.loading import LoadedFile
from loaders.mapping import TableKind
from loaders.records import LoadedTable, Row, draft_row

_NO = frozenset(("", "否", "0", "2", "n", "no", "false", "×", "无", "不是"))
_TEXTS = (
    "subsector", "explanation", "formula", "numerator", "denominator", "bad_wording", "value_method", "data_source",
    "evidence", "scoring", "frequency", "successor", "valid_from", "valid_to",
)  # fmt: skip
_LISTS = ("aliases", "keywords", "unfit", "pairs")
_STANDARDS = {f"standard_{f}": f for f in ("plan", "history", "industry", "budget", "other")}
_STRUCTS: dict[str, Any] = {
    "pitfalls": tuple[Pitfall, ...], "placements": tuple[Placement, ...], "sources": tuple[SourceRef, ...],
}  # fmt: skip
_TARGET_KINDS = (TableKind.TARGETS, TableKind.SELF_EVALUATION, TableKind.MONITORING)


@dataclass(frozen=True, slots=True)
class Options:
    """What a load is told beside the file. ``sectors`` maps names and other names to sector codes."""

    sectors: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    year: int | None = None


def build(file: LoadedFile, options: Options | None = None) -> list[Candidate]:
    """Records of a file, good rows only, its source first. Equal projects are put together."""
    options = options or Options()
    source = _source(file)
    refs = (SourceRef(source=source.code),)
    made: list[Candidate] = [Candidate(source, frozenset(), file.file)]
    made += file.ready
    for table in file.tables[len(file.tables) - file.found :]:
        good = [row for row in table.rows if row.sheet_row not in table.bad]
        made += _BUILDERS[table.kind](file, table, good, refs, options)
    return list(_merged(made))


def digest8(*parts: object) -> str:
    """Eight characters that name these parts."""
    return hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).hexdigest()[:8].upper()


def _source(file: LoadedFile) -> Source:
    name = PurePath(file.file).name
    date = str(file.year) if file.year else ""
    return Source(
        code=f"WJ-{digest8(name, file.digest)}", name=name, date=date, verified=True, note="入库的文件"
    )


def _ref(refs: tuple[SourceRef, ...], row: Row) -> tuple[SourceRef, ...]:
    return tuple(msgspec.structs.replace(r, place=row.place) for r in refs)


# Indicators and frameworks


def _indicators(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    here = sector_code(table.sheet, options.sectors)
    for row in rows:
        values = _indicator_fields(row, options)
        if "sector" not in values and here:
            values["sector"] = here
        given = frozenset(values)
        values.setdefault("sources", _ref(refs, row))
        yield Candidate(Indicator(code=row.text("code"), **values), given, row.place, row.sheet_row)


def _indicator_fields(row: Row, options: Options) -> dict[str, Any]:
    texts = row.texts
    values: dict[str, Any] = {"name": row.text("name"), **_levels(row)}
    values |= {f: texts[f] for f in _TEXTS if f in texts}
    values |= {f: split_list(texts[f]) for f in _LISTS if f in texts}
    values |= {
        f: msgspec.json.decode(texts[f], type=t)
        for f, t in _STRUCTS.items()
        if texts.get(f, "").startswith("[")
    }
    if "sector" in texts:
        values["sector"] = sector_code(texts["sector"], options.sectors)
        if texts["sector"] and not values["sector"] and not values.get("subsector"):
            values["subsector"] = texts["sector"]
    if "unit_of_value" in texts:
        values["unit"] = texts["unit_of_value"]
    if "wording" in texts or "target" in texts:
        values["wording"] = texts.get("wording") or _wording(row)
    if "direction" in texts:
        values["direction"] = next(
            (d for d in Direction if d.value == texts["direction"].removesuffix("指标")), None
        )
    if "core" in texts:
        values["core"] = texts["core"].strip().lower() not in _NO
    if "fits" in texts:
        values["fits"] = tuple(t for t in ProjectType if t.value in split_list(texts["fits"]))
    if "status" in texts:
        values["status"] = (
            Status.RETIRED if "停" in texts["status"] or texts["status"] == "否" else Status.ACTIVE
        )
    if "placements" not in values and (old := old_placement(row.text("level1"), row.text("level2"))):
        values["placements"] = old
    return values | _standards(row) | _weights(row)


def _wording(row: Row) -> str:
    target = joined(draft_row(row))
    unit = row.text("unit_of_value")
    return target + unit if target and unit and re.search(r"\d$", target) else target


def _levels(row: Row) -> dict[str, str]:
    """Levels in the standard spelling where they are standard ones, else as written."""
    level2 = read_level2(row.text("level2")) or row.text("level2")
    own = read_level1(row.text("level1")) or row.text("level1")
    placed = level1_of(level2)
    return {"level1": placed or own, "level2": level2}


def _standards(row: Row) -> dict[str, Any]:
    found = {field: row.text(name) for name, field in _STANDARDS.items() if name in row.texts}
    if "basis" in row.texts and "other" not in found:
        found["other"] = row.text("basis")
    return {"standards": Standards(**found)} if found else {}


def _weights(row: Row) -> dict[str, Any]:
    if "weight_min" in row.numbers or "weight_max" in row.numbers:
        return {f: row.numbers.get(f) for f in ("weight_min", "weight_max") if f in row.numbers}
    if "weight" not in row.numbers:
        return {}
    return {"weight_min": row.numbers["weight"], "weight_max": row.numbers["weight"]}


def sector_code(name: str, sectors: Mapping[str, str]) -> str:
    """Code of a sector by its name, another name or its code; "" where none is meant."""
    bare = re.sub(r"\s|行业$|类$|领域$", "", name)
    return sectors.get(name.strip(), "") or sectors.get(bare, "")


def _framework(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    name = table.title or PurePath(file.file).stem
    year = options.year or file.year
    code = f"KJ-{digest8(name)}"
    edition = str(year or table.classification.edition)
    framework = Framework(code=code, name=name[:200], edition=edition, sources=refs)
    yield Candidate(framework, frozenset({"name", "edition"}), table.sheet)
    for n, row in enumerate(rows, 1):
        texts = row.texts
        values: dict[str, Any] = {
            "name": row.text("name"),
            "level1": row.text("level1"),
            "level2": row.text("level2"),
            "order": n,
        }
        values |= {f: texts[f] for f in ("explanation", "formula", "note") if f in texts}
        if "points" in texts or "scoring" in texts:
            values["points"] = tuple(t for t in (texts.get("points", ""), texts.get("scoring", "")) if t)
        node = FrameworkNode(code=f"{code}-{n:02d}", framework=code, verified=True, **values)
        yield Candidate(node, frozenset(values), row.place, row.sheet_row)


# Projects


def _project_code(year: int | None, unit: str, name: str) -> str:
    return f"XM-{year or 'WN'}-{digest8(unit, name)}"


def _head(table: LoadedTable, row: Row, file: LoadedFile, options: Options) -> dict[str, Any]:
    """What a row or its table's heading says of a project as such; blanks left out."""
    heading, texts = table.heading, row.texts
    written = re.search(r"20[0-4]\d", texts.get("year", "") or heading.get("year", "") or table.title)
    year = options.year or (int(written[0]) if written else file.year)
    unit = (
        texts.get("unit")
        or texts.get("department")
        or heading.get("unit", "")
        or heading.get("department", "")
    )
    sector = sector_code(texts.get("sector", ""), options.sectors)
    values = {
        "unit": unit,
        "year": year,
        "sector": sector,
        "region": texts.get("region", "") or options.region,
    }
    return {f: v for f, v in values.items() if v}


def _projects(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    """One project a number (or name): rows under one number are lines of its money."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and _same_project(groups[-1][-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    for group in groups:
        first = group[0]
        values = {"name": first.text("project"), **_head(table, first, file, options)}
        lines = tuple(_line(row, group[n - 1] if n else None) for n, row in enumerate(group))
        amounts = [line.amount for line in lines if line.amount is not None]
        if amounts:
            values["amount"] = sum(amounts)
        if len(lines) > 1:
            values["lines"] = lines
        values |= {
            f: v for f in ("self_score", "third_party_score") if (v := first.numbers.get(f)) is not None
        }
        values |= {"grade": first.text("grade")} if first.text("grade") else {}
        values |= {"evaluator": first.text("agency")} if first.text("agency") else {}
        yield _project(values, refs, first)


def _same_project(above: Row, row: Row) -> bool:
    """Whether a row is money of the project above it: one number, or no numbers and one name."""
    if above.text("section") != row.text("section"):
        return False
    if row.text("number") or above.text("number"):
        return row.text("number") == above.text("number")
    return row.text("project") == above.text("project") and row.text("department") == above.text("department")


def _line(row: Row, above: Row | None) -> FundLine:
    same = above is not None and above.text("project") == row.text("project")
    return FundLine(
        name="" if same else row.text("project"), amount=row.numbers.get("amount"),
        self_score=row.numbers.get("self_score"), third_party_score=row.numbers.get("third_party_score"),
        grade=row.text("grade"),
    )  # fmt: skip


def _project(values: dict[str, Any], refs: tuple[SourceRef, ...], row: Row) -> Candidate:
    code = _project_code(values.get("year"), values.get("unit", ""), values["name"])
    record = Project(code=code, sources=_ref(refs, row), **values)
    return Candidate(record, frozenset(values), row.place, row.sheet_row)


def _departments(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    for row in rows:
        unit = row.text("department")
        values = {
            **_head(table, row, file, options),
            "unit": unit,
            "scope": "部门整体",
            "name": f"{unit}部门整体支出",
        }
        values |= {
            f: v
            for f in ("self_score", "third_party_score", "amount")
            if (v := row.numbers.get(f)) is not None
        }
        values |= {
            name: row.text(f) for name, f in (("grade", "grade"), ("evaluator", "agency")) if row.text(f)
        }
        yield _project(values, refs, row)


def _targets(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    groups: dict[str, list[Row]] = {}
    fallback = table.heading.get("project", "") or table.title or PurePath(file.file).stem
    for row in rows:
        groups.setdefault(row.text("project") or fallback, []).append(row)
    for name, group in groups.items():
        first = group[0]
        values = {"name": name[:200], **_head(table, first, file, options)}
        values["targets"] = tuple(_target(row) for row in group)
        amount = first.numbers.get("amount")
        if amount is not None:
            values["amount"] = amount
        yield _project(values, refs, first)


def _target(row: Row) -> Target:
    return Target(
        level1=row.text("level1"), level2=row.text("level2"), name=row.text("name"), target=joined(draft_row(row)),
        unit=row.text("unit_of_value"), actual=row.text("actual"), score=row.text("score"),
    )  # fmt: skip


# Issues


def _issues(
    file: LoadedFile, table: LoadedTable, rows: Sequence[Row], refs: tuple[SourceRef, ...], options: Options
) -> Iterator[Candidate]:
    for row in rows:
        values: dict[str, Any] = {f: row.text(f) for f in ("what", "cause", "fix") if f in row.texts}
        values["name"] = row.text("name") or re.split(r"[，。；;：:]", row.text("what"))[0][:40]
        head = _head(table, row, file, options)
        values |= {f: head[f] for f in ("year", "region", "sector") if f in head}
        code = f"WT-{digest8(row.text('what'), row.text('project'), row.text('department'))}"
        yield Candidate(
            Issue(code=code, sources=_ref(refs, row), **values), frozenset(values), row.place, row.sheet_row
        )


_BUILDERS = {
    TableKind.INDICATORS: _indicators, TableKind.FRAMEWORK: _framework, TableKind.PROJECTS: _projects,
    TableKind.DEPARTMENTS: _departments, TableKind.ISSUES: _issues, **dict.fromkeys(_TARGET_KINDS, _targets),
}  # fmt: skip


def _merged(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Records with one code (a project in a list and with its target table) as one."""
    kept: dict[str, Candidate] = {}
    for n, c in enumerate(candidates):
        code = c.record.code or f"\x00{n}"
        before = kept.get(code)
        if before is None or type(before.record) is not type(c.record) or isinstance(c.record, Indicator):
            kept[code if before is None else f"{code}\x00{n}"] = c
            continue
        kept[code] = Candidate(
            _united(before.record, c.record, c.given), before.given | c.given, before.place, before.row
        )
    yield from kept.values()


def _united(first: Record, second: Record, given: frozenset[str]) -> Record:
    changes: dict[str, Any] = {f: getattr(second, f) for f in given if getattr(second, f)}
    if isinstance(first, Project) and isinstance(second, Project):
        changes["targets"] = (*first.targets, *(t for t in second.targets if t not in first.targets))
    return msgspec.structs.replace(first, **changes)
