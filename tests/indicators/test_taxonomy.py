"""Classifications: what forms write is read, and an indicator has a place in each edition."""

from __future__ import annotations

import pytest

from indicators.model import Indicator, Placement, Record, Sector
from indicators.taxonomy import (
    CATALOGUE_LEVELS,
    LEVEL2_LETTERS,
    LEVELS,
    Edition,
    level1_of,
    place,
    read_level1,
    read_level2,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("产出指标", "产出指标"), ("产出", "产出指标"), ("预期产出指标", "产出指标"), ("项目完成指标", "产出指标"),
        ("一级绩效指标", ""), ("效果指标", "效益指标"), ("效益值", "效益指标"), ("满意度", "满意度指标"),
        ("成本指标", "成本指标"), ("", ""), ("产出绩效指标", "产出指标"),
    ],
)  # fmt: skip
def test_level1_as_forms_write_it(written: str, expected: str) -> None:
    assert read_level1(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("数量指标(或建筑规模指标)", "数量指标"), ("成本指标", "经济成本指标"), ("生态环境成本指标", "生态环境成本指标"),
        ("社会公众或服务对象满意度指标", "服务对象满意度指标"), ("社会、经济、生态效益指标", ""),
        ("可持续性发展影响指标", "可持续影响指标"), ("社会效益效益指标", "社会效益指标"), ("时效值", "时效指标"), ("其他", ""),
    ],
)  # fmt: skip
def test_level2_as_forms_write_it(written: str, expected: str) -> None:
    assert read_level2(written) == expected


def test_cost_stands_under_output_in_the_old_scheme() -> None:
    cost = Indicator(code="JT-CB-01", name="每公里造价", level1="成本指标", level2="经济成本指标")
    assert place(cost, Edition.E2015) == ("产出指标", "成本指标")
    assert place(cost, Edition.E2021) == ("成本指标", "经济成本指标")


def test_sustained_effect_is_a_social_benefit_in_2021_unless_written_otherwise() -> None:
    lasting = Indicator(code="JT-KC-01", name="管护机制", level1="效益指标", level2="可持续影响指标")
    assert place(lasting, Edition.E2021) == ("效益指标", "社会效益指标")
    written = Placement(edition="2021", level1="效益指标", level2="生态效益指标")
    green = Indicator(
        code="JT-KC-02", name="复绿", level1="效益指标", level2="可持续影响指标", placements=(written,)
    )
    assert place(green, Edition.E2021) == ("效益指标", "生态效益指标")
    assert place(green, Edition.E2015) == ("效益指标", "可持续影响指标")


def test_every_indicator_has_a_legal_place_in_each_edition(catalogue: list[Record]) -> None:
    for record in catalogue:
        if isinstance(record, Indicator):
            for edition in Edition:
                level1, level2 = place(record, edition)
                assert level2 in LEVELS[edition][level1], (record.code, edition)


def test_every_level2_has_letters_and_one_parent() -> None:
    names = [level2 for group in CATALOGUE_LEVELS.values() for level2 in group]
    assert set(names) == set(LEVEL2_LETTERS)
    assert all(level1_of(name) for name in names)
    assert level1_of("没有") == ""


def test_there_are_28_sectors(catalogue: list[Record]) -> None:
    sectors = [r for r in catalogue if isinstance(r, Sector)]
    assert sorted(s.order for s in sectors) == list(range(1, 29))
    assert len({s.name for s in sectors}) == 28
