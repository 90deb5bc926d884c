"""Records to xlsx, csv, yaml and json, in a form that loads back into exactly the same records. Pure.

Workbooks have one sheet a kind with Chinese heads, one row a record; a list stands with ； between
its items (as JSON where an item holds such a mark), a structure as JSON. Text is never a formula:
workbooks store it as text, csv puts an apostrophe before it, which loading takes off again.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
import yaml
from openpyxl import Workbook

from indicators.fields import title_of
from indicators.model import RECORD_TYPES, Kind, Record, Standards
from loaders.errors import FileError
from loaders.sheets import saved, table

FORMATS = (".xlsx", ".csv", ".yaml", ".json")
SHEETS: dict[Kind, str] = {
    Kind.SOURCE: "来源", Kind.SECTOR: "行业", Kind.SET: "指标集", Kind.INDICATOR: "指标", Kind.FRAMEWORK: "框架",
    Kind.NODE: "框架指标", Kind.PROJECT: "项目", Kind.ISSUE: "评价问题", Kind.PROBLEM: "问题类型", Kind.CLAUSE: "条款",
    Kind.GUIDE: "指南", Kind.SYNONYMS: "同义词",
}  # fmt: skip
KEYS: dict[Kind, str] = {
    Kind.SOURCE: "sources", Kind.SECTOR: "sectors", Kind.SET: "sets", Kind.INDICATOR: "indicators",
    Kind.FRAMEWORK: "frameworks", Kind.NODE: "nodes", Kind.PROJECT: "projects", Kind.ISSUE: "issues",
    Kind.PROBLEM: "problems", Kind.CLAUSE: "clauses", Kind.GUIDE: "guides", Kind.SYNONYMS: "synonyms",
}  # fmt: skip
_LIST = re.compile(r"[、，,；;\n]+")
_LIST_MARKS = re.compile(r"[、，,；;\n]|^\[|^\s|\s$|^$")
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "'")


class UnknownExportError(FileError):
    """The name of the file to write tells no format that there is."""

    def __init__(self, file: str) -> None:
        super().__init__(file, f"不知道写成什么格式。文件名请以 {'、'.join(FORMATS)} 之一结尾。")


class MixedCsvError(FileError):
    """A csv holds one kind of records only."""

    def __init__(self, file: str, kinds: Iterable[Kind]) -> None:
        found = "、".join(SHEETS[k] for k in kinds)
        super().__init__(
            file, f"csv 一次只放一种记录，这里有 {found}。请用 --set 指定指标集，或改成 .xlsx、.json、.yaml。"
        )


def suffix_of(file: str) -> str:
    """The end of a file's name that tells its format, in small letters."""
    return file[file.rfind(".") :].lower() if "." in file else ""


def export(file: str, records: Sequence[Record], about: Sequence[tuple[str, str]] = ()) -> bytes:
    """Bytes of a file with these records, its format told by its name. Raises a FileError.

    ``about`` are lines on where they come from, for a sheet of its own at the end of a workbook.
    """
    suffix = suffix_of(file)
    if suffix == ".xlsx":
        return _workbook(records, about)
    if suffix == ".csv":
        return _csv(file, records)
    if suffix == ".json":
        return (json.dumps(_by_kind(records), ensure_ascii=False, indent=1) + "\n").encode()
    if suffix in (".yaml", ".yml"):
        dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        return yaml.dump(
            _by_kind(records), Dumper=dumper, allow_unicode=True, sort_keys=False, width=110
        ).encode()
    raise UnknownExportError(file)


def _by_kind(records: Iterable[Record]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, group in grouped(records).items():
        found[KEYS[kind]] = [{"code": r.code, **msgspec.to_builtins(r)} for r in group]
    return found


def grouped(records: Iterable[Record]) -> dict[Kind, list[Record]]:
    """Records by kind, in the order of kinds, each by code."""
    found: dict[Kind, list[Record]] = {kind: [] for kind in RECORD_TYPES}
    for record in records:
        found[record.kind].append(record)
    return {kind: sorted(group, key=lambda r: r.code) for kind, group in found.items() if group}


def columns_of(kind: Kind) -> dict[str, str]:
    """Columns of a kind's sheet: field (``standards.plan`` within a structure) to head."""
    fields: list[str] = []
    for name in RECORD_TYPES[kind].__struct_fields__:
        fields += [f"standards.{f}" for f in Standards.__struct_fields__] if name == "standards" else [name]
    first = [f for f in ("code", "name") if f in fields]
    return {f: title_of(kind, f) for f in [*first, *(f for f in fields if f not in first)]}


def cell_of(value: Any) -> str:
    """A field's value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return _list_cell(value)
    if isinstance(value, msgspec.Struct):
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return str(value)


def _list_cell(items: tuple[Any, ...]) -> str:
    if not items:
        return ""
    if all(isinstance(i, str) for i in items) and not any(_LIST_MARKS.search(i) for i in items):
        return "；".join(items)
    return json.dumps(msgspec.to_builtins(items), ensure_ascii=False)


def split_list(text: str) -> tuple[str, ...]:
    """Items of a cell that lists several; our own files have them as JSON where a mark is part of one."""
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=tuple[str, ...])
        except (msgspec.DecodeError, msgspec.ValidationError):
            pass
    return tuple(item.strip() for item in _LIST.split(text) if item.strip())


def _rows(kind: Kind, records: Iterable[Record]) -> Iterable[list[str]]:
    fields = list(columns_of(kind))
    for record in records:
        row = []
        for name in fields:
            outer, _, inner = name.partition(".")
            value = getattr(record, outer)
            row.append(cell_of(getattr(value, inner) if inner else value))
        yield row


def _workbook(records: Sequence[Record], about: Sequence[tuple[str, str]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, group in grouped(records).items():
        titles = list(columns_of(kind).values())
        table(
            book.create_sheet(SHEETS[kind]), titles, _rows(kind, group), [14, 26, *[16] * (len(titles) - 2)]
        )
    if not book.worksheets:
        book.create_sheet("空")
    if about:
        table(book.create_sheet("说明"), ["事项", "内容"], about, [16, 80])
    return saved(book)


def _csv(file: str, records: Sequence[Record]) -> bytes:
    kinds = grouped(records)
    if Kind.INDICATOR in kinds and set(kinds) <= {Kind.INDICATOR, Kind.SET, Kind.SOURCE}:
        kinds = {Kind.INDICATOR: kinds[Kind.INDICATOR]}
    if len(kinds) > 1:
        raise MixedCsvError(file, kinds)
    for kind, group in kinds.items():
        return plain_csv(list(columns_of(kind).values()), _rows(kind, group))
    return plain_csv([], ())


def plain_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A csv that a spreadsheet opens as it is: marked as UTF-8, no cell a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if titles:
        writer.writerow(titles)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def safe(cell: str) -> str:
    """A csv cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_MARKS) else cell


def unsafe(cell: str) -> str:
    """The text that ``safe`` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_MARKS) else cell


def fields_of_titles(titles: Sequence[str], sheet: str = "") -> tuple[Kind, Mapping[int, str]] | None:
    """Kind and field of each column where a header row is one of ours, columns left out or moved.

    A sheet that has the name of a kind's sheet is of that kind or of none.
    """
    bare = [t.strip() for t in titles]
    if "代码" not in bare or "名称" not in bare:
        return None
    best: tuple[Kind, Mapping[int, str]] | None = None
    for kind in [k for k, name in SHEETS.items() if name == sheet] or RECORD_TYPES:
        # Files of older versions have the fields' own names where a field had no title yet.
        by_title = {name: name for name in columns_of(kind)}
        by_title |= {title: name for name, title in columns_of(kind).items()}
        found = {n: by_title[t] for n, t in enumerate(bare) if t in by_title}
        if len(found) == sum(bool(t) for t in bare) and (best is None or len(found) > len(best[1])):
            best = kind, found
    return best
