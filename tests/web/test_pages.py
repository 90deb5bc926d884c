"""Every record's page, every link on it, and what every page must and must not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import urldefrag

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from indicators.model import Indicator, Project, Record
from kb.knowledge import KnowledgeBase
from kb.links import PATHS, url_of
from tests.web.html_page import Page
from web.app import create_app

LISTS = (
    "/",
    "/search",
    "/sectors",
    "/frameworks",
    "/problems",
    "/guides",
    "/sources",
    "/projects",
    "/health",
)
_SEARCHES = 60
"""Searches that the walk follows: each link of a facet leads to ten more."""


def addresses(catalogue: list[Record]) -> list[str]:
    """Pages of all records and all lists."""
    return [*LISTS, *(url_of(r.kind, r.code) for r in catalogue if r.kind in PATHS)]


@pytest.fixture(scope="module")
def fetched(kb: KnowledgeBase, catalogue: list[Record]) -> dict[str, TestResponse]:
    """Every list and every record's page, fetched once."""
    client = create_app(kb).test_client()
    return {url: client.get(url) for url in addresses(catalogue)}


@pytest.mark.slow
def test_every_record_has_a_page(fetched: dict[str, TestResponse]) -> None:
    assert {url: r.status_code for url, r in fetched.items() if r.status_code != 200} == {}


def test_an_indicator_page_asks_few_questions_however_many_projects_use_it(
    kb: KnowledgeBase, client: FlaskClient, catalogue: list[Record]
) -> None:
    used = kb._reader.projects_using()
    most = max(used, key=lambda code: used[code])
    unused = next(r.code for r in catalogue if isinstance(r, Indicator) and r.code not in used)
    assert used[most] > 10
    client.get(f"/i/{most}")
    for code in (most, unused):
        with asked(kb) as questions:
            assert client.get(f"/i/{code}").status_code == 200
        assert questions["statements"] <= 9, code
        assert questions["transactions"] <= 3, code


@contextmanager
def asked(kb: KnowledgeBase) -> Iterator[dict[str, int]]:
    """How many statements the database is asked meanwhile, in how many transactions."""
    found = {"statements": 0, "transactions": 0}

    def statement(_c: Any, _k: Any, text: str, *_: Any) -> None:
        found["statements"] += text != "BEGIN"

    def transaction(_: Any) -> None:
        found["transactions"] += 1

    engine = kb._reader.engine
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "begin", transaction)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "begin", transaction)


@pytest.mark.slow
def test_every_link_leads_somewhere(client: FlaskClient, fetched: dict[str, TestResponse]) -> None:
    origins: dict[str, str] = {}
    for url, response in fetched.items():
        for link in internal_links(response.text):
            origins.setdefault(link, url)
    others = [link for link in origins if link not in fetched]
    searches = [link for link in others if link.startswith("/search")][:_SEARCHES]
    rest = [link for link in others if not link.startswith(("/search", "/api/v1/records"))]
    broken = [
        (link, origins[link]) for link in (*rest, *searches) if client.get(link).status_code not in (200, 302)
    ]
    assert broken == []


def internal_links(html: str) -> Iterator[str]:
    """Addresses within the site that a page points to, without fragments."""
    for value in re.findall(r'(?:href|src|action)="(/[^"]*)"', html):
        yield urldefrag(unescape(value))[0]


@pytest.mark.slow
def test_every_page_is_whole_and_harmless(fetched: dict[str, TestResponse]) -> None:
    faults = []
    for url, response in fetched.items():
        if "default-src 'none'" not in response.headers["Content-Security-Policy"]:
            faults.append(f"{url}: no policy")
        faults += [f"{url}: {fault}" for fault in faults_of(Page(response.text))]
    assert faults == []


def faults_of(page: Page) -> Iterator[str]:
    """What is wrong with a page: headings, ids, inline code, things loaded from elsewhere, dead anchors."""
    ids = page.values("id")
    if page.count("h1") != 1:
        yield f"{page.count('h1')} h1"
    if len(ids) != len(set(ids)):
        yield f"id twice: {[i for i in ids if ids.count(i) > 1][:3]}"
    if page.values("style") or page.count("style"):
        yield "inline style"
    yield from (name for _, attrs in page.elements for name in attrs if name.startswith("on"))
    yield from (f"loads {source}" for source in loaded(page) if not source.startswith("/static/"))
    targets = {v[1:] for v in page.values("href") if v.startswith("#") and len(v) > 1}
    yield from (f"#{target} is nowhere" for target in targets - set(ids))


def loaded(page: Page) -> Iterator[str]:
    """Everything that a browser fetches by itself when it shows a page."""
    for tag, attrs in page.elements:
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
            yield attrs.get("src", attrs.get("data", ""))
        elif tag == "link" and attrs.get("rel") != "alternate":  # a feed is offered, not fetched
            yield attrs["href"]
        elif tag == "use":
            yield attrs.get("href", "")


def test_nothing_is_said_in_scripts_of_the_page(client: FlaskClient) -> None:
    for url in ("/", "/search?q=修路", "/problems"):
        for body in re.findall(r"<script[^>]*>(.*?)</script>", client.get(url).text, re.DOTALL):
            assert body == ""


def test_home_offers_all_ways_in(client: FlaskClient, kb: KnowledgeBase) -> None:
    text = client.get("/").text
    assert 'name="q"' in text
    assert "autofocus" in text
    for counted in kb.sectors():
        assert f'href="{url_of(counted.sector.kind, counted.sector.code)}"' in text
    for record in (*kb.frameworks(), *kb.problems(), *kb.guides()):
        assert url_of(record.kind, record.code) in text
    assert "没有出处的留空" in text


def test_blank_fields_are_shown_as_blanks(client: FlaskClient, catalogue: list[Record]) -> None:
    indicator = next(r for r in catalogue if isinstance(r, Indicator) and not r.standards.history)
    text = client.get(url_of(indicator.kind, indicator.code)).text
    assert re.search(r"<dt>历史标准</dt>\s*<dd><span class=\"blank\">—（未收录）</span></dd>", text)


def test_indicator_page_tells_everything_of_the_record(client: FlaskClient, catalogue: list[Record]) -> None:
    indicator = max((r for r in catalogue if isinstance(r, Indicator)), key=lambda i: len(str(i)))
    text = unescape(re.sub(r"<[^>]+>", "", client.get(url_of(indicator.kind, indicator.code)).text))
    shown = [
        indicator.explanation,
        indicator.formula,
        indicator.wording,
        indicator.bad_wording,
        indicator.scoring,
    ]
    shown += [indicator.data_source, indicator.evidence, indicator.value_method, indicator.frequency]
    shown += [*indicator.unfit, *(p.text for p in indicator.pitfalls), *indicator.aliases]
    assert [field for field in shown if field and field not in text] == []


def test_indicator_page_shows_who_used_it(
    client: FlaskClient, kb: KnowledgeBase, catalogue: list[Record]
) -> None:
    project, target = next(
        (p, t) for p in catalogue if isinstance(p, Project) for t in p.targets if t.indicator
    )
    text = client.get(f"/i/{target.indicator}").text
    assert project.name in unescape(text)
    assert f"{url_of(project.kind, project.code)}#r" in text


def test_project_page_keeps_rows_verbatim(client: FlaskClient, catalogue: list[Record]) -> None:
    project = max((r for r in catalogue if isinstance(r, Project)), key=lambda p: len(p.targets))
    text = unescape(client.get(url_of(project.kind, project.code)).text)
    for number, row in enumerate(project.targets, 1):
        assert f'id="r{number}"' in text
        assert row.name in text
        assert row.target in text


def test_code_in_other_case_or_of_other_kind_is_led_to_its_page(
    client: FlaskClient, catalogue: list[Record]
) -> None:
    code = next(r.code for r in catalogue if isinstance(r, Indicator))
    for address in (f"/i/{code.lower()}", f"/project/{code}"):
        response = client.get(address)
        assert (response.status_code, response.location) == (302, f"/i/{code}")


def test_projects_can_be_narrowed_by_code_or_name_of_a_sector(client: FlaskClient, kb: KnowledgeBase) -> None:
    counted = max(kb.sectors(), key=lambda c: c.projects)
    by_code = client.get("/projects", query_string={"sector": counted.sector.code})
    by_name = client.get("/projects", query_string={"sector": counted.sector.name})
    assert by_code.status_code == by_name.status_code == 200
    assert by_code.text == by_name.text
    assert client.get("/projects?sector=火星").status_code == 404
