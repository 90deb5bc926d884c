"""From a file to target tables (``Draft``): the one way in for review, drafting and loading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby

import msgspec

from indicators.draft import Draft, DraftRow, Funds, TableKind
from loaders.bounds import require_sane_zip, require_size
from loaders.errors import NoTableError, UnknownFormatError
from loaders.grid import SURE, Grid
from loaders.headers import heading_of, without_months
from loaders.tables import FoundRow, FoundTable, find_all
from loaders.text import decode, read_html, read_text
from loaders.unseen import around, unseen, unseen_rows
from loaders.word import read_word
from loaders.workbook import FORMULA, read_workbook

OLE = b"\xd0\xcf\x11\xe0"
"""First bytes of the old office formats: xls, doc, et."""
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff")
"""First bytes of the pictures that can be recognised: png, jpg."""
_YEAR = re.compile(r"(20[0-4]\d)\s*年?")
_NUMBER = re.compile(r"-?\d[\d,]*\.?\d*")
_SHORT_LABEL = 16
_MONTHS = re.compile(r"1\s*[-—~至]\s*(\d{1,2})\s*月")


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that could not be taken as it is, named so that people find it."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file gave: its target tables, and cells that need a look."""

    file: str
    drafts: tuple[Draft, ...]
    problems: tuple[CellProblem, ...] = ()


def may_abort(data: bytes) -> bool:
    """Whether the reader of a file, if that is broken, can end the whole process: read it in one of its own."""
    return data[:4] == OLE


def read_drafts(name: str, data: bytes) -> ReadFile:
    """Target tables of a file of any readable kind. Raises a FileError, which names the file."""
    require_size(name, data)
    grids = read_grids(name, data)
    tables = find_all(grids)
    drafts = tuple(d for n, table in enumerate(tables) for d in _drafts(name, table, around(tables, n)))
    if not drafts:
        looked = "、".join(f"{g.name}（{g.height}行）" for g in grids[:8]) or "没有任何表格"
        raise NoTableError(name, looked)
    hidden = (CellProblem(place, said) for draft in drafts for place, said in draft.unseen)
    return ReadFile(name, drafts, (*hidden, *_macro_problems(data), *_cell_problems(grids)))


def read_grids(name: str, data: bytes) -> list[Grid]:
    """Grids of a file, its kind told by its bytes rather than its name. Raises a FileError."""
    if data[:4] == OLE:
        return read_workbook(name, data)
    if data[:2] == b"PK":
        return _read_zipped(name, data)
    if data[:5] == b"%PDF-":
        return _read_pdf(name, data)
    if data.startswith(PICTURES):
        from loaders.scans import read_picture

        return list(read_picture(name, data).grids)
    text = decode(name, data)
    if "\x00" in text:
        raise UnknownFormatError(name)
    if name.lower().endswith((".html", ".htm", ".xls")) and "<" in text:
        return read_html(text, name)
    return read_text(name, text)


def _read_zipped(name: str, data: bytes) -> list[Grid]:
    parts = set(require_sane_zip(name, data).namelist())
    if "word/document.xml" in parts:
        return read_word(name, data)[0]
    if parts & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        return read_workbook(name, data)
    raise UnknownFormatError(name)


def _read_pdf(name: str, data: bytes) -> list[Grid]:
    from loaders.pdf import read_pdf  # pdfplumber costs half a second that other files need not pay

    return read_pdf(name, data)


def _macro_problems(data: bytes) -> Iterator[CellProblem]:
    """A word about macros in a workbook: they are data here and never run."""
    if data[:2] == b"PK" and b"xl/vbaProject.bin" in data:
        yield CellProblem("整个文件", "含有宏。宏没有运行，只读了单元格里保存的值；下载的批注表不带宏")


def _cell_problems(grids: Iterable[Grid]) -> Iterator[CellProblem]:
    for grid in grids:
        for row in range(grid.height):
            for column in range(grid.width):
                if grid.own(row, column) == FORMULA:
                    yield CellProblem(
                        grid.place(row, column),
                        "公式没有保存结果，或结果是错误值，按空单元格处理；请打开文件重算后保存",
                    )
        for (row, column), sure in sorted(grid.sureness.items()):
            if sure < SURE:
                text = grid.text(row, column)
                yield CellProblem(
                    grid.place(row, column), f"“{text}”是从扫描件识别的，把握 {sure:.0%}；请对照原件核对"
                )


def _drafts(file: str, table: FoundTable, around: Iterable[int]) -> Iterator[Draft]:
    """A table with a project column holds one draft a project; what is hidden ``around`` the rows is told of the first."""
    groups: list[tuple[str, list[FoundRow]]] = [("", list(table.rows))]
    if "project" in table.header.columns:
        groups = [
            (key, list(rows)) for key, rows in groupby(table.rows, key=lambda r: r.values.get("project", ""))
        ]
    for n, (project, rows) in enumerate(groups):
        draft = _draft(file, table, project, rows)
        yield msgspec.structs.replace(draft, unseen=tuple(unseen(table, rows, () if n else around)))


def _draft(file: str, table: FoundTable, project: str, rows: list[FoundRow]) -> Draft:
    hidden = frozenset(unseen_rows(table.grid, (row.index for row in rows)))
    heading, columns = table.heading, table.header.columns
    texts = " ".join(
        filter(
            None,
            [
                table.title,
                heading.get("year", ""),
                rows[0].values.get("year", ""),
                project or heading.get("project", ""),
            ],
        )
    )
    return Draft(
        kind=_kind(table),
        project=project or heading.get("project", ""),
        department=heading.get("department", ""),
        unit=rows[0].values.get("unit", "") or heading.get("unit", ""),
        year=_year(texts),
        amount=_amount(heading.get("amount", ""), table),
        period=heading.get("period", ""),
        attribute=heading.get("attribute", ""),
        grounds=heading.get("grounds", ""),
        goal=heading.get("goal", ""),
        midterm_goal=heading.get("midterm_goal", ""),
        goal_actual=heading.get("goal_actual", ""),
        rows=tuple(_row(n, table, row, row.index in hidden) for n, row in enumerate(rows, 1)),
        columns=frozenset(columns) | frozenset(f"heading.{k}" for k in heading),
        funds=_funds(table),
        months=_months(table),
        file=file,
        sheet=table.grid.name,
        place=table.grid.place(table.header.row, 0),
    )


def _row(number: int, table: FoundTable, row: FoundRow, hidden: bool) -> DraftRow:
    v = {field: "" if text == FORMULA else text for field, text in row.values.items()}
    column = table.header.columns.get("name", table.header.columns.get("level2", 0))
    return DraftRow(
        number=number,
        level1=v.get("level1", ""),
        level2=v.get("level2", ""),
        name=v.get("name", ""),
        comparator=v.get("comparator", ""),
        target=v.get("target", ""),
        unit=v.get("unit_of_value", ""),
        weight=number_of(v.get("weight", "")),
        explanation=v.get("explanation", ""),
        basis=v.get("basis", ""),
        scoring=v.get("scoring", ""),
        evidence=v.get("evidence", ""),
        actual=v.get("actual", ""),
        score=number_of(v.get("score", "")),
        reason=v.get("reason", ""),
        possibility=v.get("possibility", ""),
        note=v.get("note", ""),
        code=v.get("code", ""),
        place=table.grid.place(row.index, column),
        hidden=hidden,
    )


def number_of(text: str) -> Decimal | None:
    """The number that a cell holds and nothing else but a unit word, else None."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    if len(found) != 1:
        return None
    try:
        return Decimal(found[0].replace(",", ""))
    except InvalidOperation:
        return None


def _kind(table: FoundTable) -> TableKind:
    title = table.title + table.grid.name
    columns = table.header.columns
    if "possibility" in columns or "监控" in title:
        return TableKind.MONITORING
    if "actual" in columns or "score" in columns or "自评" in title:
        return TableKind.SELF_EVALUATION
    return TableKind.DEPARTMENT if "整体" in title else TableKind.TARGETS


def _year(text: str) -> int | None:
    match = _YEAR.search(text)
    return int(match[1]) if match else None


def _amount(text: str, table: FoundTable) -> Decimal | None:
    """Amount in 万元; a form that says 元 is converted, one that says nothing is taken as 万元."""
    amount = number_of(text)
    if amount is None:
        return None
    if re.search(r"\d\s*亿", text):
        return wan_of_yi(amount)
    if "万" in text:
        return amount
    if re.search(r"\d\s*元", text):
        return amount / 10_000
    filled = set(table.heading.values())
    above = [t for row in table.grid.cells[: table.header.row] for t in row if t and t not in filled]
    above += table.grid.caption
    in_wan = any("万元" in t and heading_of(t) == "amount" for t in above)
    return amount / 10_000 if not in_wan and any(_says_yuan(t) for t in above) else amount


def _says_yuan(text: str) -> bool:
    """Whether a label (项目资金(元)) or a line (单位：元) says that amounts are 元; prose that names 元 does not."""
    if re.search(r"[(（]\s*元\s*[)）]", text):
        return heading_of(text) == "amount" or len(text) <= _SHORT_LABEL
    return len(text) <= _SHORT_LABEL and bool(re.search(r"单位[:：]\s*元", text))


def _funds(table: FoundTable) -> Funds | None:
    """The execution block: 年初预算数, 全年预算数, 全年执行数, 分值, 执行率, 得分 × 年度资金总额."""
    grid = table.grid
    wanted = {"年初预算数": "planned", "全年预算数": "adjusted", "调整后预算数": "adjusted", "全年执行数": "executed",
              "预算执行数": "executed", "执行数": "executed", "执行率": "rate", "分值": "weight", "得分": "score"}  # fmt: skip
    for row in range(table.header.row):
        labels = {
            c: wanted[t]
            for c in range(grid.width)
            if (t := without_months(re.sub(r"[\s(（].*", "", grid.own(row, c)))) in wanted
        }
        if {"executed"} <= set(labels.values()):
            return _funds_below(grid, row, labels, table.header.row)
    return None


def _funds_below(grid: Grid, row: int, labels: dict[int, str], stop: int) -> Funds | None:
    for below in range(row + 1, min(row + 4, stop)):
        values = {field: number_of(grid.own(below, c)) for c, field in labels.items()}
        if values.get("executed") is not None:
            return Funds(**values)
    return None


def _months(table: FoundTable) -> int | None:
    for row in range(table.header.row, table.header.below):
        for column in range(table.grid.width):
            if match := _MONTHS.search(table.grid.own(row, column)):
                return int(match[1])
    return None


def wan_of_yi(number: Decimal) -> Decimal:
    """An amount in 亿元 as one in 万元, without the decimal noughts that only its scale brings."""
    scaled = number * 10_000
    return scaled.quantize(Decimal(1)) if scaled == scaled.to_integral_value() else scaled
