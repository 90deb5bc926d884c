"""Files that ``kb export`` wrote, read back field by field into the same records. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import yaml

from indicators.candidate import Candidate
from indicators.model import RECORD_TYPES, Kind, Record
from loaders.errors import DamagedFileError
from loaders.exports import KEYS, fields_of_titles, split_list, unsafe
from loaders.grid import Grid
from loaders.mapping import MappedColumn, TableKind
from loaders.records import LoadedTable, Row, RowProblem

_TABLE_KINDS = {
    Kind.INDICATOR: TableKind.INDICATORS, Kind.PROJECT: TableKind.PROJECTS, Kind.ISSUE: TableKind.ISSUES,
    Kind.NODE: TableKind.FRAMEWORK,
}  # fmt: skip
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS = {key: kind for kind, key in KEYS.items()}
_STRUCTURES = frozenset(
    (
        "placements",
        "pitfalls",
        "sources",
        "lines",
        "targets",
        "subsectors",
        "bad",
        "good",
        "not_same",
        "original",
    )
)


def is_pack(name: str) -> bool:
    """Whether a file's name says that it is a json or yaml export."""
    return name.lower().endswith((".json", ".yaml", ".yml"))


def read_pack(name: str, data: bytes) -> tuple[list[LoadedTable], list[Candidate]]:
    """Records of a json or yaml export, a table a kind. Raises a FileError."""
    try:
        content = msgspec.json.decode(data) if name.lower().endswith(".json") else yaml.load(data, _Loader)  # noqa: S506 - a safe loader
    except (msgspec.DecodeError, yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DamagedFileError(name, str(error).replace("\n", " ")[:120]) from error
    if not isinstance(content, dict) or not any(key in _KINDS for key in content):
        raise DamagedFileError(name, f"顶层应为“记录种类: 列表”，种类可用 {'、'.join(_KINDS)}")
    tables, candidates = [], []
    for key, items in content.items():
        if key in _KINDS and isinstance(items, list):
            table, found = _from_items(_KINDS[key], key, items)
            tables.append(table)
            candidates += found
    return tables, candidates


def _from_items(kind: Kind, key: str, items: Sequence[Any]) -> tuple[LoadedTable, list[Candidate]]:
    rows, problems, candidates = [], [], []
    for n, item in enumerate(items, 1):
        fields = item if isinstance(item, dict) else {}
        texts = {str(f): v if isinstance(v, str) else "" if v is None else str(v) for f, v in fields.items()}
        rows.append(_row(kind, n, n, f"{key} 第{n}条", texts))
        try:
            record = msgspec.convert(item, RECORD_TYPES[kind])
        except (msgspec.ValidationError, TypeError) as error:
            problems.append(
                RowProblem(n, key, texts.get("code", ""), f"不能读成记录：{error}。请对照导出的文件改正。")
            )
            continue
        # A field at its default is left out of an export, so the file speaks of all fields.
        candidates.append(
            Candidate(record, frozenset(record.__struct_fields__) - {"code"}, f"{key} 第{n}条", n)
        )
    return _table(kind, key, 0, (), rows, problems), candidates


def read_own_sheet(grid: Grid) -> tuple[LoadedTable, list[Candidate]] | None:
    """Records of a sheet that we wrote; None for any other one."""
    titles = [grid.text(0, c) for c in range(grid.width)] if grid.height else []
    found = fields_of_titles(titles, grid.name)
    if found is None:
        return None
    kind, columns = found
    rows: list[Row] = []
    problems: list[RowProblem] = []
    candidates: list[Candidate] = []
    for index in range(1, grid.height):
        texts = {
            f: unsafe(grid.text(index, c)) if not grid.addressed else grid.text(index, c)
            for c, f in columns.items()
        }
        if not any(texts.values()):
            continue
        rows.append(_row(kind, len(rows) + 1, index + 1, grid.place(index, 0), texts))
        try:
            record = _record(kind, texts)
        except (msgspec.ValidationError, msgspec.DecodeError, InvalidOperation, ValueError) as error:
            problems.append(
                RowProblem(
                    index + 1,
                    "",
                    texts.get("code", ""),
                    f"这一行不能读成记录：{error}。请对照导出的表改正。",
                    grid.place(index, 0),
                )
            )
            continue
        given = frozenset(f.partition(".")[0] for f in texts) - {"code"}
        candidates.append(Candidate(record, given, grid.place(index, 0), index + 1))
    heads = tuple(MappedColumn(c, grid.text(0, c), f, 1.0) for c, f in columns.items())
    hidden = grid.hidden_in((r.sheet_row - 1 for r in rows), columns)
    return replace(_table(kind, grid.name, 1, heads, rows, problems), hidden=hidden), candidates


def _record(kind: Kind, texts: Mapping[str, str]) -> Record:
    type_ = RECORD_TYPES[kind]
    hints = {f.name: f.type for f in msgspec.structs.fields(type_)}
    values: dict[str, Any] = {}
    for name, text in texts.items():
        outer, _, inner = name.partition(".")
        if inner:
            values.setdefault(outer, {})[inner] = text
        elif (value := _value(hints[outer], outer, text)) is not None:
            values[outer] = value
    record: Record = msgspec.convert(values, type_)
    return record


def _value(hint: Any, name: str, text: str) -> Any:
    """A cell's text as msgspec takes it for a field; None leaves the default."""
    if name in _STRUCTURES:
        return msgspec.json.decode(text) if text else None
    shown = str(hint)
    if "tuple[" in shown:
        return split_list(text)
    if hint is bool:
        return text == "是"
    if "Decimal" in shown:
        return Decimal(text) if text else None
    if hint is int or ("int" in shown.split("[")[0] and hint is not str):
        return int(text) if text else None
    if hint is str:
        return text
    return text or None


def _row(kind: Kind, number: int, sheet_row: int, place: str, texts: Mapping[str, str]) -> Row:
    shown = dict(texts)
    if kind is Kind.INDICATOR and "unit" in shown:
        shown["unit_of_value"] = shown.pop("unit")
    if kind is Kind.INDICATOR:
        shown["target"] = shown.get("wording", "")
    if kind is Kind.PROJECT:
        shown["project"] = shown.get("name", "")
    return Row(number, sheet_row, shown, {}, {"": place})


def _table(
    kind: Kind,
    sheet: str,
    header: int,
    heads: tuple[MappedColumn, ...],
    rows: Sequence[Row],
    problems: Sequence[RowProblem],
) -> LoadedTable:
    return LoadedTable(
        sheet, _TABLE_KINDS.get(kind, TableKind.RECORDS), header, heads, tuple(rows), tuple(problems)
    )


def own_sheets(grids: Sequence[Grid]) -> Iterator[tuple[LoadedTable, list[Candidate]]]:
    """What the sheets among these grids that we wrote hold."""
    for grid in grids:
        if found := read_own_sheet(grid):
            yield found
