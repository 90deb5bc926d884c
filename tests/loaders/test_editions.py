"""Both classifications are told apart, and an old file keeps where it put its indicators."""

from __future__ import annotations

import pytest

from indicators.model import Framework, Indicator, Placement, Project
from indicators.taxonomy import Edition, place
from loaders.building import build
from loaders.load_json import table_json
from loaders.loading import LoadedFile, load_file
from tests.loaders.build import workbook

HEAD = ["行业领域", "一级指标", "二级指标", "三级指标", "指标解释"]
OLD = ["教育", "产出指标", "成本指标", "生均成本", "每生费用"]
NEW = ["教育", "成本指标", "经济成本指标", "生均成本", "每生费用"]
OTHER = ["教育", "产出指标", "数量指标", "学位数", "新增学位"]


def _file(*rows: list[str], title: str = "教育指标库") -> LoadedFile:
    return load_file("库.xlsx", workbook([[title], HEAD, *rows]))


@pytest.mark.parametrize(
    ("rows", "title", "edition"),
    [
        ([OTHER, OLD], "教育指标库", "2015"), ([OTHER, NEW], "教育指标库", "2021"), ([OTHER], "教育指标库", ""),
        ([OLD, NEW], "教育指标库", ""), ([OTHER], "教育指标库（财预〔2021〕101号）", "2021"), ([OTHER], "指标库 财预〔2015〕88号", "2015"),
    ],
)  # fmt: skip
def test_the_edition_is_told_by_where_cost_stands(rows: list[list[str]], title: str, edition: str) -> None:
    (table,) = _file(*rows, title=title).tables
    assert table.classification.edition == edition
    assert table_json(table, rows=False).get("edition", "") == edition


def test_what_tells_the_edition_is_said_with_its_cell() -> None:
    (table,) = _file(OTHER, OLD).tables
    assert "Sheet1!C4" in table.classification.basis
    (mixed,) = _file(OLD, NEW).tables
    assert "两版写法都有" in mixed.classification.basis


def test_an_indicator_of_an_old_file_keeps_its_placement() -> None:
    first, second = [c for c in build(_file(OTHER, OLD)) if isinstance(c.record, Indicator)]
    assert isinstance(second.record, Indicator)
    assert (second.record.level1, second.record.level2) == ("成本指标", "经济成本指标")
    assert second.record.placements == (Placement(edition="2015", level1="产出指标", level2="成本指标"),)
    assert place(second.record, Edition.E2015) == ("产出指标", "成本指标")
    assert place(second.record, Edition.E2021) == ("成本指标", "经济成本指标")
    assert isinstance(first.record, Indicator)
    assert first.record.placements == ()
    assert "placements" in second.given
    assert "placements" not in first.given


def test_a_target_keeps_its_levels_as_written() -> None:
    rows = [
        ["项目名称", "一级指标", "二级指标", "三级指标", "指标值"],
        ["修路", "产出指标", "成本指标", "造价", "≤60万元"],
    ]
    file = load_file("表.xlsx", workbook(rows))
    assert file.tables[0].classification.edition == "2015"
    (project,) = [c.record for c in build(file) if isinstance(c.record, Project)]
    assert (project.targets[0].level1, project.targets[0].level2) == ("产出指标", "成本指标")


@pytest.mark.parametrize(("first", "edition"), [("投入", "2013"), ("决策", "2020")])
def test_the_edition_of_a_framework_is_told_by_its_first_level(first: str, edition: str) -> None:
    rows = [
        ["一级指标", "二级指标", "三级指标", "指标解释"],
        [first, "项目立项", "立项规范性", "程序是否合规"],
    ]
    file = load_file("共性指标框架.xlsx", workbook(rows))
    (made,) = [c.record for c in build(file) if isinstance(c.record, Framework)]
    assert made.edition == edition
