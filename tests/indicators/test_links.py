"""Links from published rows to the catalogue: they exist, say what they mean, and do not mix quantities."""

from __future__ import annotations

import re

import pytest

from indicators.choices import LinkKind
from indicators.model import Indicator, Project, Record, Target
from indicators.units import unit_family
from indicators.value import TargetValue

EXCEPTIONS = {
    ("XM-GK-021", "培训费"): "单位列印作“人/天”，470、320 都是每人每天的元数",
    ("XM-GK-046", "村组干部230人"): "单位列误写“个”，名称里写明是人",
    ("XM-GK-053", "预算成本"): "“万”是万元的省写",
    ("XM-GK-057", "城中村、住宅区任务完成套数"): "改气一套就是一户",
    ("XM-GK-060", "控制在预算成本内"): "“万”是万元的省写",
    ("XM-GK-065", "场馆开放满意度"): "同一个满意度，库里按百分制计分，该表写百分比",
    ("XM-GK-067", "100万"): "“万”是万元的省写",
    ("XM-GK-080", "保障村干部人数"): "人数误写成“个”",
    ("XM-GK-083", "提供务工岗位"): "一个岗位就是一名务工人员",
}
"""Rows linked as the same although their unit is of another family, each with the reason."""


@pytest.fixture
def linked(catalogue: list[Record]) -> list[tuple[Project, Target]]:
    return [(r, t) for r in catalogue if isinstance(r, Project) for t in r.targets if t.indicator]


def families(unit: str) -> set[str]:
    """Families of a unit and of the alternatives written in it: 台（套）, 头（只、羽）, 项/处."""
    parts = [unit, *re.split(r"[（）、]", unit)]
    return {family for part in parts if part and (family := unit_family(part))}


def test_every_link_names_an_indicator_its_kind_and_who_made_it(
    catalogue: list[Record], linked: list[tuple[Project, Target]]
) -> None:
    known = {r.code for r in catalogue if isinstance(r, Indicator)}
    for project, row in linked:
        assert row.indicator in known, f"{project.code} {row.name}: {row.indicator}"
        assert row.link in LinkKind, f"{project.code} {row.name}"
        assert row.linked_by, f"{project.code} {row.name}"


def test_a_row_without_an_indicator_has_no_link_kind(catalogue: list[Record]) -> None:
    rows = [t for r in catalogue if isinstance(r, Project) for t in r.targets if not t.indicator]
    assert not [t.name for t in rows if t.link or t.linked_by]


def test_most_published_rows_are_linked(linked: list[tuple[Project, Target]]) -> None:
    assert len(linked) >= 300
    assert sum(row.link is LinkKind.SAME for _, row in linked) >= 150


def test_rows_that_mean_the_same_are_counted_in_the_same_kind_of_unit(
    catalogue: list[Record], linked: list[tuple[Project, Target]]
) -> None:
    units = {r.code: r.unit for r in catalogue if isinstance(r, Indicator)}
    mixed = {}
    for project, row in linked:
        value = TargetValue.parse(row.target, row.unit)
        if row.link is not LinkKind.SAME or value.value is None or not value.unit:
            continue
        if unit_family(value.unit) not in families(units[row.indicator]):
            mixed[project.code, row.name] = f"{value.unit} 与 {row.indicator} 的 {units[row.indicator]}"
    assert set(mixed) == set(EXCEPTIONS), mixed
