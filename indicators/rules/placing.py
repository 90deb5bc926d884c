"""分类归位, P17-P27: checks of a row's place that need its neighbours or a classification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from indicators.finding import Finding, Severity
from indicators.rules.base import Checking, row_check, table_check
from indicators.rules.facts import RowFacts, TableFacts, Tail
from indicators.rules.lexicon import pattern
from indicators.rules.likeness import likeness
from indicators.taxonomy import BENEFIT, COST, OUTPUT, SATISFACTION, SUSTAINED, Edition, level1_of
from indicators.value import ValueKind


@table_check("P18")
def output_again(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A benefit whose name and value are those of an output."""
    outputs = [r for r in table.under(OUTPUT) if r.name]
    for row in table.under(BENEFIT):
        if pattern("{重述词}").search(row.name) or row.number is None or row.tail is Tail.NONE:
            continue
        for other in outputs:
            same = other.number == row.number and other.unit == row.unit
            if same and likeness(row.name, other.name) >= checking["likeness"]:
                message = "效益“{name}”与第{other_row}行产出“{other_name}”说的是同一件事，值也相同。"
                yield checking.row(
                    row, message, severity=Severity.HINT, other_row=other.row.number, other_name=other.name,
                    others=[other.row.number], evidence=row.name,
                )  # fmt: skip
                break


_PERIOD = re.compile(r"(?:20\d\d年)?全年|20\d\d年度?|\d{1,2}(?:月)?[-—~至]\d{1,2}月|\d+年|服务周期|服务期限?")


@row_check("P20")
def period_not_deadline(row: RowFacts, checking: Checking) -> Finding | None:
    """A timeliness row that gives a span or a length of time instead of a time limit."""
    if row.level2 != "时效指标":
        return None
    value = row.value
    if _PERIOD.fullmatch(row.name) and row.family != "比例":
        return checking.row(row, evidence=row.target)
    spans = value.kind is ValueKind.DATE and value.start is not None
    if spans and not pattern("完成时间|截止|完工|竣工").search(row.name):
        return checking.row(row, evidence=row.target)
    lasting = (
        row.family == "时间"
        and value.comparator in {"", "=", "≥", ">"}
        and row.unit in {"年", "月", "个月", "天", "日"}
    )
    if lasting and not pattern("内|完成|办结|响应|拨付|支付|缩短|提前|及时|用时|工期|时限|时间|率").search(
        row.name
    ):
        return checking.row(row, evidence=row.shown())
    return None


@row_check("P23")
def whole_budget(row: RowFacts, checking: Checking) -> Finding | None:
    """A cost row that is the project's total: by its name, or because it equals the budget."""
    if not row.is_cost and not pattern("成本|投资").search(row.name):
        return None
    if pattern("{是否词}").search(row.name) and pattern("控制目标|预算内").search(row.name):
        return checking.row(row, "“{name}”只问有没有控制住，看不出花得贵不贵。", field="name")
    if row.number is None or _in_wan(row) is None or row.value.per:
        return None
    if row.level1 in {BENEFIT, SATISFACTION}:
        return None
    if _is_budget(row, checking):
        return checking.row(
            row, "成本“{name}”写 {shown}，就是预算总额，看不出单位成本。", evidence=row.shown()
        )
    if pattern(r"{总额词}|^[\d.]+\s*[万亿]?元?$").search(row.name):
        return checking.row(
            row, "成本“{name}”写 {shown}，只有总价，没有单位成本或分项。", evidence=row.shown()
        )
    return None


def _is_budget(row: RowFacts, checking: Checking) -> bool:
    amount, value = checking.table.draft.amount, _in_wan(row)
    if not amount or value is None:
        return False
    return abs(value - amount) <= amount * Decimal(str(checking["slack"]))


def _in_wan(row: RowFacts) -> Decimal | None:
    scale = {"元": Decimal("0.0001"), "万元": Decimal(1), "万": Decimal(1), "亿元": Decimal(10000)}.get(
        row.unit
    )
    return row.number * scale if row.number is not None and scale else None


@table_check("P24")
def illegal_pairs(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Rows whose level 1 and level 2 do not go together, and tables that mix both classifications."""
    for row in table.rows:
        if not row.level1 or not row.level2:
            continue
        right = level1_of(row.level2)
        if _old_cost(row) and "经济成本" in row.row.level2:
            message = "“{level2}”是2021年分类的二级，放在旧分类的“{level1}”下，两版混用。"
            yield checking.row(
                row, message, severity=Severity.HINT, right="成本指标", evidence=row.row.level2
            )
            continue
        if row.level1 == right or _old_cost(row) or (row.level1 == BENEFIT and row.level2 == SUSTAINED):
            continue
        if row.level1 == BENEFIT and right == SATISFACTION and checking.pack.edition is None:
            continue  # forms of before 2020 have 满意度 under 效益
        doubtful = row.level1 == BENEFIT and right == SATISFACTION
        own = Severity.HINT if doubtful or (row.level1 == OUTPUT and right == BENEFIT) else None
        yield checking.row(
            row, severity=own, right=f"{right}／{row.level2}", evidence=f"{row.row.level1}／{row.row.level2}"
        )
    yield from _mixed_editions(table, checking)


def _old_cost(row: RowFacts) -> bool:
    return row.level1 == OUTPUT and row.level2 == "经济成本指标"


def _mixed_editions(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    old = [r for r in table.rows if _old_cost(r)]
    new = [r for r in table.rows if r.level1 == COST]
    edition = checking.pack.edition
    if old and new:
        yield checking.whole(
            "成本有{n}行放在产出下、{m}行单列一级，新旧两版分类混在一张表里。", n=len(old), m=len(new),
            fix="先认准本地用的是哪一版，成本只放在一处。", others=[r.row.number for r in (*old, *new)],
        )  # fmt: skip
    elif old and edition is Edition.E2021:
        yield checking.whole(
            "按2021年分类，成本单列一级；表里{n}行成本放在产出下。", n=len(old), severity=Severity.HINT,
            fix="把成本移到一级“成本指标”。", others=[r.row.number for r in old],
        )  # fmt: skip
    elif new and edition is Edition.E2015:
        yield checking.whole(
            "按所选的旧分类，成本在产出下；表里{n}行成本单列一级。", n=len(new), severity=Severity.HINT,
            fix="把成本移到“产出指标／成本指标”。", others=[r.row.number for r in new],
        )  # fmt: skip
