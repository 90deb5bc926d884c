"""Running a pack over a table: every active rule, row by row and then on the table as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import msgspec

from indicators.finding import Finding, Severity
from indicators.rules import evaluation, fitness, measurable, placing, structure
from indicators.rules.base import (
    ROW_CHECKS,
    TABLE_CHECKS,
    Case,
    Checking,
    Rule,
    RulePack,
    Undecidable,
)
from indicators.rules.conditions import check_goal, check_row, compiled
from indicators.rules.facts import TableFacts
from indicators.rules.lexicon import RULE_FILES, read_yaml

__all__ = ["check_table", "default_pack", "undecidable"]

GROUPS = (measurable, placing, structure, fitness, evaluation)
"""Modules whose checks are registered by being imported."""

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}


@cache
def _rule_files() -> tuple[dict[str, Rule], tuple[Undecidable, ...]]:
    files = [read_yaml(file.name) for file in sorted(RULE_FILES.glob("_*.yaml"))]
    fire: dict[str, list[Case]] = defaultdict(list)
    quiet: dict[str, list[Case]] = defaultdict(list)
    for content in files:
        for code, cases in content.get("cases", {}).items():
            fire[code] += msgspec.convert(cases.get("must_fire") or [], list[Case])
            quiet[code] += msgspec.convert(cases.get("must_not_fire") or [], list[Case])
    rules: dict[str, Rule] = {}
    unknown: list[Undecidable] = []
    for content in files:
        for item in content.get("rules", ()):
            rule = msgspec.convert({"group": content["group"], **item}, Rule)
            rules[rule.code] = msgspec.structs.replace(
                rule, must_fire=tuple(fire[rule.code]), must_not_fire=tuple(quiet[rule.code])
            )
        unknown += msgspec.convert(content.get("undecidable", []), list[Undecidable])
    return dict(sorted(rules.items())), tuple(unknown)


@cache
def default_pack() -> RulePack:
    """All rules as shipped; the edition is recognised from each table."""
    return RulePack(name="通用", rules=_rule_files()[0])


def undecidable() -> tuple[Undecidable, ...]:
    """Problem types that no table alone can show, each with its reason."""
    return _rule_files()[1]


def check_table(table: TableFacts, pack: RulePack) -> list[Finding]:
    """All findings of a table, by row (the table as a whole first), the graver first within a row.

    Pure: the same table and pack give the same findings.
    """
    found = [f for rule in pack.active() for f in _apply(rule, pack, table)]
    spoken: dict[int, set[str]] = defaultdict(set)
    for finding in found:
        spoken[finding.row].add(finding.code)
    kept = [f for f in found if not f.row or not _YIELDS_TO.get(f.code, _NONE) & spoken[f.row]]
    return sorted(kept, key=lambda f: (f.row, _ORDER[f.severity], f.code))


def _apply(rule: Rule, pack: RulePack, table: TableFacts) -> Iterator[Finding]:
    checking = Checking(rule, pack, table)
    check = ROW_CHECKS.get(rule.code)
    patterns = compiled(rule)
    if rule.scope == "row" and (check or patterns):
        for row in table.rows:
            finding = (check(row, checking) if check else None) or (
                check_row(row, checking, patterns) if patterns else None
            )
            if finding:
                yield finding
    elif patterns:
        goal = check_goal(table, checking, patterns)
        if goal:
            yield goal
    whole = TABLE_CHECKS.get(rule.code)
    if whole:
        yield from whole(table, checking)


_NONE: frozenset[str] = frozenset()
_YIELDS_TO: dict[str, frozenset[str]] = {
    "P01": frozenset({"P05", "P21", "P23", "P25", "P12", "P60"}),
    "P02": frozenset({"P01", "P05", "P21", "P23", "P25", "P12"}),
    "P11": frozenset({"P21", "P23"}),
    "P12": frozenset({"P11"}),
    "P26": frozenset({"P05"}),
    "P07": frozenset({"P03", "P04", "P16"}),
}
"""One cause, one finding: a rule keeps silent where one of these has spoken of the same row."""
