"""``kb load``, ``kb undo`` and ``kb export`` as scripts use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.loaders.corpus import EXPECTED_PROJECTS, department_scores, indicator_set, project_list
from tests.loaders.files import as_txt, as_xlsx
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
