"""The doors of 体检: API, pages, decisions, downloads, resubmission, rules, bad input."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from indicators.rules.check import default_pack
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.bench.season import bad_files, files, forms, packed
from tests.loaders.build import form_88, saved, workbook
from web.app import create_app
from web.cli import main
from web.review_jobs import KEY

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
TEXT = (
    "项目名称,单位名称,一级指标,二级指标,三级指标,指标值,计量单位\n"
    "修路,公路所,产出指标,数量指标,硬化里程,5,\n修路,公路所,效益指标,社会效益指标,群众出行条件,明显改善,\n"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A knowledge base that these tests may write to."""
    with KnowledgeBase.open(Settings(home=tmp_path_factory.mktemp("reviewing"), catalogue=SMALL)) as opened:
        yield opened


@pytest.fixture(scope="module")
def app(own: KnowledgeBase) -> Iterator[Flask]:
    made = create_app(own)
    yield made
    made.extensions[KEY].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def upload(client: FlaskClient, url: str, *contents: tuple[str, bytes], **fields: str) -> Any:
    data = {"file": [(io.BytesIO(data), name) for name, data in contents], **fields}
    return client.post(url, data=data, content_type="multipart/form-data")


def finished(client: FlaskClient, *contents: tuple[str, bytes], **fields: str) -> str:
    """Address of a job that is done."""
    response = upload(client, "/review", *contents, **fields)
    assert response.status_code == 303
    for _ in range(300):
        if client.get(f"{response.location}/progress").json["finished"]:
            return str(response.location)
        time.sleep(0.05)
    raise AssertionError("the job does not end")


# The API


def test_one_file_is_one_object_as_the_command_gives_it(client: FlaskClient, own: KnowledgeBase) -> None:
    answer = upload(client, "/api/v1/review", ("a.csv", TEXT.encode())).json
    assert answer["file"] == "a.csv"
    (table,) = answer["tables"]
    assert {"project", "year", "amount", "rows", "findings", "form", "grade"} <= table.keys()
    assert {f["code"] for r in table["rows"] for f in r["findings"]} >= {"P01", "P03"}
    assert client.post("/api/v1/review", data=TEXT.encode()).json["tables"] == answer["tables"]


def test_several_files_and_archives_are_a_list(client: FlaskClient) -> None:
    archive = packed(iter([("x/甲.csv", TEXT.encode()), ("坏.xlsx", b"PK12")]))
    answer = upload(client, "/api/v1/review", ("a.csv", TEXT.encode()), ("b.zip", archive)).json
    assert [one["file"] for one in answer] == ["a.csv", "x/甲.csv", "坏.xlsx"]
    assert "坏.xlsx" in answer[2]["error"]


@pytest.mark.parametrize("body", [b"", "没有表格".encode(), b"PK\x03\x04zzz"])
def test_nothing_readable_is_422_with_a_sentence(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/v1/review", data=body)
    assert response.status_code == 422
    assert re.search("[一-龥]{4}", response.json["error"]["message"])


def test_a_pack_is_chosen_by_name(client: FlaskClient) -> None:
    assert client.post("/api/v1/review?rules=2015", data=TEXT.encode()).json["tables"][0]["pack"] == "2015"
    response = client.post("/api/v1/review?rules=1066", data=TEXT.encode())
    assert response.status_code == 400
    assert "2021" in response.json["error"]["message"]


def test_a_request_from_another_site_is_refused(client: FlaskClient) -> None:
    response = client.post("/review", data={"text": TEXT}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


# Jobs


def test_the_form_works_with_pasted_text_and_tells_when_empty(client: FlaskClient) -> None:
    assert 'enctype="multipart/form-data"' in client.get("/review").text
    assert "请选择文件" in client.post("/review", data={"text": " "}).text
    url = finished(client, text=TEXT)
    page = client.get(url)
    assert "修路" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_progress_needs_no_script(client: FlaskClient, own: KnowledgeBase) -> None:
    job = own.reviews.create([("a.csv", TEXT.encode())])
    page = client.get(f"/review/{job.id}").text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "<progress" in page


def test_a_job_of_a_dead_process_is_taken_up(
    client: FlaskClient, own: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    import kb.review_store as module

    job = own.reviews.create([("a.csv", TEXT.encode())])
    assert own.reviews.claim(job.id)
    monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=-1))
    client.get(f"/review/{job.id}")
    for _ in range(200):
        if own.reviews.job(job.id).finished:
            break
        time.sleep(0.05)
    assert len(own.reviews.lines(job.id)) == 1


def test_a_season_is_listed_by_risk_and_filtered(client: FlaskClient) -> None:
    contents = [*files(forms(24), ["xlsx", "docx", "csv", "html"]), *bad_files()]
    url = finished(client, ("季.zip", packed(iter(contents))))
    page = client.get(url).text
    errors = [int(n) for n in re.findall(r'data-label="错误" class="num[^"]*">(\d+)<', page)]
    assert len(errors) >= 24
    assert errors == sorted(errors, reverse=True)
    for name in ("没有目标表", "损坏", "压缩炸弹", "图片"):
        assert name in page
    assert "Sheet!D2" in page  # the formula without a result, named by its cell
    grade = re.search(r"grade=(.)", client.get(f"{url}/statistics").text)
    assert grade
    assert client.get(f"{url}?code=P01&q=县&order=unit&page=99").status_code == 200
    assert "没有符合条件" in client.get(f"{url}?unit=没有这个").text
    for part in ("/statistics", "/alike", "/summary.xlsx", "/opinions.docx"):
        assert client.get(url + part).status_code == 200, part


def test_twins_stand_side_by_side(client: FlaskClient) -> None:
    rows = "".join(f"产出指标,数量指标,修建第{n}段村道里程,{n}公里\n" for n in range(1, 7))
    head = "一级指标,二级指标,三级指标,指标值\n"
    url = finished(client, ("甲.csv", (head + rows).encode()), ("乙.csv", (head + rows).encode()))
    assert f"{url}/alike/0/1" in client.get(f"{url}/alike").text
    assert client.get(f"{url}/alike/0/1").text.count("修建第3段村道里程") == 2
    assert client.get(f"{url}/alike/0/9").status_code == 404


def test_two_uploads_of_one_name_stay_apart(client: FlaskClient) -> None:
    url = finished(
        client, ("申报表.csv", TEXT.encode()), ("申报表.csv", TEXT.replace("修路", "架桥").encode())
    )
    page = client.get(url).text
    assert "申报表（2）.csv" in page


@pytest.mark.parametrize("path", ["", "/1", "/statistics", "/1/annotated.xlsx", "/summary.xlsx", "/progress"])
def test_unknown_links_are_404_with_a_sentence(client: FlaskClient, path: str) -> None:
    response = client.get(f"/review/{'x' * 22}{path}")
    assert response.status_code == 404
    assert "7 天" in response.text


def test_a_job_can_be_removed_at_once(client: FlaskClient, own: KnowledgeBase) -> None:
    url = finished(client, text=TEXT)
    assert client.post(f"{url}/remove").status_code == 303
    assert client.get(url).status_code == 404
    assert own.reviews.upload(url.rsplit("/", 1)[-1], 0) is None


# One table


def test_decisions_show_and_change_the_downloads(client: FlaskClient) -> None:
    url = finished(client, ("申报表.xlsx", form_88()))
    post = {
        "row": "4",
        "code": "P03",
        "field": "unit",
        "choice": "edit",
        "new-unit": "个",
        "new-target": "≥3",
        "new-name": "受益村数",
    }
    answer = client.post(f"{url}/1/decision", data=post)
    assert answer.status_code == 303
    page = client.get(f"{url}/1").text
    assert "已改写" in page
    assert "受益村数" in page
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{url}/1/annotated.xlsx").data))
    values = [c.value for row in book["修改后的表"].iter_rows() for c in row]
    assert "受益村数" in values
    assert book["Sheet"]["G15"].comment is not None


def half_hidden() -> bytes:
    """A form whose row 15 (受益村) nobody sees."""
    book = openpyxl.load_workbook(io.BytesIO(form_88()))
    book.worksheets[0].row_dimensions[15].hidden = True
    return saved(book)


def test_a_hidden_target_row_is_shown_on_every_way_out(client: FlaskClient) -> None:
    told = "第 15 行隐藏，里面有“受益村”，指标值“3”，也一并检查了"
    url = finished(client, ("申报表.xlsx", half_hidden()))
    page = client.get(f"{url}/1").text
    assert told in page
    (row,) = re.findall(r'id="row-\d+">(?:(?!id="row-).)*隐藏行', page, re.S)
    assert "受益村" in page[page.index(row) : page.index(row) + len(row) + 200]
    assert told in client.get(url).text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{url}/1/annotated.xlsx").data))
    assert told in [c.value for row in book["体检意见"].iter_rows() for c in row]
    (table,) = upload(client, "/api/v1/review", ("申报表.xlsx", half_hidden())).json["tables"]
    assert [r["name"] for r in table["rows"] if r["hidden"]] == ["受益村"]
    assert [u["message"] for u in table["unseen"]] == [told]


def test_a_table_without_hidden_parts_says_nothing_of_them(client: FlaskClient) -> None:
    url = finished(client, ("申报表.xlsx", form_88()))
    assert "隐藏行" not in client.get(f"{url}/1").text
    (table,) = upload(client, "/api/v1/review", ("申报表.xlsx", form_88())).json["tables"]
    assert table["unseen"] == []


def test_a_dismissal_needs_a_reason(client: FlaskClient) -> None:
    url = finished(client, text=TEXT)
    post = {"row": "2", "code": "P01", "field": "target", "choice": "dismiss"}
    refused = client.post(f"{url}/1/decision", data=post)
    assert refused.status_code == 422
    assert "理由" in refused.text
    assert client.post(f"{url}/1/decision", data=post | {"reason": "有分档"}).status_code == 303
    assert "理由：有分档" in client.get(f"{url}/1").text


@pytest.mark.parametrize(
    "post",
    [
        {},
        {"row": "x", "choice": "accept"},
        {"row": "1", "code": "P99", "choice": "accept"},
        {"row": "1", "choice": "drop"},
    ],
)
def test_nonsense_decisions_are_refused(client: FlaskClient, post: dict[str, str]) -> None:
    url = finished(client, text=TEXT)
    assert client.post(f"{url}/1/decision", data=post).status_code == 400


def test_the_form_and_opinion_are_the_reviewers(client: FlaskClient) -> None:
    url = finished(client, text=TEXT)
    post = {"目标完整性/规范完整性": "99", "目标相关性/目标相关性": "nan", "opinion": "请补充立项依据。"}
    assert client.post(f"{url}/1/verdict", data=post).status_code == 303
    page = client.get(f"{url}/1").text
    assert 'name="目标完整性/规范完整性" value="10' in page
    assert "请补充立项依据。" in page
    with zipfile.ZipFile(io.BytesIO(client.get(f"{url}/1/opinion.docx").data)) as letter:
        assert "请补充立项依据。" in letter.read("word/document.xml").decode()


def test_a_resubmission_shows_only_the_difference(client: FlaskClient) -> None:
    first = finished(client, text=TEXT)
    again = finished(client, text=TEXT.replace("明显改善", "≥90%"), earlier=f"http://localhost{first}")
    page = client.get(f"{again}/1").text
    assert "再次报送，变了什么" in page
    assert "改好 1 处" in page or "改好 2 处" in page
    assert "只列有变化的行" in page
    assert 'id="row-1"' not in page
    assert 'id="row-1"' in client.get(f"{again}/1?all=1").text


def test_hostile_words_are_only_words(client: FlaskClient) -> None:
    evil = "<script>alert(1)</script>"
    table = [
        ["项目名称", evil],
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", evil, "明显改善"],
        ["产出指标", "数量指标", "=cmd()", "5"],
    ]
    url = finished(client, (f"{evil}.xlsx", workbook(table)))
    for part in ("", "/1", "/statistics", "/alike"):
        assert "<script>alert" not in client.get(url + part).text
    assert client.get(f"{url}/1/annotated.xlsx").status_code == 200


# Rules


def test_every_rule_has_its_page(client: FlaskClient) -> None:
    page = client.get("/rules").text
    for code in default_pack().rules:
        assert f'href="/rules/{code}"' in page
        assert "会报的例子" in client.get(f"/rules/{code}").text
    assert client.get("/rules/P999").status_code == 404


def test_only_admins_set_rules_with_a_reason_and_history(app: Flask, own: KnowledgeBase) -> None:
    from kb.roles import Role

    anonymous = app.test_client()
    assert anonymous.post("/rules/P01", data={"why": "x"}).status_code in (303, 401, 403)
    assert own.reviews.rule_history("P01") == []
    own.accounts.add("管理员甲", Role.ADMIN, "correct horse battery staple", actor="测试")
    admin = app.test_client()
    token = _token(admin.get("/login").text)
    signed = admin.post(
        "/login", data={"name": "管理员甲", "password": "correct horse battery staple", "form_token": token}
    )
    assert signed.status_code == 303
    token = _token(admin.get("/rules/P01").text)
    assert admin.post("/rules/P01", data={"form_token": token}).status_code == 422
    answer = admin.post("/rules/P01", data={"form_token": token, "severity": "hint", "why": "本市另有规定"})
    assert answer.status_code == 303
    page = admin.get("/rules/P01").text
    assert "本市另有规定" in page
    assert "已停用" in page
    assert "P01" not in {
        f["code"]
        for r in anonymous.post("/api/v1/review", data=TEXT.encode()).json["tables"][0]["rows"]
        for f in r["findings"]
    }
    admin.post("/rules/P01", data={"form_token": token, "on": "1", "why": "恢复"})


def _token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


# The command


def test_the_command_tells_hidden_rows(tmp_path: Path, own: KnowledgeBase) -> None:
    source, out = tmp_path / "申报表.xlsx", tmp_path / "报告.md"
    source.write_bytes(half_hidden())
    arguments = ["review", str(source), "--home", str(own.settings.home), "--out", str(out)]
    done = CliRunner().invoke(main, arguments, env={"KB_CATALOGUE": str(SMALL)})
    assert "第 15 行隐藏，里面有“受益村”" in done.stdout
    assert "（隐藏） 受益村：" in done.stdout
    assert "第 15 行隐藏，里面有“受益村”" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["xlsx", "docx", "md"])
def test_the_command_writes_reports(kind: str, tmp_path: Path, own: KnowledgeBase) -> None:
    source, out = tmp_path / "申报表.xlsx", tmp_path / f"报告.{kind}"
    source.write_bytes(form_88())
    done = CliRunner().invoke(
        main,
        ["review", str(source), "--home", str(own.settings.home), "--out", str(out), "--rules", "2021"],
        env={"KB_CATALOGUE": str(SMALL)},
    )
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 500


def test_the_command_refuses_unknown_packs_and_kinds(tmp_path: Path, own: KnowledgeBase) -> None:
    source = tmp_path / "a.csv"
    source.write_text(TEXT, encoding="utf-8")
    for options in (["--rules", "1066"], ["--out", "a.pdf"]):
        done = CliRunner().invoke(
            main,
            ["review", str(source), "--home", str(own.settings.home), *options],
            env={"KB_CATALOGUE": str(SMALL)},
        )
        assert done.exit_code == 2
