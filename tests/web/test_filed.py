"""Filed target tables through the doors: command, the admin's page, the review that finds a copy."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from kb.knowledge import KnowledgeBase
from tests.web.conftest import NAMES, SMALL, log_in, send
from tests.web.test_reviewing import finished
from web.app import create_app
from web.cli import main
from web.review_jobs import KEY

HEAD = "项目名称,单位名称,一级指标,二级指标,三级指标,指标值\n"
ROWS = [
    "产出指标,数量指标,发放人数,≥100人", "产出指标,质量指标,发放准确率,=100%", "产出指标,时效指标,资金发放及时率,=100%",
    "效益指标,社会效益指标,困难家庭覆盖率,≥95%", "满意度指标,服务对象满意度指标,受助群众满意度,≥90%",
]  # fmt: skip


def table(project: str, unit: str) -> bytes:
    return (HEAD + "".join(f"{project},{unit},{row}\n" for row in ROWS)).encode()


@pytest.fixture
def app(office: KnowledgeBase) -> Iterator[Flask]:
    made = create_app(office)
    yield made
    made.extensions[KEY].close()


def test_a_season_is_filed_from_its_review_and_found_in_the_next(app: Flask, admin: FlaskClient) -> None:
    assert "还没有存入" in admin.get("/admin/filed").text
    job = finished(
        admin, ("一局.csv", table("养老服务补贴", "一局")), ("二局.csv", table("路灯维护", "二局"))
    )
    answer = send(admin, "/admin/filed", job, job=job.rsplit("/", 1)[1], region="某县")
    assert answer.status_code == 303
    page = admin.get("/admin/filed").text
    assert "共 2 张 10 行" in page
    assert (
        "没有新的目标表"
        in admin.get(send(admin, "/admin/filed", job, job=job.rsplit("/", 1)[1], region="某县").location).text
    )
    later = finished(admin, ("新.csv", table("公务用车购置", "三局")))
    shown = admin.get(f"{later}/1").text
    assert "历年目标表里几乎相同的表（2）" in shown
    assert "养老服务补贴（一局）" in shown or "路灯维护（二局）" in shown  # P51 names the first of them
    number = re.search(r'href="(/filed/\d+)"', shown)
    assert number
    assert "受助群众满意度" in admin.get(number[1]).text
    assert app.test_client().get(number[1]).status_code == 303  # who has no account may not leaf through them
    drafter = app.test_client()
    log_in(drafter, NAMES[next(r for r in NAMES if r.value == "drafter")])
    assert drafter.get(number[1]).status_code == 403
    batch = re.search(r'name="batch" value="(\d+)"', admin.get("/admin/filed").text)
    assert batch
    send(admin, "/admin/undo", "/admin/filed", batch=batch[1], next="/admin/filed")
    assert "不参与比对" in admin.get("/admin/filed").text
    assert admin.get(number[1]).status_code == 404
    assert "几乎相同的表" not in admin.get(f"{later}/1").text


def test_an_unknown_or_unfinished_review_cannot_be_filed(admin: FlaskClient) -> None:
    for job in ("", "x" * 22, "../../etc"):
        answer = send(admin, "/admin/filed", "/admin/users", job=job)
        assert answer.status_code == 303
        assert "没有这次体检" in admin.get("/admin/filed").text


def test_the_command_files_folders_and_archives_once(tmp_path: Path) -> None:
    folder = tmp_path / "2023"
    folder.mkdir()
    (folder / "一局.csv").write_bytes(table("养老服务补贴", "一局"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("二局.csv", table("路灯维护", "二局"))
        archive.writestr("说明.txt", "这里没有表。")
    (folder / "其余.zip").write_bytes(packed.getvalue())

    def run(*arguments: str) -> tuple[int, str]:
        environment = {"KB_HOME": str(tmp_path / "home"), "KB_CATALOGUE": str(SMALL)}
        result = CliRunner().invoke(main, ["filed", *arguments], env=environment)
        return result.exit_code, result.stdout

    code, out = run("load", str(folder), "--json", "--region", "某县")
    answer = json.loads(out)
    assert (code, answer["tables"], answer["same"]) == (1, 2, 0)  # one file in the archive holds no table
    assert len(answer["errors"]) == 1
    again = json.loads(run("load", str(folder), "--json", "--region", "某县")[1])
    assert (again["batch"], again["tables"], again["same"]) == (None, 0, 2)
    listed = json.loads(run("list", "--json")[1])
    assert [(s["tables"], s["rows"], s["withdrawn"]) for s in listed] == [(2, 10, None)]
    assert run("rebuild")[0] == 0
    assert run("load", str(tmp_path / "没有"))[0] == 2
