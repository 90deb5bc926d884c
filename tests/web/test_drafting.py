"""The pages and the API of 起草: the whole way without JavaScript, the grid's calls, handing in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.drafts import read_drafts
from loaders.forms import FORMS
from web.app import create_app
from web.cli import main

ROAD = "修5公里村道，投资300万元，6个月完工，受益3个村"
OLD_TABLE = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n道路,产出指标,数量指标,新建改建农村公路里程,5,公里\n道路,效益指标,社会效益指标,促进社会和谐,明显改善,\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings(tmp_path_factory.mktemp("drafting"))) as opened:
        yield opened


@pytest.fixture
def page(own: KnowledgeBase) -> FlaskClient:
    return create_app(own).test_client()


def token(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found
    return found[1]


def new_draft(page: FlaskClient, text: str = ROAD) -> str:
    asked = page.post("/draft", data={"text": text})
    assert asked.status_code == 200
    made = page.post("/draft/new", data={"text": text, "form_token": token(asked.text)})
    assert made.status_code == 303
    return str(made.headers["Location"])


def fields(html: str) -> dict[str, list[str]]:
    """Values of the editor's form as a browser without script would send them."""
    import lxml.html

    tree = lxml.html.fromstring(html)
    form = tree.get_element_by_id("table")
    return {k: list(v) for k, v in _grouped(form.form_values()).items()}


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def test_start_page_and_example_links(page: FlaskClient) -> None:
    start = page.get("/draft")
    assert start.status_code == 200
    assert "从旧表开始" in start.text
    assert ROAD in page.get(f"/draft?text={ROAD}").text


def test_proposals_say_why_and_what_was_understood(page: FlaskClient) -> None:
    text = page.post("/draft", data={"text": ROAD}).text
    for piece in ("交通运输", "农村公路建设", "300", "新建改建农村公路里程", "做过的相似项目", "第三方评价"):
        assert piece in text
    assert page.post("/draft", data={"text": " "}).status_code == 422


def test_what_is_corrected_wins(page: FlaskClient) -> None:
    text = page.post(
        "/draft", data={"text": "购买设备10台", "sector": "WS", "types": ["购置"], "amount": "80"}
    ).text
    assert "卫生健康" in text
    assert page.post("/draft", data={"text": "修路", "amount": "很多"}).status_code == 422
    assert page.post("/draft", data={"text": "修路", "types": ["魔法"]}).status_code == 422


def test_without_script_the_buttons_do_it(page: FlaskClient) -> None:
    url = new_draft(page)
    html = page.get(url).text
    rows = len(fields(html)["row-name"])
    for deed, change in (("add", 1), ("copy:1", 1), ("delete:2", -1), ("up:3", 0), ("balance", 0)):
        answer = page.post(url, data={**fields(page.get(url).text), "do": deed})
        assert answer.status_code == 303, answer.text
        rows += change
        assert len(fields(page.get(url).text)["row-name"]) == rows
    sent = fields(page.get(url).text)
    sent["row-target"][0] = "≤60"
    assert page.post(url, data={**sent, "do": "save"}).status_code == 303
    assert fields(page.get(url).text)["row-target"][0] == "≤60"


def test_an_indicator_from_the_catalogue(page: FlaskClient) -> None:
    url = new_draft(page)
    page.post(url, data={**fields(page.get(url).text), "do": "find", "wanted": "jt-sl-02"})
    assert "农村公路列养里程" in fields(page.get(url).text)["row-name"]


def test_two_people_do_not_overwrite_each_other(page: FlaskClient) -> None:
    url = new_draft(page)
    old = fields(page.get(url).text)
    page.post(url, data={**old, "do": "add"})
    late = page.post(url, data={**old, "do": "add"})
    assert late.status_code == 409
    assert "别人刚保存" in late.text


def test_forms_need_their_token(page: FlaskClient) -> None:
    url = new_draft(page)
    assert page.post(url, data={"do": "add"}).status_code == 403
    assert page.post(f"{url}/remove").status_code == 403


def test_the_grid_is_checked_and_saved(page: FlaskClient) -> None:
    url = new_draft(page)
    rows = [{"class": "效益指标|社会效益指标", "name": "促进社会和谐", "target": "明显改善", "weight": "10"}]
    told = page.post(f"{url}/check", json={"rows": rows}).json
    assert told
    assert told["rows"][0]["findings"]
    assert told["rows"][0]["echo"].startswith("读作")
    assert told["total"] == 10
    saved = page.post(f"{url}/save", json={"rows": rows, "heading": {"project": "新名"}, "version": 1})
    assert saved.json
    assert saved.json["version"] == 2
    assert "新名" in page.get(url).text
    assert page.post(f"{url}/save", json={"rows": [], "version": 1}).status_code == 409
    balanced = page.post(f"{url}/balance", json={"rows": [{**rows[0], "lock": True}, *rows]}).json
    assert balanced == {"weights": [10.0, 80.0]}


def test_sixty_rows_are_reviewed_live(page: FlaskClient) -> None:
    url = new_draft(page)
    classes = ["产出指标|数量指标", "产出指标|质量指标", "效益指标|社会效益指标"]
    rows = [
        {
            "class": classes[n % 3],
            "name": f"新建农村公路里程{n}",
            "comparator": "≥",
            "target": str(n),
            "unit": "公里",
        }
        for n in range(60)
    ]
    answer = page.post(f"{url}/check", json={"rows": rows})
    assert answer.status_code == 200
    assert len(answer.get_json()["rows"]) == 60


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"rows": 5}', '{"rows": [5, null, {"name": {"a": 1}}]}', '{"heading": []}']
)
def test_the_grid_survives_anything(page: FlaskClient, body: str) -> None:
    url = new_draft(page)
    for path in ("check", "save", "balance"):
        assert page.post(f"{url}/{path}", data=body, content_type="application/json").status_code in (
            200,
            409,
            422,
        )


def test_one_click_rewrite(page: FlaskClient) -> None:
    url = new_draft(page)
    sent = fields(page.get(url).text)
    sent["row-target"][2], sent["row-comparator"][2] = "95", "≤"
    page.post(url, data={**sent, "do": "save"})
    html = page.get(url).text
    found = re.search(r'value="(fix:3:P\d\d)"', html)
    assert found, "没有可以照改的意见"
    page.post(url, data={**fields(html), "do": found[1]})
    assert found[1] not in page.get(url).text


def test_versions_and_their_difference(page: FlaskClient) -> None:
    url = new_draft(page)
    sent = fields(page.get(url).text)
    sent["row-name"][0] = "改过的名称"
    page.post(url, data={**sent, "do": "save"})
    text = page.get(f"{url}/versions").text
    assert "改过的名称" in text
    assert "第 1 版 → 第 2 版" in text
    assert page.get(f"{url}/versions?from=77").status_code == 404


def test_every_form_can_be_handed_in_and_read_back(page: FlaskClient) -> None:
    url = new_draft(page)
    rows = len(fields(page.get(url).text)["row-name"])
    for form in FORMS.values():
        for kind in form.kinds:
            answer = page.get(f"{url}/file?form={form.code}&kind={kind}")
            assert answer.status_code == 200
            assert "attachment" in answer.headers["Content-Disposition"]
    back = read_drafts("核心.xlsx", page.get(f"{url}/file?form=core&kind=xlsx").data)
    assert len(back.drafts[0].rows) == rows
    assert page.get(f"{url}/file?form=nothing&kind=xlsx").status_code == 404


def test_receipt(page: FlaskClient, own: KnowledgeBase) -> None:
    text = page.get(f"{new_draft(page)}/receipt").text
    assert own.catalogue_mark() in text
    assert "JT-SL-01" in text
    assert re.search(r"\b[0-9a-f]{64}\b", text)
    assert "<b>0</b> 条规则通过" not in text


def test_an_old_table_is_matched(page: FlaskClient) -> None:
    form_token = token(page.get("/draft").text)
    file = (io.BytesIO(OLD_TABLE.encode()), "旧表.csv")
    made = page.post(
        "/draft/upload", data={"file": file, "form_token": form_token}, content_type="multipart/form-data"
    )
    assert made.status_code == 303
    html = page.get(made.headers["Location"]).text
    assert "JT-SL-01" in fields(html)["row-code"]
    assert "促进社会和谐" in html
    bad = page.post("/draft/upload", data={"table": "没有表", "form_token": form_token})
    assert bad.status_code == 422


def test_gone_and_removed(page: FlaskClient) -> None:
    assert page.get("/draft/" + "x" * 22).status_code == 404
    url = new_draft(page)
    page.post(f"{url}/remove", data={"form_token": token(page.get(url).text)})
    assert page.get(url).status_code == 404


def test_compare_side_by_side(page: FlaskClient) -> None:
    assert "农村公路列养里程" in page.get("/draft/compare?code=JT-SL-01&code=JT-SL-02").text
    assert page.get("/draft/compare?code=XX").status_code == 404


def test_hostile_text_stays_text(page: FlaskClient) -> None:
    html = page.post("/draft", data={"text": "修路<script>alert(1)</script>5公里"}).text
    assert "<script>alert" not in html
    url = new_draft(page, '修"><img src=x onerror=alert(1)>路')
    assert "<img src=x" not in page.get(url).text


def test_api(page: FlaskClient) -> None:
    answer = page.post(
        "/api/v1/draft", json={"text": ROAD, "sector": "交通运输", "amount": 300, "exclude": []}
    )
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["sector"] == "交通运输"
    wrong: list[Any] = [
        {},
        {"text": 5},
        {"text": "修路", "sector": "魔法"},
        {"text": "修路", "amount": "x"},
        [],
        "x",
    ]
    for body in wrong:
        refused = page.post("/api/v1/draft", json=body)
        assert refused.status_code == 422
        assert re.search("[\u4e00-\u9fff]", refused.json["error"]["message"])  # type: ignore[index]


def test_command_line_writes_a_form(own: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "表.xlsx"
    home = str(own.settings.home)
    done = CliRunner().invoke(
        main, ["draft", ROAD, "--home", home, "--out", str(out), "--form", "core", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert read_drafts("表.xlsx", out.read_bytes()).drafts[0].rows
    assert CliRunner().invoke(main, ["draft", "修路", "--home", home, "--sector", "魔法"]).exit_code == 1
    assert CliRunner().invoke(main, ["draft", "修路", "--home", home, "--out", "x.txt"]).exit_code == 2
