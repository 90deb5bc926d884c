"""The grammar reads anything; intent keeps what informs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.search.intent import Known, understand
from kb.search.query import LIMIT, parse
from kb.search.segment import Lexicon

WORDS = [
    "教育",
    "质量",
    "农村",
    "公路",
    "养护",
    "里程",
    "满意度",
    "目标",
    "审核",
    "灌溉",
    "面积",
    "演出",
    "完工",
    "项目",
    "经费",
    "办结",
    "一事一议",
]
KNOWN = Known(
    Lexicon(dict.fromkeys(WORDS, 10)),
    {"教育": "教育", "环卫": "环境卫生"},
    frozenset({"质量指标", "产出指标", "决策"}),
    frozenset({"决策"}),
)


def test_terms_phrases_nots_and_fields() -> None:
    query = parse('农村公路 "交工 验收" -桥梁 行业:交通 类型:指标 http://x')
    assert query.terms == ("农村公路", "http://x")
    assert query.phrases == ("交工 验收",)
    assert query.nots == ("桥梁",)
    assert query.fields == (("sector", "交通"), ("kind", "indicator"))


@pytest.mark.parametrize("text", ["-", "--", '"', "name:", "()[]{}*?", "a:b:c", "“”", "' OR 1=1 --", "-路"])
def test_odd_queries_are_read_as_something(text: str) -> None:
    query = parse(text)
    assert len(query.text) <= LIMIT
    assert not query.nots or query.terms


@given(st.text(max_size=400))
def test_any_text_is_a_query(text: str) -> None:
    query = parse(text)
    intent = understand(query, KNOWN)
    assert all(unit.text for unit in intent.units)


def units(text: str) -> list[str]:
    return [unit.text for unit in understand(parse(text), KNOWN).units]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("新增1000亩灌溉面积", ["灌溉", "面积"]),
        ("12月底前完工", ["完工"]),
        ("全年演出60场", ["演出"]),
        ("3个工作日内办结", ["办结"]),
        ("目标审核看什么", ["目标", "审核"]),
        ("一事一议", ["一事一议"]),
    ],
)
def test_numbers_and_fillers_are_stripped(text: str, expected: list[str]) -> None:
    assert [u for u in units(text) if u in WORDS] == expected


def test_a_unit_of_time_hints_at_level_2() -> None:
    assert understand(parse("12月底前完工"), KNOWN).level_hint == "时效指标"


def test_sector_and_level_words_are_soft_filters() -> None:
    intent = understand(parse("教育 质量指标"), KNOWN)
    assert intent.sectors == {"教育"}
    assert intent.levels == {"质量指标"}
    assert understand(parse("环卫 质量"), KNOWN).sectors == {"环境卫生"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("指标没有量化", "problem"),
        ("照抄别的项目模板", "problem"),
        ("绩效目标审核看什么", "question"),
        ("三公经费控制率和变动率有什么区别", "question"),
        ("村里垃圾没人收", ""),
        ("农村公路养护里程", ""),
    ],
)
def test_problems_and_questions_are_told_apart(text: str, kind: str) -> None:
    assert understand(parse(text), KNOWN).kind == kind
