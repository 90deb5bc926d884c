"""适当性, P40-P58: checks of targets against money, other rows, comparable projects and other tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median

from indicators.choices import Direction
from indicators.draft import Draft, TableKind
from indicators.finding import Finding, Severity
from indicators.rules.base import Checking, row_check, table_check
from indicators.rules.facts import RowFacts, Spread, TableFacts, Tail, bare_name, joined
from indicators.rules.lexicon import pattern
from indicators.rules.likeness import likeness
from indicators.rules.measurable import _NUMBER_IN_NAME
from indicators.rules.placing import _in_wan
from indicators.units import comparable, normalise_unit

_SURE = 0.8
"""Score from which a match may stand for the row in comparisons of values."""


def _spread(row: RowFacts, spreads: Sequence[Spread], least: float) -> Spread | None:
    """The spread in the row's unit, if enough projects stand behind it."""
    return next((s for s in spreads if comparable(s.unit, row.unit) and len(s.values) >= least), None)


@row_check("P40")
def below_comparable(row: RowFacts, checking: Checking) -> Finding | None:
    """A target below what every comparable project set for the same indicator in the same unit."""
    if row.match is None or row.match.score < _SURE or row.number is None:
        return None
    if row.family not in {"比例", "分值"} or not _higher_is_better(row):
        return None
    spread = _spread(row, checking.table.spreads.get(row.match.code, ()), checking["samples"])
    if spread is None or row.number >= min(spread.values) * Decimal(str(checking["share"])):
        return None
    return checking.row(
        row, n=len(spread.values), low=_shown(min(spread.values), spread), mid=_shown(median(spread.values), spread),
        evidence=row.shown(),
    )  # fmt: skip


def _higher_is_better(row: RowFacts) -> bool:
    known = row.match.indicator if row.match else None
    if known and known.direction:
        return known.direction is Direction.HIGHER
    return row.value.comparator in {"≥", ">", ""} and not pattern("{反向词}").search(row.name)


def _shown(value: Decimal, spread: Spread) -> str:
    return f"{value:f}{spread.unit}"


@table_check("P41")
def all_hundred(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Nearly all shares are 100 %: nobody measured."""
    rates = [r for r in table.rows if r.number is not None and r.family == "比例" and "满意" not in r.name]
    full = [r for r in rates if r.number == 100]
    if len(rates) < checking["rates"] or len(full) / len(rates) < checking["share"]:
        return
    due = [
        r
        for r in full
        if pattern("发放|拨付|支付|合格|合规|准确|兑现|应.尽|保障|到位|及时|按时|按期").search(r.name)
    ]
    own = Severity.HINT if len(due) * 2 > len(full) else None
    message = "{n}条比率里{full}条定成100%，像是没有逐条测算。"
    fix = "按上年实际和近三年平均逐条重定，只有按规定必须全部做到的才写100%。"
    numbers = [r.row.number for r in full]
    yield checking.whole(
        message, severity=own, n=len(rates), full=len(full), others=numbers, fix=fix, evidence="100%"
    )


@table_check("P42")
def same_satisfaction(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Several groups of people, all given one and the same satisfaction target."""
    asked = [r for r in table.rows if "满意" in r.name and r.number is not None and r.family == "比例"]
    if len(asked) >= 3 and len({r.number for r in asked}) == 1:
        message = "{n}类对象的满意度都定 {shown}，没有分别测算。"
        yield checking.whole(
            message, severity=Severity.HINT, n=len(asked), shown=asked[0].shown(), evidence=asked[0].shown(),
            fix="按各类对象上年的调查结果分别定。", others=[r.row.number for r in asked],
        )  # fmt: skip


@table_check("P44")
def cost_out_of_band(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Budget divided by the main output, against what comparable projects paid for one unit of it."""
    amount = table.draft.amount
    if not amount:
        return
    for row in table.rows:
        if row.match is None or row.match.score < _SURE or not row.number or row.level2 != "数量指标":
            continue
        spread = _spread(row, table.costs.get(row.match.code, ()), checking["samples"])
        if spread is None:
            continue
        cost, times = amount / row.number, Decimal(str(checking["times"]))
        low, high = min(spread.values), max(spread.values)
        if cost > high * times or cost * times < low:
            yield checking.row(
                row, amount=f"{amount:f}", cost=f"{cost:.4g}", n=len(spread.values), low=f"{low:.4g}",
                high=f"{high:.4g}", evidence=row.shown(),
            )  # fmt: skip
            return


@row_check("P45")
def cost_above_budget(row: RowFacts, checking: Checking) -> Finding | None:
    """A cost target larger than the whole budget."""
    amount, value = checking.table.draft.amount, _in_wan(row)
    if not amount or value is None or not row.is_cost or row.value.per:
        return None
    if value <= amount * (1 + Decimal(str(checking["slack"]))):
        return None
    return checking.row(row, amount=f"{amount:f}", evidence=row.shown())


@row_check("P46")
def name_against_value(row: RowFacts, checking: Checking) -> Finding | None:
    """A name that ends in a number with a unit, beside a value with another number in the same unit."""
    found = _NUMBER_IN_NAME.search(row.name)
    if not found or found.end() != len(row.name) or row.number is None or found.start() == 0:
        return None
    if Decimal(found[1]) == row.number or not comparable(normalise_unit(found[2]), row.unit):
        return None
    if pattern("以上|不低于|至少|每|岁|及以下").search(row.name):
        return None
    return checking.row(row, word=found.group(), evidence=row.shown())


@table_check("P46")
def parts_above_budget(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Itemised costs that add up to more than the budget."""
    amount = table.draft.amount
    parts = [(r, v) for r in table.costs_rows if not r.value.per and (v := _in_wan(r)) is not None]
    parts = [(r, v) for r, v in parts if not pattern("{总额词}|总").search(r.name)]
    total = sum((v for _, v in parts), Decimal(0))
    if amount and len(parts) > 1 and total > amount * (1 + Decimal(str(checking["slack"]))):
        yield checking.whole(
            "分项成本加起来{total}万元，超过预算{amount}万元。", total=f"{total:f}", amount=f"{amount:f}",
            severity=Severity.HINT, fix="核对各项成本的口径和单位，合计不超过预算。",
            others=[r.row.number for r, _ in parts], evidence=f"{total:f}万元",
        )  # fmt: skip


@table_check("P50")
def no_core_indicator(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """No row means any of the sector's core indicators."""
    if len(table.rows) < checking["rows"] or not table.cores or table.draft.kind is TableKind.DEPARTMENT:
        return
    sector = table.cores[0].sector
    sure = [
        r.match for r in table.rows if r.match and r.match.indicator and r.match.indicator.sector == sector
    ]
    codes = {core.code for core in table.cores}
    if len(sure) < checking["sure"] or any(m.code in codes for m in sure):
        return
    near = sorted(table.cores, key=lambda c: -likeness(c.name + "".join(c.keywords), table.draft.project))[:3]
    names = "、".join(core.name for core in near)
    yield checking.whole(names=names, sector=table.draft.sector, evidence=table.draft.sector)


@table_check("P51")
def same_set_elsewhere(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Nearly the same rows as another project of another kind."""
    own = row_keys(table.draft)
    if len(own) < checking["rows"]:
        return
    for peer in table.peers:
        if peer.project == table.draft.project:
            continue
        other = row_keys(peer)
        same = sum((own & other).values())
        if same < checking["rows"] or same / max(1, sum((own | other).values())) < checking["share"]:
            continue
        kin = likeness(peer.project, table.draft.project) >= checking["kin"]
        own_severity = Severity.HINT if kin else None
        other_name = _named(peer, table.draft)
        yield checking.whole(severity=own_severity, other=other_name, same=same, evidence=other_name)
        return


def _named(peer: Draft, own: Draft) -> str:
    """Another table's project, with its unit and year where these are not the table's own."""
    about = [
        peer.unit if peer.unit != own.unit else "",
        f"{peer.year}年" if peer.year not in (None, own.year) else "",
    ]
    told = "，".join(a for a in about if a)
    return f"{peer.project}（{told}）" if told else peer.project


def row_keys(draft: Draft) -> Counter[tuple[str, str]]:
    """Names with values of a table's rows, how often each occurs: two copies of a table have the same."""
    return Counter(
        (bare_name(r.name), joined(r).replace(" ", "") + r.unit.strip()) for r in draft.rows if r.name
    )


@table_check("P54")
def no_basis(table: TableFacts, checking: Checking) -> Iterator[Finding]:
    """Columns for basis or evidence that stay mostly blank: said once a column."""
    names = {"basis": "取值依据", "evidence": "佐证资料", "scoring": "赋分规则"}
    for column, label in names.items():
        if not table.has(column) or not table.rows:
            continue
        blank = [r for r in table.rows if not getattr(r.row, column)]
        if len(blank) / len(table.rows) >= checking["share"]:
            yield checking.whole(
                column=label, n=len(table.rows), blank=len(blank), field=column, evidence=label,
                others=[r.row.number for r in blank],
            )  # fmt: skip


@row_check("P58")
def rate_without_unit(row: RowFacts, checking: Checking) -> Finding | None:
    """A rate under 数量 whose % was left out."""
    if row.level2 == "数量指标" and row.tail is Tail.RATE and row.number is not None and not row.unit:
        return checking.row(row, evidence=row.shown())
    return None
