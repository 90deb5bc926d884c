"""The commands as scripts use them: output, exit codes, one JSON object per line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from loaders.drafts import OLE
from tests.web.conftest import PASSWORD, log_in
from web import review_reading
from web.app import create_app
from web.cli import main
from web.review_reading import read_here

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "cases" / "catalogue"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"KB_HOME": str(tmp_path / "home"), "KB_CATALOGUE": str(SMALL)}


@pytest.fixture
def run(environ: dict[str, str]):
    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=text, env=environ)

    return invoke


def test_search_prints_json_only(run) -> None:
    result = run("search", "修路", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["query"] == "修路"
    assert answer["hits"][0]["name"] == "新建改建农村公路里程"
    assert {"rank", "id", "kind", "code", "name", "level1", "level2", "sector", "set", "snippet", "marks", "why",
            "score", "url"} <= answer["hits"][0].keys()  # fmt: skip
    assert {"total", "took_ms", "relaxed", "did_you_mean", "facets"} <= answer.keys()
    assert isinstance(answer["relaxed"], bool)


def test_search_reads_queries_from_stdin_line_by_line(run) -> None:
    result = run("search", "--stdin", "--json", "--limit", "1", text="修路\n\n残疾儿童康复\n")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["query"] for line in lines] == ["修路", "", "残疾儿童康复"]
    assert lines[2]["hits"][0]["code"] == "CJ-SL-01"
    assert all(len(line["hits"]) <= 1 for line in lines)


def test_search_narrows_by_facets(run) -> None:
    answer = json.loads(run("search", "里程", "--kind", "project", "--json").stdout)
    assert {hit["kind"] for hit in answer["hits"]} == {"project"}
    answer = json.loads(run("search", "率", "--sector", "残疾人事业", "--json").stdout)
    assert {hit["sector"] for hit in answer["hits"]} <= {"残疾人事业"}


def test_search_in_words(run) -> None:
    text = run("search", "修路").stdout
    assert "新建改建农村公路里程 ★核心  [指标 JT-SL-01]" in text
    assert "没有找到" in run("search", "zzzzqqqq鑫淼").stdout


def test_show_gives_a_record_whole(run) -> None:
    record = json.loads(run("show", "JT-SL-01", "--json").stdout)
    assert record["fields"]["explanation"] == "当年交工验收的县乡村道长度。"
    assert record["fields"]["formula"] == ""
    assert record["projects"][0]["target"]
    assert record["values"][0]["n"] == 2
    assert record["issues"][0]["code"] == "WT-1"
    assert record["versions"][0]["number"] == 1
    assert "用过：丙村通组路（2022）" in run("show", "jt-sl-01").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "没有"), 1, "没有代码为“没有”的记录"),
        (("search",), 2, "请给出查询词"),
        (("search", "a", "--stdin"), 2, "请给出查询词"),
        (("search", "a", "--limit", "x"), 2, "limit"),
        (("fly",), 2, "fly"),
        (("restore", "没有这个文件"), 2, "没有这个文件"),
    ],
)
def test_exit_codes_and_messages(run, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert result.stdout == ""


def test_check_backup_restore_reindex(run, tmp_path: Path) -> None:
    assert "数据库、索引、目录一致" in run("check").stdout
    assert json.loads(run("check", "--json").stdout)["ok"] is True
    content = json.loads(run("check", "--content", "--json").stdout)["content"]
    assert (content["indicators"], content["sectors"][0]["level2"]) == (
        5,
        {"数量指标": 1, "质量指标": 1, "社会效益指标": 1},
    )
    assert "交通运输" in run("check", "--content").stdout
    file = str(tmp_path / "a.kbz")
    assert "已备份" in run("backup", file).stdout
    assert "恢复前的状态存在" in run("restore", file).stdout
    assert run("reindex").exit_code == 0
    Path(file).write_bytes(b"not a backup")
    broken = run("restore", file)
    assert broken.exit_code == 1
    assert "现有数据没有改动" in broken.stderr


@pytest.mark.parametrize("command", [("review",), ("filed", "load", "--name", "2025")])
def test_a_file_whose_reader_may_abort_is_read_apart(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    here = []

    def read(name: str, data: bytes) -> review_reading.Outcome:
        here.append(Path(name).name)
        return read_here(name, data)

    monkeypatch.setattr(review_reading, "read_here", read)
    (tmp_path / "旧.xls").write_bytes(OLE + b"\0" * 600)
    (tmp_path / "表.csv").write_text(
        "项目名称,一级指标,二级指标,三级指标,指标值\n修路,产出指标,数量指标,修路里程,≥5公里\n"
    )
    result = run(*command, str(tmp_path / "旧.xls"), str(tmp_path / "表.csv"))
    assert here == ["表.csv"]
    assert result.exit_code == 1
    assert "旧.xls" in result.stderr
    assert "修路" in result.stdout or "存入 1 张" in result.stdout


def test_a_new_catalogue_says_what_the_offices_own_edits_kept_out(
    environ: dict[str, str], tmp_path: Path
) -> None:
    root = Path(shutil.copytree(SMALL, tmp_path / "catalogue"))
    settings = Settings(home=Path(environ["KB_HOME"]), catalogue=root)
    with KnowledgeBase.open(settings) as kb:
        own = [
            msgspec.structs.replace(kb.record(code), name=name)
            for code, name in (("JT-SL-01", "本县里程"), ("XM-1", "本县的路"), ("CJ-MY-01", "本县满意度"))
        ]
        kb.write(own, name="改名", actor="张三", reason="试")
    book = root / "small.yaml"
    newer = book.read_text().replace("name: 新建改建农村公路里程", "name: 农村公路新改建里程")
    newer = re.sub(r"  - \{code: CJ-MY-01.*\n(?:    .*\n)*", "", newer)
    book.write_text(newer.replace("name: 交工验收合格率", "name: 交工验收合格率（新）"))
    told, again = (
        CliRunner().invoke(main, ["check"], env={**environ, "KB_CATALOGUE": str(root)}).stderr
        for _ in range(2)
    )
    number = re.search(r"记为第 (\d+) 批；本单位改过的 3 条保留原样（其中 1 条新目录里已经没有）", told)
    assert number, told
    assert f"/admin/batch/{number[1]}?show=kept" in told
    assert "保留原样" not in again
    with KnowledgeBase.open(settings) as kb:
        kb.accounts.add("小管", Role.ADMIN, PASSWORD, actor="测试")
        client = create_app(kb).test_client()
        log_in(client, "小管")
        assert "本单位改过的 3 条保留原样" in client.get("/admin/batches").text
        page = client.get(f"/admin/batch/{number[1]}?show=kept").text
    assert "保留本单位的 3" in page
    assert re.search(r'href="/i/CJ-MY-01">本县满意度.*?新目录里没有', page, re.S)
    assert "本县里程" in page
    assert "<ins>" in page


@pytest.mark.embedded
def test_home_option_stands_before_or_after_the_command(run, tmp_path: Path) -> None:
    for arguments in (("--home", str(tmp_path / "a"), "check"), ("check", "--home", str(tmp_path / "b"))):
        assert run(*arguments).exit_code == 0
    assert (tmp_path / "a" / "index").is_dir()
    assert (tmp_path / "b" / "index").is_dir()


def test_catalogue_fault_is_told_in_a_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("indicators: [{code: A}]", encoding="utf-8")
    result = CliRunner().invoke(main, ["check"], env={**environ, "KB_CATALOGUE": str(tmp_path)})
    assert result.exit_code == 1
    assert "bad.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_serve_answers_and_stops_on_sigterm(environ: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from web.cli import main; main()", "serve", "--port", "0"],
        env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line
        with urllib.request.urlopen(found[0] + "healthz", timeout=10) as answer:
            assert answer.status == 200
            assert json.load(answer)["ok"] is True
        with urllib.request.urlopen(found[0] + "i/JT-SL-01", timeout=10) as answer:
            assert "新建改建农村公路里程" in answer.read().decode()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
