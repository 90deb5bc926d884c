"""The documentation of the rules says what the rules are."""

from __future__ import annotations

import pytest

from indicators.model import Clause, Record
from indicators.rules.base import Rule
from indicators.rules.check import default_pack, undecidable
from indicators.rules.docs import pack_docs, rule_docs

PACK = default_pack()


@pytest.mark.parametrize("rule", PACK.rules.values(), ids=lambda r: r.code)
def test_a_rules_page_tells_all_of_it(rule: Rule, catalogue: list[Record]) -> None:
    clauses = {r.code: r for r in catalogue if isinstance(r, Clause)}
    text = rule_docs(rule, clauses)
    for piece in (rule.code, rule.title, rule.severity.label, rule.item, rule.objection, rule.basis):
        assert piece in text
    assert f"](kb:{rule.clause})" in text
    assert all(f"`{k}` = {v:g}" in text for k, v in rule.thresholds.items())
    assert text.count("——") >= len(rule.must_fire) + len(rule.must_not_fire)
    assert "{" not in text


def test_the_pack_page_names_every_rule_and_what_cannot_be_decided() -> None:
    text = pack_docs(PACK, undecidable())
    assert all(f"## {code} " in text for code in PACK.rules)
    assert all(u.code in text and u.reason in text for u in undecidable())
