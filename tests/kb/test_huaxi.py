"""Each of the 29 key projects of Huaxi, typed as a query, finds an output and a benefit of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from indicators.model import Indicator, Project, Record
from indicators.taxonomy import BENEFIT, OUTPUT
from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "huaxi.yaml").read_text("utf-8")
)["projects"]


def test_all_29_projects_have_an_output_and_a_benefit_in_the_catalogue(catalogue: list[Record]) -> None:
    level1 = {r.code: r.level1 for r in catalogue if isinstance(r, Indicator)}
    assert [c["code"] for c in CASES] == [f"XM-HX21-{n:02d}" for n in range(1, 30)]
    for case in CASES:
        assert {level1.get(code) for code in case["output"]} == {OUTPUT}, case["code"]
        assert {level1.get(code) for code in case["benefit"]} == {BENEFIT}, case["code"]


@pytest.mark.parametrize("case", CASES, ids=[c["code"][-2:] for c in CASES])
def test_name_of_a_project_finds_its_output_and_benefit(
    kb: KnowledgeBase, catalogue: list[Record], case: dict[str, Any]
) -> None:
    name = next(r.name for r in catalogue if isinstance(r, Project) and r.code == case["code"])
    hits = kb.search(name, Filters(kind=("indicator",)), limit=10).hits
    found = {hit.code for hit in hits}
    shown = "、".join(f"{hit.code} {hit.name}" for hit in hits) or "什么也没有"
    assert found & set(case["output"]), f"{name}：没有它的产出指标，只找到{shown}"
    assert found & set(case["benefit"]), f"{name}：没有它的效益指标，只找到{shown}"
