"""Geometry of the strip plot: where each value that a project set stands on a line.

Pure arithmetic; the template draws it as SVG with classes, so that the page's strict
Content-Security-Policy and the dark colours hold for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

WIDTH, MARGIN, DOT, BASE = 360, 28, 5, 64
_STACK = 5
_WIDE = 100


@dataclass(frozen=True, slots=True)
class Dot:
    """One value: its place, and what to say when pointed at."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the line; ``anchor`` keeps the label inside the picture."""

    x: float
    text: str
    anchor: str
    name: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip plot in a box of ``width`` x ``height``; ``log`` tells of a logarithmic line."""

    width: int
    height: int
    base: int
    radius: int
    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    log: bool


def strip(
    values: list[tuple[Decimal, str]], minimum: Decimal, median: Decimal, maximum: Decimal
) -> Strip | None:
    """Strip plot of (value, label) pairs, or None where fewer than three values or no spread.

    Equal or near values are stacked upwards; values over more than two powers of ten get a
    logarithmic line.
    """
    if len(values) < 3 or minimum == maximum:
        return None
    log = minimum > 0 and maximum / minimum > _WIDE
    low, high = _scale(minimum, log), _scale(maximum, log)

    def x_of(value: Decimal) -> float:
        return round(MARGIN + (_scale(value, log) - low) / (high - low) * (WIDTH - 2 * MARGIN), 1)

    return Strip(
        width=WIDTH,
        height=BASE + 24,
        base=BASE,
        radius=DOT,
        dots=_stack([(x_of(value), label) for value, label in sorted(values, key=lambda pair: pair[0])]),
        ticks=_ticks([("最小", minimum), ("中位", median), ("最大", maximum)], x_of),
        log=log,
    )


def _scale(value: Decimal, log: bool) -> float:
    return math.log10(value) if log else float(value)


def _stack(places: list[tuple[float, str]]) -> tuple[Dot, ...]:
    """Dots from left to right; one that would touch an earlier one goes a step up."""
    dots: list[Dot] = []
    for x, label in places:
        level = sum(1 for dot in dots if abs(dot.x - x) < 2 * DOT)
        dots.append(Dot(x, BASE - DOT - 3 - min(level, _STACK) * (2 * DOT - 1), label))
    return tuple(dots)


def _ticks(marks: list[tuple[str, Decimal]], x_of: object) -> tuple[Tick, ...]:
    """Ticks for least, middle and greatest; the middle one is left out where it would collide."""
    assert callable(x_of)  # noqa: S101 - narrows the type
    (low_name, low), (mid_name, mid), (high_name, high) = marks
    ends = [Tick(x_of(low), _short(low), "start", low_name), Tick(x_of(high), _short(high), "end", high_name)]
    x = x_of(mid)
    room = 8 * max(len(_short(value)) for _, value in marks) + 16
    if x - ends[0].x > room and ends[1].x - x > room:
        ends.insert(1, Tick(x, _short(mid), "middle", mid_name))
    return tuple(ends)


def _short(value: Decimal) -> str:
    return f"{value.normalize():f}"
