"""Pages of records that a page may stumble over (tests/cases/pages): markup, blanks, wide spreads, retired codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indicators.shipped import read_catalogue
from kb.knowledge import KnowledgeBase
from kb.links import PATHS, url_of
from kb.settings import Settings
from tests.web.html_page import Page
from web.app import create_app
from web.present import record_json

FOLDER = Path(__file__).parents[1] / "cases" / "pages"
RECORDS = [record for record in read_catalogue(FOLDER) if record.kind in PATHS]
LISTS = [
    "/",
    "/sectors",
    "/frameworks",
    "/problems",
    "/guides",
    "/sources",
    "/projects",
    "/projects?sector=KK",
]
LISTS += ["/search?q=里程", "/search?q=<b>", "/search?kind=indicator", "/search?q=目标"]
ADDRESSES = [*LISTS, *(url_of(r.kind, r.code) for r in RECORDS)]


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A knowledge base on the hard records."""
    with KnowledgeBase.open(Settings(home=tmp_path_factory.mktemp("hard"), catalogue=FOLDER)) as opened:
        yield opened


@pytest.fixture
def pages(hard: KnowledgeBase) -> FlaskClient:
    """A client of their pages."""
    return create_app(hard).test_client()


@pytest.mark.parametrize("url", ADDRESSES)
def test_texts_are_texts(pages: FlaskClient, url: str) -> None:
    response = pages.get(url)
    assert response.status_code == 200
    page = Page(response.text)
    assert not re.search(r"<script>|<img src=x|</?(s|u|hr|kbd|em|br>\{)\b", response.text)
    for tag, attrs in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
        assert not attrs.get("href", "").lower().startswith(("javascript:", "data:"))


def shown(pages: FlaskClient, url: str) -> str:
    """Text of a page as a reader sees it, white space folded."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", pages.get(url).text, flags=re.DOTALL)
    return " ".join(unescape(text).split())


def test_source_address_is_a_link_only_where_it_is_a_web_address(pages: FlaskClient) -> None:
    assert 'href="https://example.gov.cn/a?b=1&amp;c=2"' in pages.get("/source/good").text
    assert "javascript:alert(1)" in shown(pages, "/source/evil")


def test_values_are_counted_by_unit_without_the_broader(pages: FlaskClient) -> None:
    text = shown(pages, "/i/JT-SL-01#uses")
    assert "公里 4 5 7.5 5,000" in text
    assert "对数刻度" in text
    assert "% 1 95 95 95 不足三个，不画图" in text
    assert "99999公里" in text
    assert "更宽" in text
    assert "实例项目 2 个" in text


def test_every_dot_of_the_plot_has_its_row(pages: FlaskClient) -> None:
    assert pages.get("/i/JT-SL-01").text.count("<circle") == 4


def test_retired_indicator_names_its_successor(pages: FlaskClient) -> None:
    assert "本指标已停用。" in shown(pages, "/i/JT-SL-02")
    assert 'href="/i/JT-SL-01"' in pages.get("/i/JT-SL-02").text
    assert "2015 至 2020" in shown(pages, "/i/JT-SL-02")
    assert "已停用" in shown(pages, "/sector/JT")


def test_indicator_with_a_name_only_shows_its_blanks(pages: FlaskClient) -> None:
    text = shown(pages, "/i/JT-SL-04")
    for label in ("指标解释", "计算公式", "计划标准", "预算支出标准", "佐证资料", "赋分规则", "取值方式"):
        assert f"{label} —（未收录）" in text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("XM-1", "自评高 19.69 分"),
        ("XM-2", "自评低 4.75 分"),
        ("XM-4", "一致"),
        ("XM-3", "得分 —（未收录）"),
        ("XM-1", "1,234,567.890 万元"),
        ("XM-1", "99.90"),
        ("XM-1", "公开的表只能读到一部分"),
        ("XM-3", "本库没有这个项目的指标行"),
    ],
)
def test_project_tells(pages: FlaskClient, code: str, said: str) -> None:
    assert said in shown(pages, f"/project/{code}")


def test_what_was_read_stands_beside_what_was_written(pages: FlaskClient) -> None:
    text = shown(pages, "/project/XM-1")
    assert "2021年12月底前 时限" in text
    assert "全覆盖 全覆盖 全覆盖" in text
    assert "含糊 <i>明显改善</i> 文字，读不出数" in text
    assert "空白 — 空，未填值" in text
    assert "完成5个" in text
    assert "待核" in text
    assert "3公里、2座桥 含多个数，未拆" in text


def test_framework_switches_between_editions(pages: FlaskClient) -> None:
    page = Page(pages.get("/framework/KJ-A").text)
    switch = [
        attrs
        for tag, attrs in page.elements
        if tag == "a" and attrs.get("href", "").startswith("/framework/")
    ]
    assert {"href": "/framework/KJ-A", "aria-current": "page"} in switch
    assert {"href": "/framework/KJ-B"} in switch
    assert "立项依据 2020 版" in shown(pages, "/framework/KJ-A")
    assert "立项<依据> 2013 版" in shown(pages, "/framework/KJ-B")


def test_problem_of_a_new_group_is_not_lost(pages: FlaskClient) -> None:
    assert "没有分组的" in shown(pages, "/problems")
    assert "没有分组的" in shown(pages, "/")


def test_every_record_as_json(hard: KnowledgeBase) -> None:
    for record in RECORDS:
        assert record_json(hard.view(record.code))["code"] == record.code


def test_indicator_as_json_has_its_uses(hard: KnowledgeBase) -> None:
    found = record_json(hard.view("JT-SL-01"))
    assert [use["target"] for use in found["projects"]] == [
        "≥5公里",
        "10",
        "5000公里",
        "99999公里",
        "5公里",
        "95%",
    ]
    kilometres = found["values"][0]
    assert (kilometres["unit"], kilometres["n"], kilometres["min"], kilometres["max"]) == ("公里", 4, 5, 5000)
    assert [framework["code"] for framework in found["frameworks"]] == ["KJ-A-01"]
    assert [issue["code"] for issue in found["issues"]] == ["WT-1"]
