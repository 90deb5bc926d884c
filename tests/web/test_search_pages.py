"""The result page: state in the URL, facets, paging, empty answers, hostile addresses."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters
from tests.web.html_page import Page
from web.query import SearchState
from web.search import facet_groups, page_numbers


def test_results_are_linked_marked_and_explained(client: FlaskClient) -> None:
    text = client.get("/search?q=修路").text
    assert re.search(r'<a href="/i/[A-Z]', text)
    text += client.get("/search?q=满意度").text
    assert "<mark>" in text


def test_why_a_hit_matched_is_told(client: FlaskClient, kb: KnowledgeBase) -> None:
    hits = ((q, hit) for q in ("数量指标", "村里修路", "服务对象") for hit in kb.search(q).hits if hit.why)
    query, hit = next(hits)
    assert f"为何匹配</span>{'；'.join(hit.why)}" in unescape(
        client.get("/search", query_string={"q": query}).text
    )


def test_facets_narrow_and_can_be_taken_back(client: FlaskClient, kb: KnowledgeBase) -> None:
    answer = kb.search("率", filters=Filters())
    kind = next(iter(answer.facets["kind"]))
    text = client.get("/search", query_string={"q": "率", "kind": kind}).text
    assert 'class="chip" href="/search?q=%E7%8E%87"' in text
    assert 'aria-current="true"' in text
    narrowed = kb.search("率", filters=Filters(kind=(kind,)))
    assert f"<b>{narrowed.total:,}</b> 条" in text


def test_two_values_of_a_facet_widen(client: FlaskClient, kb: KnowledgeBase) -> None:
    one, two = list(kb.search("率").facets["sector"])[:2]
    both = kb.search("率", filters=Filters(sector=(one, two)))
    text = client.get("/search", query_string=[("q", "率"), ("sector", one), ("sector", two)]).text
    assert f"<b>{both.total:,}</b> 条" in text


def test_pages_follow_each_other_without_gaps(client: FlaskClient, kb: KnowledgeBase) -> None:
    seen: list[str] = []
    for page in (1, 2, 3):
        seen += re.findall(r'<h2><a href="([^"]+)"', client.get(f"/search?q=率&page={page}").text)
    wanted = [hit.url for hit in kb.search("率", limit=60).hits]
    assert [unescape(url) for url in seen] == wanted


def test_page_beyond_the_last_leads_to_the_last(client: FlaskClient) -> None:
    response = client.get("/search?q=修路&page=400")
    assert response.status_code == 302
    assert client.get(response.location).status_code == 200


def test_facets_alone_can_be_browsed(client: FlaskClient) -> None:
    text = client.get("/search?kind=issue").text
    assert 'href="/issue/' in text or 'href="/problem/' in text


def test_nothing_asked_teaches(client: FlaskClient) -> None:
    text = client.get("/search?q=").text
    assert "怎么搜" in text
    assert "从行业进" in text


def test_nothing_found_offers_ways_on(client: FlaskClient) -> None:
    text = client.get("/search", query_string={"q": "𠮷𠮷𠮷龘龘龘"}).text
    assert "没有找到" in text
    assert "换个说法试试" in text
    assert "从行业进" in text
    assert 'href="/sector/' in text


HOSTILE = [
    "q=" + "修" * 3_300,
    "q=" + "a" * 10_000,
    "q=%00%01%02%7f%E2%80%AE修路",
    "q=%FF%FE%80",
    "q=%22%22%22%22",
    "q=((((((((((((",
    "q=name:%20AND%20OR%20NOT%20*",
    "q=*",
    "q=%5B%5D%7B%7D%5E~%5C",
    "q=-",
    "q=-----修路",
    "q=" + quote("<script>alert(1)</script>"),
    "q=修路&page=abc",
    "q=修路&page=-1",
    "q=修路&page=0",
    "q=修路&page=99999999999999999999",
    "q=修路&page=１２",
    "q=修路&page=1e3",
    "q=修路&kind=nonsense",
    "q=修路&sector=" + quote("';DROP TABLE records;--"),
    "q=修路&" + "&".join(f"sector=s{n}" for n in range(300)),
    "q=修路&q=修桥&q=",
    "q[]=修路",
    "page=3",
    "&&&===&",
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda q: q[:30])
def test_hostile_addresses_get_a_page(client: FlaskClient, query: str) -> None:
    response = client.get(f"/search?{query}", follow_redirects=True)
    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert client.get(f"/api/v1/search?{query}").status_code in (200, 400)


def test_words_of_the_query_are_escaped_everywhere(client: FlaskClient) -> None:
    evil = "\"><img src=x onerror=alert(1)>'"
    text = client.get("/search", query_string={"q": evil, "sector": evil}).text
    assert "<img src=x" not in text
    assert [a for tag, attrs in Page(text).elements for a in attrs if a.startswith("on")] == []


def test_too_long_a_query_is_cut_and_said_so(client: FlaskClient) -> None:
    assert "只用了前 200 个字" in client.get("/search", query_string={"q": "修路" * 200}).text


@pytest.mark.parametrize(
    ("page", "last", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (5, 9, [1, None, 3, 4, 5, 6, 7, None, 9]),
        (1, 9, [1, 2, 3, None, 9]),
        (9, 9, [1, None, 7, 8, 9]),
    ],
)
def test_page_numbers(page: int, last: int, shown: list[int | None]) -> None:
    assert page_numbers(page, last) == shown


def test_chosen_value_without_hits_stays_removable(kb: KnowledgeBase) -> None:
    state = SearchState(q="修路", filters=Filters(sector=("火星",)))
    groups = dict(facet_groups(kb.search("修路", filters=state.filters), state))
    assert ("火星", 0, True) in groups["sector"]
