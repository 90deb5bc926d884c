"""Messy rows, corrections, exports that load back, and files that are broken on purpose."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.choices import Direction, ProjectType, Status
from indicators.model import Indicator, IndicatorSet, Pitfall, Record, SourceRef, Standards
from loaders.building import Options, build
from loaders.errors import FileError
from loaders.exports import export, safe, unsafe
from loaders.kinds import Hints
from loaders.load_json import row_json
from loaders.loading import LoadedFile, NothingToLoadError, load_file
from loaders.mapping import TableKind, fingerprint, guess, map_headers
from tests.examples import examples
from tests.loaders.build import form_88, workbook

HEAD = ["一级指标", "二级指标", "三级指标", "指标值", "权重"]


def loaded(rows: list[list[object]], name: str = "a.xlsx", hints: Hints | None = None) -> LoadedFile:
    return load_file(name, workbook(rows), hints)


def test_bad_rows_are_told_with_row_column_and_what_to_do() -> None:
    rows: list[list[object]] = [
        ["绩效目标表"], HEAD, ["产出指标", "数量指标", "里程", "≥5公里", 20], ["产出指标", "数量指标", "", "≥5座", 10],
        ["产出指标", "质量指标", "合格率", "100%", "多"], ["产出指标", "质量指标", "优良率", "——", 10],
        ["产出指标", "数量指标", "里程", "≥5公里", 20], ["产出指标", "时效指标", "完工时间", "XX", 5],
    ]  # fmt: skip
    (table,) = loaded(rows).tables
    assert [(p.row, p.column) for p in table.problems] == [
        (4, "三级指标"),
        (5, "权重"),
        (6, "指标值"),
        (7, "三级指标"),
    ]
    assert "与第 3 行重复" in table.problems[3].message
    assert all("请" in p.message for p in table.problems)
    last = row_json(table, table.rows[-1])
    assert (last["target"], last["value"]) == ("", None)
    assert "按没有填处理" in last["notes"][0]


def test_every_value_keeps_its_cell() -> None:
    (table,) = loaded([["表"], HEAD, ["产出指标", "数量指标", "里程", "≥5公里", 20]]).tables
    assert table.rows[0].places["target"] == "Sheet1!D3"
    assert table.header_row == 2


def test_formula_without_result_is_told() -> None:
    (table,) = load_file("a.xlsx", form_88()).tables
    assert [(p.row, p.column) for p in table.problems] == [(16, "指标值")]


def test_a_file_without_tables_says_what_was_looked_at() -> None:
    with pytest.raises(NothingToLoadError, match="没有找到可以入库的表"):
        load_file("通知.txt", "各单位：\n请按时报送材料。\n".encode())
    with pytest.raises(NothingToLoadError, match="没有找到指标表"):
        loaded([["姓名", "电话"], ["张三", "1"]], hints=Hints("indicators"))


def test_mapping_can_be_corrected_and_is_remembered_by_its_fingerprint() -> None:
    rows: list[list[object]] = [
        ["类别", "一级指标", "二级指标", "三级指标", "考核口径"],
        ["教育", "产出指标", "数量指标", "学位数", "新增学位"],
    ]
    plain = loaded(rows, hints=Hints("indicators")).tables[0]
    assert plain.mapping.get("考核口径") is None
    corrected = loaded(rows, hints=Hints("indicators", {"考核口径": "explanation", "类别": "sector"})).tables[
        0
    ]
    assert corrected.rows[0].text("explanation") == "新增学位"
    learned = {fingerprint([str(h) for h in rows[0]]): {"考核口径": "explanation"}}
    again = loaded(rows, hints=Hints("indicators", {}, learned)).tables[0]
    assert again.mapping["考核口径"] == "explanation"


@pytest.mark.parametrize(
    ("header", "kind", "field"),
    [
        ("三级绩效指标", TableKind.INDICATORS, "name"), ("★三级指标名称", TableKind.INDICATORS, "name"),
        ("计算公式或方法", TableKind.INDICATORS, "formula"), ("指标解释（说明）", TableKind.INDICATORS, "explanation"),
        ("年度项目资金（万元）", TableKind.PROJECTS, "amount"), ("第三方机构评分（分）", TableKind.PROJECTS, "third_party_score"),
        ("项 目\n名 称", TableKind.PROJECTS, "project"), ("被评单位", TableKind.DEPARTMENTS, "department"),
        ("存在的主要问题", TableKind.ISSUES, "what"), ("电话", TableKind.PROJECTS, ""),
    ],
)  # fmt: skip
def test_headers_are_guessed(header: str, kind: TableKind, field: str) -> None:
    found, confidence = guess(header, kind)
    assert found == field
    assert bool(confidence) == bool(field)


def test_two_columns_for_one_field_go_to_the_surer_one() -> None:
    mapped = map_headers({0: "得分", 1: "第三方评分"}, TableKind.PROJECTS)
    assert [m.field for m in mapped].count("third_party_score") == 1


def test_sectors_and_levels_are_brought_to_the_standard_form() -> None:
    rows: list[list[object]] = [
        ["行业", "一级指标", "二级指标", "三级指标", "计算公式"], ["教育", "产出", "数量", "学位数", "求和"],
        ["没有的行业", "效益", "社会效益", "受益人数", "求和"],
    ]  # fmt: skip
    found = [
        c.record for c in build(loaded(rows), Options({"教育": "JY"})) if isinstance(c.record, Indicator)
    ]
    assert [(r.sector, r.subsector, r.level1, r.level2) for r in found] == [
        ("JY", "", "产出指标", "数量指标"), ("", "没有的行业", "效益指标", "社会效益指标"),
    ]  # fmt: skip


def test_csv_is_safe_for_spreadsheets() -> None:
    record = Indicator(code="A-SL-01", name="=HYPERLINK(1)", explanation="+1", formula="'=1", unit="-")
    data = export("a.csv", [record]).decode("utf-8-sig")
    assert not any(
        cell.startswith(("=", "+", "-", "@")) for line in data.splitlines() for cell in line.split(",")
    )
    (candidate,) = [c for c in build(load_file("a.csv", data.encode())) if isinstance(c.record, Indicator)]
    assert candidate.record == record


@given(st.text(max_size=20))
def test_safe_cells_come_back(text: str) -> None:
    assert unsafe(safe(text)) == text
    assert not safe(text).startswith(("=", "+", "-", "@"))


_words = (
    st.text(st.sampled_from("甲乙丙丁ABab01=+-@'\"，；、;,\n[]{}|%≥×"), min_size=1, max_size=8)
    .map(str.strip)
    .filter(bool)
)
_lists = st.lists(_words, max_size=3).map(tuple)
_decimals = st.decimals(0, 100, places=2, allow_nan=False, allow_infinity=False)
_indicators = st.builds(
    Indicator,
    code=st.integers(1, 10**6).map(lambda n: f"T-SL-{n}"), name=_words, level1=st.just("产出指标"), level2=st.just("数量指标"),
    aliases=_lists, keywords=_lists, unfit=_lists, explanation=_words, formula=_words, unit=_words, wording=_words,
    direction=st.sampled_from([None, *Direction]), fits=st.lists(st.sampled_from(list(ProjectType)), max_size=3).map(tuple),
    core=st.booleans(), standards=st.builds(Standards, plan=_words, other=_words), weight_min=st.none() | _decimals,
    pitfalls=st.lists(st.builds(Pitfall, problem=st.just("P01"), text=_words), max_size=2).map(tuple),
    status=st.sampled_from(list(Status)), sources=st.lists(st.builds(SourceRef, source=_words, place=_words), max_size=2).map(tuple),
)  # fmt: skip


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".json", ".yaml"])
@settings(max_examples=examples(25))
@given(records=st.lists(_indicators, min_size=1, max_size=4, unique_by=lambda r: r.code))
def test_import_export_import_is_the_identity(suffix: str, records: list[Record]) -> None:
    group = IndicatorSet(code="S1", name="集", edition="2024", members=tuple(r.code for r in records))
    everything = records if suffix == ".csv" else [*records, group]
    first = export(f"a{suffix}", everything)
    back = {c.record.code: c.record for c in build(load_file(f"a{suffix}", first)) if c.record.code}
    for record in everything:
        assert back[record.code] == record
    assert export(f"a{suffix}", [back[r.code] for r in everything]) == first or suffix == ".xlsx"


def test_broken_packs_are_told() -> None:
    for data in (b"{", b"[1]", b'{"indicators": [{"name": 5}]}', b"a: [", b"\xff\xfe\x00"):
        try:
            file = load_file("a.json", data)
        except FileError:
            continue
        assert file.problems


def test_decimals_of_money_are_exact() -> None:
    rows: list[list[object]] = [
        ["序号", "项目名称", "金额（元）"],
        [1, "甲", "1,234,567.89"],
        [2, "乙", "１２３４５．６"],
    ]
    (table,) = loaded(rows).tables
    assert [r.numbers["amount"] for r in table.rows] == [Decimal("123.456789"), Decimal("1.23456")]


def test_levels_that_no_classification_has_are_told_but_kept() -> None:
    rows = [
        ["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"],
        ["产出指标", "数量指标", "建成里程", "公里", "当年建成"],
        ["其他指标", "杂项", "发文数量", "份", "当年印发"],
    ]
    (table,) = load_file("a.xlsx", workbook(rows), Hints("indicators")).tables
    assert not table.problems
    assert [r.text("level2") for r in table.rows] == ["数量指标", "杂项"]
    (warning,) = table.warnings
    assert "“其他指标”、“杂项”" in warning
    assert "第 3 行" in warning
    (table,) = load_file("a.xlsx", workbook(rows[:2]), Hints("indicators")).tables
    assert table.warnings == ()
