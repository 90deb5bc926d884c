"""What the index sees of a record."""

from __future__ import annotations

from collections import Counter

from indicators.model import (
    Framework,
    FrameworkNode,
    Guide,
    Indicator,
    IndicatorSet,
    Kind,
    Project,
    Record,
    Sector,
    SynonymGroup,
    Target,
)
from kb.search.answer import SearchDocument
from kb.search.documents import Names, catalogue_names, documents

RECORDS: list[Record] = [
    Sector(code="JT", name="交通运输", order=1),
    IndicatorSet(code="JH-JT", name="交通指标集", members=("JT-SL-01",)),
    Indicator(
        code="JT-SL-01", name="新建公路里程", level1="产出指标", level2="数量指标", sector="JT", aliases=("修路公里数",),
        keywords=("修路",), explanation="建成验收的长度。", unfit=("养护项目（用列养里程）",), core=True,
    ),
    Framework(code="KJ-10", name="评价框架", edition="2020"),
    FrameworkNode(code="KJ-10-01", name="资金到位率", framework="KJ-10", order=1, level1="过程", points=("到位多少",)),
    Project(
        code="XM-1", name="乡村道路", sector="JT", region="花溪区", year=2021,
        targets=(Target(name="里程", target="≥5", unit="公里", indicator="JT-SL-01"), Target(name="里程二", indicator="JT-SL-01")),
    ),
    Guide(code="ZN-1", name="怎么写", summary="先写数。", text="# 一\n\n看[里程](kb:JT-SL-01)，**不要**写空话。"),
    SynonymGroup(code="TY-001", name="公路", words=("马路",)),
]  # fmt: skip


def made() -> dict[str, SearchDocument]:
    return {d.code: d for d in documents(RECORDS, Names.of(RECORDS))}


def test_only_records_with_something_to_show_are_hits() -> None:
    assert set(made()) == {"JT-SL-01", "KJ-10", "KJ-10-01", "XM-1", "ZN-1"}


def test_an_indicator_with_what_others_say_about_it() -> None:
    indicator = made()["JT-SL-01"]
    assert (indicator.sector, indicator.set, indicator.used, indicator.core) == (
        "交通运输",
        "交通指标集",
        1,
        True,
    )
    assert indicator.body[0] == "建成验收的长度。"
    assert indicator.aside == ("不适用：养护项目（用列养里程）",)
    assert indicator.url == "/i/JT-SL-01"


def test_rows_of_frameworks_and_projects() -> None:
    node, project = made()["KJ-10-01"], made()["XM-1"]
    assert (node.public_kind, node.set, node.level1) == ("framework", "评价框架", "过程")
    assert project.body == ("花溪区，2021年", "里程 ≥5 公里", "里程二")
    assert project.used == 0


def test_a_guide_is_plain_text() -> None:
    assert made()["ZN-1"].body == ("先写数。", "一", "看里程，不要写空话。")


def test_names_for_the_dictionary() -> None:
    assert {"新建公路里程", "修路公里数", "修路", "怎么写"} <= set(catalogue_names(RECORDS))


def test_the_shipped_catalogue_counts_under_public_kinds(shipped: list[SearchDocument]) -> None:
    kinds = Counter((d.kind, d.public_kind) for d in shipped)
    assert kinds[Kind.PROBLEM, "issue"] > 60
    assert kinds[Kind.CLAUSE, "guide"] > 30
    assert kinds[Kind.NODE, "framework"] > 100
    assert all(d.name and d.url and d.body for d in shipped if d.kind is Kind.INDICATOR)
