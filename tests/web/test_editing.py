"""Editing in the browser: what is typed is never lost, never over somebody else's change, always to be undone."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indicators.model import RECORD_TYPES, Indicator, Kind, Project, Record, Source, SourceRef, Target
from kb.accounts import Role
from kb.editing import Editing, Examination
from kb.errors import PointedGoneError
from kb.knowledge import KnowledgeBase
from tests.web.conftest import NAMES, log_in, token_of
from web.record_form import empty, written

ROAD = "JT-SL-01"


def road(kb: KnowledgeBase) -> Indicator:
    record = kb.editing.current(ROAD)[0]
    assert isinstance(record, Indicator)
    return record


def post(client: FlaskClient, url: str, form: dict[str, str], **more: str) -> TestResponse:
    """Send the record form as a browser does."""
    return client.post(url, data={"form_token": token_of(client.get("/account")), **form, **more})


def edit(client: FlaskClient, kb: KnowledgeBase, do: str = "save", **change: str) -> TestResponse:
    record, seen = kb.editing.current(ROAD)
    form = {**written(record), **{f"f.{n}": v for n, v in change.items()}}
    return post(client, f"/admin/edit/{ROAD}", form, seen=str(seen), do=do)


def inputs(page: TestResponse) -> dict[str, str]:
    """Hidden fields that carry a form on."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    found |= dict(re.findall(r'<textarea name="([^"]+)" hidden>\n([^<]*)</textarea>', page.text))
    return {unescape(n): unescape(v) for n, v in found.items()}


@pytest.fixture
def drafter(app: Flask) -> FlaskClient:
    client = app.test_client()
    log_in(client, NAMES[Role.DRAFTER])
    return client


def test_every_kind_has_a_form_that_saves_what_it_shows(admin: FlaskClient, office: KnowledgeBase) -> None:
    one: dict[Kind, Record] = {r.kind: r for r in office.loading.records_of()}
    for kind in RECORD_TYPES:
        page = admin.get(f"/admin/new/{kind.value}")
        assert page.status_code == 200
        if kind in one:
            shown = admin.get(f"/admin/edit/{one[kind].code}")
            assert shown.status_code == 200
            for name in written(one[kind]):
                assert f'name="{name}"' in shown.text or name.count(".") > 1, (kind, name)
            preview = post(admin, f"/admin/edit/{one[kind].code}", written(one[kind]), seen="1", do="preview")
            assert "和现在的内容一样" in preview.text, kind
            refused = post(admin, f"/admin/edit/{one[kind].code}", written(one[kind]), seen="1", do="save")
            assert refused.status_code == 400
            assert "没有要保存的改动" in refused.text
            for to in ("history", "propose"):
                assert admin.get(f"/{to}/{one[kind].code}").status_code == 200
    assert admin.get("/admin/new/nonsense").status_code == 404


def test_preview_shows_differences_touched_records_and_the_page(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    page = edit(admin, office, "preview", explanation="当年竣工验收的县乡村道长度。")
    assert page.status_code == 200
    assert "<del>交</del><ins>竣</ins>" in page.text
    assert "会影响到" in page.text
    assert "甲乡至乙村道路改造" in page.text
    assert 'class="as-shown"' in page.text
    assert page.text.count("<html") == 1
    assert page.text.count("<h1") == page.text.count("</h1>") == 1
    assert road(office).explanation == "当年交工验收的县乡村道长度。"


def test_saving_from_the_preview_writes_a_batch_with_the_reason(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    carried = inputs(edit(admin, office, "preview", unit="千米"))
    done = post(admin, f"/admin/edit/{ROAD}", {**carried, "reason": "按新标准"}, do="save")
    assert done.status_code == 303
    assert done.location == f"/i/{ROAD}"
    assert road(office).unit == "千米"
    assert office.editing.history(ROAD)[0].version.reason == "按新标准"
    assert office.editing.history(ROAD)[0].version.actor == "小管"
    back = post(admin, f"/admin/edit/{ROAD}", carried, do="back")
    assert 'value="千米"' in back.text


def test_faults_are_linked_to_their_fields_and_nothing_typed_is_lost(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    page = edit(
        admin,
        office,
        name="",
        weight_min="十分",
        pairs="JT-SH-01\nNO-SUCH",
        sector="P01",
        explanation="打了半天的字",
    )
    assert page.status_code == 400
    assert "有 4 处要改" in page.text
    for path in ("f.name", "f.weight_min", "f.pairs", "f.sector"):
        assert f'href="#{path}"' in page.text
        assert f'id="{path}-error"' in page.text
    for typed in ("十分", "NO-SUCH", "打了半天的字"):
        assert typed in page.text
    assert "P01 是问题类型“指标值是空泛词”，这里要填行业的代码" in page.text
    assert road(office).name == "新建改建农村公路里程"


def test_content_errors_refuse_and_are_told_in_words(admin: FlaskClient, office: KnowledgeBase) -> None:
    page = edit(admin, office, level1="效益指标", level2="数量指标")
    assert page.status_code == 400
    assert "一、二级指标搭配不成立" in page.text
    assert "没有保存，有" in page.text
    assert "data-shortcut" not in page.text  # nothing to save yet
    assert road(office).level1 == "产出指标"


def test_conflict_without_overlap_merges_with_one_click(admin: FlaskClient, office: KnowledgeBase) -> None:
    mine = {**written(road(office)), "f.unit": "千米"}
    edit(admin, office, explanation="别人改的解释。")
    page = post(admin, f"/admin/edit/{ROAD}", mine, seen="1", do="save")
    assert page.status_code == 409
    assert "可以合并" in page.text
    assert "小管" in page.text
    assert road(office).unit == "公里"
    done = post(admin, f"/admin/edit/{ROAD}", inputs(page), do="merge-save")
    assert done.status_code == 303
    assert (road(office).unit, road(office).explanation) == ("千米", "别人改的解释。")
    assert office.editing.current(ROAD)[1] == 3


def test_two_people_change_different_rows_of_a_project(admin: FlaskClient, office: KnowledgeBase) -> None:
    before = office.record("XM-1")
    assert isinstance(before, Project)
    first, *rest = before.targets
    theirs = msgspec.structs.replace(
        before,
        targets=(first, *rest, Target(level1="产出指标", level2="数量指标", name="照明灯", target="9盏")),
    )
    mine = msgspec.structs.replace(before, targets=(msgspec.structs.replace(first, target="≥8公里"), *rest))
    seen = office.editing.current("XM-1")[1]
    office.write([theirs], name="别人", actor="小管", reason="")
    page = post(admin, "/admin/edit/XM-1", written(mine), seen=str(seen), do="save")
    assert page.status_code == 409
    assert "可以合并" in page.text
    assert post(admin, "/admin/edit/XM-1", inputs(page), do="merge-save").status_code == 303
    now = office.record("XM-1")
    assert isinstance(now, Project)
    assert now.targets == (mine.targets[0], *rest, theirs.targets[-1])


def test_clash_shows_three_values_and_asks(admin: FlaskClient, office: KnowledgeBase) -> None:
    mine = {**written(road(office)), "f.unit": "千米", "f.name": "农村公路里程"}
    edit(admin, office, unit="米")
    page = post(admin, f"/admin/edit/{ROAD}", mine, seen="1", do="save")
    assert page.status_code == 409
    for value in ("公里", "千米", "米", "农村公路里程"):
        assert value in page.text
    carried = inputs(page)
    undecided = post(admin, f"/admin/edit/{ROAD}", carried, do="merge-save")
    assert undecided.status_code == 409
    assert "还有 1 栏没有选" in undecided.text
    looked = post(admin, f"/admin/edit/{ROAD}", carried, do="merge", **{"take.unit": "theirs"})
    assert looked.status_code == 200
    assert "预览" in looked.text
    assert inputs(looked)["f.unit"] == "米"
    done = post(admin, f"/admin/edit/{ROAD}", carried, do="merge-save", **{"take.unit": "mine"})
    assert done.status_code == 303
    assert (road(office).unit, road(office).name) == ("千米", "农村公路里程")


def test_a_third_change_during_the_merge_asks_again(admin: FlaskClient, office: KnowledgeBase) -> None:
    mine = {**written(road(office)), "f.unit": "千米"}
    edit(admin, office, unit="米")
    carried = inputs(post(admin, f"/admin/edit/{ROAD}", mine, seen="1", do="save"))
    edit(admin, office, unit="里")
    page = post(admin, f"/admin/edit/{ROAD}", carried, do="merge-save", **{"take.unit": "mine"})
    assert page.status_code == 409
    assert "刚才又被改过" in page.text
    assert road(office).unit == "里"
    assert inputs(page)["f.unit"] == "千米"


def test_record_taken_out_meanwhile_can_be_kept(admin: FlaskClient, office: KnowledgeBase) -> None:
    record, _ = office.editing.current("WT-1")
    mine = {**written(record), "f.fix": "改目标"}
    office.editing.take_out("WT-1", seen=1, actor="别人")
    page = post(admin, "/admin/edit/WT-1", mine, seen="1", do="save")
    assert page.status_code == 409
    assert "把它撤下了" in page.text
    carried = inputs(page)
    assert carried["seen"] == "0"
    assert post(admin, "/admin/edit/WT-1", carried, do="save").status_code == 303
    assert office.editing.current("WT-1")[0] == msgspec.structs.replace(record, fix="改目标")


def test_new_record_gets_a_code_and_another_like_it(admin: FlaskClient, office: KnowledgeBase) -> None:
    form = {**written(road(office)), "f.name": "桥梁加固座数"}
    done = post(admin, "/admin/new/indicator", form, do="save")
    assert done.status_code == 303
    assert done.location == "/i/BD-JT-SL-01"
    assert "桥梁加固座数" in admin.get("/i/BD-JT-SL-01").text
    again = admin.get("/admin/new/indicator?from=BD-JT-SL-01")
    assert 'value="桥梁加固座数"' in again.text
    twin = post(admin, "/admin/new/indicator", form, do="save")
    assert twin.status_code == 400
    assert "重名" in twin.text
    for code, said in ((ROAD, "已经用过"), ("有 空格", "代码要 2 到 40")):
        page = post(admin, "/admin/new/indicator", {**form, "f.name": "别的"}, code=code, do="save")
        assert page.status_code == 400
        assert said in page.text
    assert (
        post(admin, "/admin/new/indicator", {**form, "f.name": "别的"}, code="JT-SL-90", do="save").location
        == "/i/JT-SL-90"
    )


def test_empty_new_records_are_told_what_they_lack(admin: FlaskClient) -> None:
    for kind in RECORD_TYPES:
        page = post(admin, f"/admin/new/{kind.value}", empty(kind), do="save")
        assert page.status_code == 400
        assert "请填写" in page.text


def test_rows_work_without_a_script(admin: FlaskClient, office: KnowledgeBase) -> None:
    page = edit(admin, office, "add:f.pitfalls")
    assert 'name="f.pitfalls.0.problem"' in page.text
    form = {
        **written(road(office)),
        "f.pitfalls.0.problem": "P01",
        "f.pitfalls.0.text": "甲",
        "f.pitfalls.1.problem": "P01",
        "f.pitfalls.1.text": "乙",
    }
    moved = post(admin, f"/admin/edit/{ROAD}", form, seen="1", do="up:f.pitfalls:1")
    assert moved.text.index("乙") < moved.text.index("甲")
    gone = post(admin, f"/admin/edit/{ROAD}", form, seen="1", do="drop:f.pitfalls:0")
    assert 'name="f.pitfalls.1.text"' in gone.text
    assert 'name="f.pitfalls.0.text"' not in gone.text
    for odd in ("add:f.nonsense", "drop:f.name:0", "up:f.pitfalls:x", "add:", "cite:f.x", "cite:"):
        assert post(admin, f"/admin/edit/{ROAD}", form, seen="1", do=odd).status_code == 200


def test_a_field_gets_a_source_of_its_own_shown_beside_it(
    admin: FlaskClient, office: KnowledgeBase, anyone: FlaskClient
) -> None:
    page = edit(admin, office, "cite:formula")
    number = re.search(
        r'name="f\.sources\.(\d)\.field"',
        page.text.split("<template")[0] + page.text.split('id="f.sources"')[1],
    )
    assert number
    last = "f.sources.1"
    done = edit(
        admin,
        office,
        **{
            "formula": "里程之和",
            "sources.1.source": "report",
            "sources.1.place": "第3页",
            "sources.1.field": "formula",
        },
    )
    assert done.status_code == 303, last
    assert road(office).sources == (
        SourceRef(source="zibian"),
        SourceRef(source="report", place="第3页", field="formula"),
    )
    shown = anyone.get(f"/i/{ROAD}").text
    assert 'title="出处：某区绩效评价报告，第3页"' in shown
    assert "[2] 计算公式：" in shown
    told = anyone.get(f"/api/v1/records/{ROAD}").json
    assert told["field_sources"]["formula"] == ["report"]
    assert told["field_sources"]["name"] == ["zibian"]
    assert told["sources"][1]["field"] == "formula"


def test_a_record_pointed_to_that_goes_before_the_write_is_told_and_nothing_typed_is_lost(
    admin: FlaskClient, office: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write([Source(code="GOING", name="快要撤下的文件")], name="来源", actor="a", reason="")
    looked, before = Editing.examine, road(office)

    def examine(self: Editing, record: Record, standing: Record | None) -> Examination:
        found = looked(self, record, standing)
        self.take_out("GOING", seen=1, actor="别人")
        return found

    monkeypatch.setattr(Editing, "examine", examine)
    page = edit(admin, office, formula="里程之和", **{"sources.0.source": "GOING"})
    assert page.status_code == 409
    assert "没有代码为“GOING”的来源" in page.text
    assert "里程之和" in page.text
    assert road(office) == before
    with pytest.raises(PointedGoneError, match="刚被别人撤下"):
        office.write(
            [msgspec.structs.replace(before, sources=(SourceRef(source="GOING"),))],
            name="改",
            actor="a",
            reason="",
        )


def test_markdown_is_shown_as_the_page_will_show_it(admin: FlaskClient) -> None:
    text = "## 标题\n\n[里程](kb:JT-SL-01) [没有](kb:XX) <script>alert(1)</script>"
    html = post(admin, "/markdown", {"text": text}).json["html"]
    assert 'href="/i/JT-SL-01"' in html
    assert "<script" not in html
    assert "unknown-code" in html


def test_codes_are_found_by_name_and_by_code(admin: FlaskClient) -> None:
    assert admin.get("/codes?kind=indicator&q=农村公路").json["codes"] == [
        {"code": ROAD, "name": "新建改建农村公路里程"}
    ]
    assert admin.get("/codes?kind=sector&q=jt").json["codes"][0]["code"] == "JT"
    assert admin.get("/codes?kind=indicator&q=%").json["codes"] == []
    assert admin.get("/codes?kind=indicator").json["codes"] == []
    assert admin.get("/codes?kind=x&q=a").status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"f.nonsense": "1"}, "不认识的栏"),
        ({"f.code": "XX"}, "不认识的栏"),
        ({"f.explanation": "长" * 1_000_000}, "最多 20000"),
        ({"f.level2": "<script>alert(1)</script>"}, "从列表里选"),
        ({"f.pairs": "'; DROP TABLE record;--"}, "没有代码为"),
        ({"f.successor": ROAD + "\x00"}, ""),
    ],
)
def test_hostile_input_is_refused_with_a_sentence(
    admin: FlaskClient, office: KnowledgeBase, form: dict[str, str], said: str
) -> None:
    page = post(admin, f"/admin/edit/{ROAD}", {**written(road(office)), **form}, seen="1", do="save")
    assert page.status_code == 400
    assert said in page.text
    assert "<script>alert" not in page.text
    assert office.editing.current(ROAD)[1] == 1


def test_html_in_a_field_is_text_everywhere(admin: FlaskClient, office: KnowledgeBase) -> None:
    bad = '<img src=x onerror="alert(1)"> </textarea><script>alert(1)</script>'
    for do, status in (("preview", 200), ("save", 303)):
        page = edit(admin, office, do, explanation=bad, name="<b>里程</b>")
        assert page.status_code == status
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    for url in (
        f"/i/{ROAD}",
        f"/admin/edit/{ROAD}",
        f"/history/{ROAD}",
        f"/report?code={ROAD}&field=explanation",
    ):
        text = admin.get(url).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>里程" not in text
    assert road(office).explanation == bad


@pytest.mark.parametrize("seen", ["", "0", "9", "-1", "x", "1" * 30])
def test_a_form_without_its_version_is_refused(admin: FlaskClient, office: KnowledgeBase, seen: str) -> None:
    page = post(admin, f"/admin/edit/{ROAD}", {"f.name": "x"}, seen=seen, do="save")
    assert page.status_code == 400
    assert "哪一版" in page.text
    assert office.editing.current(ROAD)[1] == 1


def test_unknown_codes_are_a_page_with_a_way_on(admin: FlaskClient) -> None:
    for url in (
        "/admin/edit/NO-1",
        "/history/NO-1",
        "/propose/NO-1",
        "/history/setting:dictionary",
        "/admin/new/indicator?from=NO-1",
    ):
        assert admin.get(url).status_code == 404
    assert post(admin, "/admin/edit/NO-1", {}, seen="1").status_code == 404
    assert admin.get("/admin/new/project?from=JT-SL-01").status_code == 400


def test_history_tells_changes_and_compares_any_two(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    edit(admin, office, unit="千米")
    edit(admin, office, unit="米", name="里程")
    page = anyone.get(f"/history/{ROAD}").text
    assert page.count("<h2>第 ") == 3
    assert "工作人员" in page
    assert "小管" not in page
    assert "恢复到这一版" not in page
    assert "小管" in admin.get(f"/history/{ROAD}").text
    compared = anyone.get(f"/history/{ROAD}?a=1&b=3").text
    assert "第 1 版到第 3 版" in compared
    assert "<del>公里</del>" in compared
    assert "<ins>米</ins>" in compared
    assert anyone.get(f"/history/{ROAD}?a=3&b=1").text == compared
    for odd in ("?a=9&b=1", "?a=x", "?a=1", "?a=&b=%00"):
        assert "<h2>第 3 版" in anyone.get(f"/history/{ROAD}{odd}").text


def test_names_of_staff_are_told_to_staff_only(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    edit(admin, office, unit="千米")
    assert "小管" not in anyone.get(f"/i/{ROAD}").text
    assert "小管" in admin.get(f"/i/{ROAD}").text
    assert anyone.get(f"/api/v1/records/{ROAD}").json["versions"][0]["actor"] == "工作人员"
    assert admin.get(f"/api/v1/records/{ROAD}").json["versions"][0]["actor"] == "小管"


def test_restore_is_a_batch_of_its_own(admin: FlaskClient, office: KnowledgeBase) -> None:
    edit(admin, office, unit="千米")
    done = post(admin, f"/admin/restore/{ROAD}", {}, version="1", seen="2")
    assert done.status_code == 303
    assert road(office).unit == "公里"
    assert "已恢复到第 1 版" in admin.get(done.location).text
    stale = post(admin, f"/admin/restore/{ROAD}", {}, version="2", seen="2")
    assert "被别人改过" in admin.get(stale.location).text
    assert road(office).unit == "公里"
    for version in ("99", "x", "", "-1"):
        odd = post(admin, f"/admin/restore/{ROAD}", {}, version=version, seen="3")
        assert "没有可以恢复的" in admin.get(odd.location).text


def test_taken_out_records_have_a_history_and_come_back(
    admin: FlaskClient, anyone: FlaskClient, office: KnowledgeBase
) -> None:
    refused = post(admin, "/admin/take-out/P01", {}, seen="1")
    assert "指向" in admin.get(refused.location).text
    done = post(admin, "/admin/take-out/WT-1", {}, seen="1")
    assert done.location == "/history/WT-1"
    gone = anyone.get("/issue/WT-1")
    assert gone.status_code == 404
    assert "/history/WT-1" in gone.text
    assert "已经撤下" in anyone.get("/history/WT-1").text
    back = post(admin, "/admin/restore/WT-1", {}, version="1", seen="0")
    assert "已恢复" in admin.get(back.location).text
    assert anyone.get("/issue/WT-1").status_code == 200


def test_every_record_page_leads_to_report_history_and_what_one_may(
    app: Flask, admin: FlaskClient, drafter: FlaskClient, anyone: FlaskClient
) -> None:
    for path in (f"/i/{ROAD}", "/project/XM-1", "/issue/WT-1", "/problem/P01", "/framework/KJ-X", "/node/KJ-X-01", "/sector/JT",
                 "/clause/TK-1", "/source/report", "/guide/ZN-SL"):  # fmt: skip
        code = path.rsplit("/", 1)[1]
        for client, wanted, other in (
            (anyone, None, "/admin/edit/"),
            (drafter, "/propose/", "/admin/edit/"),
            (admin, "/admin/edit/", "/propose/"),
        ):
            page = client.get(path).text
            assert f'href="/report?code={code}"' in page
            assert f'href="/history/{code}"' in page
            assert wanted is None or f'href="{wanted}{code}"' in page
            assert f'href="{other}{code}"' not in page
