"""What a form says of a set beside its indicators: edition, issuer, region, validity."""

from __future__ import annotations

from collections.abc import Mapping

from indicators.validity import read_span
from kb.errors import InputError
from kb.imports import SetAbout
from web.query import clean

_LONGEST = 100


def set_about_from(form: Mapping[str, str]) -> SetAbout:
    """The fields of a form; those left empty are "". Raises InputError for a date that is none or ends early."""
    given = {f: clean(form.get(f, ""))[:_LONGEST] for f in SetAbout.__slots__}
    for field in ("valid_from", "valid_to"):
        if given[field] and read_span(given[field]) is None:
            raise InputError(f"“{given[field]}”不是日期，请写成 2026、2026-01 或 2026-01-01。")
    begins, ends = read_span(given["valid_from"]), read_span(given["valid_to"])
    if begins and ends and ends.last < begins.first:
        raise InputError("有效期的止早于起，请改正。")
    return SetAbout(**given)
