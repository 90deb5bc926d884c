"""Matching rows to catalogue indicators, on made records and on the shipped catalogue."""

from __future__ import annotations

import pytest

from indicators.choices import Direction, ProjectType, Status
from indicators.draft import Draft, DraftRow
from indicators.model import Indicator, Record, Sector
from indicators.rules.facts import read_row
from kb.matching import MatchIndex, guess_sector, guess_types, match

ROAD = Indicator(
    code="JT-SL-01", name="新建改建农村公路里程", level1="产出指标", level2="数量指标", sector="JT", unit="公里",
    aliases=("农村公路建设里程",), keywords=("修路", "村道"), direction=Direction.HIGHER,
)  # fmt: skip
OLD = Indicator(
    code="JT-SL-90", name="通村油路里程", level1="产出指标", level2="数量指标", sector="JT", unit="公里",
    status=Status.RETIRED, successor="JT-SL-01",
)  # fmt: skip
COST = Indicator(
    code="JT-CB-01", name="每公里建设成本", level1="成本指标", level2="经济成本指标", sector="JT", unit="万元/公里",
    direction=Direction.LOWER,
)  # fmt: skip
RATE = Indicator(
    code="JT-ZL-01", name="农村公路交工验收合格率", level1="产出指标", level2="质量指标", sector="JT", unit="%",
    direction=Direction.HIGHER,
)  # fmt: skip
PUPILS = Indicator(
    code="JY-MY-01", name="学生家长对办学条件满意度", level1="满意度指标", level2="服务对象满意度指标", sector="JY", unit="%",
    aliases=("群众满意度",),
)  # fmt: skip
INDEX = MatchIndex([ROAD, OLD, COST, RATE, PUPILS])


def row(name: str, target: str = "", **more: str) -> DraftRow:
    return DraftRow(number=1, name=name, target=target, **more)


def test_a_code_wins_over_everything() -> None:
    found = match(row("随便写的名称", code="JT-ZL-01"), INDEX)
    assert found is not None
    assert (found.code, found.how, found.score) == ("JT-ZL-01", "代码", 1.0)


def test_name_alias_and_near_name() -> None:
    by_name = match(row("新建改建农村公路里程", "≥10公里", level2="数量指标"), INDEX)
    by_alias = match(row("农村公路建设里程", "≥10公里", level2="数量指标"), INDEX, "JT")
    near = match(row("农村公路新建改建里程", "≥10公里", level2="数量指标"), INDEX, "JT")
    assert by_name is not None
    assert by_alias is not None
    assert near is not None
    assert (by_name.how, by_alias.how, near.how) == ("名称", "别名", "近似")
    assert {by_name.code, by_alias.code, near.code} == {"JT-SL-01"}
    assert by_name.score > by_alias.score > near.score


def test_a_traditional_name_is_the_same_name() -> None:
    found = match(row("新建改建農村公路里程"), INDEX)
    assert found is not None
    assert found.code == "JT-SL-01"


@pytest.mark.parametrize("name", ["培训村干部人次", "完成工作", "88", "", "里程"])
def test_no_match_rather_than_a_wrong_one(name: str) -> None:
    assert match(row(name, "≥10人次"), INDEX) is None


def test_a_count_is_not_its_rate() -> None:
    assert match(row("农村公路交工验收合格里程", "≥10公里", level2="数量指标"), INDEX) is None


def test_a_generic_alias_of_another_sector_is_no_match() -> None:
    assert match(row("群众满意度", "≥90%", level2="服务对象满意度指标"), INDEX, "SL") is None
    assert match(row("群众满意度", "≥90%", level2="服务对象满意度指标"), INDEX, "JY") is not None


def test_differences_are_told() -> None:
    found = match(row("农村公路交工验收合格率", "≤95个", level1="产出指标", level2="数量指标"), INDEX)
    assert found is not None
    assert found.differences == (
        "库中在质量指标，表里在数量指标",
        "库中单位是%，表里是个",
        "库中是越多越好，表里用≤",
    )
    retired = match(row("通村油路里程", "≥10公里", level2="数量指标"), INDEX)
    assert retired is not None
    assert retired.differences == ("库中已停用，由JT-SL-01 新建改建农村公路里程替代",)


def test_sector_by_words_of_the_project_and_by_rows() -> None:
    sectors = [
        Sector(code="JT", name="交通运输", order=1, aliases=("公路局",)), Sector(code="JY", name="教育", order=2),
    ]  # fmt: skip
    assert guess_sector(Draft(sector="教育"), [], INDEX, sectors) == "JY"
    assert guess_sector(Draft(project="村道硬化", unit="县公路局"), [], INDEX, sectors) == "JT"
    rows = [read_row(row("新建改建农村公路里程", "≥10公里"))]
    assert guess_sector(Draft(project="某项目"), rows, INDEX, sectors) == "JT"
    assert guess_sector(Draft(project="某项目"), [], INDEX, sectors) == ""


def test_types_by_words() -> None:
    assert guess_types(Draft(project="办公楼维修改造")) == (ProjectType.REPAIR,)
    assert ProjectType.SUBSIDY in guess_types(Draft(project="残疾人两项补贴"))
    assert guess_types(Draft(project="改造", types=(ProjectType.EVENT,))) == (ProjectType.EVENT,)


def test_every_shipped_indicator_matches_itself(catalogue: list[Record]) -> None:
    indicators = [r for r in catalogue if isinstance(r, Indicator) and r.status is Status.ACTIVE]
    index = MatchIndex(indicators)
    names = [i.name for i in indicators]
    wrong = []
    for i in indicators:
        found = match(row(i.name, level1=i.level1, level2=i.level2), index, i.sector)
        if (found is None or found.code != i.code) and names.count(i.name) == 1:
            wrong.append((i.code, found and found.code))
    assert wrong == []


def test_a_name_with_a_strange_character_still_finds_its_indicator(catalogue: list[Record]) -> None:
    indicators = [r for r in catalogue if isinstance(r, Indicator)]
    index = MatchIndex(indicators)
    rows = [read_row(row(f"{i.name[:6]}甲{i.name[6:]}", level2=i.level2)) for i in indicators]
    found = [match(facts, index) for facts in rows]
    same = sum(m is not None and m.name == i.name for m, i in zip(found, indicators, strict=True))
    assert same > 0.6 * len(indicators)


def test_an_empty_catalogue_matches_nothing() -> None:
    assert match(row("新建改建农村公路里程"), MatchIndex([])) is None
