"""The coverage table counts what stands in the catalogue, and the catalogue covers its sectors."""

from __future__ import annotations

from indicators.choices import LinkKind, Status
from indicators.coverage import CORE_CLASSES, class_of, coverage, near_duplicates
from indicators.model import Indicator, IndicatorSet, Project, Record, Sector, SourceRef, Subsector, Target

SECTOR = Sector(
    code="JT", name="交通运输", order=1, subsectors=(Subsector(name="养护"), Subsector(name="桥梁"))
)
COMMON = {"sector": "JT", "level1": "产出指标", "sources": (SourceRef(source="x"),)}
LENGTH = Indicator(
    code="JT-SL-01", name="农村公路养护里程", level2="数量指标", subsector="养护", core=True, **COMMON
)
TWIN = Indicator(code="JT-SL-02", name="农村公路养护总里程", level2="数量指标", subsector="养护", **COMMON)
OLD = Indicator(code="JT-SL-03", name="旧指标", level2="数量指标", status=Status.RETIRED, **COMMON)
PROJECT = Project(
    code="XM", name="x", sector="JT", targets=(Target(name="y", indicator="JT-SL-01", link=LinkKind.SAME),)
)


def test_counts_per_sector() -> None:
    found = coverage([SECTOR, LENGTH, TWIN, OLD, PROJECT])
    (row,) = found.sectors
    assert (row.total, row.by_level2, row.projects) == (2, {"数量指标": 2}, 1)
    assert row.core == (LENGTH,)
    assert row.core_missing == ("质量", "时效", "成本", "效益", "满意度")
    assert row.bare_subsectors == ("桥梁",)
    assert (found.indicators, found.core, found.fields["sources"], found.fields["unit"]) == (2, 1, 2, 0)


def test_records_to_mend() -> None:
    found = coverage([SECTOR, LENGTH, TWIN, PROJECT])
    assert found.to_mend["没有项目用过"] == (TWIN,)
    assert found.to_mend["没有公式"] == (LENGTH, TWIN)
    assert found.to_mend["没有配对，也没有别的记录指向它"] == (TWIN,)


def test_near_names_within_a_place_are_paired() -> None:
    ((a, b, likeness),) = near_duplicates([LENGTH, TWIN])
    assert (a, b) == (LENGTH, TWIN)
    assert 0.65 <= likeness < 1


def test_classes_of_the_core_list() -> None:
    place = {
        "成本指标": "经济成本指标",
        "产出指标": "时效指标",
        "效益指标": "可持续影响指标",
        "满意度指标": "服务对象满意度指标",
    }
    classes = [class_of(Indicator(code="x", name="x", level1=a, level2=b)) for a, b in place.items()]
    assert classes == ["成本", "时效", "效益", "满意度"]


def test_every_written_sector_covers_its_core_classes(catalogue: list[Record]) -> None:
    for row in coverage(catalogue).sectors:
        if row.total:
            assert row.core_missing == (), row.sector.name
            assert not row.bare_subsectors, (row.sector.name, row.bare_subsectors)
    assert set(CORE_CLASSES) == {"数量", "质量", "时效", "成本", "效益", "满意度"}


def test_sector_sets_are_the_core_indicators(catalogue: list[Record]) -> None:
    sets = {r.code: set(r.members) for r in catalogue if isinstance(r, IndicatorSet)}
    indicators = [r for r in catalogue if isinstance(r, Indicator)]
    for sector in (r for r in catalogue if isinstance(r, Sector) and r.code != "TX"):
        core = {i.code for i in indicators if i.sector == sector.code and i.core}
        assert sets[f"JH-{sector.code}"] == core, sector.name


def test_the_catalogue_is_as_large_as_it_says(catalogue: list[Record]) -> None:
    found = coverage(catalogue)
    assert found.indicators >= 1000
    assert found.core >= 280
    assert all(row.total >= 30 and row.core for row in found.sectors)
