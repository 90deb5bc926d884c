"""What the preview of an upload shows: columns over first rows, causes, choices, changes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from indicators.differences import Told, told
from indicators.fields import label_of, shown
from indicators.model import Kind, Record
from kb.imports import Change, ImportPlan
from loaders.causes import Cause, group
from loaders.loading import LoadedFile
from loaders.mapping import FIELDS, MappedColumn, TableKind, fingerprint
from loaders.records import LoadedTable
from web.import_jobs import Prepared
from web.load_plan import problems_of, told_of

T = TypeVar("T")
PAGE = 100
CHOICES = 200
"""Near-duplicates, and vanished members, that a page lists with a choice each."""
SURE = 0.9
"""Confidence under which a person is asked to look at a column."""
ACTIONS = {"changed": "修改", "new": "新增", "vanished": "文件里没有", "invalid": "不能入库", "same": "不变"}
TABLE_NAMES = {
    TableKind.INDICATORS: "指标集", TableKind.TARGETS: "绩效目标表", TableKind.SELF_EVALUATION: "自评表", TableKind.MONITORING: "监控表",
    TableKind.PROJECTS: "项目清单", TableKind.DEPARTMENTS: "部门得分", TableKind.ISSUES: "评价问题", TableKind.FRAMEWORK: "共性框架",
    TableKind.RECORDS: "导出的记录",
}  # fmt: skip
_COMMON_FIELDS = {
    "level1": "一级指标", "level2": "二级指标", "name": "三级指标", "target": "指标值", "weight": "权重", "comparator": "指标性质",
}  # fmt: skip
_FLAT = (TableKind.PROJECTS, TableKind.DEPARTMENTS, TableKind.ISSUES)
_UNTOLD = frozenset(("code", "name", "sources"))


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column over its first cells: the key of its choice, what it is taken for, whether to look twice."""

    column: MappedColumn
    name: str
    cells: tuple[str, ...]

    @property
    def doubtful(self) -> bool:
        """Whether the guess is not sure."""
        return bool(self.column.field) and self.column.confidence < SURE


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of the file with its columns, the fields that they may be, and its prose rows where it has none."""

    table: LoadedTable
    kind: str
    columns: tuple[ColumnView, ...]
    choices: tuple[tuple[str, str], ...]
    learned: bool

    @property
    def doubtful(self) -> int:
        """Number of columns to look at twice."""
        return sum(c.doubtful for c in self.columns)

    @property
    def open(self) -> bool:
        """Whether some column waits for a field."""
        return any(c.doubtful or not c.column.field for c in self.columns)


@dataclass(frozen=True, slots=True)
class ChoicePage(Generic[T]):
    """A page of what has a choice each, and where it is among all of them."""

    items: Sequence[T]
    number: int
    last: int
    total: int

    @classmethod
    def of(cls, found: Sequence[T], number: int) -> ChoicePage[T]:
        """Page ``number`` (from 1), the last one where there are not so many."""
        last = max(1, -(-len(found) // CHOICES))
        number = min(number, last)
        return cls(found[(number - 1) * CHOICES : number * CHOICES], number, last, len(found))

    @property
    def first(self) -> int:
        """Number of its first item among all, from 1."""
        return (self.number - 1) * CHOICES + 1

    @property
    def near(self) -> list[int]:
        """Pages to turn to: the first, the last, and those around this one."""
        around = range(self.number - 2, self.number + 3)
        return sorted({1, self.last, *(n for n in around if 1 <= n <= self.last)})


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change in words: of a changed record its fields, of a new one what the file says of it."""

    change: Change
    told: Sequence[Told]
    facts: Sequence[tuple[str, str]]


def choices_of(kind: TableKind) -> tuple[tuple[str, str], ...]:
    """Fields that a column of a kind of table may be taken for, with a name for people."""
    found = {} if kind in _FLAT else dict(_COMMON_FIELDS)
    found |= {f: aliases[0] for f, aliases in FIELDS[kind].items() if f != "set"}
    return (("", "不用这一列"), *found.items())


def tables_of(file: LoadedFile, learned: Mapping[str, object]) -> list[TableView]:
    """Tables of a file as the preview shows them."""
    found = []
    for table in file.tables:
        choices = choices_of(table.kind)
        names = dict(choices)
        columns = tuple(
            ColumnView(c, names.get(c.field) or c.header, tuple(row[n] for row in table.sample))
            for n, c in enumerate(table.columns)
            if c.header and c.key
        )
        known = bool(columns) and fingerprint([c.key for c in table.columns]) in learned
        found.append(TableView(table, TABLE_NAMES[table.kind], columns, choices, known))
    return found


def causes_of(made: Prepared) -> list[Cause]:
    """Everything that keeps rows out, by cause."""
    return group(problems_of(made.file, made.plan))


def counted(plan: ImportPlan) -> list[tuple[str, str, int]]:
    """(action, word, number) of the changes, those that there are."""
    counts = plan.counts
    return [(action, word, counts[action]) for action, word in ACTIONS.items() if counts[action]]


def changes_of(made: Prepared, action: str, page: int) -> tuple[list[ChangeView], int]:
    """A page of the changes of one sort in words, and how many pages there are."""
    own = [c for c in made.plan.changes if c.action == action and c.kind not in (Kind.SET, Kind.SOURCE)]
    records = {r.code: r for r in made.plan.records}
    here = own[(page - 1) * PAGE : page * PAGE]
    views = [
        ChangeView(
            c,
            told_of(c, made.names),
            facts_of(records[c.code], made.names) if action == "new" and c.code in records else (),
        )
        for c in here
    ]
    return views, max(1, -(-len(own) // PAGE))


def set_change(made: Prepared) -> ChangeView | None:
    """What happens to the set itself, None where nothing is told of it."""
    for c in made.plan.changes:
        if c.kind is Kind.SET and (c.fields or c.action == "new"):
            return ChangeView(c, told(c.kind, c.fields, made.names), ())
    return None


def facts_of(record: Record, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a record says, blanks left out."""
    found = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name in _UNTOLD or value in ("", (), None, False) or value == getattr(type(record), name, None):
            continue
        if text := shown(name, value, names):
            found.append((label_of(record.kind, name), text))
    return found
