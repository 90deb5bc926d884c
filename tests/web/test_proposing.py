"""Reports and proposals in the browser: from any page into one queue, bounded, answered, merged."""

from __future__ import annotations

import re

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indicators.model import Indicator
from kb.accounts import Role
from kb.knowledge import KnowledgeBase
from tests.web.conftest import NAMES, log_in, send, token_of
from web.record_form import empty, written

ROAD = "JT-SL-01"


def road(kb: KnowledgeBase) -> Indicator:
    record = kb.editing.current(ROAD)[0]
    assert isinstance(record, Indicator)
    return record


def save(kb: KnowledgeBase, **change: object) -> None:
    record, seen = kb.editing.current(ROAD)
    kb.editing.save(msgspec.structs.replace(record, **change), seen=seen, actor="别人")


def report(client: FlaskClient, **fields: str) -> TestResponse:
    return send(client, "/report", **{"sort": "wrong", "code": ROAD, "text": "单位不对", **fields})


@pytest.fixture
def drafter(app: Flask) -> FlaskClient:
    client = app.test_client()
    log_in(client, NAMES[Role.DRAFTER])
    return client


def propose(client: FlaskClient, kb: KnowledgeBase, **change: str) -> str:
    """Propose a change of the road; gives the address of the receipt."""
    record, seen = kb.editing.current(ROAD)
    form = {**written(record), **{f"f.{n}": v for n, v in change.items()}}
    done = send(client, f"/propose/{ROAD}", seen=str(seen), do="save", reason="依据附表2", **form)
    assert done.status_code == 303, done.text
    return done.location


def act(admin: FlaskClient, number: int, deed: str, **fields: str) -> TestResponse:
    return send(admin, f"/admin/queue/{number}/{deed}", page=f"/admin/queue/{number}", **fields)


def test_reader_reports_and_reads_the_outcome(
    anyone: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    done = report(anyone, field="unit", suggestion="千米", source="附表2", name="热心人", contact="12345")
    assert done.status_code == 303
    receipt = anyone.get(done.location)
    assert "待处理" in receipt.text
    assert "附表2" in receipt.text
    assert "12345" not in receipt.text
    assert '待办 <span class="n">1</span>' in admin.get("/admin").text
    queue = admin.get("/admin/queue").text
    assert "热心人" in queue
    assert "计量单位" in queue
    one = admin.get("/admin/queue/1").text
    assert "联系：12345" in one
    form = admin.get(f"/admin/edit/{ROAD}?proposal=1").text
    assert re.search(r'id="f\.unit" name="f\.unit" value="千米"', form)
    assert "第 1 条意见" in form
    saved = send(
        admin,
        f"/admin/edit/{ROAD}",
        page="/account",
        **{**written(road(office)), "f.unit": "千米"},
        seen="1",
        proposal="1",
        do="save",
    )
    assert saved.location == "/admin/queue/1"
    assert road(office).unit == "千米"
    assert "第 1 条意见" in office.batches(1)[0].name
    assert "已采纳" in anyone.get(done.location).text
    assert "没有待处理的意见" in admin.get("/admin/queue").text


def test_form_starts_with_what_the_page_knows(anyone: FlaskClient) -> None:
    page = anyone.get(f"/report?code={ROAD}&field=unit").text
    assert "现在写的是：公里" in page
    assert '<option value="unit" selected>' in page
    assert '<option value="original"' not in page
    gap = anyone.get("/report?sort=gap&text=搜“海绵城市”没有结果").text
    assert "搜“海绵城市”没有结果</textarea>" in gap
    assert anyone.get("/report?code=NO&sort=nonsense&field=x").status_code == 200


def test_pages_lead_to_the_report(anyone: FlaskClient) -> None:
    for query in ("这样的词哪里都没有zzz", "qqqqzzzz"):
        assert "/report?sort=gap" in anyone.get(f"/search?q={query}").text
    assert 'href="/report"' in anyone.get("/").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "请写明"),
        ({"text": "x" * 1_000_000}, "太长"),
        ({"code": "NO-SUCH"}, "没有代码为"),
        ({"field": "password"}, "哪一栏"),
        ({"website": "http://spam"}, "防自动程序"),
        ({"contact": "x" * 500}, "太长"),
    ],
)
def test_what_cannot_be_kept_is_told_and_nothing_typed_is_lost(
    anyone: FlaskClient, office: KnowledgeBase, fields: dict[str, str], said: str
) -> None:
    page = report(anyone, **{"suggestion": "打了半天的字", **fields})
    assert page.status_code == 400
    assert said in page.text
    assert "打了半天的字" in page.text
    assert office.proposals.count() == 0


def test_reports_are_throttled_by_address(app: Flask, office: KnowledgeBase) -> None:
    client = app.test_client()
    statuses = [report(client, text=f"第 {n} 个").status_code for n in range(7)]
    assert statuses == [303] * 5 + [429] * 2
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "10.1.2.3"
    assert report(other).status_code == 303
    # A header that nobody trusted sent does not make another address.
    again = client.post("/report", data={"form_token": token_of(client.get("/report")), "sort": "gap", "text": "x"},
                        headers={"X-Forwarded-For": "10.9.9.9"}, environ_base={"REMOTE_ADDR": "10.1.2.4"})  # fmt: skip
    assert again.status_code == 303
    assert office.proposals.count() == 7
    assert not any("127.0.0.1" in row.origin or "10.1.2" in row.origin for row in office.proposals.listed())


def test_reports_need_the_token_of_the_form(anyone: FlaskClient) -> None:
    assert anyone.post("/report", data={"sort": "gap", "text": "x"}).status_code == 403


def test_html_of_a_reader_is_text_in_the_queue(anyone: FlaskClient, admin: FlaskClient) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\x00\x07"
    done = report(anyone, text=bad, suggestion=bad, source=bad, name="<b>x", field="explanation")
    for client, url in (
        (anyone, done.location),
        (admin, "/admin/queue"),
        (admin, "/admin/queue/1"),
        (admin, f"/admin/edit/{ROAD}?proposal=1"),
    ):
        text = client.get(url).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>x" not in text


def test_drafter_proposes_and_admin_takes_it_as_it_is(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    receipt = propose(drafter, office, unit="千米", formula="各路段里程之和")
    assert road(office).unit == "公里"
    mine = drafter.get("/account/proposals").text
    assert receipt in mine
    assert "<del>公里</del>" in drafter.get(receipt).text
    one = admin.get("/admin/queue/1").text
    assert "依据附表2" in one
    assert "<ins>各路段里程之和</ins>" in one
    done = act(admin, 1, "accept", seen="1", answer="谢谢")
    assert done.status_code == 303
    assert (road(office).unit, road(office).formula) == ("千米", "各路段里程之和")
    outcome = drafter.get(receipt).text
    assert "已采纳" in outcome
    assert "谢谢" in outcome
    # The batch can be undone like any other.
    office.undo(office.proposals.get(1).batch or 0, actor="小管")
    assert road(office).unit == "公里"


def test_proposal_over_a_changed_record_is_merged(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    propose(drafter, office, unit="千米")
    save(office, explanation="别人改的解释。")
    page = admin.get("/admin/queue/1").text
    assert "已经合在一起" in page
    assert act(admin, 1, "accept", seen="1").status_code == 409  # not what was shown
    assert act(admin, 1, "accept", seen="2").status_code == 303
    assert (road(office).unit, road(office).explanation) == ("千米", "别人改的解释。")


def test_clashing_proposal_asks_the_admin(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    propose(drafter, office, unit="千米", name="农村公路里程")
    save(office, unit="米")
    assert 'name="take.unit"' in admin.get("/admin/queue/1").text
    undecided = act(admin, 1, "accept", seen="2")
    assert undecided.status_code == 409
    assert "先选用哪一边" in undecided.text
    assert act(admin, 1, "accept", seen="2", **{"take.unit": "theirs"}).status_code == 303
    assert (road(office).unit, road(office).name) == ("米", "农村公路里程")


def test_accept_with_changes_opens_the_form_filled(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    propose(drafter, office, unit="千米")
    form = admin.get(f"/admin/edit/{ROAD}?proposal=1").text
    assert 'name="f.unit" value="千米"' in form
    filled = {**written(road(office)), "f.unit": "千米", "f.name": "农村公路里程"}
    done = send(
        admin,
        f"/admin/edit/{ROAD}",
        page="/account",
        **filled,
        seen="1",
        proposal="1",
        do="save",
        reason="名称也改了",
    )
    assert done.status_code == 303
    row = office.proposals.get(1)
    assert (row.state, row.answer) == ("accepted", "名称也改了")
    twice = send(
        admin,
        f"/admin/edit/{ROAD}",
        page="/account",
        **{**filled, "f.unit": "里"},
        seen="2",
        proposal="1",
        do="save",
    )
    assert twice.status_code == 303
    assert road(office).unit == "千米"
    assert "刚被别人处理过" in admin.get(twice.location).text


def test_decline_needs_a_reason_that_the_proposer_sees(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    receipt = propose(drafter, office, unit="千米")
    assert "请写明为什么不采纳" in act(admin, 1, "decline", answer=" ").text
    assert act(admin, 1, "decline", answer="单位以文件为准").status_code == 303
    assert "单位以文件为准" in drafter.get(receipt).text
    for deed in ("accept", "decline", "settle"):
        assert act_again(admin, deed).status_code in (400, 409)
    assert road(office).unit == "公里"
    assert (
        "单位以文件为准" in admin.get("/admin/queue?state=declined").text
        or "不采纳" in admin.get("/admin/queue?state=declined").text
    )


def act_again(admin: FlaskClient, deed: str) -> TestResponse:
    return send(admin, f"/admin/queue/1/{deed}", page="/account", seen="1", answer="再来")


def test_missing_record_is_proposed_and_made(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    form = {**written(road(office)), "f.name": "桥梁加固座数", "f.unit": "座"}
    preview = send(drafter, "/propose/new/indicator", do="preview", **form)
    assert "提交给管理员" in preview.text
    done = send(drafter, "/propose/new/indicator", do="save", reason="搜不到", **form)
    assert done.status_code == 303
    assert "新的指标" in admin.get("/admin/queue").text
    opened = act(admin, 1, "accept", seen="0")
    assert opened.location == "/admin/new/indicator?proposal=1"
    assert 'value="桥梁加固座数"' in admin.get(opened.location).text
    made = send(admin, "/admin/new/indicator", do="save", proposal="1", **form)
    assert made.location == "/admin/queue/1"
    assert office.editing.current("BD-JT-SL-01")[0].name == "桥梁加固座数"
    assert office.proposals.get(1).state == "accepted"


def test_proposal_with_faults_is_kept_and_told(
    drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    propose(drafter, office, level1="效益指标")
    assert "搭配不成立" in admin.get("/admin/queue/1").text
    page = act(admin, 1, "accept", seen="1")
    assert page.status_code == 400
    assert "改一改再采纳" in page.text
    assert road(office).level1 == "产出指标"


def test_empty_and_wrong_proposals_are_refused(drafter: FlaskClient, office: KnowledgeBase) -> None:
    same = send(drafter, f"/propose/{ROAD}", seen="1", do="save", **written(road(office)))
    assert same.status_code == 400
    assert "没有改动" in same.text
    wrong = send(
        drafter, f"/propose/{ROAD}", seen="1", do="save", **{**written(road(office)), "f.pairs": "NO"}
    )
    assert wrong.status_code == 400
    assert send(drafter, "/propose/new/indicator", do="save", **empty(road(office).kind)).status_code == 400
    # A drafter's form names no proposal to carry out and writes nothing.
    sly = send(
        drafter,
        f"/propose/{ROAD}",
        seen="1",
        do="save",
        proposal="1",
        **{**written(road(office)), "f.unit": "x"},
    )
    assert sly.status_code == 303
    assert road(office).unit == "公里"


def test_queue_is_filtered_and_survives_nonsense(
    anyone: FlaskClient, drafter: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    report(anyone, text="第一条")
    report(anyone, sort="gap", code="", text="第二条")
    propose(drafter, office, unit="千米")
    assert "第二条" in admin.get("/admin/queue?sort=gap").text
    assert "第一条" not in admin.get("/admin/queue?sort=gap").text
    assert "第二条" not in admin.get(f"/admin/queue?code={ROAD}").text
    first = admin.get("/admin/queue").text
    assert first.index("第一条") < first.index("第二条")
    for odd in ("?state=x&sort=y&page=999", "?page=-1", "?code=%00"):
        assert admin.get(f"/admin/queue{odd}").status_code == 200
    for gone in ("/admin/queue/99", "/proposals/none", "/proposals/" + "x" * 300):
        assert admin.get(gone).status_code == 404


def test_record_that_went_leaves_its_reports_readable(
    anyone: FlaskClient, admin: FlaskClient, office: KnowledgeBase
) -> None:
    done = report(anyone, code="WT-1", field="fix")
    office.editing.take_out("WT-1", seen=1, actor="小管")
    assert "已撤下" in anyone.get(done.location).text
    assert admin.get("/admin/queue").status_code == 200
    assert admin.get("/admin/queue/1").status_code == 200
    assert act(admin, 1, "accept", seen="0").status_code == 400
