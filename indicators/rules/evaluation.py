"""自评监控, P60-P65: what was done against what was promised, and against the money spent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from indicators.draft import TableKind
from indicators.finding import Finding, Severity
from indicators.rules.base import Checking, row_check, table_check
from indicators.rules.facts import RowFacts, TableFacts
from indicators.rules.lexicon import pattern
from indicators.units import comparable
from indicators.value import TargetValue, ValueKind


def completion(row: RowFacts) -> Decimal | None:
    """Done ÷ promised (or the reverse where less is better), or None where the two cannot be compared.

    Only plain numbers in one unit are compared; an ``=`` target counts as one to be reached.
    """
    target = row.number
    if target is None or not row.row.actual.strip():
        return None
    actual = TargetValue.parse(row.row.actual, "")
    if actual.value is None or actual.kind is not ValueKind.NUMBER or not actual.confident:
        return None
    if actual.unit and row.unit and not comparable(actual.unit, row.unit):
        return None
    lower = row.value.comparator in {"≤", "<"}
    over, under = (target, actual.value) if lower else (actual.value, target)
    return over / under if under else None


def _explained(row: RowFacts, least: float) -> bool:
    reason = row.row.reason.strip()
    return len(reason) >= least and reason not in {"无", "/", "-"}


def _grown(row: RowFacts) -> bool:
    """Rows whose ratio says nothing: growth rates, and costs that were saved."""
    return bool(row.value.change) or row.is_cost or pattern("{增减词}").search(row.name) is not None


@row_check("P61")
def score_not_due(row: RowFacts, checking: Checking) -> Finding | None:
    """A score above its weight, or (nearly) full points for a target clearly missed."""
    score, weight = row.row.score, row.row.weight
    if score is None or weight is None or weight <= 0:
        return None
    slack = Decimal(str(checking["slack"]))
    if score > weight + Decimal("0.01"):
        message = "“{name}”得分{score}超过分值{weight}。"
        return checking.row(
            row, message, score=f"{score:f}", weight=f"{weight:f}", due="", evidence=f"{score:f}"
        )
    done = completion(row)
    if done is None or _grown(row) or done >= Decimal(str(checking["least"])):
        return None
    due = (weight * done).quantize(Decimal("0.1"))
    if score - due < max(slack, weight / 10):
        return None
    own = None if score == weight else Severity.WARNING
    return checking.row(row, severity=own, due=f"{due:f}", score=f"{score:f}", evidence=f"{score:f}")


@table_check("P61")
def total_differs(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """The total is not the sum of the rows (with the execution rate's points, where given)."""
    total = table.draft.total_score
    scores = [r.row.score for r in table.rows if r.row.score is not None]
    if total is None or not scores or len(scores) < len(table.rows):
        return
    funds = table.draft.funds
    own = sum(scores, Decimal(0))
    extra = funds.score if funds and funds.score is not None else None
    fits = {own} if extra is None else {own, own + extra}
    slack = Decimal(str(checking["slack"]))
    if extra is None:
        fits |= {own + Decimal(n) for n in range(11)} if total > own else set()
    if all(abs(total - f) > slack for f in fits):
        yield checking.whole(
            "各行得分合计{own}分，填报总分{total}分，对不上。", own=f"{own:f}", total=f"{total:f}",
            evidence=f"{total:f}", fix="逐行核对得分，预算执行率的得分也要加进去。",
        )  # fmt: skip


@row_check("P62")
def missed_without_reason(row: RowFacts, checking: Checking) -> Finding | None:
    """A target clearly missed with the reason column left blank."""
    if not checking.table.has("reason") or _explained(row, checking["length"]):
        return None
    if checking.table.draft.kind is TableKind.MONITORING:
        return None
    done = completion(row)
    if done is None or done >= Decimal(str(checking["least"])):
        return None
    return checking.row(row, evidence=row.row.actual)


@row_check("P63")
def far_exceeded(row: RowFacts, checking: Checking) -> Finding | None:
    """A target exceeded by far without a word about it."""
    done = completion(row)
    if done is None or _grown(row) or row.value.comparator in {"≤", "<"}:
        return None
    if done <= Decimal(str(checking["most"])) or _explained(row, checking["length"]):
        return None
    own = None if checking.table.has("reason") else Severity.HINT
    return checking.row(row, severity=own, percent=f"{done * 100:.0f}", evidence=row.row.actual)


@table_check("P64")
def money_and_work_apart(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Little money spent and a high score, or work and money far apart."""
    funds, total = table.draft.funds, table.draft.total_score
    rate = funds.rate if funds else None
    if rate is None and funds and funds.executed is not None and (funds.adjusted or funds.planned):
        rate = funds.executed / (funds.adjusted or funds.planned or Decimal(1)) * 100
    if rate is None:
        return
    if total is not None and rate < checking["rate"] and total >= checking["score"]:
        yield checking.whole(rate=f"{rate:.1f}", total=f"{total:f}", evidence=f"{rate:.1f}%")
        return
    done = [min(d, Decimal(1)) for r in table.rows if (d := completion(r)) is not None]
    if len(done) < 3:
        return
    mean = sum(done, Decimal(0)) / len(done) * 100
    if abs(mean - rate) > checking["gap"]:
        message = "指标平均完成{mean}%，预算执行率{rate}%，两个进度相差很大。"
        yield checking.whole(
            message, severity=Severity.HINT, mean=f"{mean:.0f}", rate=f"{rate:.1f}", evidence=f"{rate:.1f}%"
        )


@row_check("P65")
def certain_but_late(row: RowFacts, checking: Checking) -> Finding | None:
    """A monitored target far behind the calendar, still said to be certain."""
    months = checking.table.draft.months
    certain = pattern("确定能|^能$|能够完成|可以完成").search(row.row.possibility)
    if not months or not certain or row.row.possibility.startswith("不"):
        return None
    done = completion(row)
    if done is None or row.value.comparator in {"≤", "<"} or row.is_cost:
        return None
    due = Decimal(months) / 12
    if done / due >= Decimal(str(checking["least"])) or _explained(row, 6):
        return None
    return checking.row(
        row, months=months, percent=f"{done / due * 100:.0f}", possibility=row.row.possibility,
        evidence=row.row.possibility,
    )  # fmt: skip
