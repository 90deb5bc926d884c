"""Files of all kinds and layouts become the target tables that people see in them."""

from __future__ import annotations

import contextlib
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.draft import Draft, TableKind
from loaders import bounds
from loaders.drafts import read_drafts
from loaders.errors import (
    DamagedFileError,
    FileError,
    NoTableError,
    ProtectedFileError,
    TooLargeError,
    UnknownFormatError,
)
from tests.examples import examples
from tests.loaders.build import document, form_88, saved, workbook

HEAD = ["一级指标", "二级指标", "三级指标", "指标值"]


def only(name: str, data: bytes) -> Draft:
    (draft,) = read_drafts(name, data).drafts
    return draft


def levels(draft: Draft) -> list[tuple[str, str, str, str]]:
    return [(r.level1, r.level2, r.name, r.target) for r in draft.rows]


def test_form_of_88_with_two_halves_and_merged_cells() -> None:
    read = read_drafts("申报表.xlsx", form_88())
    (draft,) = read.drafts
    assert (draft.project, draft.department, draft.unit, draft.year) == (
        "村道硬化工程",
        "交通局",
        "公路所",
        2023,
    )
    assert (draft.amount, draft.period, draft.attribute) == (Decimal("300.5"), "1年", "新增")
    assert (draft.goal, draft.midterm_goal) == ("硬化村道5公里，受益3个村", "三年修完")
    assert levels(draft) == [
        ("产出指标", "数量指标", "硬化里程", "≥5公里"),
        ("产出指标", "质量指标", "验收合格率", "100%"),
        ("产出指标", "时效指标", "完工时间", "12月底前"),
        ("效益指标", "社会效益指标", "受益村", "3"),
        ("满意度指标", "服务对象满意度", "群众满意度", ""),
    ]
    assert draft.rows[0].place == "Sheet!G12"
    assert [p.place for p in read.problems] == ["Sheet!H16"]


def test_simple_csv_of_the_interface() -> None:
    text = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位,权重\n修路,产出指标,数量指标,里程,≥5,公里,20\n修路,效益指标,社会效益指标,受益村,3,个,10\n"
    for data in (
        text.encode(),
        text.encode("gb18030"),
        text.encode("utf-16"),
        b"\xef\xbb\xbf" + text.encode(),
    ):
        draft = only("a.csv", data)
        assert draft.project == "修路"
        assert [(r.number, r.target, r.unit, r.weight) for r in draft.rows] == [
            (1, "≥5", "公里", Decimal(20)),
            (2, "3", "个", Decimal(10)),
        ]


def test_csv_with_several_projects_is_several_tables() -> None:
    text = "项目名称,一级指标,二级指标,三级指标,指标值\n甲,产出指标,数量指标,里程,5公里\n乙,产出指标,数量指标,座数,2座\n"
    assert [(d.project, len(d.rows)) for d in read_drafts("a.csv", text.encode()).drafts] == [
        ("甲", 1),
        ("乙", 1),
    ]


def test_levels_written_once_are_filled_down_and_forgotten_at_a_new_class() -> None:
    rows = [HEAD, ["产出指标", "数量指标", "里程", "5公里"], ["", "", "座数", "2座"], ["", "质量指标", "合格率", "100%"],
            ["效益指标", "", "受益村", "3个"]]  # fmt: skip
    assert [(a, b) for a, b, _, _ in levels(only("a.xlsx", workbook(rows)))] == [
        ("产出指标", "数量指标"), ("产出指标", "数量指标"), ("产出指标", "质量指标"), ("效益指标", ""),
    ]  # fmt: skip


def test_sichuan_form_with_comparator_and_unit_columns() -> None:
    rows = [["一级指标", "二级指标", "三级指标", "指标性质", "指标值", "度量单位", "权重", "指标方向性"],
            ["产出指标", "数量指标", "村组干部人数", "≥", 230, "人", 30, "正向指标"]]  # fmt: skip
    (row,) = only("a.xlsx", workbook(rows)).rows
    assert (row.comparator, row.target, row.unit, row.weight) == ("≥", "230", "人", Decimal(30))


def test_self_evaluation_with_funds_and_total_row() -> None:
    rows = [
        ["2022年度项目支出绩效自评表"], ["项目名称", "村级运转"],
        ["项目资金(万元)", "", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        ["", "年度资金总额", 202.64, 132.912, 132.9, 10, "99.99%", 10],
        ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"],
        ["产出指标(50分)", "数量指标", "补助村数量", "=8个", 8, 8, 8, ""],
        ["", "时效指标", "到位及时性", "及时", "达成预期指标", 8, 7.5, "无"],
        ["总分", "", "", "", "", 100, 98.5, ""],
    ]  # fmt: skip
    draft = only("自评.xlsx", workbook(rows, ["A1:H1"]))
    assert (draft.kind, draft.year, len(draft.rows)) == (TableKind.SELF_EVALUATION, 2022, 2)
    assert draft.funds
    assert (draft.funds.planned, draft.funds.executed, draft.funds.rate) == (
        Decimal("202.64"), Decimal("132.9"), Decimal("99.99"),
    )  # fmt: skip
    assert (draft.rows[1].actual, draft.rows[1].score, draft.rows[1].reason) == (
        "达成预期指标",
        Decimal("7.5"),
        "无",
    )


def test_monitoring_form_with_two_header_rows() -> None:
    rows = [
        ["绩效监控表"],
        [
            "一级指标",
            "二级指标",
            "三级指标",
            "年度指标值",
            "1—7月执行情况",
            "全年预计完成情况",
            "偏差原因分析",
            "",
            "完成目标可能性",
        ],
        ["", "", "", "", "", "", "经费保障", "原因说明", ""],
        ["产出指标", "数量指标", "里程", "5公里", "2公里", "5公里", "", "雨季", "确定能"],
    ]
    merges = ["A1:I1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:E3", "F2:F3", "G2:H2", "I2:I3"]
    draft = only("监控.xlsx", workbook(rows, merges))
    assert (draft.kind, draft.months) == (TableKind.MONITORING, 7)
    (row,) = draft.rows
    assert (row.actual, row.possibility) == ("2公里", "确定能")


def test_word_table_with_merged_cells() -> None:
    rows = [
        ["项目名称", "修路", "", ""],
        HEAD,
        ["产出指标", "数量指标", "里程", "5公里"],
        ["", "质量指标", "合格率", "100%"],
    ]
    draft = only("a.docx", document(rows, [(0, 1, 0, 3), (2, 0, 3, 0)]))
    assert draft.project == "修路"
    assert levels(draft) == [
        ("产出指标", "数量指标", "里程", "5公里"),
        ("产出指标", "质量指标", "合格率", "100%"),
    ]
    assert draft.rows[1].place == "表1 第4行第3列"


HTML = (
    "<table><tr><td>项目名称</td><td colspan=3>修路</td></tr><tr><th>一级指标<th>二级指标<th>三级指标<th>指标值</tr>"
    "<tr><td rowspan=2>产出<br>指标</td><td>数量指标</td><td>里程</td><td>&ge;5公里</td></tr>"
    "<tr><td>质量指标</td><td>合格率</td><td>100%</td></tr></table>"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", HTML),
        ("导出.xls", "<html><body>" + HTML + "</body></html>"),
        ("a.md", ("| 一级指标 | 二级指标 | 三级指标 | 指标值 |\n|---|---|---|---|\n| 产出指标 | 数量指标 | 里程 | ≥5公里 |\n"
                 "| | 质量指标 | 合格率 | 100% |\n")),
        ("粘贴", "一级指标\t二级指标\t三级指标\t指标值\n产出指标\t数量指标\t里程\t≥5公里\n\t质量指标\t合格率\t100%\n"),
    ],
)  # fmt: skip
def test_pages_and_pasted_text(name: str, text: str) -> None:
    draft = only(name, text.encode())
    assert [(r.name, r.target) for r in draft.rows] == [("里程", "≥5公里"), ("合格率", "100%")]
    assert [r.level1.replace("\n", "") for r in draft.rows] == ["产出指标", "产出指标"]


def test_several_tables_and_sheets_are_all_found() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in [["项目名称", "甲"], HEAD, ["产出指标", "数量指标", "里程", "5公里"], ["备注：以上为年初目标"], ["项目名称", "乙"],
                HEAD, ["产出指标", "数量指标", "座数", "2座"]]:  # fmt: skip
        first.append(row)
    second = book.create_sheet("丙")
    for row in [HEAD, ["产出指标", "数量指标", "人数", "9人"]]:
        second.append(row)
    book.create_sheet("说明").append(["本表由各单位填写"])
    found = read_drafts("a.xlsx", saved(book)).drafts
    assert [(d.project, d.sheet, [r.name for r in d.rows]) for d in found] == [
        ("甲", "Sheet", ["里程"]), ("乙", "Sheet", ["座数"]), ("", "丙", ["人数"]),
    ]  # fmt: skip


def test_amount_in_yuan_is_brought_to_wan() -> None:
    rows = [
        ["项目资金(元)", "", ""],
        ["年度资金总额", 3005000],
        HEAD,
        ["产出指标", "数量指标", "里程", "5公里"],
    ]
    assert only("a.xlsx", workbook(rows)).amount == Decimal("300.5")
    assert (
        only(
            "b.xlsx", workbook([["预算金额（万元）", 12], HEAD, ["产出指标", "数量指标", "里程", "5公里"]])
        ).amount
        == 12
    )


@pytest.mark.parametrize(
    ("written", "wan"),
    [
        ("１，２８０．５０", "1280.50"),
        ("1.28亿元", "12800"),
        ("1.2亿元", "12000"),
        ("3,005,000元", "300.5"),
        ("1 280.50", None),
    ],
)
def test_amounts_as_they_are_written(written: str, wan: str | None) -> None:
    rows = [["年度资金总额：", written], HEAD, ["产出指标", "数量指标", "里程", "5公里"]]
    amount = only("a.xlsx", workbook(rows)).amount
    assert (amount and f"{amount:f}") == wan, "as people write it, without noughts that nobody wrote"


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", NoTableError, "没有找到绩效目标表"),
        ("今天开会".encode(), NoTableError, "没有找到绩效目标表"),
        (workbook([["序号", "姓名"], [1, "张三"]]), NoTableError, "Sheet1"),
        (b"PK\x03\x04garbage", DamagedFileError, "损坏"),
        (form_88()[:3000], DamagedFileError, "损坏"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", FileError, "图.xlsx"),
        (b"%PDF-1.7 garbage", DamagedFileError, "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, DamagedFileError, "损坏"),
        (b"a\x00b\x00\x00", UnknownFormatError, "认不出文件格式"),
    ],
)
def test_bad_files_are_told_by_name_and_remedy(data: bytes, error: type[FileError], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        read_drafts("图.xlsx", data)
    assert "图.xlsx" in str(caught.value)


def test_zip_bomb_is_refused_before_it_expands() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (60 * 2**20))
    with pytest.raises(TooLargeError):
        read_drafts("炸弹.xlsx", out.getvalue())


def test_file_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_FILE", 100)
    with pytest.raises(TooLargeError):
        read_drafts("大.csv", b"x" * 101)


def test_password_is_told(tmp_path) -> None:
    # The start of an encrypted OOXML package: an OLE container with an EncryptedPackage stream.
    with pytest.raises((ProtectedFileError, DamagedFileError)):
        read_drafts("密.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096)


cell = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufff9"), min_size=1, max_size=12
)


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=6))
def test_any_names_and_values_come_through_a_workbook_verbatim(pairs: list[tuple[str, str]]) -> None:
    from loaders.grid import clean
    from loaders.tables import _ENDS

    pairs = [
        (n, t)
        for n, t in pairs
        if clean(n)
        and clean(t)
        and not _ENDS.match(clean(n))
        and not n.startswith("=")
        and not t.startswith("=")
    ]
    if not pairs:
        return
    rows = [HEAD, *(["产出指标", "数量指标", n, t] for n, t in pairs)]
    assert [(r.name, r.target) for r in only("a.xlsx", workbook(rows)).rows] == [
        (clean(n), clean(t)) for n, t in pairs
    ]


@settings(max_examples=examples(150))
@given(st.binary(max_size=400), st.sampled_from(["a.xlsx", "b.csv", "c.html", "d.docx"]))
def test_any_bytes_give_tables_or_a_file_error(data: bytes, name: str) -> None:
    with contextlib.suppress(FileError):
        read_drafts(name, data)


def test_pasted_text_is_named() -> None:
    with pytest.raises(NoTableError, match="粘贴的内容"):
        read_drafts("粘贴的内容", "随便写写".encode())
