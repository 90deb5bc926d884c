"""What a review hands back as files: the values that the writers print. No judgement is made here.

``report_book`` writes the annotated workbook, ``report_letter`` the opinion letter,
``report_summary`` the summary of a batch and ``report_text`` the same in Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec

from indicators.draft import Draft
from indicators.finding import Severity


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as it is printed; ``decision`` is what a person made of it, "" where nothing yet."""

    row: int
    field: str = ""
    severity: Severity
    code: str
    title: str = ""
    message: str
    clause: str = ""
    basis: str = ""
    suggestion: str = ""
    decision: str = ""

    def text(self) -> str:
        """The note as it stands in a cell's comment."""
        parts = [f"【{self.severity.label} {self.code}】{self.message}"]
        parts += [f"建议：{self.suggestion}"] if self.suggestion else []
        parts += [f"依据：{self.clause or self.basis}"] if self.clause or self.basis else []
        parts += [self.decision] if self.decision else []
        return "\n".join(parts)


class FormLine(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-item of the 88号 form with its points as they stand and the codes it rests on."""

    item: str
    part: str
    points: Decimal
    score: Decimal
    evidence: tuple[str, ...] = ()
    note: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One table reviewed: as handed in, as corrected, what was found, the form and the opinion."""

    draft: Draft
    corrected: Draft
    notes: tuple[Note, ...]
    form: tuple[FormLine, ...]
    points: Decimal
    grade: str
    opinion: str
    number: int = 1

    @property
    def project(self) -> str:
        """The project's name, or what to call a table without one."""
        return self.draft.project or "（未写项目名称）"


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole batch: its tables, what could not be read, counts, near-identical pairs, habits."""

    reports: tuple[Report, ...]
    made: date
    unread: tuple[tuple[str, str], ...] = ()
    titles: Mapping[str, str] = {}
    by_code: Mapping[str, int] = {}
    by_unit: Mapping[str, int] = {}
    by_sector: Mapping[str, int] = {}
    grades: Mapping[str, int] = {}
    twins: tuple[tuple[str, str, str], ...] = ()
    copied: tuple[tuple[str, str, int], ...] = ()
    habits: tuple[tuple[str, str, str], ...] = ()


def amount_text(amount: Decimal | None) -> str:
    """An amount in 万元 as it is printed, "" where there is none."""
    return "" if amount is None else f"{amount.normalize():f} 万元"


def number_text(number: Decimal) -> str:
    """Points without needless noughts."""
    return f"{number.normalize():f}"


def unit_text(draft: Draft) -> str:
    """The unit that a table came from, "" where it says none."""
    return draft.unit or draft.department
