"""``kb load``, ``kb undo`` and ``kb export`` as scripts use them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from loaders.template import TEMPLATES
from tests.kb.test_loading import HEAD, ROWS
from tests.loaders.build import workbook
from tests.loaders.corpus import EXPECTED_PROJECTS, department_scores, indicator_set, project_list
from tests.loaders.files import as_txt, as_xlsx
from tests.loaders.test_template import filled
from web.cli import main

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"


@pytest.fixture
def run(tmp_path: Path):
    environ = {"KB_HOME": str(tmp_path / "home"), "KB_CATALOGUE": str(SMALL)}

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], env=environ)

    return invoke


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "2021年报告.txt"
    scores = as_txt(*department_scores()).decode()
    text = (
        as_txt(*project_list()).decode()
        + scores
        + "三、存在的问题\n主要有：一是目标质量不高，不够全面。二是运用不到位，范围小。\n四、打算\n无。\n"
    )
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def indicators(tmp_path: Path) -> Path:
    file = tmp_path / "县库.xlsx"
    file.write_bytes(as_xlsx(*indicator_set()))
    return file


def test_a_report_comes_out_whole(run, report: Path) -> None:
    result = run("load", report, "--dry-run", "--rows", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["batch"] is None
    assert [(t["kind"], t["rows"], t["ok"]) for t in answer["tables"]] == [
        ("projects", 7, 7), ("departments", 6, 6), ("issues", 2, 2),
    ]  # fmt: skip
    for found, expected in zip(answer["tables"][0]["records"], EXPECTED_PROJECTS, strict=True):
        assert {k: found[k] for k in expected} == expected
    assert answer["diff"]["new"] == 5 + 6 + 2


def test_load_undo_and_export(run, indicators: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    assert run("export", "--out", before).exit_code == 0
    answer = json.loads(run("load", indicators, "--as", "indicators", "--set", "BX", "--json").stdout)
    assert answer["diff"]["new"] == 6
    table = answer["tables"][0]
    assert table["mapping"]["三级指标"] == "name"
    assert table["header_row"] == 1
    assert answer["batch"] > 1
    again = json.loads(run("load", indicators, "--as", "indicators", "--set", "BX", "--json").stdout)
    assert (again["batch"], again["diff"]["same"]) == (None, 6)
    out = tmp_path / "bx.xlsx"
    assert run("export", "--set", "BX", "--out", out).exit_code == 0
    same = json.loads(run("load", out, "--set", "BX", "--json").stdout)
    assert (same["batch"], same["diff"]["same"], same["diff"]["changed"]) == (None, 6, 0)
    assert run("undo", str(answer["batch"])).exit_code == 0
    assert run("export", "--out", after).exit_code == 0
    assert before.read_bytes() == after.read_bytes()


def test_a_bad_row_keeps_the_whole_file_out_unless_told_otherwise(run, tmp_path: Path) -> None:
    rows, _ = indicator_set()
    rows[2] = [*rows[2][:4], "", *rows[2][5:]]
    file = tmp_path / "坏.xlsx"
    file.write_bytes(as_xlsx(rows))
    result = run("load", file, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["batch"] is None
    (error,) = answer["tables"][0]["errors"]
    assert (error["row"], error["column"]) == (3, "三级指标")
    bad = tmp_path / "错误.xlsx"
    good = json.loads(run("load", file, "--good-rows", "--bad-rows", bad, "--json").stdout)
    (mended,) = json.loads(run("load", bad, "--dry-run", "--json").stdout)["tables"]
    assert (mended["rows"], mended["ok"]) == (1, 0)
    assert good["diff"]["new"] == 5
    assert good["batch"]


def test_files_without_tables_and_wrong_usage(run, tmp_path: Path) -> None:
    file = tmp_path / "通知.txt"
    file.write_text("请各单位按时报送。", encoding="utf-8")
    result = run("load", file)
    assert result.exit_code == 1
    assert "没有找到可以入库的表" in result.stderr
    assert run("load", file, "--replace").exit_code == 2
    assert run("load", tmp_path / "没有.xlsx").exit_code == 2
    assert run("load", file, "--map", "没有等号").exit_code == 2
    assert run("export", "--set", "没有这个集", "--out", tmp_path / "a.xlsx").exit_code == 1
    assert run("export", "--out", tmp_path / "a.txt").exit_code == 1
    assert run("export", "--out", tmp_path / "a.csv").exit_code == 1


def test_text_output_says_what_happened(run, indicators: Path) -> None:
    assert "只是预览" in run("load", indicators, "--dry-run").stdout
    done = run("load", indicators).stdout
    assert "指标集：县库" in done
    assert "kb undo" in done
    assert "没有变化" in run("load", indicators).stdout


def sheet(file: Path, rows: list[list[str]]) -> Path:
    file.write_bytes(workbook([HEAD, *rows]))
    return file


def test_merging_and_retiring_by_code(run, tmp_path: Path) -> None:
    run("load", sheet(tmp_path / "a.xlsx", ROWS), "--set", "BX")
    rows = [
        ["产出指标", "数量指标", "新建改建农村公路里程数", "公里", ""],
        ["产出指标", "数量指标", "新增中小学学位数", "个", ""],
        *ROWS[1:3],
    ]
    file = sheet(tmp_path / "b.xlsx", rows)
    shown = run("load", file, "--set", "BX", "--dry-run").stdout
    assert "要并入：--merge BD-BX-SL-03=JT-SL-01" in shown
    assert "要停用：--retire BD-BX-SL-01=BD-BX-SL-04" in shown
    decided = ["--merge", "全部", "--retire", "BD-BX-SL-01=BD-BX-SL-04", "--retire", "BD-BX-MY-01"]
    named = ["--name", "二〇二六年县库", "--reason", "年度更新"]
    done = run("load", file, "--set", "BX", *decided, *named)
    assert done.exit_code == 0, done.output
    assert "“新建改建农村公路里程数”并入 JT-SL-01" in done.stdout
    assert "停用 BD-BX-SL-01 新增学位数，改用 BD-BX-SL-04" in done.stdout
    assert (
        "修改 JT-SL-01 新建改建农村公路里程（由“新建改建农村公路里程数”并入）：别名：加上 新建改建农村公路里程数"
        in done.stdout
    )
    old = json.loads(run("show", "BD-BX-SL-01", "--json").stdout)
    assert (old["fields"]["status"], old["fields"]["successor"]) == ("retired", "BD-BX-SL-04")
    again = json.loads(run("load", file, "--set", "BX", "--json").stdout)
    assert (again["batch"], again["diff"]) == (
        None,
        {"new": 0, "changed": 0, "same": 4, "vanished": 0, "invalid": 0},
    )


def test_decisions_about_codes_that_are_not_there_are_wrong_usage(run, tmp_path: Path) -> None:
    file = sheet(tmp_path / "a.xlsx", ROWS)
    assert run("load", file, "--set", "BX").exit_code == 0
    for option, value in (
        ("--retire", "BD-BX-SL-01"),
        ("--merge", "BD-BX-SL-99=JT-SL-01"),
        ("--merge", "全"),
        ("--retire", "A="),
    ):
        assert run("load", file, "--set", "BX", option, value).exit_code == 2, value
    refused = run("load", sheet(tmp_path / "b.xlsx", ROWS[:2]), "--set", "BX", "--retire", "BD-BX-ZL-01=没有")
    assert refused.exit_code == 1
    assert "不是在用的指标" in refused.stderr


def test_errors_are_told_by_cause_and_mended_rows_find_their_set(run, tmp_path: Path) -> None:
    rows = [[*ROWS[0][:2], "", *ROWS[0][3:]], [*ROWS[1][:2], "", *ROWS[1][3:]], *ROWS[2:]]
    bad = tmp_path / "补.xlsx"
    result = run("load", sheet(tmp_path / "a.xlsx", rows), "--set", "县库", "--good-rows", "--bad-rows", bad)
    assert "错误 2 处 三级指标：这一行没有填" in result.stdout
    book = openpyxl.load_workbook(bad)
    for row, name in zip((2, 3), ("甲", "乙"), strict=True):
        book.worksheets[0].cell(row, 3, name)
    book.save(bad)
    mended = json.loads(run("load", bad, "--json").stdout)
    assert (mended["set"], mended["diff"]["new"], mended["diff"]["vanished"]) == ("县库", 2, 0)
    assert json.loads(run("load", bad, "--json").stdout)["diff"]["same"] == 2


@pytest.mark.parametrize("kind", TEMPLATES)
def test_templates_from_the_command_load_whole_and_twice(run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "模板.xlsx"
    assert run("template", kind, "--out", file).exit_code == 0
    file.write_bytes(filled(kind, 3, file.read_bytes()))
    first = json.loads(run("load", file, "--json").stdout)
    assert first["causes"] == []
    assert [t["unmapped"] for t in first["tables"]] == [[]]
    assert first["batch"]
    again = json.loads(run("load", file, "--json").stdout)
    assert (again["batch"], again["diff"]["new"], again["diff"]["changed"]) == (None, 0, 0)


def test_a_report_loaded_twice_changes_nothing(run, report: Path) -> None:
    assert json.loads(run("load", report, "--json").stdout)["batch"]
    again = json.loads(run("load", report, "--json").stdout)
    assert (again["batch"], again["diff"]["same"]) == (None, 13)


def test_a_long_load_shows_how_far_it_is(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cli_load._LARGE", 0)
    many = [["产出指标", "数量指标", f"指标{n}号", "个", ""] for n in range(1200)]
    result = run("load", sheet(tmp_path / "多.xlsx", many), "--set", "多", "--json")
    assert "读取" in result.stderr
    assert re.search(r"写入: 100%.*1202/1202", result.stderr)
    assert json.loads(result.stdout)["diff"]["new"] == 1200
