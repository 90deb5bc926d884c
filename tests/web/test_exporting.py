"""Downloads of sets and of searches, on the pages and by ``kb export``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from flask.testing import FlaskClient
from rdflib import Graph
from rdflib.namespace import RDF, SKOS

from indicators.model import Indicator, IndicatorSet, Kind, SourceRef
from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters
from loaders.building import build
from loaders.errors import FileError
from loaders.loading import load_file
from tests.web.conftest import SMALL
from web import exporting
from web.cli import main


@pytest.fixture
def stocked(office: KnowledgeBase) -> KnowledgeBase:
    """A knowledge base with a set, one of whose indicators looks like a formula."""
    evil = Indicator(
        code="X-SL-01",
        name="=HYPERLINK(1)",
        sector="JT",
        level1="产出指标",
        level2="数量指标",
        explanation="+修路",
    )
    home = IndicatorSet(
        code="JH-X", name="县/库", edition="2024", valid_to="2024-12-31", members=("X-SL-01", "JT-SL-01")
    )
    office.write([evil, home], name="入库", actor="小管", reason="")
    return office


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json", "yaml"])
def test_a_search_loads_back_as_the_same(stocked: KnowledgeBase, anyone: FlaskClient, kind: str) -> None:
    answer = anyone.get(f"/export/search?kind=indicator&sector=交通运输&as={kind}")
    assert answer.status_code == 200, answer.text
    file = load_file(f"a.{kind}", answer.data)
    plan = stocked.loading.plan(build(file))
    assert plan.counts == {"new": 0, "changed": 0, "same": 4, "vanished": 0, "invalid": 0}
    assert plan.records == ()


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json", "yaml"])
def test_a_source_of_one_field_comes_back_as_it_went(
    stocked: KnowledgeBase, anyone: FlaskClient, kind: str
) -> None:
    record, _ = stocked.editing.current("JT-SL-01")
    own = SourceRef(source="report", place="第3页，“表2”; 注", note="照抄", field="formula")
    cited = msgspec.structs.replace(record, sources=(*record.sources, own))
    stocked.write([cited], name="改", actor="小管", reason="")
    file = load_file(f"a.{kind}", anyone.get(f"/export/set/JH-X?as={kind}").data)
    back = {c.record.code: c.record for c in build(file)}
    assert back["JT-SL-01"] == cited
    assert stocked.loading.plan(build(file)).records == ()
    stocked.write([record], name="改回", actor="小管", reason="")
    plan = stocked.loading.plan(build(file))
    assert [r for r in plan.records if r.kind is Kind.INDICATOR] == [cited]
    stocked.loading.commit(plan, plan.fingerprint, name="入库", actor="小管", reason="")
    assert stocked.editing.current("JT-SL-01")[0] == cited


def test_downloads_take_turns_and_tell_when_to_come_again(
    stocked: KnowledgeBase, anyone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PATIENCE", 0.1)
    addresses = ("/export/set/JH-X?as=ttl", "/export/search?q=修路&as=xlsx")
    with FileLock(stocked.settings.home / "export.lock"):  # as another process of the server holds it
        for address in addresses:
            refused = anyone.get(address)
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
            assert "请过 10 秒再试" in refused.text
        assert anyone.get("/search?q=修路").status_code == 200
    monkeypatch.setattr(exporting, "write_records", lambda *_: (_ for _ in ()).throw(FileError("a", "不行")))
    assert [anyone.get(address).status_code for address in addresses] == [
        400,
        200,
    ]  # a failure gives the turn back


def test_mixed_matches_as_csv_have_what_is_common_and_no_formula(
    stocked: KnowledgeBase, anyone: FlaskClient
) -> None:
    head, *body = rows(anyone.get("/export/search?sector=交通运输&as=csv").data)
    total = stocked.search("", Filters(sector=("交通运输",)), limit=0).total
    assert len(body) == total > 2
    assert len({r[0] for r in body}) > 1
    assert head[:3] == ["种类", "代码", "名称"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for r in body for cell in r)
    assert "'=HYPERLINK(1)" in {r[2] for r in body}


def test_workbook_tells_what_was_asked(stocked: KnowledgeBase, anyone: FlaskClient) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(anyone.get("/export/search?q=修路&kind=indicator&as=xlsx").data))
    about = {a.value: b.value for a, b in book["说明"].iter_rows(min_row=2, max_col=2)}
    assert about["搜索词"] == "修路"
    assert about["类别"] == "指标"
    name = next(c for row in book["指标"].iter_rows() for c in row if c.value == "=HYPERLINK(1)")
    assert name.data_type == "s"


def test_cut_is_told(stocked: KnowledgeBase, anyone: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 2)
    answer = anyone.get("/export/search?sector=交通运输&as=json")
    assert "%E5%89%8D2%E6%9D%A1" in answer.headers["Content-Disposition"]  # 前2条
    about = exporting.find(stocked, "", Filters()).about
    assert any("只写了前 2 条" in text for _, text in about)


def test_set_page_links_to_files_and_they_hold_the_set(stocked: KnowledgeBase, anyone: FlaskClient) -> None:
    page = anyone.get("/set/JH-X").text
    assert "今天已过" in page
    for kind in ("xlsx", "csv", "json", "yaml", "ttl"):
        link = f"/export/set/JH-X?as={kind}"
        assert link in page
        answer = anyone.get(link)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
    content = json.loads(anyone.get("/export/set/JH-X?as=json").data)
    assert [i["code"] for i in content["indicators"]] == ["JT-SL-01", "X-SL-01"]
    g = Graph().parse(data=anyone.get("/export/set/JH-X?as=ttl").data, format="turtle")
    assert len(set(g.subjects(RDF.type, SKOS.ConceptScheme))) == 1


def test_what_cannot_be_downloaded(anyone: FlaskClient) -> None:
    assert anyone.get("/export/search").status_code == 400
    assert "可以下载" in anyone.get("/export/search?q=a&as=exe").text
    assert anyone.get("/export/search?kind=project&as=ttl").status_code == 400
    assert anyone.get("/export/set/没有").status_code == 404
    assert anyone.get("/export/set/JT-SL-01").status_code == 404


def test_hits_of_a_set_out_of_force_say_so(stocked: KnowledgeBase, anyone: FlaskClient) -> None:
    page = anyone.get("/search?q=里程&set=县/库").text
    assert page.count("指标集已过有效期") == 1
    valid = IndicatorSet(code="JH-Y", name="现行库", valid_from="2020", members=("JT-SL-01",))
    stocked.write([valid], name="入库", actor="小管", reason="")
    assert "指标集已过有效期" not in anyone.get("/search?q=里程&set=县/库").text
    page = anyone.get("/sets").text
    assert "已过有效期" in page
    assert "2024-12-31" in page
    assert 'href="/export/search?q=%E9%87%8C%E7%A8%8B&amp;as=xlsx"' in anyone.get("/search?q=里程").text


def test_hostile_search_addresses(anyone: FlaskClient) -> None:
    for q in ("%00", "a" * 5000, "%E4", '"><script>', "../../x"):
        assert anyone.get(f"/export/search?q={q}&as=csv").status_code in (200, 400)


@pytest.fixture
def run(tmp_path: Path):
    environ = {
        "KB_HOME": str(tmp_path / "home"),
        "KB_CATALOGUE": str(SMALL),
        "KB_BASE_URL": "https://kb.example/",
    }

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], env=environ)

    return invoke


def test_export_of_a_query_on_the_command_line(run, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    done = run("export", "--query", "修路", "--kind", "indicator", "--sector", "交通运输", "--out", out)
    assert done.exit_code == 0, done.stderr
    codes = [i["code"] for i in json.loads(out.read_text("utf-8"))["indicators"]]
    assert "JT-SL-01" in codes
    assert not any(code.startswith("CJ-") for code in codes)
    skos = tmp_path / "a.ttl"
    assert run("export", "--query", "修路", "--out", skos).exit_code == 0
    assert "https://kb.example/i/" in skos.read_text("utf-8")
    assert run("export", "--kind", "project", "--out", skos).exit_code == 1
    assert run("export", "--set", "没有", "--query", "a", "--out", out).exit_code == 1
    mixed = tmp_path / "a.csv"
    assert run("export", "--sector", "交通运输", "--out", mixed).exit_code == 0
    assert rows(mixed.read_bytes())[0][0] == "种类"


def test_edition_issuer_region_and_validity_when_loading(run, tmp_path: Path) -> None:
    file = tmp_path / "县库.csv"
    file.write_text("一级指标,二级指标,三级指标\n产出指标,数量指标,新增学位数\n", encoding="utf-8")
    base = ("load", file, "--as", "indicators", "--set", "BX")
    assert (
        run(
            *base, "--edition", "2026", "--issuer", "某财政局", "--region", "某县", "--valid-from", "2026"
        ).exit_code
        == 0
    )
    shown = json.loads(run("show", "BD-BX", "--json").stdout)["fields"]
    assert (shown["edition"], shown["issuer"], shown["region"], shown["valid_from"]) == (
        "2026",
        "某财政局",
        "某县",
        "2026",
    )
    assert json.loads(run(*base, "--valid-to", "2026-12-31", "--json").stdout)["batch"]
    assert json.loads(run(*base, "--valid-to", "2026-12-31", "--json").stdout)["batch"] is None
    shown = json.loads(run("show", "BD-BX", "--json").stdout)["fields"]
    assert (shown["edition"], shown["valid_to"]) == ("2026", "2026-12-31")
    assert run(*base, "--valid-to", "明年").exit_code == 2
    assert run(*base, "--valid-from", "2026-05", "--valid-to", "2026-04").exit_code == 2
