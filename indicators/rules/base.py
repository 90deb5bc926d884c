"""Rules and rule packs: what a rule knows of itself, how it is switched, how it says a finding.

A rule is data (``Rule``, from YAML). Most find their rows by patterns (``when``); where structure or
statistics are needed, a function of the same code is registered with ``row_check`` or ``table_check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from indicators.finding import Finding, Severity, Suggestion
from indicators.rules.facts import RowFacts, TableFacts
from indicators.taxonomy import Edition
from indicators.weights import TOTALS

_RANK = {Severity.HINT: 0, Severity.WARNING: 1, Severity.ERROR: 2}


class When(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One pattern of a rule: all conditions that are given must hold. Patterns search, not match.

    ``name``, ``target``, ``actual``, ``text`` (explanation and the like), ``project``, ``goal`` and
    ``grounds`` are patterns, with ``_not`` for their absence; lists name allowed values; ``number``
    asks whether the value is one number. ``columns`` are columns that the table must have.
    ``severity`` and ``message`` stand in for the rule's; ``quote`` tells which pattern's words to quote.
    """

    name: str = ""
    name_not: str = ""
    target: str = ""
    target_not: str = ""
    actual: str = ""
    actual_not: str = ""
    text: str = ""
    text_not: str = ""
    any: str = ""
    project: str = ""
    project_not: str = ""
    goal: str = ""
    goal_not: str = ""
    grounds: str = ""
    grounds_not: str = ""
    level1: tuple[str, ...] = ()
    level1_not: tuple[str, ...] = ()
    level2: tuple[str, ...] = ()
    level2_not: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    family_not: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    tail_not: tuple[str, ...] = ()
    comparator: tuple[str, ...] = ()
    number: bool | None = None
    columns: tuple[str, ...] = ()
    severity: Severity | None = None
    message: str = ""
    fix: str = ""
    field: str = ""
    quote: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A table that a rule must fire on or leave alone, and where it comes from.

    ``rows`` are [一级, 二级, 三级, 指标值, 单位] (blanks at the end may be left out) or mappings of
    DraftRow fields. ``at`` is the row that is meant (0: the table; -1: any place). ``table`` holds
    fields of Draft. ``source`` is 真实公开表 with unit or project and year, or 自编.
    """

    rows: tuple[Any, ...] = ()
    at: int = 1
    table: dict[str, Any] = {}
    columns: tuple[str, ...] = ()
    spreads: dict[str, tuple[str, tuple[Decimal, ...]]] = {}
    costs: dict[str, tuple[str, tuple[Decimal, ...]]] = {}
    match: str = ""
    peers: tuple[dict[str, Any], ...] = ()
    cores: tuple[str, ...] = ()
    source: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One rule. ``item`` is the 88号 review item it serves; ``basis`` tells what the clause asks.

    ``message`` and ``fix`` are templates over the row's own words ({name}, {target}, {word} …).
    ``thresholds`` are the numbers that a bureau may change, with their units in ``threshold_notes``.
    """

    code: str
    title: str
    severity: Severity
    item: str
    objection: str
    clause: str
    basis: str
    message: str = ""
    fix: str = ""
    field: str = ""
    scope: str = "row"
    thresholds: dict[str, float] = {}
    threshold_notes: dict[str, str] = {}
    words: tuple[str, ...] = ()
    when: tuple[When, ...] = ()
    must_fire: tuple[Case, ...] = ()
    must_not_fire: tuple[Case, ...] = ()
    note: str = ""
    group: str = ""


class Undecidable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A problem type that no table alone can show, and what would be needed."""

    code: str
    title: str
    reason: str


class Setting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bureau changed about one rule; None leaves the rule's own."""

    on: bool = True
    severity: Severity | None = None
    thresholds: dict[str, float] = {}


class RulePack(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of rules for an edition and a region. ``edition`` None: each table's own is recognised.

    ``totals`` are the sums of weights that are accepted. A changed pack is a new value.
    """

    name: str
    rules: Mapping[str, Rule]
    edition: Edition | None = None
    region: str = ""
    totals: tuple[Decimal, ...] = TOTALS
    settings: Mapping[str, Setting] = {}

    def setting(self, code: str) -> Setting:
        """What was changed about a rule."""
        return self.settings.get(code, _DEFAULT)

    def with_rule(
        self,
        code: str,
        *,
        on: bool | None = None,
        severity: Severity | None = None,
        thresholds: Mapping[str, float] | None = None,
    ) -> RulePack:
        """The pack with one rule switched, re-graded or with other thresholds.

        Raises KeyError for an unknown rule or threshold.
        """
        rule, old = self.rules[code], self.setting(code)
        for key in thresholds or {}:
            rule.thresholds[key]
        new = Setting(
            on=old.on if on is None else on,
            severity=severity or old.severity,
            thresholds={**old.thresholds, **(thresholds or {})},
        )
        return msgspec.structs.replace(self, settings={**self.settings, code: new})

    def threshold(self, code: str, key: str) -> float:
        """A rule's threshold as it applies here."""
        return self.setting(code).thresholds.get(key, self.rules[code].thresholds[key])

    def active(self) -> Iterator[Rule]:
        """Rules that are switched on, by code."""
        return (rule for code, rule in sorted(self.rules.items()) if self.setting(code).on)


_DEFAULT = Setting()


class Checking:
    """One rule at work on one table: its thresholds and the way it says what it found."""

    __slots__ = ("pack", "rule", "table")

    def __init__(self, rule: Rule, pack: RulePack, table: TableFacts) -> None:
        self.rule, self.pack, self.table = rule, pack, table

    def __getitem__(self, key: str) -> float:
        """A threshold of the rule, as the pack has it."""
        return self.pack.threshold(self.rule.code, key)

    def severity(self, own: Severity | None) -> Severity:
        """How much a finding weighs: the pack's word on the rule, but never more than the finding itself.

        ``own`` is a weaker severity for a doubtful case; None is the rule's usual one.
        """
        usual = self.pack.setting(self.rule.code).severity or self.rule.severity
        if own is None:
            return usual
        return min(own, usual, key=_RANK.__getitem__)

    def row(
        self,
        row: RowFacts,
        message: str = "",
        *,
        severity: Severity | None = None,
        field: str = "",
        evidence: str = "",
        fix: str = "",
        fields: Mapping[str, str] | None = None,
        others: Sequence[int] = (),
        **words: object,
    ) -> Finding:
        """A finding about a row; templates get the row's words and ``words``."""
        known = _words(row, self.table, str(words.get("word", evidence)))
        known.update({key: str(value) for key, value in words.items()})
        return Finding(
            code=self.rule.code, severity=self.severity(severity), row=row.row.number,
            message=(message or self.rule.message).format_map(known),
            field=field or self.rule.field, evidence=evidence or row.shown() or row.name,
            clause=self.rule.clause, basis=self.rule.basis, others=tuple(others),
            suggestion=_suggestion(fix or self.rule.fix, known, row, fields),
        )  # fmt: skip

    def whole(
        self,
        message: str = "",
        *,
        severity: Severity | None = None,
        field: str = "",
        evidence: str = "",
        fix: str = "",
        others: Sequence[int] = (),
        **words: object,
    ) -> Finding:
        """A finding about the table; ``others`` are the rows it rests on."""
        known = {"project": self.table.draft.project, "word": evidence}
        known.update({key: str(value) for key, value in words.items()})
        return Finding(
            code=self.rule.code, severity=self.severity(severity), row=0,
            message=(message or self.rule.message).format_map(known),
            field=field or self.rule.field, evidence=evidence,
            clause=self.rule.clause, basis=self.rule.basis, others=tuple(others),
            suggestion=_suggestion(fix or self.rule.fix, known, None, None),
        )  # fmt: skip


def _words(row: RowFacts, table: TableFacts, word: str) -> dict[str, str]:
    """What a template may quote of a row."""
    match = row.match
    return {
        "name": row.name, "target": row.target, "shown": row.shown(), "unit": row.unit, "word": word,
        "column_unit": row.column_unit, "level1": row.row.level1, "level2": row.row.level2,
        "tail": row.tail.value, "family": row.family, "number": "" if row.number is None else f"{row.number:f}",
        "actual": row.row.actual, "project": table.draft.project,
        "match": match.name if match else "", "comparator": row.value.comparator,
    }  # fmt: skip


def _suggestion(
    fix: str, known: Mapping[str, str], row: RowFacts | None, fields: Mapping[str, str] | None
) -> Suggestion | None:
    """The repair in the row's own words; a matched indicator's wording is added as a pattern."""
    if not fix:
        return None
    text = fix.format_map(known)
    if row is not None and row.match and row.match.indicator and row.match.indicator.wording:
        text = f"{text.rstrip('。')}。可参照指标库 {row.match.code}“{row.match.indicator.wording}”。"
    return Suggestion(text=text, fields=dict(fields or {}))


RowCheck = Callable[[RowFacts, Checking], Finding | None]
TableCheck = Callable[[TableFacts, Checking], Iterator[Finding]]

ROW_CHECKS: dict[str, RowCheck] = {}
TABLE_CHECKS: dict[str, TableCheck] = {}


def row_check(code: str) -> Callable[[RowCheck], RowCheck]:
    """Register a function that looks at one row for the rule of this code."""

    def register(check: RowCheck) -> RowCheck:
        assert code not in ROW_CHECKS, code  # noqa: S101 - two checks of one code are a programming error
        ROW_CHECKS[code] = check
        return check

    return register


def table_check(code: str) -> Callable[[TableCheck], TableCheck]:
    """Register a function that looks at the whole table for the rule of this code."""

    def register(check: TableCheck) -> TableCheck:
        assert code not in TABLE_CHECKS, code  # noqa: S101 - two checks of one code are a programming error
        TABLE_CHECKS[code] = check
        return check

    return register
