"""Geometry of the strip plot: where each value that a project set stands on a line.

Pure arithmetic; the template draws it as SVG with classes, so that the page's strict
Content-Security-Policy and the dark colours hold for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

WIDTH, MARGIN, DOT = 360, 12, 4
_STEP = 2 * DOT + 1
_LEVELS = 16
"""Dots that are stacked at most; more lie on each other and the table beside tells their number."""
_WIDE = 100
_CHARACTER, _DIGIT = 12, 7
"""Width of a Chinese character and of a digit in a label, in the picture's units."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One value: its place, and what to say when pointed at."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the line; ``anchor`` keeps the label inside the picture, "" is no label."""

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

    stacked = _stack([(x_of(value), label) for value, label in sorted(values, key=lambda pair: pair[0])])
    base = DOT + 4 + (1 + max(level for _, level, _ in stacked)) * _STEP + (14 if log else 0)
    return Strip(
        width=WIDTH,
        height=base + 24,
        base=base,
        radius=DOT,
        dots=tuple(Dot(x, base - DOT - 4 - level * _STEP, label) for x, level, label in stacked),
        ticks=_ticks(minimum, median, maximum, x_of),
        log=log,
    )


def _scale(value: Decimal, log: bool) -> float:
    return math.log10(value) if log else float(value)


def _stack(places: list[tuple[float, str]]) -> list[tuple[float, int, str]]:
    """(x, level, label) of dots from left to right; one that would touch an earlier one goes a level up."""
    stacked: list[tuple[float, int, str]] = []
    for x, label in places:
        taken = {level for other, level, _ in stacked if abs(other - x) < 2 * DOT}
        level = next(n for n in range(len(taken) + 1) if n not in taken)
        stacked.append((x, min(level, _LEVELS - 1), label))
    return stacked


def _ticks(
    minimum: Decimal, median: Decimal, maximum: Decimal, x_of: Callable[[Decimal], float]
) -> tuple[Tick, ...]:
    """Ticks for least, middle and greatest; the middle one has no label where it would collide."""
    low, high = Tick(0, _short(minimum), "start", "最小"), Tick(WIDTH, _short(maximum), "end", "最大")
    middle = Tick(x_of(median), _short(median), "middle", "中位")
    half = _width(middle) / 2
    free = middle.x - half > _width(low) and middle.x + half < WIDTH - _width(high)
    return (low, middle if free else replace(middle, text=""), high)


def _width(tick: Tick) -> float:
    """Width of a tick's label with some air."""
    return _CHARACTER * len(tick.name) + _DIGIT * (len(tick.text) + 2)


def _short(value: Decimal) -> str:
    return f"{value.normalize():,f}"
