"""What is understood of a project text: quantities, money, months, types, names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from indicators.choices import ProjectType
from indicators.model import Indicator, Project, Record, Sector
from kb.describing import Corrections, Description, describe, types_of
from kb.guessing import SectorGuesser


@pytest.fixture(scope="module")
def sectors(catalogue: list[Record]) -> list[Sector]:
    return [r for r in catalogue if isinstance(r, Sector)]


@pytest.fixture(scope="module")
def guesser(catalogue: list[Record], sectors: list[Sector]) -> SectorGuesser:
    return SectorGuesser(
        sectors,
        [r for r in catalogue if isinstance(r, Indicator)],
        [r for r in catalogue if isinstance(r, Project)],
    )


@pytest.fixture(scope="module")
def said(guesser: SectorGuesser, sectors: list[Sector]) -> Description:
    return describe("修5公里村道，投资300万元，六个月完工，受益3个村。正文另述。", guesser, sectors)


def test_road(said: Description) -> None:
    assert [(q.value, q.unit, q.subject) for q in said.quantities] == [
        (Decimal(5), "公里", "村道"),
        (Decimal(3), "个", "村"),
    ]
    assert said.amount == 300
    assert said.months == 6
    assert said.name == "修5公里村道"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("给全县12所村小更换直饮水设备，每所8万元", None),
        ("给80岁以上老人每月发放高龄津贴100元，共1500人", None),
        ("每户补助2000元，总投资60万元", 60),
        ("购置净水机，8万元一台", None),
        ("亩均投入1500元，改造高标准农田", None),
        ("每年投入运维经费30万元", 30),
    ],
)
def test_a_sum_for_each_is_not_what_the_project_costs(
    text: str, amount: int | None, guesser: SectorGuesser, sectors: list[Sector]
) -> None:
    assert describe(text, guesser, sectors).amount == amount


@pytest.mark.parametrize(
    ("text", "value", "unit", "subject"),
    [
        ("购买办公电脑50台", 50, "台", "办公电脑"),
        ("建设高标准农田1.2万亩", 12000, "亩", "高标准农田"),
        ("给200名残疾儿童做康复训练", 200, "名", "残疾儿童"),
        ("举办三期农民培训班", 3, "期", "农民培训班"),
        ("慰问困难老人，共1500人", 1500, "人", "老人"),
        ("残疾儿童康复训练，共120人", 120, "人", "残疾儿童"),
        ("给2300名退役军人购买补充医疗保险", 2300, "名", "退役军人"),
    ],
)
def test_quantities(
    text: str, value: int, unit: str, subject: str, guesser: SectorGuesser, sectors: list[Sector]
) -> None:
    found = describe(text, guesser, sectors).quantities[0]
    assert (found.value, found.unit, found.subject) == (value, unit, subject)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("修5公里村道", ProjectType.CONSTRUCTION), ("购买电脑", ProjectType.PURCHASE), ("屋顶漏水翻修", ProjectType.REPAIR),
        ("编制规划", ProjectType.RESEARCH), ("困难群众救助", ProjectType.SUBSIDY), ("系统运维", ProjectType.OPERATION),
    ],
)  # fmt: skip
def test_types(text: str, kind: ProjectType) -> None:
    assert kind in types_of(text)


def test_a_platform_is_not_built_of_bricks() -> None:
    assert ProjectType.CONSTRUCTION not in types_of("建设智慧城管平台")


def test_what_the_user_says_wins(guesser: SectorGuesser, sectors: list[Sector]) -> None:
    given = Corrections(
        sector="WS", amount=Decimal(9), months=3, types=(ProjectType.EVENT,), beneficiaries=("患者",)
    )
    found = describe("修5公里村道，投资300万元", guesser, sectors, given=given)
    assert found.sectors[0] == "WS"
    assert (found.amount, found.months, found.types, found.beneficiaries) == (
        9,
        3,
        (ProjectType.EVENT,),
        ("患者",),
    )


def test_sector_of_published_projects(catalogue: list[Record], guesser: SectorGuesser) -> None:
    """Most published projects' sectors are told from the name alone, the project itself forgotten."""
    projects = [
        r for r in catalogue if isinstance(r, Project) and r.scope == "项目" and r.sector and r.sector != "TX"
    ]
    right = 0
    for project in projects:
        likely = guesser.guess(project.name, [p.code for p in projects if p.name == project.name])
        right += bool(likely) and likely[0][0] == project.sector
    assert right / len(projects) >= 0.75
