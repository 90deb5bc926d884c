"""Both engines find the same, count the same and put the same first: every query of the suite, and more."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.search.answer import Filters, SearchDocument
from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.engine import SearchEngine
from kb.search.text import fold
from kb.search.vocabulary import Vocabulary
from tests.kb.search.cluster.conftest import MakeEngine, Pair, same_order
from tests.kb.search.conftest import document
from tests.kb.search.test_cases import cases, line
from tests.kb.search.test_engine import HOSTILE
from tests.servers.opensearch import Cluster

OPERATORS = [
    "", " ", "农村公路", '"农村公路"', "“农村公路” 养护", "公路 -农村", "-农村", "养护 -农村 -公路", "name:道路",
    "名称:满意度 行业:教育", "kind:指标 修路", "类型:问题 满意度", "level1:产出指标", "二级:时效 修路", "code:JT",
    "JT-SL-01", "jt-sl-01", "P01", "行业:没有这个", "name:", '"', "-", "路", "率", "ＪＴ－ＳＬ－０１", "a*b?c\\d",
]  # fmt: skip
LOOSE = [
    "nongcungonglu", "xiulu", "sgjf", "manyidu diaocha", "农村供路养护", "满意渡", "資金到位率", "農村公路養護",
    "服務對象滿意度", "绝对没有的词汇组合啊", "qwertyuiop", "农村 gonglu", "12月底前完工", "300万元修5公里路",
]  # fmt: skip
FILTERS = [
    Filters(kind=("indicator",)), Filters(kind=("issue", "guide")), Filters(sector=("教育",)),
    Filters(level1=("产出指标",), sector=("交通运输", "教育")), Filters(status=("retired",)),
    Filters(kind=("project",), level2=("数量指标",)),
]  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["q"])
def test_queries_of_the_suite(pair: Pair, case: dict[str, Any]) -> None:
    answer = pair.ask(case["q"])
    first = [line(hit) for hit in answer.hits[: case.get("first", 3)]]
    assert any(re.search(case["want"], text) for text in first), first


@pytest.mark.parametrize("query", [*OPERATORS, *LOOSE])
def test_operators_sounds_and_slips(pair: Pair, query: str) -> None:
    pair.ask(query, limit=30)


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries(pair: Pair, query: str) -> None:
    pair.ask(query)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_and_facets(pair: Pair, filters: Filters) -> None:
    for query in ("满意度", "修路", "", "name:率", "学校厕所太旧"):
        pair.ask(query, filters)


def test_pages_lie_one_behind_the_other(pair: Pair) -> None:
    whole = pair.ask("满意度", limit=200)
    walked = [hit.id for start in range(0, 60, 20) for hit in pair.ask("满意度", None, 20, start).hits]
    assert walked == [hit.id for hit in whole.hits[:60]]
    assert pair.ask("满意度", None, 20, whole.total - 5).hits
    assert not pair.ask("满意度", None, 20, whole.total + 5).hits


def test_fragments_of_any_text(pair: Pair, shipped: list[SearchDocument]) -> None:
    chance = random.Random(8)
    for _ in range(60):
        record = chance.choice(shipped)
        text = chance.choice((record.name, *record.aliases, *record.body, *record.aside))
        start = chance.randrange(len(text))
        fragment = text[start : start + chance.choice((1, 2, 3, 5, 8, 20, 60))]
        if fold(fragment).strip():
            answer = pair.ask(fragment, limit=3000)
            assert record.id in {hit.id for hit in answer.hits}, fragment


# Beginnings that fewer than 400 names hold: of more, the embedded engine looks at the first 400 only.
TYPED = [
    "修",
    "修路",
    "农村公",
    "满意",
    "JT-",
    "jt-sl-0",
    "P0",
    "nongcun",
    "sg",
    "xx",
    "教育",
    "道路 ",
    "合格率",
    "2013",
    "\n",
]


@pytest.mark.parametrize("text", TYPED)
def test_suggestions(pair: Pair, text: str) -> None:
    assert pair.cluster.suggest(text) == pair.embedded.suggest(text)


def test_near_words_and_digests(pair: Pair) -> None:
    for query in ("修路", "低宝", "满意渡"):
        assert pair.cluster.near(query) == pair.embedded.near(query)
    assert pair.cluster.digests() == pair.embedded.digests()


@pytest.fixture(scope="module")
def narrow(pair: Pair, opensearch: Cluster, vocabulary: Vocabulary) -> Iterator[Pair]:
    """The same pair, but the cluster's records are scored here for a query only up to 200 of them."""
    cluster = ClusterEngine(Address.read(opensearch.url("pair", replicas=0, reach=200)), vocabulary)
    yield Pair(pair.embedded, cluster)
    cluster.close()


def test_first_ten_stay_the_same_where_not_all_are_scored(narrow: Pair) -> None:
    """Most queries meet more records than are scored here; who comes first hardly ever changes.

    With 200 of 1,400 records scored nine in ten stay the same; docs/search-engines.md tells how many of
    20,000 do with the usual 1,000.
    """
    asked = [*[case["q"] for case in cases()][::3], *OPERATORS[::2]]
    differing, off = [], []
    for query in asked:
        expected, found = narrow.embedded.search(query), narrow.cluster.search(query)
        try:
            same_order(expected, found)
        except AssertionError:
            differing.append(query)
        if abs(expected.total - found.total) > 2 + 0.05 * expected.total:
            off.append((query, expected.total, found.total))
    assert len(differing) <= 0.12 * len(asked), differing
    assert len(off) <= 0.08 * len(asked), off


def test_filters_reach_beyond_what_is_scored(narrow: Pair) -> None:
    for filters in FILTERS:
        for query in ("满意度", "", "项目"):
            expected, found = narrow.embedded.search(query, filters), narrow.cluster.search(query, filters)
            assert len(found.hits) == len(expected.hits), (query, filters)
            assert found.total == expected.total or abs(found.total - expected.total) <= 0.05 * expected.total


def test_updates_and_deletes(tmp_path_factory: pytest.TempPathFactory, make_engine: MakeEngine) -> None:
    # The embedded engine goes by the mean lengths of the moment, the cluster by those of its last building.
    both = Pair(SearchEngine(tmp_path_factory.mktemp("index"), Vocabulary()), make_engine(), near=0.3)
    made = [document(f"X-{n}", f"农村公路养护{n}号", "按期完成养护里程", sector="交通运输") for n in range(9)]
    for engine in (both.embedded, both.cluster):
        engine.rebuild(made, len(made))
    assert both.ask("公路养护").total == 9
    newer = [replace(made[1], name="新词组曌曌养护"), document("X-99", "村道硬化", "曌曌", sector="农业农村")]
    for engine in (both.embedded, both.cluster):
        engine.update(newer, ["X-3", "X-404"], 1)
    assert both.ask("公路养护", limit=20).total == 7
    assert {hit.id for hit in both.ask("曌曌").hits} == {"X-1", "X-99"}
    assert not both.ask("农村公路养护3号", Filters(kind=("guide",))).total
    assert both.ask("硬化").facets["sector"] == {"农业农村": 1}
    assert both.cluster.digests() == both.embedded.digests()
    for engine in (both.embedded, both.cluster):
        engine.update([replace(newer[1], status="retired")], [d.id for d in made], 2)
    assert [hit.id for hit in both.ask("").hits] == ["X-99"]
    assert both.cluster.suggest("村道") == both.embedded.suggest("村道") == ()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text('农村公路养护率的12.㎡ -"名称:()，Ａ\u200b驗\n|␠', min_size=1, max_size=20),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
def test_any_text_in_both(
    tmp_path_factory: pytest.TempPathFactory, make_engine: MakeEngine, texts: list[str], data: st.DataObject
) -> None:
    both = Pair(SearchEngine(tmp_path_factory.mktemp("index"), Vocabulary()), make_engine())
    made = [document(f"X-{n}", text, text[::-1], aliases=(text,)) for n, text in enumerate(texts)]
    for engine in (both.embedded, both.cluster):
        engine.rebuild(made, len(made))
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text) - 1))
    both.ask(text[start : data.draw(st.integers(start + 1, len(text)))])
