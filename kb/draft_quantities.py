"""Giving each number that a description states to the one indicator that counts that thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from indicators.model import Indicator
from indicators.numbers import plain_number
from indicators.units import comparable
from kb.describing import Description, Quantity
from kb.draft_groups import misfit
from kb.guessing import COMMON
from kb.pieces import overlap

_ALTERNATIVES = re.compile(r"[（()）/、]")
_BENEFIT = re.compile(r"受益|惠及|覆盖|服务|受惠")
_UPKEEP = re.compile(r"维护|维修|养护|管护|列养|保养")
_LEAST, _TOUCHED = 0.24, 0.08
_COUNTERS: Mapping[str, str] = {
    "TX-SL-01": r"电脑|设备|仪器|打印机|空调|器材|装置|机$|车$|台|套",
    "TX-SL-02": r"家具|桌|椅|柜|沙发|床",
    "TX-SL-03": r"车",
    "TX-SL-05": r"培训|班",
    "TX-SL-06": r"培训|学员|每期",
    "TX-SL-07": r"会",
    "TX-SL-08": r"会|代表",
    "TX-SL-16": r"楼|房|屋|室|馆|堂|舍|院",
    "TX-SL-20": r"活动|场|演|赛|宣传|慰问",
    "TX-SL-21": r"参与|参加|观众",
    "TX-SL-22": r"人|户|者|生|童|对象|员",
    "TX-SL-19": r"物业|楼|场所",
    "TX-SL-23": r"人|员|工",
}
"""What the common counters count, by words of the thing counted: they name no thing themselves."""


def assign(
    said: Description, ranked: Sequence[tuple[float, Indicator]], everywhere: frozenset[str] = frozenset()
) -> dict[str, Quantity]:
    """Indicator code -> the quantity it takes over. A quantity goes to one indicator, an indicator takes one.

    ``everywhere`` are pieces that stand all over the sector and do not tell what is counted.
    """
    taken: dict[str, Quantity] = {}
    for quantity in said.quantities:
        best, found = _LEAST, ""
        for score, indicator in ranked:
            if (
                indicator.code in taken
                or misfit(indicator, said)
                or not counts(indicator)
                or not same_unit(quantity.unit, indicator.unit)
            ):
                continue
            likeness = affinity(quantity, indicator, everywhere)
            own = 0.0 if indicator.sector == COMMON else 0.15
            if likeness >= _LEAST and likeness + own + 0.15 * score > best:
                best, found = likeness + own + 0.15 * score, indicator.code
        if found:
            taken[found] = quantity
    return taken


def counts(indicator: Indicator) -> bool:
    """Whether an indicator counts something that a description may state."""
    return (
        indicator.level2 == "数量指标"
        or indicator.code == "TX-SH-14"
        or (indicator.level1 == "效益指标" and indicator.unit in ("人", "户", "人次", "个"))
    )


def affinity(quantity: Quantity, indicator: Indicator, everywhere: frozenset[str] = frozenset()) -> float:
    """How surely (0..1) an indicator counts the thing that a quantity is of."""
    before = quantity.context.split(f"{quantity.value}")[0][-6:]
    benefits = indicator.level1 == "效益指标"
    served = not benefits and "受益" in indicator.name
    if not served and bool(_BENEFIT.search(quantity.subject) or _BENEFIT.search(before)) != benefits:
        return 0.0
    if indicator.code == "TX-SH-14":
        return 0.6

    def near(text: str) -> float:
        return overlap(quantity.subject, text, everywhere)

    same = 0.7 if bool(_UPKEEP.search(indicator.name)) != bool(_UPKEEP.search(quantity.context)) else 1.0
    alias = max((near(a) for a in indicator.aliases), default=0.0)
    keyword = max((near(k) for k in indicator.keywords), default=0.0)
    found = same * max(near(indicator.name), 0.9 * alias, 0.7 * keyword)
    counter = _COUNTERS.get(indicator.code, "")
    if counter:
        return max(found, 0.35 if re.search(counter, quantity.subject + quantity.unit) else 0.0)
    return max(found, 0.35 * same) if found >= _TOUCHED else found


def same_unit(stated: str, unit: str) -> bool:
    """Whether a stated unit is an indicator's, one of its alternatives (台（套）) or its longer form (场次)."""
    if "元/" in unit:
        return comparable(stated, unit)
    parts = [p for p in _ALTERNATIVES.split(unit) if p] or [unit]
    return any(comparable(stated, part) or (part == f"{stated}次" and stated != "人") for part in parts)


def per_counted(indicator: Indicator, taken: Mapping[str, Quantity]) -> Quantity | None:
    """The stated quantity that a cost per unit (元/平方米) is a cost of."""
    if not indicator.unit.startswith(("元/", "万元/")):
        return None
    per = indicator.unit.split("/", 1)[1].split("·")[0]
    return next((q for q in taken.values() if same_unit(q.unit, per) and q.value > 0), None)


def unit_cost(said: Description, indicator: Indicator, taken: Mapping[str, Quantity]) -> str:
    """The ceiling that amount and quantity give for a cost per unit: a hint, not a value."""
    quantity = per_counted(indicator, taken)
    if said.amount is None or quantity is None:
        return ""
    scale = Decimal(1) if indicator.unit.startswith("万元/") else Decimal(10_000)
    share = (said.amount * scale / quantity.value).quantize(Decimal("0.01"))
    amount, number, each = (plain_number(n) for n in (said.amount, quantity.value, share))
    return f"按描述 {amount} 万元÷{number} {quantity.unit}≈{each} {indicator.unit}，可作上限参照"
