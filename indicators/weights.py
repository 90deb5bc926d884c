"""Weight schemes of target tables: points of each level 1 and their total, by edition.

Source: 财预〔2021〕101号 (成本20 产出40 效益20 满意度10; 产出50 效益30 满意度10; without 满意度 its
10 go to 效益), each leaving 10 for 预算执行率; totals of 100 and 80 are those that 财政 systems check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from indicators.taxonomy import BENEFIT, COST, OUTPUT, SATISFACTION, Edition

TOTALS = (Decimal(90), Decimal(100), Decimal(80))
"""Totals in use: indicators alone, indicators with 预算执行率, and one province's check."""

EXECUTION = Decimal(10)
"""Points of 预算执行率, which the self-evaluation adds to the 90."""

_SLACK = Decimal("0.01")


class WeightScheme(msgspec.Struct, frozen=True, kw_only=True):
    """Points by level 1. ``name`` is what users see; ``edition`` whose classification it follows."""

    name: str
    edition: Edition
    points: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """Sum of the points."""
        return sum(self.points.values(), Decimal(0))


def _scheme(name: str, edition: Edition, **points: int) -> WeightScheme:
    keys = {"cost": COST, "output": OUTPUT, "benefit": BENEFIT, "satisfaction": SATISFACTION}
    return WeightScheme(name=name, edition=edition, points={keys[k]: Decimal(v) for k, v in points.items()})


SCHEMES: tuple[WeightScheme, ...] = (
    _scheme("设成本：20/40/20/10", Edition.E2021, cost=20, output=40, benefit=20, satisfaction=10),
    _scheme("设成本、不设满意度：20/40/30", Edition.E2021, cost=20, output=40, benefit=30),
    _scheme("不设成本：50/30/10", Edition.E2021, output=50, benefit=30, satisfaction=10),
    _scheme("不设成本和满意度：50/40", Edition.E2021, output=50, benefit=40),
    _scheme("成本在产出下：50/30/10", Edition.E2015, output=50, benefit=30, satisfaction=10),
    _scheme("成本在产出下、不设满意度：50/40", Edition.E2015, output=50, benefit=40),
)
"""The official divisions; a table may follow any of its edition's."""


def schemes_for(edition: Edition, levels: Iterable[str]) -> list[WeightScheme]:
    """Schemes of an edition whose level-1 classes are exactly those that a table uses."""
    used = set(levels)
    return [s for s in SCHEMES if s.edition is edition and set(s.points) == used]


def total_fits(total: Decimal, totals: Iterable[Decimal] = TOTALS) -> bool:
    """Whether a sum of weights is one of the totals in use (to 0.01)."""
    return any(abs(total - t) <= _SLACK for t in totals)


def furthest(points: Mapping[str, Decimal], scheme: WeightScheme) -> tuple[str, Decimal, Decimal]:
    """The level 1 that departs most from a scheme, with its points and those of the scheme.

    A total of 100 or 80 is first brought to the scheme's total, so that 55.6 of 100 counts as 50 of 90.
    """
    total = sum(points.values(), Decimal(0)) or Decimal(1)
    scale = scheme.total / total
    worst = max(
        scheme.points, key=lambda level: abs(points.get(level, Decimal(0)) * scale - scheme.points[level])
    )
    return worst, points.get(worst, Decimal(0)) * scale, scheme.points[worst]


def balanced_weights(rows: Iterable[tuple[str, Decimal | None, Decimal | None]]) -> list[Decimal]:
    """Weights for rows given as (level 1, least, most), by the 2021 scheme that their classes fit.

    A class's points are shared by the middles of the rows' ranges (8 where unknown), in halves of a
    point, the rest going to the first row of the class. Where no scheme fits the classes exactly, the
    nearest one is scaled to 90.
    """
    given = list(rows)
    points = _points_for({level for level, _, _ in given})
    weights: list[Decimal] = [Decimal(0)] * len(given)
    for level, total in points.items():
        members = [n for n, row in enumerate(given) if row[0] == level]
        middles = [_middle(given[n][1], given[n][2]) for n in members]
        for n, middle in zip(members, middles, strict=True):
            share = total * middle / sum(middles, Decimal(0))
            weights[n] = max(_STEP, (share / _STEP).to_integral_value() * _STEP)
        weights[members[0]] += total - sum((weights[n] for n in members), Decimal(0))
    return weights


_STEP = Decimal("0.5")


def _middle(least: Decimal | None, most: Decimal | None) -> Decimal:
    if least is None or most is None:
        return least or most or Decimal(8)
    return (least + most) / 2


def _points_for(levels: set[str]) -> dict[str, Decimal]:
    fitting = [s for s in SCHEMES if s.edition is Edition.E2021]
    scheme = max(
        fitting,
        key=lambda s: (set(s.points) == levels, len(levels & set(s.points)) - len(set(s.points) - levels)),
    )
    kept = {level: p for level, p in scheme.points.items() if level in levels}
    whole = sum(kept.values(), Decimal(0))
    if not kept or whole == scheme.total:
        return kept
    scaled = {level: (p * scheme.total / whole).quantize(Decimal(1)) for level, p in kept.items()}
    first = next(iter(scaled))
    scaled[first] += scheme.total - sum(scaled.values(), Decimal(0))
    return scaled


def weights_around(
    rows: Iterable[tuple[str, Decimal | None, Decimal | None, Decimal | None]],
) -> list[Decimal]:
    """Weights for rows given as (level 1, least, most, locked weight or None); locked ones stay.

    What a class's locked rows leave of its points is shared by its other rows, half a point at least
    each; where the locked rows take more than the class has, the total departs from 90 and the rules say so.
    """
    given = list(rows)
    points = _points_for({level for level, *_ in given})
    weights = [locked or Decimal(0) for *_, locked in given]
    for level, total in points.items():
        members = [n for n, row in enumerate(given) if row[0] == level]
        free = [n for n in members if given[n][3] is None]
        left = total - sum((weights[n] for n in members), Decimal(0))
        if not free:
            continue
        middles = {n: _middle(given[n][1], given[n][2]) for n in free}
        for n in free:
            share = max(Decimal(0), left) * middles[n] / sum(middles.values(), Decimal(0))
            weights[n] = max(_STEP, (share / _STEP).to_integral_value() * _STEP)
        rest = left - sum((weights[n] for n in free), Decimal(0))
        weights[free[0]] = max(_STEP, weights[free[0]] + rest)
    return weights
