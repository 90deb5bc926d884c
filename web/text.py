"""Small pieces of text for pages: marks, slots, numbers and dates, always escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup, escape

from indicators.chinese_time import day_time

_SLOT = re.compile(r"(\{[^{}]{1,40}\})")


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """Text with each [start, end) range in a ``<mark>``; overlapping and outlying ranges are joined or cut."""
    parts, done = [], 0
    for start, end in sorted(marks):
        start, end = max(start, done), min(end, len(text))
        if start >= end:
            continue
        parts += [escape(text[done:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        done = end
    return Markup("").join([*parts, escape(text[done:])])


def slots(text: str) -> Markup:
    """A wording with its ``{slots}`` set apart; the braces stay, so that a copy is the same text."""
    pieces = (_slot(piece) if _SLOT.fullmatch(piece) else escape(piece) for piece in _SLOT.split(text))
    return Markup("").join(pieces)


def _slot(piece: str) -> Markup:
    """A slot in one piece; only a long one may be broken at the end of a line."""
    return Markup('<span class="{}">{}</span>').format("slot long" if len(piece) > 12 else "slot", piece)


def plain_text(html: str) -> str:
    """Words of a piece of HTML that is already known to be safe."""
    return str(Markup(html).striptags())  # noqa: S704 - only its text is taken, and escaped again when shown


def is_web_address(address: str) -> bool:
    """Whether an address may be made a link: http and https, never javascript or data."""
    return address.lower().startswith(("https://", "http://"))


def number(value: Decimal | float | int | None) -> str:
    """A number with thousands set apart and decimals as they were written (99.90); "" for None."""
    return "" if value is None else f"{Decimal(str(value)):,f}"


def moment(text: str) -> str:
    """A moment that a file tells (2026-01-31T08:00:00Z) as pages tell theirs; what is none as it stands."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return day_time(at) if at.tzinfo else text
