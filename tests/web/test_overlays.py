"""The admin makes a local set and merges next year's, on pages and by command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet
from kb.knowledge import KnowledgeBase
from kb.overlaying import MergeView
from tests.kb.test_overlaying import CITY, load, members
from tests.web.conftest import SMALL, send, token_of
from web.cli import main

NEXT = [
    CITY[0],
    ["产出指标", "数量指标", "改造教室数", "间（套）", "改造并启用。"],
    CITY[3],
    ["产出指标", "数量指标", "新建操场数", "个", "新的。"],
]


@pytest.fixture
def city(office: KnowledgeBase) -> KnowledgeBase:
    load(office, CITY, "市库", edition="2025")
    return office


def made(admin: FlaskClient, kb: KnowledgeBase) -> str:
    """Code of a county's set over the city's, made on the page."""
    base = kb.loading.require_set("市库").code
    answer = send(
        admin, "/admin/overlays", name="县库", base=base, region="某县", valid_from="2026", valid_to="2026"
    )
    assert answer.status_code == 303
    return answer.headers["Location"].rsplit("/", 1)[1]


def test_the_whole_way_on_the_pages(city: KnowledgeBase, admin: FlaskClient) -> None:
    code = made(admin, city)
    page = f"/admin/overlays/{code}"
    below = members(city, "市库")
    assert "沿用 4 条" in admin.get(page).text
    send(admin, page, code=below["改造教室数"].code, do="copy")
    send(admin, page, code=below["新增学位数"].code, do="leave")
    text = admin.get(page).text
    assert "沿用 2 条，本地口径 1 条，本地自有 0 条，不用 1 条" in text
    send(admin, page, code=below["新增学位数"].code, do="take")
    copy = members(city, "县库")["改造教室数"]
    city.write(
        [
            Indicator(
                **{f: getattr(copy, f) for f in copy.__struct_fields__} | {"explanation": "县里的说法。"}
            )
        ],
        name="改",
        actor="小管",
        reason="",
    )
    load(city, NEXT, "市库", edition="2026", replace=True)
    shown = admin.get(f"{page}/merge")
    assert "两边都改了，要选 <b>1</b>" in shown.text
    assert "县里的说法。" in shown.text
    assert "改造并启用。" in shown.text
    fields = dict(re.findall(r'name="(base|mark)" value="([^"]*)"', shown.text))
    key = f"take:{copy.code}.explanation"
    assert f'name="{key}"' in shown.text
    refused = admin.post(f"{page}/merge", data={"form_token": token_of(shown), **fields})
    assert refused.status_code == 400
    assert "还有冲突没有选定" in refused.text
    done = admin.post(
        f"{page}/merge", data={"form_token": token_of(shown), **fields, key: "theirs"}, follow_redirects=True
    )
    assert "已合并，记为第" in done.text
    own = members(city, "县库")
    assert (own["改造教室数"].explanation, own["改造教室数"].unit) == ("改造并启用。", "间（套）")
    assert "新建操场数" in own
    assert "上级没有变化" in admin.get(f"{page}/merge").text


def test_changes_of_what_is_left_out_are_shown_folded(city: KnowledgeBase, admin: FlaskClient) -> None:
    page = f"/admin/overlays/{made(admin, city)}"
    below = members(city, "市库")
    send(admin, page, code=below["购置课桌数"].code, do="leave")
    send(admin, page, code=below["验收合格率"].code, do="leave")
    assert "本地不用的，上级有变化" not in admin.get(f"{page}/merge").text
    load(city, [*CITY[:3], [*CITY[3][:3], "套（双人）", "到位。"]], "市库")
    text = admin.get(f"{page}/merge").text
    assert "上级没有变化" in text  # nothing that the county uses
    (shown,) = re.findall(r'<section class="section" id="left_out">.*?</section>', text, re.S)
    assert '<details class="fold"><summary>逐条看' in shown
    assert "套<ins>（双人）</ins>" in shown or "<ins>套（双人）</ins>" in shown
    assert "验收合格率" not in shown


def test_successor_is_chosen_on_the_page(city: KnowledgeBase, admin: FlaskClient) -> None:
    code = made(admin, city)
    load(
        city, [CITY[0], ["产出指标", "质量指标", "工程验收合格率", "%", "合格。"]], "市库2026", edition="2026"
    )
    new = city.loading.require_set("市库2026").code
    page = f"/admin/overlays/{code}/merge"
    shown = admin.get(f"{page}?base={new}")
    gone = members(city, "县库")["验收合格率"].code
    assert f'name="successor:{gone}"' in shown.text
    assert "看名称，可能是 工程验收合格率" in shown.text
    fields = dict(re.findall(r'name="(base|mark)" value="([^"]*)"', shown.text))
    other = members(city, "市库2026")["新增学位数"].code
    admin.post(page, data={"form_token": token_of(shown), **fields, f"successor:{gone}": other})
    record = city.record(gone)
    assert isinstance(record, Indicator)
    assert (record.status, record.successor) == (Status.RETIRED, other)


def test_bad_input_is_told_and_kept(city: KnowledgeBase, admin: FlaskClient) -> None:
    base = city.loading.require_set("市库").code
    answer = send(admin, "/admin/overlays", name="县库", base=base, valid_from="明年", issuer="某局")
    assert answer.status_code == 400
    assert "不是日期" in answer.text
    assert 'value="某局"' in answer.text
    assert send(admin, "/admin/overlays", name="", base=base).status_code == 400
    assert send(admin, "/admin/overlays", name="甲", base="没有").status_code == 400
    assert "不是本地指标集" in admin.get(f"/admin/overlays/{base}", follow_redirects=True).text
    assert "没有名为" in admin.get("/admin/overlays/x/merge", follow_redirects=True).text
    code = made(admin, city)
    assert (
        "请先选择指标" in send(admin, f"/admin/overlays/{code}", do="copy").headers.get("Location", "")
        or "请先选择指标" in admin.get(f"/admin/overlays/{code}").text
    )
    answer = send(admin, f"/admin/overlays/{code}/merge", f"/admin/overlays/{code}", base=base, mark="0")
    assert "没有入库" in admin.get(answer.headers["Location"]).text


def test_set_pages_point_to_each_other(city: KnowledgeBase, admin: FlaskClient) -> None:
    code = made(admin, city)
    base = city.loading.require_set("市库").code
    assert f'href="/set/{base}"' in admin.get(f"/set/{code}").text
    assert f'href="/set/{code}"' in admin.get(f"/set/{base}").text
    assert f"/admin/overlays/{code}" in admin.get(f"/set/{code}").text


# By command


@pytest.fixture
def run(tmp_path: Path):
    environ = {"KB_HOME": str(tmp_path / "home"), "KB_CATALOGUE": str(SMALL)}

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], env=environ)

    return invoke


def write(folder: Path, name: str, rows: list[list[str]]) -> Path:
    file = folder / name
    lines = [["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"], *rows]
    file.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
    return file


@pytest.mark.slow
def test_the_whole_way_by_command(run, tmp_path: Path) -> None:
    assert (
        run(
            "load",
            write(tmp_path, "市.csv", CITY),
            "--as",
            "indicators",
            "--set",
            "市库",
            "--edition",
            "2025",
        ).exit_code
        == 0
    )
    assert run("merge", "市库").exit_code == 1
    assert run("overlay", "县库", "--base", "市库", "--region", "某县").exit_code == 0
    county = write(tmp_path, "县.csv", [["产出指标", "数量指标", "改造教室数", "间", "县里的说法。"]])
    assert run("load", county, "--as", "indicators", "--set", "县库").exit_code == 0
    assert (
        run(
            "load",
            write(tmp_path, "市2026.csv", NEXT),
            "--as",
            "indicators",
            "--set",
            "市库",
            "--edition",
            "2026",
            "--replace",
        ).exit_code
        == 0
    )
    seen = json.loads(run("merge", "县库", "--dry-run", "--json").stdout)
    assert (seen["batch"], len(seen["conflicts"])) == (None, 1)
    stopped = run("merge", "县库")
    assert stopped.exit_code == 1
    assert f"--take {seen['conflicts'][0]}=theirs" in stopped.stdout
    assert "上级 改造并启用。" in stopped.stdout
    for wrong in ("mine", "没有=ours", "=", "explanation=x"):
        assert run("merge", "县库", "--take", wrong).exit_code == 2
    done = json.loads(run("merge", "县库", "--take", "ours", "--take", "explanation=theirs", "--json").stdout)
    assert done["batch"]
    shown = json.loads(run("show", seen["conflicts"][0].partition(".")[0], "--json").stdout)["fields"]
    assert (shown["explanation"], shown["unit"]) == ("改造并启用。", "间（套）")
    assert json.loads(run("merge", "县库", "--json").stdout)["batch"] is None
    assert run("undo", str(done["batch"])).exit_code == 0
    assert json.loads(run("merge", "县库", "--dry-run", "--json").stdout)["mark"] == seen["mark"]


def test_overlay_by_command_copies_and_leaves_out(run, tmp_path: Path) -> None:
    run("load", write(tmp_path, "市.csv", CITY), "--as", "indicators", "--set", "CITY")
    done = run(
        "overlay", "COUNTY", "--base", "CITY", "--copy", "BD-CITY-SL-01", "--leave-out", "BD-CITY-SL-02"
    )
    assert done.exit_code == 0, done.stderr
    assert "BD-CITY-SL-01→BD-COUNTY-SL-01" in done.stdout
    members = json.loads(run("show", "BD-COUNTY", "--json").stdout)["fields"]["members"]
    assert "BD-COUNTY-SL-01" in members
    assert "BD-CITY-SL-02" not in members
    changed = [CITY[0], [*CITY[1][:3], "间（套）", *CITY[1][4:]], *CITY[2:]]
    run("load", write(tmp_path, "市.csv", changed), "--as", "indicators", "--set", "CITY")
    assert "    上级改了计量单位：间 → 间（套）" in run("merge", "COUNTY", "--dry-run").stdout
    entries = json.loads(run("merge", "COUNTY", "--dry-run", "--json").stdout)["entries"]
    assert [e["below"] for e in entries if e["below"]] == [
        [{"field": "unit", "before": "间", "after": "间（套）"}]
    ]
    assert run("overlay", "COUNTY", "--take-up", "BD-CITY-SL-02").exit_code == 0
    assert "上级 BD-CITY" in run("overlay", "COUNTY").stdout
    assert run("overlay", "COUNTY", "--copy", "没有").exit_code == 1


def test_a_view_counts_its_entries() -> None:
    empty = IndicatorSet(code="A", name="甲")
    assert MergeView(empty, empty, (), "").idle
