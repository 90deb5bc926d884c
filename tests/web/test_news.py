"""The page of what is new and its Atom feeds, held against RFC 4287."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from flask.testing import FlaskClient
from lxml import etree

from indicators.choices import Status
from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from web.news import FEED_ITEMS

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def changed(office: KnowledgeBase) -> KnowledgeBase:
    """A knowledge base in which a batch added, retired and renamed."""
    road = office.record("JT-SL-01")
    assert isinstance(road, Indicator)
    fresh = Indicator(code="X-SL-01", name="里程<b>&\x07", sector="JT", level1="产出指标", level2="数量指标")
    gone = msgspec.structs.replace(road, status=Status.RETIRED, successor="X-SL-01")
    office.write([fresh, gone], name="入库：县库", actor="小管", reason="2026 版")
    return office


def feed(client: FlaskClient, path: str) -> etree._Element:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    return etree.fromstring(answer.data)


def text(node: etree._Element, tag: str) -> str:
    (found,) = node.findall(ATOM + tag)  # exactly one (RFC 4287 §4.1.1, §4.1.2)
    return found.text or ""


def check(root: etree._Element, path: str) -> list[etree._Element]:
    """Entries of a feed, after what RFC 4287 asks of feed and entries."""
    assert root.tag == ATOM + "feed"
    assert text(root, "title")
    assert root.find(f"{ATOM}author/{ATOM}name").text
    (own,) = root.findall(f"{ATOM}link[@rel='self']")
    assert own.get("href").endswith(path)
    entries = root.findall(ATOM + "entry")
    ids = [text(node, "id") for node in (root, *entries)]
    assert len(set(ids)) == len(ids)
    assert all(i.startswith("urn:uuid:") for i in ids)
    times = [datetime.fromisoformat(text(node, "updated")) for node in entries]
    assert all(t.tzinfo for t in times)
    assert times == sorted(times, reverse=True)
    if times:
        assert datetime.fromisoformat(text(root, "updated")) == max(times)
    for entry in entries:
        assert text(entry, "title")
        assert entry.find(f"{ATOM}link[@rel='alternate']").get("href").startswith("http")
        assert entry.find(ATOM + "content").get("type") == "html"
    return entries


def test_feed_of_all_and_of_a_sector(changed: KnowledgeBase, anyone: FlaskClient) -> None:
    newest, founding = check(feed(anyone, "/news.atom"), "/news.atom")
    assert text(newest, "title") == "入库：县库：新增 1 条，停用 1 条"
    assert text(founding, "title") == "知识库建立，收录 5 条指标"
    assert "改用" in newest.find(ATOM + "content").text
    assert "里程&lt;b&gt;&amp;" in newest.find(ATOM + "content").text
    (only,) = check(feed(anyone, "/news/JT.atom"), "/news/JT.atom")
    assert text(only, "id") != text(newest, "id")
    assert check(feed(anyone, "/news/CJ.atom"), "/news/CJ.atom") == []
    assert anyone.get("/news/XX.atom").status_code == 404


def test_ids_stay_when_more_is_written(changed: KnowledgeBase, anyone: FlaskClient) -> None:
    before = feed(anyone, "/news.atom")
    changed.write(
        [Indicator(code="X-SL-02", name="又一条", sector="CJ")], name="再入", actor="小管", reason=""
    )
    after = feed(anyone, "/news.atom")
    assert text(before, "id") == text(after, "id")
    assert [text(e, "id") for e in before.findall(ATOM + "entry")] == [
        text(e, "id") for e in after.findall(ATOM + "entry")
    ][1:]


def test_large_batches_are_cut_in_the_feed_and_whole_on_the_page(
    office: KnowledgeBase, anyone: FlaskClient
) -> None:
    many = [Indicator(code=f"X-SL-{n:03d}", name=f"第{n}条", sector="JT") for n in range(FEED_ITEMS + 7)]
    office.write(many, name="大批", actor="小管", reason="")
    content = feed(anyone, "/news.atom").find(f"{ATOM}entry/{ATOM}content").text
    assert content.count("<li>") == FEED_ITEMS
    assert "还有 7 条" in content
    assert anyone.get("/news").text.count('class="code">X-SL-') == FEED_ITEMS + 7


def test_page_tells_and_narrows(changed: KnowledgeBase, anyone: FlaskClient) -> None:
    page = anyone.get("/news")
    assert '改用 <a href="/i/X-SL-01">' in page.text
    assert "知识库建立，收录 5 条" in page.text
    assert 'type="application/atom+xml" title="指标的新增与停用" href="/news.atom"' in anyone.get("/").text
    narrowed = anyone.get("/news?sector=CJ&month=1999-01&set=x")
    assert narrowed.status_code == 200
    assert "在所选范围内没有" in narrowed.text
    assert 'href="/news/JT.atom"' in anyone.get("/news?sector=JT").text
    assert 'href="/news/JT.atom"' in anyone.get("/sector/JT").text
