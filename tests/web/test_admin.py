"""The admin's pages: the work list, synonyms, chosen answers, dictionary, accounts, audit, health."""

from __future__ import annotations

import csv
import io
import re
import time
from html import unescape

import pytest
from flask.testing import FlaskClient

from kb.knowledge import KnowledgeBase
from kb.roles import Role
from tests.web.conftest import NAMES, PASSWORD, send
from tests.web.html_page import Page
from web.admin import plain_cell

ODD = "龙脉养护"
EVIL = "\"><img src=x onerror=alert(1)>'"
PAGES = (
    "/admin", "/admin/synonyms", "/admin/synonyms/new", "/admin/answers", "/admin/words", "/admin/audit", "/admin/users",
    "/health", "/account",
)  # fmt: skip
WHOLE = {"name": "农村公路", "words": ODD, "strength": "same", "seen": "0"}


def batches(page: str) -> list[str]:
    return re.findall(r'name="batch" value="(\d+)"', page)


# Counting as the pages do it


def tally(kb: KnowledgeBase, query: str) -> tuple[int, int, int]:
    found = [t.tally for t in kb.learning._totals() if t.query == query]
    return (found[0].asked, found[0].missed, found[0].followed) if found else (0, 0, 0)


def test_search_page_counts_queries_and_misses(anyone: FlaskClient, office: KnowledgeBase) -> None:
    anyone.get("/search?q=修路")
    anyone.get("/search?q=修路&page=1")
    anyone.get("/search?q=修路&kind=indicator")
    anyone.get("/search?q=修路", headers={"Sec-Purpose": "prefetch"})
    anyone.head("/search?q=修路")
    anyone.get("/search?q=𠮷𠮷龘")
    assert tally(office, "修路") == (2, 0, 0)
    assert tally(office, "𠮷𠮷龘") == (1, 1, 0)


def test_following_a_result_is_counted_without_script(anyone: FlaskClient, office: KnowledgeBase) -> None:
    came = {"Referer": "http://localhost/search?q=%E4%BF%AE%E8%B7%AF&page=2"}
    anyone.get("/i/JT-SL-01", headers=came)
    assert tally(office, "修路") == (0, 0, 1)


@pytest.mark.parametrize(
    "referer",
    [
        "http://evil.example/search?q=修路", "http://localhost/sectors?q=修路", "", "http://localhost/search",
        "http://[::1/search?q=x", "http://localhost/search?q=" + "&q=" * 500, "\x00",
        "http://localhost@evil.example/search?q=x",
    ],
)  # fmt: skip
def test_other_ways_to_a_record_are_no_follow(
    anyone: FlaskClient, office: KnowledgeBase, referer: str
) -> None:
    assert anyone.get("/i/JT-SL-01", headers={"Referer": referer}).status_code == 200
    assert [t for t in office.learning._totals() if t.tally.followed] == []


def test_missing_record_is_no_follow(anyone: FlaskClient, office: KnowledgeBase) -> None:
    anyone.get("/i/JT-SL-99", headers={"Referer": "http://localhost/search?q=路"})
    assert office.learning._totals() == []


# All pages


@pytest.mark.parametrize("url", PAGES)
def test_pages_name_their_fields_and_carry_tokens(admin: FlaskClient, url: str) -> None:
    response = admin.get(url)
    assert response.status_code == 200
    page = Page(response.text)
    assert page.count("h1") == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    labelled = {attrs.get("for") for tag, attrs in page.elements if tag == "label"}
    for tag, attrs in page.elements:
        if tag in ("input", "textarea") and "id" in attrs:
            assert attrs["id"] in labelled, attrs
    forms = re.findall(r'<form[^>]*method="post"[^>]*>(.*?)</form>', response.text, re.DOTALL)
    assert all('name="form_token"' in form for form in forms)


def test_what_is_typed_comes_back_as_text(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    anyone.get("/search", query_string={"q": EVIL + "𠮷龘"})
    answers = [
        admin.get("/admin"),
        admin.get("/admin/synonyms", query_string={"q": EVIL}),
        admin.get("/admin/synonyms/new", query_string={"name": EVIL, "words": EVIL}),
        admin.get("/admin/answers", query_string={"q": EVIL, "codes": EVIL}),
        admin.get("/admin/audit", query_string={"actor": EVIL, "action": EVIL, "before": EVIL}),
        send(admin, "/admin/synonyms/new", **{**WHOLE, "strength": EVIL, "name": EVIL}),
        send(admin, "/admin/answers", query=EVIL, codes=EVIL),
        send(admin, "/admin/words", word=EVIL),
        send(admin, "/admin/users", name=EVIL, role="admin", password="x"),
        anyone.get("/login", query_string={"next": EVIL}),
    ]
    for answer in answers:
        assert answer.status_code in (200, 400)
        assert "<img" not in answer.text.split("<main")[1]


@pytest.mark.parametrize("size", [10_000, 300_000])
def test_long_input_is_bounded(admin: FlaskClient, size: int) -> None:
    long = "长" * size
    for url, fields in (
        ("/admin/synonyms/new", {**WHOLE, "words": long, "not_same": long, "reason": long}),
        ("/admin/answers", {"query": long, "codes": long}),
        ("/admin/words", {"word": long}),
        ("/admin/users", {"name": long, "role": "admin", "password": long}),
    ):
        assert send(admin, url, **fields).status_code in (400, 413)


# The work list


def test_miss_leads_to_a_synonym_that_settles_it(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    for _ in range(2):
        anyone.get("/search", query_string={"q": ODD})
    page = unescape(admin.get("/admin").text)
    assert ODD in page.split('id="low"')[0]
    assert send(admin, "/admin/synonyms/new", **WHOLE).status_code == 303
    assert ODD not in unescape(admin.get("/admin").text).split('id="gaps"')[0]
    assert office.search(ODD).hits[0].code == "JT-SL-01"


def test_query_can_be_taken_off_the_list_and_put_back(admin: FlaskClient, anyone: FlaskClient) -> None:
    anyone.get("/search", query_string={"q": ODD})
    send(admin, "/admin/ignore", "/admin", query=ODD)
    page = admin.get("/admin").text
    assert f'value="{ODD}"' not in page
    send(admin, "/admin/undo", "/admin", batch=batches(page)[0], next="/admin#batches")
    assert f'value="{ODD}"' in admin.get("/admin").text


@pytest.mark.parametrize("batch", ["", "x", "999999", "-1", "1", "９", "9" * 30])
def test_undo_of_nonsense_is_told(admin: FlaskClient, batch: str) -> None:
    send(admin, "/admin/synonyms/new", **WHOLE)
    answer = send(admin, "/admin/undo", "/admin", batch=batch, next="//evil.example")
    assert answer.location == "/"
    assert 'role="alert"' in admin.get("/admin").text


# Synonyms


def test_group_is_made_changed_undone_removed_and_restored(admin: FlaskClient, office: KnowledgeBase) -> None:
    made = send(admin, "/admin/synonyms/new", **{**WHOLE, "not_same": "城市道路：权属不同\n高速公路"})
    url = made.location
    code = url.rsplit("/", 1)[1]
    page = admin.get(url).text
    assert "搜索立即按新的同义词查找" in page
    assert "城市道路：权属不同" in page
    send(
        admin,
        url,
        **{**WHOLE, "words": f"{ODD}、田间小道", "strength": "near", "seen": "1", "reason": "补一个"},
    )
    found = office.tuning.group(code)
    assert found is not None
    assert found[0].words == (ODD, "田间小道")
    page = admin.get(url).text
    assert "补一个" in page
    send(admin, "/admin/undo", url, batch=batches(page)[0], next=url)
    found = office.tuning.group(code)
    assert found is not None
    assert found[0].words == (ODD,)
    send(admin, url + "/remove", url, seen=str(found[1]))
    assert admin.get(url).status_code == 404
    listed = admin.get("/admin/synonyms").text
    assert "已停用的组" in listed
    send(admin, "/admin/undo", "/admin/synonyms", batch=batches(listed)[0], next="/admin/synonyms")
    assert admin.get(url).status_code == 200


def test_late_editor_is_told_and_keeps_what_was_typed(admin: FlaskClient) -> None:
    url = send(admin, "/admin/synonyms/new", **WHOLE).location
    send(admin, url, **{**WHOLE, "words": "甲的词", "seen": "1"})
    late = send(admin, url, **{**WHOLE, "words": "乙的词", "seen": "1"})
    assert late.status_code == 400
    assert "别人改过" in late.text
    assert "乙的词" in late.text


def test_shipped_record_is_no_synonym_group(admin: FlaskClient) -> None:
    assert admin.get("/admin/synonyms/JT-SL-01").status_code == 404
    answer = send(admin, "/admin/synonyms/JT-SL-01", "/admin/synonyms/new", **WHOLE)
    assert answer.status_code == 404
    send(admin, "/admin/synonyms/JT-SL-01/remove", "/admin/synonyms/new", seen="1")
    assert admin.get("/i/JT-SL-01").status_code == 200


# Chosen answers and the dictionary


def test_chosen_answer_stands_first_on_the_result_page(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    assert send(admin, "/admin/answers", query="修路", codes="CJ-SL-01, jt-sl-01").status_code == 303
    text = anyone.get("/search?q=修路").text
    assert re.findall(r'<h2><a href="([^"]+)"', text)[:2] == ["/i/CJ-SL-01", "/i/JT-SL-01"]
    assert "精选答案" in text
    assert anyone.get("/api/v1/search?q=修路").json["hits"][0]["code"] == "CJ-SL-01"
    send(admin, "/admin/answers/remove", "/admin/answers", query="修路")
    assert "精选答案" not in anyone.get("/search?q=修路").text
    page = admin.get("/admin").text
    send(admin, "/admin/undo", "/admin", batch=batches(page)[0], next="/admin")
    assert "精选答案" in anyone.get("/search?q=修路").text


def test_dictionary_word_and_reindexing_with_progress(admin: FlaskClient, office: KnowledgeBase) -> None:
    send(admin, "/admin/words", word="雪亮工程")
    assert "雪亮工程" in admin.get("/admin/words").text
    assert send(admin, "/admin/reindex", "/admin/words").status_code == 303
    for _ in range(100):
        page = admin.get("/admin/words").text
        if "已重建索引" in page:
            break
        assert 'http-equiv="refresh"' in page
        time.sleep(0.1)
    assert "已重建索引" in page
    assert office.search("修路").total
    send(admin, "/admin/words/remove", "/admin/words", word="雪亮工程")
    assert office.tuning.words() == ()


# Accounts and audit


def test_admin_keeps_the_accounts(admin: FlaskClient, office: KnowledgeBase) -> None:
    assert send(admin, "/admin/users", name="新人", role="drafter", password=PASSWORD).status_code == 303
    assert send(admin, "/admin/users", name="新人", role="drafter", password=PASSWORD).status_code == 400
    assert send(admin, "/admin/users", name="又一个", role="king", password=PASSWORD).status_code == 400
    send(admin, "/admin/users/change", "/admin/users", name="新人", do="role", role="reviewer")
    assert office.accounts.get("新人").role is Role.REVIEWER
    new = PASSWORD + "新"
    send(admin, "/admin/users/change", "/admin/users", name="新人", do="password", password=new)
    assert office.accounts.authenticate("新人", new, "a")
    send(admin, "/admin/users/change", "/admin/users", name="新人", do="disable")
    assert not office.accounts.get("新人").active
    for fields in (
        {"name": "没有", "do": "disable"},
        {"name": "新人", "do": "explode"},
        {"name": "新人", "do": "role"},
    ):
        send(admin, "/admin/users/change", "/admin/users", **fields)
        assert 'role="alert"' in admin.get("/admin/users").text
    send(admin, "/admin/users/change", "/admin/users", name=NAMES[Role.ADMIN], do="disable")
    assert "最后一个" in admin.get("/admin/users").text


def test_audit_tells_who_did_what_and_can_be_narrowed(admin: FlaskClient, office: KnowledgeBase) -> None:
    send(admin, "/admin/synonyms/new", **WHOLE)
    text = admin.get("/admin/audit").text
    assert "同义词：农村公路" in text
    assert "登录" in text
    rows = re.findall(r'data-label="操作"[^>]*>([^<]+)<', admin.get("/admin/audit?action=登录").text)
    assert set(rows) == {"登录"}
    for n in range(230):
        office.audit.write("测试", "试", str(n))
    first = admin.get("/admin/audit?action=试").text
    older = re.search(r'href="(/admin/audit\?before=[^"]+)" rel="next"', first)
    assert older
    assert unescape(older[1]).endswith("action=%E8%AF%95")
    assert 'data-label="对象" class="long">129<' in admin.get(unescape(older[1])).text


def test_audit_is_exported_without_formulas(admin: FlaskClient, office: KnowledgeBase) -> None:
    for evil in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "%0A=1"):
        office.audit.write(evil, "试", evil, evil)
    answer = admin.get("/admin/audit.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == office.audit.count() + 1
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "%"))]
    assert plain_cell("正常") == "正常"


# Health


def test_health_is_open_and_tells_what_is_missing(client: FlaskClient, kb: KnowledgeBase) -> None:
    text = client.get("/health").text
    report = kb.content()
    assert f"指标 {report.coverage.indicators:,} 条" in text
    for row in report.coverage.sectors:
        assert f'href="/sector/{row.sector.code}"' in text
    for name, items in report.coverage.to_mend.items():
        assert (name in text) is bool(items)


def test_health_follows_the_catalogue(office: KnowledgeBase, anyone: FlaskClient) -> None:
    before = office.inventory()
    assert office.inventory() is before
    sector = office.sectors()[0].sector
    office.write([type(sector)(code="XX", name="新行业", order=99)], name="加行业", actor="测试", reason="")
    assert "新行业" in anyone.get("/health").text
