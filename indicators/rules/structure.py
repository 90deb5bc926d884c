"""完整结构, P28-P39, P56, P66, P67: is the table whole, balanced and consistent?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from indicators.draft import TableKind
from indicators.finding import Finding, Severity
from indicators.rules.base import Checking, row_check, table_check
from indicators.rules.facts import RowFacts, TableFacts
from indicators.rules.lexicon import pattern
from indicators.rules.likeness import likeness, pairs, plain
from indicators.taxonomy import BENEFIT, OUTPUT, SATISFACTION, Edition, level1_of
from indicators.value import ValueKind
from indicators.weights import EXECUTION, furthest, schemes_for, total_fits

_SURE = 0.8
"""Score from which two rows that match one indicator with one value are taken for the same thing."""


@table_check("P28")
def missing_class(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """No output or no benefit row at all, in a table that is more than an excerpt."""
    known = [r for r in table.rows if r.level1]
    if len(known) < checking["rows"] or len(known) < len(table.rows) * 0.8:
        return
    have = {r.level1 for r in known} | {level1_of(r.level2) for r in known}
    missing = [level for level in (OUTPUT, BENEFIT) if level not in have]
    if missing:
        yield checking.whole(missing="、".join(missing), evidence="、".join(sorted(have)))


@table_check("P29")
def no_cost(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A building, repair or purchasing project without a cost row."""
    project = table.draft.project
    works = pattern("{工程词}").search(project)
    if not works or pattern("{软建设词}").search(project) or len(table.rows) < checking["rows"]:
        return
    if any(_is_money_cost(r) for r in table.rows):
        return
    yield checking.whole(word=works.group(), evidence=project)


def _is_money_cost(row: RowFacts) -> bool:
    return row.level2 == "经济成本指标" or (row.is_cost and row.family == "金额") or "成本" in row.row.level2


@table_check("P30")
def no_satisfaction(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A project that serves people, without a satisfaction row."""
    served = pattern("{服务词}").search(table.draft.project)
    if not served or len(table.rows) < checking["rows"]:
        return
    if any(r.level1 == SATISFACTION or "满意" in f"{r.row.level2}{r.name}" for r in table.rows):
        return
    yield checking.whole(word=served.group(), evidence=table.draft.project)


@table_check("P31")
def weights_do_not_add_up(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Weights whose sum is no accepted total, or whose level-1 shares depart from the schemes."""
    weights = [r.row.weight for r in table.rows if r.row.weight is not None]
    if not weights or len(weights) < len(table.rows):
        return
    total = sum(weights, Decimal(0))
    totals = checking.pack.totals
    if not total_fits(total, (*totals, *(t - EXECUTION for t in totals if t == 100))):
        shown = "、".join(f"{t:f}" for t in totals)
        yield checking.whole(total=f"{total.normalize():f}", totals=shown, evidence=f"{total:f}")
        return
    yield from _shares(table, checking)


def _shares(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    points: Counter[str] = Counter()
    for row in table.rows:
        if not row.level1:
            return
        points[row.level1] += row.row.weight or Decimal(0)  # type: ignore[assignment]
    edition = checking.pack.edition or (Edition.E2021 if "成本指标" in points else Edition.E2015)
    drifts = [furthest(points, scheme) for scheme in schemes_for(edition, points)]  # type: ignore[arg-type]
    if not drifts:
        return
    level, has, wants = min(drifts, key=lambda d: abs(d[1] - d[2]))
    if abs(has - wants) >= Decimal(str(checking["drift"])):
        yield checking.whole(
            "{level}占{has}分，规定的口径是{wants}分左右。", severity=Severity.WARNING, level=level,
            has=f"{has:.0f}", wants=f"{wants:.0f}", evidence=level, fix="按所用规则调整一级分值，差别有本地依据的写明。",
        )  # fmt: skip


@table_check("P32")
def lopsided(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """One row that carries most of the points, or all rows equal in a long table."""
    weighted = [r for r in table.rows if r.row.weight]
    if len(weighted) < 2:
        return
    total = sum((r.row.weight or Decimal(0) for r in weighted), Decimal(0))
    top = max(weighted, key=lambda r: r.row.weight or Decimal(0))
    most = top.row.weight or Decimal(0)
    limit = checking["most"] if len(weighted) >= checking["few_rows"] else checking["most_of_few"]
    if most > Decimal(str(limit)):
        yield checking.row(
            top, weight=f"{most:f}", n=len(weighted) - 1, rest=f"{total - most:f}", evidence=f"{most:f}"
        )
    elif len(weighted) >= checking["equal_rows"] and len({r.row.weight for r in weighted}) == 1:
        message = "{n}条指标分值全部是{weight}分，看不出哪条是核心。"
        yield checking.whole(
            message, severity=Severity.HINT, n=len(weighted), weight=f"{most:f}", evidence=f"{most:f}",
            fix="给核心产出和主要效果加权，容易完成的往下降。",
        )  # fmt: skip


@table_check("P33")
def too_few_or_many(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A table of very few rows (hint) or of very many."""
    n = len(table.rows)
    if n >= checking["many"]:
        yield checking.whole(n=n, evidence=str(n))
    elif 0 < n < checking["few"]:
        message = "整张表只有{n}条指标，看不全项目干了什么。"
        fix = "补上主要产出和主要效果；小额运转类项目可以少一些。"
        yield checking.whole(message, severity=Severity.HINT, n=n, evidence=str(n), fix=fix)


@table_check("P34")
def repeated(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A row whose name repeats an earlier one, or is near it with the same value and unit."""
    seen: list[RowFacts] = []
    by_name: dict[tuple[str, str], RowFacts] = {}
    for row in table.rows:
        if not row.name or not row.target:
            continue
        key = (plain(row.name), row.level2 if row.level1 == SATISFACTION else "")
        other = by_name.setdefault(key, row)
        if other is not row:
            own = None if (other.target, other.unit) == (row.target, row.unit) else Severity.HINT
            yield _repeat(row, other, checking, own)
        elif row.number is not None:
            near = next((o for o in reversed(seen[-40:]) if _near(row, o, checking["likeness"])), None)
            if near:
                yield _repeat(row, near, checking, Severity.HINT)
        seen.append(row)


def _same_indicator(row: RowFacts, other: RowFacts) -> bool:
    one, two = row.match, other.match
    return one is not None and two is not None and one.code == two.code and min(one.score, two.score) >= _SURE


def _near(row: RowFacts, other: RowFacts, least: float) -> bool:
    same = row.number == other.number and row.unit == other.unit and row.level1 == other.level1
    return (
        same
        and (row.number or 0) >= 10
        and row.number != 100
        and row.level1 != SATISFACTION
        and (_same_indicator(row, other) or likeness(row.name, other.name) >= least)
    )


def _repeat(row: RowFacts, other: RowFacts, checking: Checking, own: Severity | None) -> Finding:
    return checking.row(
        row, severity=own, other_row=other.row.number, other_name=other.name, evidence=row.name,
        others=[other.row.number],
    )  # fmt: skip


_CLAUSES = re.compile(r"[。；;！!，,\n]|(?:^|\s)\d+[.、．]|目标\d+[:：]?")


@table_check("P36")
def goal_without_row(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A task of the goal whose words stand in no row: shown to the reader, not judged."""
    goal = table.draft.goal
    if not goal or len(table.rows) < 3:
        return
    have: set[str] = set(pairs(table.draft.project))
    for row in table.rows:
        have |= pairs(row.name)
    for part in _CLAUSES.split(goal):
        text = part.strip()
        own = pairs(text)
        if len(text) < checking["clause_length"] or not re.search(r"\d", text):
            continue
        if len(own & have) / max(1, len(own)) < checking["share"] / 2:
            yield checking.whole(word=text[:40], evidence=text[:60])
            return


@table_check("P37")
def goal_copied(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """The year's goal repeats that of several years."""
    draft = table.draft
    if len(draft.goal) < 8 or len(draft.midterm_goal) < 8 or pattern("一年|当年|年度内").search(draft.period):
        return
    if likeness(draft.goal, draft.midterm_goal) >= checking["likeness"]:
        yield checking.whole(evidence=draft.goal[:60])


_HEADING = {"project": "项目名称", "department": "主管部门", "unit": "实施单位", "period": "项目期",
            "amount": "资金总额", "goal": "总体目标", "grounds": "立项依据"}  # fmt: skip


@table_check("P38")
def heading_blank(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Cells of the heading that the form has (``heading.…`` in its columns) and that are blank."""
    draft = table.draft
    labels = [
        label for key, label in _HEADING.items() if table.has(f"heading.{key}") and not getattr(draft, key)
    ]
    if labels:
        yield checking.whole(missing="、".join(labels), evidence="、".join(labels))


@row_check("P56")
def date_out_of_order(row: RowFacts, checking: Checking) -> Finding | None:
    """A date before the budget year, or a span that ends before it begins."""
    year = checking.table.draft.year
    span = re.fullmatch(r"\s*(20\d\d)\D+(\d{1,2})\D+(20\d\d)\D+(\d{1,2})\D*", row.target)
    if span:
        start, end = (int(span[1]), int(span[2])), (int(span[3]), int(span[4]))
        if end < start:
            return checking.row(
                row, "“{name}”的时间“{target}”结束早于开始。", year=year or "", evidence=row.target
            )
    end_year = row.value.deadline.year if row.value.kind is ValueKind.DATE and row.value.deadline else None
    if year is None or end_year is None or year - end_year < checking["years"]:
        return None
    if pattern("清算|历史|遗留|清欠|尾款|结算").search(checking.table.draft.project):
        return None
    return checking.row(row, year=year, evidence=row.target)


@table_check("P66")
def only_office_work(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A department's table whose outputs are meetings, training and office upkeep."""
    if table.draft.kind is not TableKind.DEPARTMENT:
        return
    outputs = [r for r in table.under(OUTPUT) if not r.is_cost]
    office = [
        r
        for r in outputs
        if pattern("会议|培训|办公|公文|接待|在职|工资|退休|遗属|用车|物业|印刷").search(r.name)
    ]
    if len(outputs) >= checking["rows"] and len(office) / len(outputs) >= checking["share"]:
        yield checking.whole(
            n=len(outputs), word="、".join(r.name for r in office[:3]), others=[r.row.number for r in office],
            evidence=office[0].name,
        )  # fmt: skip


_PRIVATE = ((re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d|\.\d|元|万)"), "个人手机号"), (re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\d)"), "身份证号"))  # fmt: skip


@table_check("P67")
def private_data(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """A mobile or identity number in any cell; the finding shows only its ends."""
    draft = table.draft
    texts = [(0, " ".join((draft.project, draft.goal, draft.grounds, draft.unit, draft.department)))]
    texts += [
        (r.row.number, f"{r.row.name} {r.row.target} {r.text} {r.row.actual} {r.row.reason}")
        for r in table.rows
    ]
    for number, text in texts:
        for search, what in _PRIVATE:
            found = search.search(text)
            if found:
                digits = found.group()
                masked = f"{digits[:3]}…{digits[-2:]}"
                others = [number] if number else []
                yield checking.whole(what=what, word=masked, evidence=masked, others=others)
                return
