"""What county staff type for a project brings an output and a benefit, in search and in drafting (tests/cases)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from indicators.model import Record
from kb.drafting import Drafter
from kb.knowledge import KnowledgeBase

CASES: list[dict[str, Any]] = [
    case
    for group in yaml.safe_load(
        (Path(__file__).parents[1] / "cases" / "one_liners.yaml").read_text("utf-8")
    ).values()
    for case in group
]
DRAFTED = [case for case in CASES if case.get("draft", True)]
LEVELS = {"output": ("产出指标",), "benefit": ("效益指标", "满意度指标")}


@pytest.fixture(scope="module")
def drafter(catalogue: list[Record]) -> Drafter:
    return Drafter.of(catalogue)


def check(case: dict[str, Any], found: Iterable[tuple[str, str]]) -> None:
    """Fail where no (level 1, name) of what was found is the output, or none the benefit."""
    rows = list(found)
    for part, levels in LEVELS.items():
        assert any(level in levels and re.search(case[part], name) for level, name in rows), (part, rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["q"])
def test_search(kb: KnowledgeBase, case: dict[str, Any]) -> None:
    check(case, ((hit.level1, hit.name) for hit in kb.search(case["q"], limit=10).hits))


@pytest.mark.parametrize("case", DRAFTED, ids=lambda case: case["q"])
def test_draft(drafter: Drafter, case: dict[str, Any]) -> None:
    chosen = [p.indicator for p in drafter.propose(case["q"]).proposals if p.chosen]
    check(case, ((i.level1, i.name) for i in chosen))
