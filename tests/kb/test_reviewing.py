"""Reviews: rows, form, grade, JSON, batches, and the whole published catalogue as material."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from indicators.draft import Draft, DraftRow, Funds, TableKind
from indicators.finding import Finding, Severity
from indicators.model import Project, Record
from indicators.rules.check import default_pack
from indicators.taxonomy import Edition
from kb.review_batch import compare, copied, statistics, twins
from kb.review_form import Bounds, fill_ex_ante, fill_form
from kb.review_json import review_json
from kb.reviewing import Landscapes, Review, Reviewer, landscapes_of, review

COLUMNS = frozenset({"project", "level1", "level2", "name", "target", "unit"})
GOOD = (
    ("产出指标", "数量指标", "新建农村公路里程", "≥10公里"),
    ("产出指标", "质量指标", "农村公路交工验收合格率", "=100%"),
    ("产出指标", "时效指标", "农村公路交工验收完成时间", "2024年11月底前"),
    ("成本指标", "经济成本指标", "农村公路每公里建设成本", "≤80万元/公里"),
    ("效益指标", "社会效益指标", "沿线受益人口数", "≥3000人"),
    ("满意度指标", "服务对象满意度指标", "沿线村民满意度", "≥90%"),
)
BAD = (
    ("产出指标", "数量指标", "道路建设覆盖率", "100%"),
    ("产出指标", "质量指标", "保证工程质量", "良好"),
    ("产出指标", "时效指标", "完成及时性", "及时"),
    ("产出指标", "成本指标", "控制在预算内", "80万元"),
    ("效益指标", "社会效益指标", "促进社会和谐", "明显改善"),
    ("满意度指标", "服务对象满意度指标", "社会满意度", "100%"),
)


def table(rows: tuple[tuple[str, ...], ...], **fields: object) -> Draft:
    made = tuple(
        DraftRow(number=n, level1=r[0], level2=r[1], name=r[2], target=r[3]) for n, r in enumerate(rows, 1)
    )
    draft = msgspec.convert({"project": "农村公路新建工程", **fields}, Draft)
    return msgspec.structs.replace(draft, rows=made, columns=COLUMNS)


@pytest.fixture(scope="session")
def reviewer(catalogue: list[Record]) -> Reviewer:
    return Reviewer.of(catalogue)


def codes(result: Review, row: int) -> set[str]:
    return {f.code for f in result.rows[row - 1].findings if f.severity is not Severity.HINT}


def test_a_good_table_has_no_fault_and_the_full_form(reviewer: Reviewer) -> None:
    result = reviewer.review(table(GOOD))
    assert [f.message for f in result.all_findings() if f.severity is not Severity.HINT] == []
    assert (result.points, result.grade, result.sector) == (Decimal(100), "优", "JT")
    assert result.rows[0].match is not None
    assert result.rows[0].match.code == "JT-SL-01"


def test_a_bad_table_is_told_row_by_row(reviewer: Reviewer) -> None:
    result = reviewer.review(table(BAD))
    assert "P58" in codes(result, 1)
    assert {"P02", "P11"} <= codes(result, 2)
    assert codes(result, 3) == {"P21"}
    assert "P23" in codes(result, 4)
    assert {"P01", "P11"} <= codes(result, 5)
    assert "P41" in codes(result, 6)
    assert result.edition is Edition.E2015
    assert result.grade in {"中", "差"}
    assert result.risk[0] > 0


def test_findings_quote_the_row_and_carry_clause_and_repair(reviewer: Reviewer) -> None:
    finding = next(f for f in reviewer.review(table(BAD)).rows[4].findings if f.code == "P01")
    assert "明显改善" in finding.message
    assert "促进社会和谐" in finding.message
    assert finding.clause == "TK-DF-DL"
    assert finding.suggestion is not None
    assert "促进社会和谐" in finding.suggestion.text


def test_a_review_is_pure(reviewer: Reviewer) -> None:
    draft = table(BAD)
    assert reviewer.review(draft) == reviewer.review(draft)
    assert review(draft, default_pack(), reviewer.index).rows[4].findings


def test_missing_columns_are_no_fault(reviewer: Reviewer) -> None:
    found = {f.code for f in reviewer.review(table(GOOD)).all_findings()}
    assert not found & {"P14", "P31", "P32", "P38", "P54", "P61", "P62"}


def test_a_table_in_traditional_characters_is_read(reviewer: Reviewer) -> None:
    rows = (
        ("產出指標", "數量指標", "道路養護覆蓋率", "100%"),
        ("效益指標", "社會效益指標", "出行條件", "明顯改善"),
    )
    result = reviewer.review(table(rows, project="農村公路養護"))
    assert "P58" in codes(result, 1)
    assert "P01" in codes(result, 2)
    assert result.rows[0].row.name == "道路養護覆蓋率"


def test_the_form_takes_points_by_gravity_and_by_rows_and_hints_take_none() -> None:
    rules, draft = default_pack().rules, table(GOOD)
    one = Finding(code="P01", severity=Severity.ERROR, message="", row=1)
    two = Finding(code="P01", severity=Severity.ERROR, message="", row=2)
    hint = Finding(code="P01", severity=Severity.HINT, message="", row=3)
    totals = [
        sum(i.score for i in fill_form(draft, found, rules)) for found in ([], [hint], [one], [one, two])
    ]
    assert totals[0] == totals[1] == 100
    assert totals[0] > totals[2] > totals[3]
    item = fill_form(draft, [one], rules)[0]
    assert (item.item, item.points, item.evidence) == ("目标完整性", Decimal(20), ("P01",))
    assert [i.points for i in fill_form(draft, [], rules)] == [20, 30, 30, 20]


def test_a_sub_item_without_material_is_left_to_the_reviewer() -> None:
    parts = {p.name: p for i in fill_form(table(GOOD), [], default_pack().rules) for p in i.parts}
    assert parts["资金匹配性"].note
    assert parts["指标科学性"].note == ""


@pytest.mark.parametrize(
    ("points", "grade"), [(100, "优"), (90, "优"), (89.5, "良"), (80, "良"), (60, "中"), (59.5, "差")]
)
def test_grades(points: float, grade: str) -> None:
    assert Bounds().grade(Decimal(str(points))) == grade
    assert Bounds(best=Decimal(101)).grade(Decimal(100)) == "良"


def test_a_sub_item_at_nought_caps_the_grade() -> None:
    assert [Bounds().grade(Decimal(95), zeros) for zeros in (0, 1, 2, 3)] == ["优", "良", "中", "中"]
    assert Bounds(zeros_good=0, zeros_fair=0).grade(Decimal(95), 3) == "优"
    assert Bounds().grade(Decimal(50), 1) == "差"


def test_the_five_points_show_evidence_and_no_score() -> None:
    draft = table(GOOD, grounds="县政发〔2024〕15号", amount="800")
    points = fill_ex_ante(draft, [Finding(code="P23", severity=Severity.WARNING, message="", row=4)])
    assert [p.point for p in points] == [
        "立项必要性",
        "投入经济性",
        "绩效目标合理性",
        "实施方案可行性",
        "筹资合规性",
    ]
    assert points[0].shown == ("立项依据：县政发〔2024〕15号",)
    assert points[1].codes == ("P23",)
    assert points[3].missing == ("项目期",)


def test_json_is_as_promised(reviewer: Reviewer) -> None:
    got = json.loads(json.dumps(review_json("表.csv", [reviewer.review(table(BAD, year=2024, amount="80"))])))
    assert got["file"] == "表.csv"
    [one] = got["tables"]
    assert (one["project"], one["year"], one["amount"]) == ("农村公路新建工程", 2024, 80)
    row = one["rows"][0]
    assert (row["row"], row["value"], row["unit"], row["weight"]) == (1, 100, "%", None)
    assert set(row) >= {
        "row",
        "level1",
        "level2",
        "name",
        "target",
        "comparator",
        "value",
        "unit",
        "weight",
        "match",
        "findings",
    }
    finding = row["findings"][0]
    assert set(finding) >= {"code", "severity", "message", "basis", "suggestion"}
    assert finding["severity"] in {"error", "warning", "hint"}
    assert [set(i) >= {"item", "points", "score", "evidence"} for i in one["form"]] == [True] * 4
    assert one["grade"] in "优良中差"
    assert "problems" not in got
    assert review_json("a.xlsx", [], ["没有找到指标表"])["problems"] == ["没有找到指标表"]


def test_twins_and_copies_and_habits(reviewer: Reviewer) -> None:
    one = table(BAD, project="甲路工程", unit="甲局")
    two = table(BAD, project="养老服务补贴", unit="乙局")
    other = table(GOOD, project="丙路工程", unit="甲局")
    last = table(GOOD, project="丙路工程（上年）", unit="甲局")
    reviews = reviewer.review_all([one, two, other])
    found = statistics(reviews, [last])
    assert [(t.one, t.other, t.share, t.same_unit) for t in found.twins] == [
        (0, 1, 1.0, False),
        (2, 3, 1.0, True),
    ]
    assert found.twins[0].pairs == tuple((n, n) for n in range(1, 7))
    assert {h.unit for h in found.habits} == {"甲局", "乙局"}
    assert max(sum(h.unit == u for h in found.habits) for u in ("甲局", "乙局")) <= 3
    assert sum(found.grades.values()) == 3
    assert next(c.tables for c in copied([one, two, one])) == (0, 1, 2)


def test_the_same_set_within_a_unit_is_a_finding(reviewer: Reviewer) -> None:
    one, two = (
        table(BAD, project="公务用车购置", unit="甲局"),
        table(BAD, project="养老服务补贴", unit="甲局"),
    )
    reviews = reviewer.review_all([one, two])
    assert all("P51" in {f.code for f in r.findings} for r in reviews)


def test_twins_of_a_season_are_found() -> None:
    season = [table(tuple((*r[:2], f"{r[2]}{n % 97}", r[3]) for r in BAD)) for n in range(600)]
    assert len(list(twins(season))) > 0


def test_a_resubmission_shows_what_changed(reviewer: Reviewer) -> None:
    before, after = reviewer.review(table(BAD)), reviewer.review(table((*BAD[:4], GOOD[4], BAD[5])))
    change = compare(before, after)
    assert {"P01", "P11"} <= {f.code for f in change.gone}
    assert change.removed == ("促进社会和谐",)
    assert change.added == ("沿线受益人口数",)
    assert {"P21", "P23"} <= {f.code for f in change.left}


def test_self_evaluation_is_reviewed(reviewer: Reviewer) -> None:
    rows = (
        DraftRow(
            number=1,
            level1="产出指标",
            level2="数量指标",
            name="培训人次",
            target="≥300人次",
            actual="180",
            weight=Decimal(20),
            score=Decimal(20),
        ),
    )
    draft = Draft(
        kind=TableKind.SELF_EVALUATION, rows=rows, columns=COLUMNS | {"actual", "score", "weight", "reason"},
        funds=Funds(rate=Decimal(20)), total_score=Decimal(95),
    )  # fmt: skip
    found = {f.code for f in reviewer.review(draft).all_findings()}
    assert {"P61", "P62", "P64"} <= found


def test_landscapes_come_from_published_rows(catalogue: list[Record], reviewer: Reviewer) -> None:
    projects = [r for r in catalogue if isinstance(r, Project)]
    found = landscapes_of(projects, reviewer.index)
    assert found.spreads
    assert all(len(s.values) == len(s.projects) for spreads in found.spreads.values() for s in spreads)
    assert Landscapes().spreads == {}


def test_every_published_table_is_reviewed(catalogue: list[Record], reviewer: Reviewer) -> None:
    drafts = [
        Draft(
            project=p.name, unit=p.unit, year=p.year, amount=p.amount, columns=COLUMNS,
            rows=tuple(
                DraftRow(number=n, level1=t.level1, level2=t.level2, name=t.name, target=t.target, unit=t.unit)
                for n, t in enumerate(p.targets, 1)
            ),
        )
        for p in catalogue
        if isinstance(p, Project) and p.targets
    ]  # fmt: skip
    reviews = reviewer.review_all(drafts)
    assert len(reviews) == len(drafts)
    assert all("{" not in f.message for r in reviews for f in r.all_findings())


@pytest.mark.parametrize(
    "rows",
    [(), (("", "", "", ""),), (("甲", "乙", "丙" * 500, "9" * 200),), (("\u0000", "%s", "{x}", "{0}"),)],
)
def test_odd_tables_do_not_break_it(reviewer: Reviewer, rows: tuple[tuple[str, ...], ...]) -> None:
    result = reviewer.review(table(rows))
    assert len(result.rows) == len(rows)
    json.dumps(review_json("f", [result]))
