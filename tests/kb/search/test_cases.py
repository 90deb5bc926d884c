"""Queries as data: what staff type and what must come first (tests/cases/queries.yaml)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kb.search.answer import Hit
from tests.kb.search.conftest import Search

CASES = Path(__file__).parents[2] / "cases" / "queries.yaml"


def cases() -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [case for group in groups.values() for case in group]


def line(hit: Hit) -> str:
    return "｜".join((hit.kind, hit.name, hit.level1, hit.level2, hit.sector))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["q"])
def test_query(search: Search, case: dict[str, Any]) -> None:
    answer = search(case["q"])
    first = [line(hit) for hit in answer.hits[: case.get("first", 3)]]
    assert any(re.search(case["want"], text) for text in first), first
    if "not" in case:
        assert not any(re.search(case["not"], line(hit)) for hit in answer.hits[:3]), first
    if "relaxed" in case:
        assert answer.relaxed == case["relaxed"], (answer.relaxed, answer.did_you_mean)
