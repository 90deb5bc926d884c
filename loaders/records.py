"""Rows of a found table to typed rows, and what cannot be taken as a problem in an admin's words. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from indicators.draft import DraftRow
from indicators.taxonomy import read_level1, read_level2
from loaders.drafts import number_of, wan_of_yi
from loaders.editions import Classification, Levels, classify
from loaders.found import LoadTable, TableRow
from loaders.grid import SURE, column_letters
from loaders.hidden import Hidden
from loaders.mapping import MappedColumn, TableKind
from loaders.workbook import FORMULA

_PLACEHOLDER = re.compile(r"^[-—_*/\\.…。、\s]+$")
_UNFILLED = re.compile(r"^[≥≤＞＜>=<]*[xX×]{2,}[%％个天万元]*$")
_LISTED = re.compile(r"(?:^|\n|[；;。\s])\s*(\d{1,2})[.、．)）](?!\d)")
_MISREAD = re.compile(r"\d[A-Za-z]|[A-Za-z]\d")  # 2O is no 2: a letter for a digit, typed or recognised
_LONGEST_NAME = 1000
_SAMPLED = 6
_HIGHEST_SCORE = 1000
AS_ROWS = (
    TableKind.TARGETS,
    TableKind.SELF_EVALUATION,
    TableKind.MONITORING,
    TableKind.INDICATORS,
    TableKind.FRAMEWORK,
)
"""Kinds whose rows are rows of a target table."""
_CLASSIFIED = tuple(kind for kind in AS_ROWS if kind is not TableKind.FRAMEWORK)  # 53号 has levels of its own
_TOLD = 5
_NUMBERS = {
    "amount": "金额", "executed": "执行数", "self_score": "自评得分", "third_party_score": "评分", "weight": "权重",
    "score": "得分", "weight_min": "权重下限", "weight_max": "权重上限", "rate": "执行率",
}  # fmt: skip
_DATES = ("valid_from", "valid_to")
_FIRST_DAY = dt.date(1899, 12, 30)  # day 0 of spreadsheets, as they count since 1900-03-01
KEY = {TableKind.PROJECTS: "project", TableKind.DEPARTMENTS: "department", TableKind.ISSUES: "what"}
"""The field that a row of these kinds must have; a "name" in all others."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A cell that cannot be taken: its row as people count it, its column, what it says, what to do."""

    row: int
    column: str
    value: str
    message: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read: its number among the table's rows from 1, texts, numbers, places, notes.

    ``recognised`` has for each field that was recognised in a scan how sure that is (0..1).
    """

    number: int
    sheet_row: int
    texts: Mapping[str, str]
    numbers: Mapping[str, Decimal | None]
    places: Mapping[str, str]
    notes: tuple[str, ...] = ()
    recognised: Mapping[str, float] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Text of a field, "" for a blank or a missing one."""
        return self.texts.get(name, "")

    @property
    def place(self) -> str:
        """Where the row's main cell stands."""
        return self.places.get("", "")


@dataclass(frozen=True, slots=True)
class LoadedTable:
    """A table of a file with its rows and problems. ``sheet`` names the sheet, table or page."""

    sheet: str
    kind: TableKind
    header_row: int
    columns: tuple[MappedColumn, ...]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    title: str = ""
    heading: Mapping[str, str] = field(default_factory=dict)
    classification: Classification = field(default_factory=Classification)
    sample: tuple[tuple[str, ...], ...] = ()
    hidden: Hidden = field(default_factory=Hidden)

    @property
    def mapping(self) -> dict[str, str]:
        """Header to field, mapped columns only."""
        return {c.header: c.field for c in self.columns if c.field}

    @property
    def recognised(self) -> int:
        """Number of cells that were recognised in a scan."""
        return sum(len(row.recognised) for row in self.rows)

    @property
    def doubtful(self) -> int:
        """Number of recognised cells that have to be compared with the original."""
        return sum(sure < SURE for row in self.rows for sure in row.recognised.values())

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """(place, note) of what was taken otherwise than it stands, or has to be compared with the original."""
        return tuple((row.place, note) for row in self.rows for note in row.notes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to look at before the table is loaded, beside its problems."""
        unseen = self.hidden.told(self.sheet, column_letters)
        return (*self._on_recognition(), *self._on_levels(), *((unseen,) if unseen else ()))

    def _on_levels(self) -> Iterator[str]:
        """A sentence where rows stand under levels that no classification has."""
        if self.kind not in _CLASSIFIED:
            return
        strange = [
            (row.sheet_row, name)
            for row in self.rows
            for name, read in ((row.text("level1"), read_level1), (row.text("level2"), read_level2))
            if name and not read(name)
        ]
        if strange:
            names = "、".join(dict.fromkeys(f"“{name}”" for _, name in strange[:_TOLD]))
            rows = "、".join(str(n) for n in list(dict.fromkeys(n for n, _ in strange))[:_TOLD])
            yield (
                f"{names}不是通用的一级、二级指标名称（第 {rows} 行{'等' if len(strange) > _TOLD else ''}）。照原样入库，"
                "但按一级、二级筛选时找不到；要归到通用名称，请改正后再传。"
            )

    def _on_recognition(self) -> Iterator[str]:
        """A sentence where the table was recognised in a picture."""
        if not self.recognised:
            return
        doubt = f"其中 {self.doubtful} 格把握不大，已逐行注明" if self.doubtful else "各格把握都较大"
        yield (
            f"这张表是从扫描件识别的，共 {self.recognised} 格，{doubt}。入库前请对照原件核对，小数点和≥、≤尤其容易认错。"
        )

    @property
    def bad(self) -> frozenset[int]:
        """Sheet rows that cannot be taken."""
        return frozenset(p.row for p in self.problems)


def load_table(table: LoadTable) -> LoadedTable:
    """Read the rows of a table, each checked by itself and against those before it."""
    rows: list[Row] = []
    problems: list[RowProblem] = []
    seen: dict[tuple[str, ...], int] = {}
    for found in table.rows:
        if _is_blank(table, found):
            continue
        row = _row(table, found, len(rows) + 1)
        faults = [*_cell_faults(table, found, row), *_row_faults(table, found, row, seen)]
        rows.append(row)
        problems += faults
    return LoadedTable(
        table.grid.name, table.kind, table.header_row + 1, table.columns, tuple(rows), tuple(problems),
        table.title, table.heading, _classification(table, rows), _sample(table),
        table.grid.hidden_in((r.sheet_row - 1 for r in rows), (c.column for c in table.columns if c.field)),
    )  # fmt: skip


def _sample(table: LoadTable) -> tuple[tuple[str, ...], ...]:
    """The first rows as they stand, a text for each of ``columns``, mapped or not."""
    return tuple(
        tuple("" if (t := table.grid.text(row.index, c.column)) == FORMULA else t for c in table.columns)
        for row in table.rows[:_SAMPLED]
    )


def _classification(table: LoadTable, rows: Sequence[Row]) -> Classification:
    if table.kind not in AS_ROWS:
        return Classification()
    levels = (Levels(r.text("level1"), r.text("level2"), r.places.get("level2") or r.place) for r in rows)
    return classify(table.title, levels, framework=table.kind is TableKind.FRAMEWORK)


def _is_blank(table: LoadTable, found: TableRow) -> bool:
    """Whether a row of a form was left unfilled (…… under a printed level)."""
    if table.kind not in AS_ROWS:
        return False
    own = {
        f: v
        for f, v in found.values.items()
        if v and f not in found.filled and f not in ("level1", "level2", "number")
    }
    return not any(v and not _PLACEHOLDER.match(v) for v in own.values())


def _row(table: LoadTable, found: TableRow, number: int) -> Row:
    texts = {f: "" if v == FORMULA else v for f, v in found.values.items()}
    notes = []
    for name in ("target", "name"):
        if _UNFILLED.match(texts.get(name, "")):
            notes.append(f"{table.header(name) or name} 写的是“{texts[name]}”，按没有填处理")
            texts[name] = ""
    for name, text in texts.items():
        if text and (n := _listed(text)) > 1 and name in ("name", "target", "explanation", "what"):
            notes.append(f"{table.header(name) or name} 一格里列了 {n} 条，按一个值保留")
    texts |= {f: _date(texts[f]) for f in _DATES if f in texts}
    recognised = {f: round(sure, 3) for f in texts if (sure := table.sure(found, f)) is not None}
    for name, sure in recognised.items():
        if sure < SURE:
            notes.append(f"{table.header(name)} “{texts[name]}”是识别的，把握 {sure:.0%}，请对照原件核对")
    numbers = {f: _number(table, f, texts[f]) for f in _NUMBERS if f in texts}
    places = {f: table.place(found, f) for f in texts}
    places[""] = table.place(found, KEY.get(table.kind, "name"))
    return Row(number, found.index + 1, texts, numbers, places, tuple(notes), recognised)


def _date(text: str) -> str:
    """A date that a sheet stored as the number of its day (45292) as people see it."""
    if not re.fullmatch(r"[2-6]\d{4}", text):
        return text
    return (_FIRST_DAY + dt.timedelta(days=int(text))).isoformat()


def _listed(text: str) -> int:
    """How many numbered items a cell lists: 1. … 2. … 3. …"""
    expected = 1
    for mark in _LISTED.findall(text):
        if int(mark) == expected:
            expected += 1
    return expected - 1


def _number(table: LoadTable, name: str, text: str) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    number = None if _MISREAD.search(plain) else number_of(plain)
    if number is None and re.fullmatch(r"[+-]?\d[\d,]*(\.\d+)?[eE][+-]?\d+", plain):
        try:
            number = Decimal(plain.replace(",", ""))
        except InvalidOperation:
            return None
    if number is None or name not in ("amount", "executed"):
        return number
    return _in_wan(table, name, plain, number)


def _in_wan(table: LoadTable, name: str, plain: str, number: Decimal) -> Decimal:
    """An amount in 万元, by what the cell, its header, or a line above the table says of its unit."""
    above = " ".join(t for row in table.grid.cells[: table.header_row] for t in row if t and len(t) <= 20)
    for text in (plain, table.header(name), " ".join((table.title, above))):
        if "亿" in text:
            return wan_of_yi(number)
        if "万" in text:
            return number
        if re.search(r"[(（]元[)）]|单位[:：]\s*元|^[\d.,]+元$", text):
            return number / 10_000
    return number


def _cell_faults(table: LoadTable, found: TableRow, row: Row) -> Iterator[RowProblem]:
    for name, text in found.values.items():
        if text == FORMULA:
            yield _problem(
                table,
                found,
                name,
                "（公式）",
                "公式没有保存结果。请用 WPS 或 Excel 打开重算、保存后再交，或直接写数。",
            )
    for name, number in row.numbers.items():
        text = row.text(name)
        if not text or name in found.filled or _PLACEHOLDER.match(text) or text in ("无", "暂无"):
            continue
        if number is None:
            yield _problem(
                table, found, name, text, f"{_NUMBERS[name]}应是一个数。请改成数字，单位写在表头。"
            )
        elif name.endswith("score") and not 0 <= number <= _HIGHEST_SCORE:
            yield _problem(table, found, name, text, "得分不在合理范围。请核对是不是把金额填进了得分栏。")


def _row_faults(
    table: LoadTable, found: TableRow, row: Row, seen: dict[tuple[str, ...], int]
) -> Iterator[RowProblem]:
    key = KEY.get(table.kind, "name")
    name = row.text(key)
    if not name or _PLACEHOLDER.match(name):
        if table.kind is not TableKind.PROJECTS or row.number == 1:
            word = table.header(key) or {"project": "项目名称", "department": "部门名称", "what": "问题"}.get(
                key, "三级指标"
            )
            yield _problem(table, found, key, name, f"这一行没有填“{word}”。请补上，或删去整行。")
        return
    if len(name) > _LONGEST_NAME and key != "what":
        yield _problem(
            table,
            found,
            key,
            name[:40] + "…",
            f"名称有 {len(name)} 个字，超过 {_LONGEST_NAME} 个。请检查是不是整段说明填进了名称栏。",
        )
    target = row.text("target")
    if target and _PLACEHOLDER.match(target) and table.kind in AS_ROWS:
        yield _problem(
            table, found, "target", target, "指标值只有符号，没有内容。请写出数值，或把单元格清空。"
        )
    identity = _identity(table.kind, row)
    if identity and identity in seen:
        yield _problem(
            table, found, key, name, f"与第 {seen[identity]} 行重复。请删去其中一行，或写清两行的区别。"
        )
    elif identity:
        seen[identity] = row.sheet_row


def _identity(kind: TableKind, row: Row) -> tuple[str, ...]:
    if kind is TableKind.PROJECTS:
        return ()
    if kind is TableKind.DEPARTMENTS:
        return (row.text("department"), row.text("year"))
    if kind is TableKind.ISSUES:
        return (row.text("what"), row.text("project"), row.text("department"))
    own = (
        "code",
        "project",
        "unit",
        "sector",
        "subsector",
        "use",
        "level1",
        "level2",
        "name",
        "target",
        "explanation",
        "formula",
    )
    return tuple(row.text(f) for f in own)


def _problem(table: LoadTable, found: TableRow, name: str, value: str, message: str) -> RowProblem:
    return RowProblem(found.index + 1, table.header(name) or name, value, message, table.place(found, name))


def draft_row(row: Row) -> DraftRow:
    """A row as the reviewing and drafting side knows it."""
    return DraftRow(
        number=row.number, level1=row.text("level1"), level2=row.text("level2"), name=row.text("name"),
        comparator=row.text("comparator"), target=row.text("target"), unit=row.text("unit_of_value"),
        weight=row.numbers.get("weight"), explanation=row.text("explanation"), basis=row.text("basis"), place=row.place,
    )  # fmt: skip
