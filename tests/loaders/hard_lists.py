"""Lists of projects, departments and problems in layouts that people make, with what they mean."""

from __future__ import annotations

import openpyxl

from tests.loaders.build import saved, workbook
from tests.loaders.corpus import DEPARTMENTS, EXPECTED_DEPARTMENTS, Case, Record
from tests.loaders.files import as_csv, as_docx, as_html, as_pdf

_SCHOOLS: list[tuple[str, float, float, str]] = [
    ("校舍改造", 100, 91.2, "优"), ("营养餐", 200, 85, "良"), ("医院设备", 50, 78.5, "中"), ("村道硬化", 300.5, 95, "优"),
]  # fmt: skip
EXPECTED: list[Record] = [
    {"project": p, "amount": a, "third_party_score": s, "grade": g} for p, a, s, g in _SCHOOLS
]


def hard_lists() -> list[Case]:
    """Every case of this page."""
    return [
        _mixed_units(), _units_in_the_title(), _two_tables_side_by_side(), _one_list_in_two_columns(), _total_first(),
        _words_in_scores(), _rank_between(), _wide_digits(), _many_pages(), _several_headers(), _units_over_groups(),
        _numbers_as_text(), _issues_by_unit(), _issues_inline(), _issues_in_cells(), _issues_by_question(), _issues_with_parts(),
        _merged_departments(), _blank_first_column(), _footnote_marks(),
    ]  # fmt: skip


def _mixed_units() -> Case:
    rows: list[list[object]] = [
        ["序号", "项目名称", "资金规模", "评价得分", "等级"], [1, "校舍改造", "100万元", 91.2, "优"], [2, "营养餐", "2000000元", 85, "良"],
        [3, "医院设备", "50（万元）", 78.5, "中"], [4, "村道硬化", "0.03005亿元", 95, "优"],
    ]  # fmt: skip
    return Case("mixed_units.xlsx", workbook(rows), "projects", EXPECTED)


def _units_in_the_title() -> Case:
    rows: list[list[object]] = [
        ["重点项目绩效评价结果"], ["填报单位：财政局", "", "", "金额单位：元"], ["项目名称", "预算金额", "评价得分", "评价等级"],
        *([p, f"{a * 10000:,.2f}", s, g] for p, a, s, g in _SCHOOLS),
    ]  # fmt: skip
    return Case("title_units.docx", as_docx(rows), "projects", EXPECTED)


def _two_tables_side_by_side() -> Case:
    """Departments on the left, projects on the right, a free column between."""
    left: list[list[object]] = [["被评单位", "得分", "等级"], *([d, s, g] for _, d, s, g in DEPARTMENTS)]
    right: list[list[object]] = [["项目名称", "金额（万元）", "评价得分", "等级"], *([*r] for r in _SCHOOLS)]
    rows = [
        [*(left[n] if n < len(left) else [""] * 3), "", *(right[n] if n < len(right) else [""] * 4)]
        for n in range(max(len(left), len(right)))
    ]
    return Case("side_by_side.xlsx", workbook(rows), "projects", EXPECTED)


def _one_list_in_two_columns() -> Case:
    """A list of departments printed in two columns of a page."""
    head: list[object] = ["序号", "单位名称", "得分", "等级"]
    half = len(DEPARTMENTS) // 2
    rows: list[list[object]] = [[*head, *head]]
    for n in range(half):
        (_, d, s, g), (_, e, t, h) = DEPARTMENTS[n], DEPARTMENTS[n + half]
        rows.append([n + 1, d, s, g, n + half + 1, e, t, h])
    expected = [{k: r[k] for k in ("department", "score", "grade")} for r in EXPECTED_DEPARTMENTS]
    return Case("two_columns.xlsx", workbook(rows), "departments", expected)


def _total_first() -> Case:
    rows: list[list[object]] = [
        ["项目名称", "预算数（万元）", "评价得分", "等级"], ["合计", 650.5, "", ""], *([*r] for r in _SCHOOLS),
    ]  # fmt: skip
    return Case("total_first.xlsx", workbook(rows), "projects", EXPECTED)


def _words_in_scores() -> Case:
    rows: list[list[object]] = [
        ["项目名称", "金额（万元）", "得分情况", "评价等次"], *([p, a, f"{s}分", g] for p, a, s, g in _SCHOOLS),
    ]  # fmt: skip
    return Case("words.html", as_html(rows), "projects", EXPECTED)


def _rank_between() -> Case:
    rows: list[list[object]] = [
        ["排名", "部门（单位）", "自评得分", "财政复核得分", "较上年", "等级"],
        *([n, d, 100, s, "上升", g] for n, (_, d, s, g) in enumerate(DEPARTMENTS, 1)),
    ]
    expected = [{k: r[k] for k in ("department", "score", "grade")} for r in EXPECTED_DEPARTMENTS]
    return Case("rank.xlsx", workbook(rows), "departments", expected)


def _wide_digits() -> Case:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    rows = [["项目名称", "金额（万元）", "得分", "等级"]]
    rows += [[p, str(a).translate(wide), str(s).translate(wide), g] for p, a, s, g in _SCHOOLS]
    return Case("wide_digits.csv", as_csv(rows), "projects", EXPECTED)


def _many_pages() -> Case:
    """A ruled PDF of one page per two rows, the header printed on each."""
    rows: list[list[object]] = [["项目名称", "金额（万元）", "评价得分", "等级"]]
    for n, row in enumerate(_SCHOOLS):
        rows += [rows[0]] if n == 2 else []
        rows.append([*row])
    return Case("pages.pdf", as_pdf(rows), "projects", EXPECTED)


def _several_headers() -> Case:
    """Each sector has a head of its own in another order of columns."""
    rows: list[list[object]] = [
        ["一、教育"], ["项目名称", "金额（万元）", "评价得分", "等级"], *([*r] for r in _SCHOOLS[:2]), [],
        ["二、其他"], ["等级", "评价得分", "项目名称", "金额（万元）"], *([g, s, p, a] for p, a, s, g in _SCHOOLS[2:]),
    ]  # fmt: skip
    return Case("several_headers.xlsx", workbook(rows), "projects", EXPECTED)


def _units_over_groups() -> Case:
    rows: list[list[object]] = [
        ["项目名称", "预算资金（万元）", "", "评价情况", ""], ["", "年初预算数", "支出数", "得分", "等级"],
        *([p, a, a, s, g] for p, a, s, g in _SCHOOLS),
    ]  # fmt: skip
    merges = ["A1:A2", "B1:C1", "D1:E1"]
    return Case(
        "groups.xlsx", workbook(rows, merges), "projects", [r | {"executed": r["amount"]} for r in EXPECTED]
    )


def _numbers_as_text() -> Case:
    rows: list[list[object]] = [
        ["序号", "项目名称", "金额(万元)", "得分", "等级"], *([f"{n}.", p, f" {a:,.2f} ", f"{s:.2f}", f" {g} "] for n, (p, a, s, g) in enumerate(_SCHOOLS, 1)),
    ]  # fmt: skip
    return Case("as_text.xlsx", workbook(rows), "projects", EXPECTED)


def _merged_departments() -> Case:
    rows: list[list[object]] = [
        ["主管部门", "项目名称", "金额（万元）", "得分", "等级"], ["教育局", *_SCHOOLS[0]], ["", *_SCHOOLS[1]], ["", "小计", 300, "", ""],
        ["卫健局", *_SCHOOLS[2]], ["交通局", *_SCHOOLS[3]], ["总 计", "", 650.5, "", ""],
    ]  # fmt: skip
    expected = [
        r | {"department": d} for r, d in zip(EXPECTED, ("教育局", "教育局", "卫健局", "交通局"), strict=True)
    ]
    return Case("merged.xlsx", workbook(rows, ["A2:A4", "A7:B7"]), "projects", expected)


def _blank_first_column() -> Case:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([None, "绩效评价结果（单位：万元）"])
    sheet.append([None, "项目名称", None, "金额", "得分", "等级"])
    for p, a, s, g in _SCHOOLS:
        sheet.append([None, p, None, a, s, g])
    for row in range(2, 7):
        sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=3)
    return Case("blank_column.xlsx", saved(book), "projects", EXPECTED)


def _footnote_marks() -> Case:
    rows: list[list[object]] = [
        ["项目名称", "金额（万元）", "得分", "等级"], *([*r] for r in _SCHOOLS), ["注①：得分为第三方评价得分。", "", "", ""],
        ["②等级按财预〔2020〕10号划分", "", "", ""], ["资料来源：县财政局", "", "", ""],
    ]  # fmt: skip
    return Case("marks.xlsx", workbook(rows), "projects", EXPECTED)


# Problems


def _issues_by_unit() -> Case:
    rows: list[list[object]] = [
        ["责任单位", "发现的问题", "整改要求", "整改时限"], ["教育局", "目标笼统，没有数量。", "补充数量指标。", "2024-06-30"],
        ["", "自评得分偏高。", "重新自评。", ""], ["卫健局", "资金结转过大。", "加快支出。", ""],
    ]  # fmt: skip
    expected: list[Record] = [
        {"department": "教育局", "what": "目标笼统，没有数量。", "fix": "补充数量指标。"},
        {"department": "教育局", "what": "自评得分偏高。", "fix": "重新自评。"},
        {"department": "卫健局", "what": "资金结转过大。", "fix": "加快支出。"},
    ]
    return Case("by_unit.xlsx", workbook(rows, ["A2:A3"]), "issues", expected)


def _issues_in_cells() -> Case:
    rows: list[list[object]] = [
        ["项目名称", "主要问题"], ["校舍改造", "1.目标笼统。\n2.指标没有值。"], ["营养餐", "资金结转。"],
    ]  # fmt: skip
    expected: list[Record] = [
        {"project": "校舍改造", "what": "目标笼统。"}, {"project": "校舍改造", "what": "指标没有值。"},
        {"project": "营养餐", "what": "资金结转。"},
    ]  # fmt: skip
    return Case("in_cells.xlsx", workbook(rows), "issues", expected)


def _issues_inline() -> Case:
    text = (
        "某县2023年绩效评价报告\n一、总体情况\n项目总体较好。评价发现，主要存在以下问题：（1）目标不明确，缺少量化；（2）自评不实，得分普遍偏高；"
        "（3）档案不全。\n二、下一步打算\n（1）加强培训。\n（2）加强检查。\n"
    )
    expected: list[Record] = [{"name": "目标不明确"}, {"name": "自评不实"}, {"name": "档案不全"}]
    return Case("inline.txt", text.encode(), "issues", expected)


def _issues_by_question() -> Case:
    text = (
        "# 重点项目评价报告\n\n## 四、评价发现的问题及原因分析\n\n问题1：预算编制不细。预算没有明细。\n\n问题2：采购程序不规范。先实施后采购。\n\n"
        "问题3：绩效目标偏低。\n\n## 五、意见和建议\n\n建议1：细化预算。\n"
    )
    expected: list[Record] = [{"name": "预算编制不细"}, {"name": "采购程序不规范"}, {"name": "绩效目标偏低"}]
    return Case("question.md", text.encode(), "issues", expected)


def _issues_with_parts() -> Case:
    """Problems told by part of the work, each part with points of its own, a page number in between."""
    text = (
        "六、存在的问题及原因分析\n（一）决策方面\n1．立项论证不充分，缺少可研报告。\n2．绩效目标不细化。\n- 12 -\n（二）过程方面\n1．资金拨付\n"
        "不及时。\n2．监管不到位。\n七、有关建议\n（一）加强论证。\n"
    )
    expected: list[Record] = [
        {"name": "立项论证不充分", "heading": "决策方面"}, {"name": "绩效目标不细化", "what": "绩效目标不细化。"},
        {"name": "资金拨付不及时", "heading": "过程方面"}, {"name": "监管不到位", "heading": "过程方面"},
    ]  # fmt: skip
    return Case("parts.txt", text.encode(), "issues", expected)
