"""A target table in hand: what a drafter writes, a reviewer checks and a form prints.

Everything is as written; parsing (``indicators.value``) and matching (``kb``) stand beside it.
``columns`` names the columns that the table had at all: what a table has no column for is not a
fault of its rows.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from indicators.choices import ProjectType


class TableKind(StrEnum):
    """What a table is for."""

    TARGETS = "绩效目标表"
    SELF_EVALUATION = "自评表"
    MONITORING = "监控表"
    DEPARTMENT = "部门整体绩效目标表"


class DraftRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One indicator row. ``number`` counts the table's rows from 1; ``place`` is where it stands,
    ``hidden`` that nobody sees it there.

    ``target`` is the value cell as written, comparator and unit included where the form has them
    in one cell; ``comparator`` and ``unit`` are separate cells. ``possibility`` is the
    monitoring form's 确定能/有可能/完全不可能.
    """

    number: int
    level1: str = ""
    level2: str = ""
    name: str = ""
    comparator: str = ""
    target: str = ""
    unit: str = ""
    weight: Decimal | None = None
    explanation: str = ""
    basis: str = ""
    scoring: str = ""
    evidence: str = ""
    actual: str = ""
    score: Decimal | None = None
    reason: str = ""
    possibility: str = ""
    note: str = ""
    code: str = ""
    place: str = ""
    hidden: bool = False


class Funds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The execution block of a self-evaluation or monitoring form (万元, rate in %)."""

    planned: Decimal | None = None
    adjusted: Decimal | None = None
    executed: Decimal | None = None
    rate: Decimal | None = None
    weight: Decimal | None = None
    score: Decimal | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A target table with its heading. Amounts are 万元; blanks are blanks.

    ``months`` is the number of months that a monitoring table covers. ``file``, ``sheet`` and
    ``place`` tell where the table was found; ``unseen`` has a place and a sentence for each part of it
    that is hidden there.
    """

    kind: TableKind = TableKind.TARGETS
    project: str = ""
    department: str = ""
    unit: str = ""
    year: int | None = None
    amount: Decimal | None = None
    period: str = ""
    attribute: str = ""
    grounds: str = ""
    goal: str = ""
    midterm_goal: str = ""
    goal_actual: str = ""
    sector: str = ""
    types: tuple[ProjectType, ...] = ()
    rows: tuple[DraftRow, ...] = ()
    columns: frozenset[str] = frozenset()
    funds: Funds | None = None
    total_score: Decimal | None = None
    months: int | None = None
    file: str = ""
    sheet: str = ""
    place: str = ""
    unseen: tuple[tuple[str, str], ...] = ()
