"""Rules that are data: a rule's ``when`` patterns compiled once into a row or table check."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from indicators.draft import DraftRow
from indicators.finding import Finding
from indicators.rules.base import Checking, Rule, When
from indicators.rules.facts import RowFacts, TableFacts, read_row
from indicators.rules.lexicon import pattern

Test = Callable[[RowFacts, TableFacts], bool]

_ROW_TEXTS: dict[str, Callable[[RowFacts, TableFacts], str]] = {
    "name": lambda row, table: row.name,
    "target": lambda row, table: row.target,
    "actual": lambda row, table: row.row.actual,
    "text": lambda row, table: row.text,
    "project": lambda row, table: table.draft.project,
    "goal": lambda row, table: table.draft.goal,
    "grounds": lambda row, table: table.draft.grounds,
    "any": lambda row, table: f"{row.name} {row.target} {row.row.actual} {row.text}",
}
"""Texts that a pattern of ``When`` may look at."""

_VALUES: dict[str, Callable[[RowFacts], str]] = {
    "level1": lambda row: row.level1,
    "level2": lambda row: row.level2,
    "kind": lambda row: row.value.kind.value,
    "family": lambda row: row.family,
    "tail": lambda row: row.tail.value,
    "comparator": lambda row: row.value.comparator,
}
"""Facts that a list of ``When`` may name."""


class Compiled(NamedTuple):
    """A ``When`` ready to run: cheap tests first, then the patterns."""

    when: When
    tests: tuple[Test, ...]


def _list_test(key: str, allowed: tuple[str, ...], wanted: bool) -> Test:
    get, values = _VALUES[key], frozenset(allowed)
    return lambda row, table: (get(row) in values) is wanted


def _text_test(key: str, text: str, wanted: bool) -> Test:
    get, search = _ROW_TEXTS[key], pattern(text).search
    return lambda row, table: (search(get(row, table)) is not None) is wanted


def compile_when(when: When) -> Compiled:
    """All tests of one pattern, in the order in which they are cheap."""
    tests: list[Test] = []
    if when.columns:
        needed = frozenset(when.columns)
        tests.append(lambda row, table: needed <= table.draft.columns)
    if when.number is not None:
        tests.append(lambda row, table: (row.number is not None) is when.number)
    for key in _VALUES:
        for suffix, wanted in (("", True), ("_not", False)):
            allowed = getattr(when, key + suffix, ())
            if allowed:
                tests.append(_list_test(key, allowed, wanted))
    for key in _ROW_TEXTS:
        for suffix, wanted in (("", True), ("_not", False)):
            text = getattr(when, key + suffix, "")
            if text:
                tests.append(_text_test(key, text, wanted))
    return Compiled(when, tuple(tests))


@cache
def _compiled(patterns: tuple[When, ...]) -> tuple[Compiled, ...]:
    return tuple(compile_when(when) for when in patterns)


def compiled(rule: Rule) -> tuple[Compiled, ...]:
    """A rule's patterns, compiled once."""
    return _compiled(rule.when)


def check_row(row: RowFacts, checking: Checking, patterns: tuple[Compiled, ...]) -> Finding | None:
    """The finding of the first pattern that holds for the row, or None."""
    for when, tests in patterns:
        if all(test(row, checking.table) for test in tests):
            return _found(row, checking, when)
    return None


def _found(row: RowFacts, checking: Checking, when: When) -> Finding:
    quote = when.quote or next((k for k in ("name", "target", "actual", "any") if getattr(when, k)), "")
    word = ""
    if quote:
        found = pattern(getattr(when, quote)).search(_ROW_TEXTS[quote](row, checking.table))
        word = found.group() if found else ""
    field = when.field or {"target": "target", "actual": "actual"}.get(quote, "")
    return checking.row(
        row, when.message, severity=when.severity, field=field, fix=when.fix, word=word or row.name,
        evidence=_evidence(row, quote),
    )  # fmt: skip


def _evidence(row: RowFacts, quote: str) -> str:
    return {"name": row.name, "target": row.target, "actual": row.row.actual}.get(quote, "")


def check_goal(table: TableFacts, checking: Checking, patterns: tuple[Compiled, ...]) -> Finding | None:
    """The finding of the first pattern that holds for the table's heading (goal, grounds, project)."""
    blank = read_row(DraftRow(number=0))
    for when, tests in patterns:
        if all(test(blank, table) for test in tests):
            key = when.quote or next((k for k in ("goal", "grounds", "project") if getattr(when, k)), "goal")
            text = _ROW_TEXTS[key](blank, table)
            return checking.whole(
                when.message, severity=when.severity, field=key, evidence=text[:60], fix=when.fix
            )
    return None
