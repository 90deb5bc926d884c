"""Decimals as people and as JSON write them."""

from __future__ import annotations

from decimal import Decimal


def plain_number(number: Decimal) -> str:
    """A number without exponent and idle zeros: 300.50 as 300.5, 1E+1 as 10."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_number(value: Decimal | None) -> int | float | None:
    """A JSON number: an integer where it is one."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
