"""Drafting: sentences with what must and must not be proposed, balance, quantities, speed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from indicators.model import Record
from indicators.weights import TOTALS, weights_around
from kb.draft_json import draft_json
from kb.draft_records import DraftProposal, Proposal
from kb.drafting import MOST_PROPOSALS, Drafter

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "drafts.yaml").read_text("utf-8")
)


@pytest.fixture(scope="module")
def drafter(catalogue: list[Record]) -> Drafter:
    return Drafter.of(catalogue)


def named(answer: DraftProposal, key: str) -> Proposal | None:
    return next((p for p in answer.proposals if key in (p.indicator.code, p.indicator.name)), None)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["text"][:16])
def test_sentence(drafter: Drafter, case: dict[str, Any]) -> None:
    answer = drafter.propose(case["text"])
    if "sector" in case:
        assert (answer.sector.name if answer.sector else "") == case["sector"]
    assert set(case.get("types", ())) <= {t.value for t in answer.description.types}
    for key in case.get("must", ()):
        assert named(answer, key), f"没有提议 {key}"
    for key, value in case.get("values", {}).items():
        proposal = named(answer, key)
        assert proposal, f"没有提议 {key}"
        assert proposal.value == Decimal(str(value))
        assert proposal.chosen
    for piece in case.get("never", ()):
        assert not [p.indicator.name for p in answer.proposals if piece in p.indicator.name]
    for piece in case.get("chosen_never", ()):
        assert not [p.indicator.name for p in answer.proposals if p.chosen and piece in p.indicator.name]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["text"][:16])
def test_every_answer_is_a_sound_table(drafter: Drafter, case: dict[str, Any]) -> None:
    answer = drafter.propose(case["text"])
    assert 0 < len(answer.proposals) <= MOST_PROPOSALS
    weights = [p.weight for p in answer.proposals if p.chosen]
    assert None not in weights
    assert sum(w for w in weights if w) == TOTALS[0]
    assert all(p.weight is None for p in answer.proposals if not p.chosen)
    assert all(p.why for p in answer.proposals)
    names = [(p.indicator.level2, p.indicator.name) for p in answer.proposals]
    assert len(set(names)) == len(names)
    stated = {q.value for q in answer.description.quantities} | {answer.description.amount}
    assert all(p.value in stated for p in answer.proposals if p.value is not None)
    assert not [p for p in answer.proposals if p.indicator.subsector == "资金管理"]


def test_a_quantity_goes_to_one_indicator(drafter: Drafter) -> None:
    answer = drafter.propose("给200名残疾儿童做康复训练")
    assert [p.indicator.code for p in answer.proposals if p.value == 200] == ["CJ-SL-01"]


def test_excluded_projects_are_as_if_unknown(drafter: Drafter) -> None:
    answer = drafter.propose("公共图书馆免费开放")
    first = answer.similar[0].project.code
    again = drafter.propose("公共图书馆免费开放", exclude=[first])
    assert first not in {s.project.code for s in again.similar}
    told = msgspec.json.encode(draft_json(again)).decode()
    assert answer.similar[0].project.name not in told


def test_verbatim_rows_name_their_project(drafter: Drafter) -> None:
    found = [
        p
        for project in drafter.examples.projects[:60]
        for p in drafter.propose(project.name).proposals
        if not p.indicator.code
    ]
    assert found
    assert all(p.source and p.value is None for p in found)


def test_sector_and_amount_given_win(drafter: Drafter) -> None:
    answer = drafter.propose("购买设备10台", sector="卫生健康", amount=Decimal(80))
    assert answer.sector
    assert answer.sector.code == "WS"
    assert answer.description.amount == 80


@pytest.mark.parametrize("text", ["x", "。", "１２３", "项目", "\U0001f600", "a" * 50_000, "修路" * 9000])
def test_any_text_gets_an_answer(drafter: Drafter, text: str) -> None:
    assert len(drafter.propose(text).proposals) <= MOST_PROPOSALS


def test_pages_are_read(drafter: Drafter) -> None:
    said = drafter.propose(
        "本项目新建农村公路12公里，总投资900万元。" + "项目实施方案正文若干。" * 2000
    ).description
    assert said.amount == 900
    assert said.sectors[0] == "JT"


def test_json_has_the_promised_fields(drafter: Drafter) -> None:
    answer = draft_json(drafter.propose("修5公里村道，投资300万元"))
    assert {"project", "sector", "similar_projects", "rows", "coverage", "findings"} <= answer.keys()
    row = answer["rows"][0]
    assert {
        "level1", "level2", "name", "code", "comparator", "value", "unit", "weight", "basis", "why", "values", "warnings",
    } <= row.keys()  # fmt: skip
    assert {"n", "min", "median", "max", "examples"} <= row["values"].keys()
    assert answer["coverage"]["产出指标/数量指标"] >= 1


def test_unit_cost_is_hinted_not_filled(drafter: Drafter) -> None:
    cost = named(drafter.propose("修5公里村道，投资300万元"), "JT-CB-01")
    assert cost
    assert cost.value is None
    assert "60 万元/公里" in cost.basis


def test_locked_weights_stay() -> None:
    rows = [
        ("产出指标", None, None, Decimal(30)),
        ("产出指标", None, None, None),
        ("效益指标", None, None, None),
    ]
    weights = weights_around(rows)
    assert weights[0] == 30
    assert sum(weights) == 90
