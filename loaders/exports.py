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
TITLES: dict[str, str] = {
    "code": "代码", "name": "名称", "level1": "一级指标", "level2": "二级指标", "placements": "各版本归类", "sector": "行业代码",
    "subsector": "行业类别", "aliases": "别名", "keywords": "关键词", "explanation": "指标解释", "formula": "计算公式",
    "numerator": "分子", "denominator": "分母", "unit": "计量单位", "direction": "指标方向", "wording": "规范写法",
    "bad_wording": "问题写法", "fits": "适用项目类型", "unfit": "不适用", "core": "是否核心指标",
    "standards.plan": "计划标准", "standards.history": "历史标准", "standards.industry": "行业标准",
    "standards.budget": "预算支出标准", "standards.other": "其他标准", "value_method": "完成值取值方式",
    "data_source": "数据来源", "evidence": "佐证资料", "scoring": "评分标准", "weight_min": "权重下限",
    "weight_max": "权重上限", "frequency": "评价频次", "pitfalls": "常见毛病", "pairs": "配对指标", "status": "状态",
    "successor": "替代指标", "valid_from": "启用日期", "valid_to": "停用日期", "sources": "来源文件",
    "edition": "版本", "issuer": "发布单位", "region": "地区", "summary": "摘要", "members": "成员", "note": "备注",
    "number": "文号", "date": "日期", "page": "页", "url": "网址", "verified": "已核实", "year": "年度", "amount": "金额（万元）",
    "lines": "资金明细", "self_score": "自评得分", "third_party_score": "第三方评分", "grade": "等级", "evaluator": "评价机构",
    "targets": "绩效目标", "types": "项目类型", "scope": "范围", "partial": "只读到一部分", "what": "问题", "cause": "原因",
    "fix": "建议", "problems": "问题类型", "projects": "有关项目", "indicators": "有关指标", "order": "顺序",
    "framework": "所属框架", "points": "要点", "nature": "性质", "text": "正文", "document": "所属文件",
}  # fmt: skip
"""Heads of columns by field; a field without one has its own name."""
_OWN_TITLES: dict[tuple[Kind, str], str] = {
    (Kind.PROJECT, "unit"): "实施单位",
    (Kind.PROJECT, "sector"): "行业代码",
}
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


def export(file: str, records: Sequence[Record]) -> bytes:
    """Bytes of a file with these records, its format told by its name. Raises a FileError."""
    suffix = file[file.rfind(".") :].lower() if "." in file else ""
    if suffix == ".xlsx":
        return _workbook(records)
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
    return {
        f: _OWN_TITLES.get((kind, f), TITLES.get(f, f))
        for f in [*first, *(f for f in fields if f not in first)]
    }


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


def _workbook(records: Sequence[Record]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, group in grouped(records).items():
        titles = list(columns_of(kind).values())
        table(
            book.create_sheet(SHEETS[kind]), titles, _rows(kind, group), [14, 26, *[16] * (len(titles) - 2)]
        )
    if not book.worksheets:
        book.create_sheet("空")
    return saved(book)


def _csv(file: str, records: Sequence[Record]) -> bytes:
    kinds = grouped(records)
    if Kind.INDICATOR in kinds and set(kinds) <= {Kind.INDICATOR, Kind.SET, Kind.SOURCE}:
        kinds = {Kind.INDICATOR: kinds[Kind.INDICATOR]}
    if len(kinds) > 1:
        raise MixedCsvError(file, kinds)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for kind, group in kinds.items():
        writer.writerow(columns_of(kind).values())
        writer.writerows([safe(cell) for cell in row] for row in _rows(kind, group))
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
        by_title = {title: name for name, title in columns_of(kind).items()}
        found = {n: by_title[t] for n, t in enumerate(bare) if t in by_title}
        if len(found) == sum(bool(t) for t in bare) and (best is None or len(found) > len(best[1])):
            best = kind, found
    return best
