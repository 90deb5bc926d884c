"""Published facts of the shipped catalogue: what the documents print must stand there unchanged."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from urllib.parse import urlparse

import pytest

from indicators.model import Issue, Project, Record, Source
from indicators.shipped import CATALOGUE, read_file


@cache
def records(pattern: str) -> tuple[Record, ...]:
    files = sorted(CATALOGUE.glob(pattern))
    assert files, f"no file {pattern}"
    return tuple(r for f in files for r in read_file(Path(f)))


def projects(pattern: str) -> list[Project]:
    return [r for r in records(f"projects/{pattern}.yaml") if isinstance(r, Project)]


def published_issues() -> list[Issue]:
    files = (*records("issues/reports.yaml"), *records("issues/published-*.yaml"))
    return [r for r in files if isinstance(r, Issue)]


def sources() -> dict[str, Source]:
    return {r.code: r for r in records("sources*.yaml") if isinstance(r, Source)}


def test_huaxi_has_29_projects_in_35_lines() -> None:
    found = projects("huaxi-2021")
    lines = [line for p in found for line in p.lines]
    assert [p.code for p in found] == [f"XM-HX21-{n:02d}" for n in range(1, 30)]
    assert len(lines) == 35
    assert {p.code[-2:]: len(p.lines) for p in found if len(p.lines) > 1} == {
        "05": 2,
        "07": 2,
        "13": 2,
        "24": 4,
    }
    assert [line.amount for line in lines if not line.name] == [Decimal("95"), Decimal("3")]


def test_huaxi_amounts_add_up_to_the_printed_total() -> None:
    found = projects("huaxi-2021")
    total = sum((line.amount or Decimal(0) for p in found for line in p.lines), Decimal(0))
    assert round(total, 2) == Decimal("9298.22")  # the report prints 9,299
    for p in found:
        assert p.amount == sum((line.amount or Decimal(0) for line in p.lines), Decimal(0)), p.code
        assert len(p.lines) == 1 or "相加" in p.note, p.code


def test_huaxi_grades_are_21_excellent_and_8_good() -> None:
    found = projects("huaxi-2021")
    assert Counter(p.grade for p in found) == {"优": 21, "良": 8}
    for p in found:
        assert {line.grade for line in p.lines} == {p.grade}, p.code
        assert {line.third_party_score for line in p.lines} == {p.third_party_score}, p.code
        assert all(line.self_score is not None and line.self_score >= 83 for line in p.lines), p.code


@pytest.mark.parametrize(
    ("code", "name", "amount", "self_score", "third_party"),
    [
        ("XM-HX21-04", "黔陶乡至高坡乡农村道路改造", "300", "100", "92.5"),
        ("XM-HX21-10", "园区发展专项资金", "775", "100", "80.31"),
        ("XM-HX21-15", "2021年度地方财政森林生态效益补偿基金（县级匹配部分）", "98.86676", "100", "98.5"),
        ("XM-HX21-19", "无物业保洁小区生活垃圾收运", "295.7082", "98.4", "96"),
        ("XM-HX21-27", "花溪区中心城区老旧管网疏通改造项目", "59.0518", "93", "84.32"),
    ],
)
def test_huaxi_rows_keep_the_printed_digits(
    code: str, name: str, amount: str, self_score: str, third_party: str
) -> None:
    line = next(p for p in projects("huaxi-2021") if p.code == code).lines[0]
    printed = (line.name, str(line.amount), str(line.self_score), str(line.third_party_score))
    assert printed == (name, amount, self_score, third_party)


def test_huaxi_project_with_two_self_scores_has_none_of_its_own() -> None:
    p = next(p for p in projects("huaxi-2021") if p.code == "XM-HX21-05")
    assert [str(line.self_score) for line in p.lines] == ["99.90", "99.25"]
    assert p.self_score is None
    assert str(p.third_party_score) == "91.13"


def test_huaxi_has_67_departments_all_good_or_better() -> None:
    found = projects("huaxi-2021-departments")
    scores = [p.third_party_score for p in found if p.third_party_score is not None]
    assert len(found) == len(scores) == 67
    assert (max(scores), min(scores)) == (Decimal("96"), Decimal("80.2"))
    assert {p.scope for p in found} == {"部门整体"}
    for p in found:
        assert p.grade == ("优" if p.third_party_score and p.third_party_score >= 90 else "良"), p.code
        assert p.unit == p.name


def test_huaxi_evaluator_goes_on_until_the_next_one() -> None:
    counts = Counter(p.evaluator for p in projects("huaxi-2021-departments"))
    assert counts == {
        "北京信府科技有限责任公司": 3,
        "贵州汇隆会计师事务所有限公司": 17,
        "贵州恒正信德会计师事务所有限公司": 18,
        "贵州普诚舜天会计师事务所有限责任公司": 14,
        "贵州诚隆会计师事务所有限公司": 15,
    }


def test_other_reports_name_their_projects() -> None:
    scores = [str(p.third_party_score) for p in projects("xixia-2021")]
    assert scores == ["86", "95.34", "93.21", "93.5", "90.32", "92.54"]
    assert [len(projects(f)) for f in ("heshuo-2023", "daxiang-2020", "pingluo-2021")] == [5, 2, 2]
    for p in projects("heshuo-2023"):
        assert p.amount is None, "the report gives one total for five objects"


def test_published_rows_are_unchanged() -> None:
    """Count and digest of the published words; links to the catalogue may be added, words may not."""
    found = sorted(projects("published-*"), key=lambda p: p.code)
    rows = [
        [p.code, t.level1, t.level2, t.name, t.target, t.unit, t.actual, t.score]
        for p in found
        for t in p.targets
    ]
    assert (len(found), len(rows)) == (87, 576)
    digest = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    assert digest == "7d973a73ee5d6b5ab1f2c50073bb508354d5a6016ed3afbb1c107a8ce002ea91", (
        "a published row was altered; rows stay as printed, faults included"
    )


@pytest.mark.parametrize(
    ("code", "name", "target"),
    [
        ("XM-GK-007", "聘用講解員,、綜治隊員以及物業管理人員", "32人"),
        ("XM-GK-024", "88", "100"),
        ("XM-GK-025", "经常性大型设备更新验收合格率", "292%"),
        ("XM-GK-026", "项目财政资金到位时间", "= 44,561"),
        ("XM-GK-031", "生均补助标准达标率", "═ 100"),
        ("XM-GK-060", "控制在预算成本内", "250万"),
    ],
)
def test_faults_of_published_rows_are_kept(code: str, name: str, target: str) -> None:
    p = next(p for p in projects("published-*") if p.code == code)
    assert (name, target) in {(t.name, t.target) for t in p.targets}


def test_partial_projects_say_so() -> None:
    for p in projects("published-*"):
        assert p.partial == ("仅见" in p.note), p.code


def test_addresses_are_those_of_public_bodies() -> None:
    for s in (*records("sources-reports.yaml"), *records("sources-published.yaml")):
        assert isinstance(s, Source)
        assert s.verified, s.code
        host = urlparse(s.url).hostname or ""
        assert not s.url or host.endswith(".gov.cn"), f"{s.code}: {s.url}"


def test_every_fact_has_a_source_that_exists() -> None:
    known = sources()
    facts = [*(r for r in records("projects/*.yaml")), *published_issues()]
    for r in facts:
        assert isinstance(r, (Project, Issue))
        assert r.sources, r.code
        assert all(ref.source in known for ref in r.sources), r.code


def test_issues_have_short_titles_and_known_projects() -> None:
    known = {r.code for r in records("projects/*.yaml")}
    found = published_issues()
    assert Counter(i.code.split("-")[1] for i in found) == {
        "HX21": 4, "XX21": 8, "DX20": 7, "HS23": 6, "PL21": 1, "GK": 118,
    }  # fmt: skip
    for issue in found:
        assert 0 < len(issue.name) <= 20, issue.code
        assert issue.what.endswith("。"), issue.code
        assert issue.what.count("。") <= 2, issue.code
        assert set(issue.projects) <= known, issue.code
