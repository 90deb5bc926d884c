"""Every rule fires where its cases say it must, and keeps silent where they say it must not."""

from __future__ import annotations

import re

import pytest

from indicators.model import Clause, ProblemType, Record
from indicators.rules.base import ROW_CHECKS, TABLE_CHECKS, Case
from indicators.rules.cases import findings_of
from indicators.rules.check import default_pack, undecidable
from indicators.rules.lexicon import word_classes

PACK = default_pack()
FIRE = [(code, n, case) for code, r in PACK.rules.items() for n, case in enumerate(r.must_fire, 1)]
QUIET = [(code, n, case) for code, r in PACK.rules.items() for n, case in enumerate(r.must_not_fire, 1)]


def _name(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int)) else ""


@pytest.mark.parametrize(("code", "number", "case"), FIRE, ids=_name)
def test_fires(code: str, number: int, case: Case) -> None:
    found = findings_of(case, code, PACK)
    assert found, f"{code} 应当报出第 {number} 例：{case.rows}"
    for finding in found:
        assert finding.message
        assert finding.clause
        assert "{" not in finding.message
        assert finding.suggestion is not None
        assert "{" not in finding.suggestion.text.split("。可参照")[0]


@pytest.mark.parametrize(("code", "number", "case"), QUIET, ids=_name)
def test_keeps_silent(code: str, number: int, case: Case) -> None:
    found = findings_of(case, code, PACK)
    assert not found, f"{code} 不该报出第 {number} 例：{[f.message for f in found]}"


def test_every_rule_has_three_cases_each_way() -> None:
    thin = {c: (len(r.must_fire), len(r.must_not_fire)) for c, r in PACK.rules.items()}
    assert {c: n for c, n in thin.items() if min(n) < 3} == {}


def test_rules_and_undecidable_cover_all_problem_types(catalogue: list[Record]) -> None:
    codes = {r.code for r in catalogue if isinstance(r, ProblemType)}
    assert set(PACK.rules) | {u.code for u in undecidable()} == codes
    assert not set(PACK.rules) & {u.code for u in undecidable()}


def test_clauses_exist_and_groups_and_items_agree_with_the_catalogue(catalogue: list[Record]) -> None:
    clauses = {r.code for r in catalogue if isinstance(r, Clause)}
    problems = {r.code: r for r in catalogue if isinstance(r, ProblemType)}
    for rule in PACK.rules.values():
        assert rule.clause in clauses, rule.code
        assert rule.group == problems[rule.code].group, rule.code
        assert re.fullmatch(r"(完整性|相关性|适当性|可行性)/\S+", rule.item), rule.code


def test_every_rule_can_find_something() -> None:
    for code, rule in PACK.rules.items():
        assert rule.when or code in ROW_CHECKS or code in TABLE_CHECKS, code


def test_thresholds_are_explained_and_words_exist() -> None:
    for rule in PACK.rules.values():
        assert set(rule.thresholds) == set(rule.threshold_notes), rule.code
        assert set(rule.words) <= set(word_classes()), rule.code
