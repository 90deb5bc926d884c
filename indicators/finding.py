"""What a check says of a target table: a finding with its place, reason, clause and repair."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How much a finding weighs; the value is the one in JSON."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    @property
    def label(self) -> str:
        """The word users see: 错误, 建议 or 提示."""
        return {"error": "错误", "warning": "建议", "hint": "提示"}[self.value]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A repair in words, and where it can be said so, as fields of the row to put in its place."""

    text: str
    fields: dict[str, str] = {}


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault. ``row`` is the row's number, 0 for the table as a whole; ``field`` names the cell.

    ``code`` is a problem type P01..P68, ``message`` a Chinese sentence that quotes what is
    wrong (``evidence``), ``clause`` the code of the clause it rests on and ``basis`` its words.
    """

    code: str
    severity: Severity
    message: str
    row: int = 0
    field: str = ""
    evidence: str = ""
    clause: str = ""
    basis: str = ""
    suggestion: Suggestion | None = None
    others: tuple[int, ...] = ()
