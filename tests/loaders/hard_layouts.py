"""Target tables and indicator sets in layouts that people make when no form is at hand, with what they mean."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
import openpyxl

from tests.loaders.build import saved
from tests.loaders.corpus import Case, Record
from tests.loaders.files import as_csv, as_docx, as_html, as_md, as_xlsx

ROAD: Sequence[tuple[str, str, str, str, float]] = (
    ("产出指标", "数量指标", "硬化村道里程", "≥5公里", 5), ("产出指标", "数量指标", "新建桥涵座数", "=2座", 2),
    ("产出指标", "质量指标", "工程验收合格率", "=100%", 100), ("产出指标", "时效指标", "工程完工及时率", "≥95%", 95),
    ("效益指标", "社会效益指标", "受益人口数", "≥3200人", 3200), ("满意度指标", "服务对象满意度指标", "沿线群众满意度", "≥90%", 90),
)  # fmt: skip
HEAD: list[object] = ["一级指标", "二级指标", "三级指标", "指标值"]


def _expected(**also: object) -> list[Record]:
    rows: list[Record] = [{"level1": a, "level2": b, "name": n, "value": float(v)} for a, b, n, _, v in ROAD]
    return [row | also for row in rows]


def _standard() -> list[Record]:
    return [
        {
            "standard_level1": a,
            "standard_level2": b.removesuffix("指标") + "指标",
            "name": n,
            "value": float(v),
        }
        for a, b, n, _, v in ROAD
    ]


def hard_layouts() -> list[Case]:
    """Every case of this page."""
    return [
        _rotated_header(), _repeated_header(), _repeated_header_docx(), _level2_in_its_own_row(), _weights_in_levels(),
        _levels_in_one_cell(), _column_numbers(), _letters_under_header(), _last_year_beside(), _value_in_three_cells(),
        _offset_with_gaps(), _ditto_marks(), _footnotes(), _stacked_header_words(), _spaced_words(), _full_width_signs(),
        _hidden_rows(), _split_over_two_word_tables(), _page_layout_tables(), _markdown_bold(), _utf16_semicolons(),
        _dates_as_numbers(), _standards_apart(), _long_preamble(), _level_on_the_right(), _numbered_names(),
        _side_by_side_halves(), _lists_in_names(),
    ]  # fmt: skip


def _rotated_header() -> Case:
    head = ["\n".join(str(h)) for h in HEAD]
    return Case(
        "rotated.xlsx", as_xlsx([["绩效目标表"], head, *(r[:4] for r in ROAD)]), "targets", _expected()
    )


def _repeated_header() -> Case:
    """The header is printed again on each page, with the title above it."""
    title: list[object] = ["村道硬化项目绩效目标表（续）", "", "", ""]
    rows = [title, HEAD, *(r[:4] for r in ROAD[:3]), title, HEAD, *(r[:4] for r in ROAD[3:])]
    return Case("repeated.xlsx", as_xlsx(rows, ["A1:D1", "A6:D6"]), "targets", _expected())


def _repeated_header_docx() -> Case:
    rows: list[list[object]] = [HEAD, *([*r[:4]] for r in ROAD[:2]), HEAD]
    rows += [["", *r[1:4]] if n == 0 else [*r[:4]] for n, r in enumerate(ROAD[2:])]
    return Case("repeated.docx", as_docx(rows), "targets", _expected())


def _level2_in_its_own_row() -> Case:
    rows: list[list[object]] = [["指标名称", "指标值", "备注"]]
    before = ("", "")
    for a, b, name, target, _ in ROAD:
        rows += [[a, "", ""]] if a != before[0] else []
        rows += [[b, "", ""]] if (a, b) != before else []
        rows.append([name, target, ""])
        before = (a, b)
    return Case("own_row.xlsx", as_xlsx(rows), "targets", _standard())


def _weights_in_levels() -> Case:
    points = {"产出指标": "（50分）", "效益指标": "（30分）", "满意度指标": "（10分）"}
    rows = [HEAD, *([a + points[a], b, n, t] for a, b, n, t, _ in ROAD)]
    return Case("points.xlsx", as_xlsx(rows), "targets", _standard())


def _levels_in_one_cell() -> Case:
    rows = [["绩效指标类别", "指标名称", "目标值"], *([f"{a}-{b}", n, t] for a, b, n, t, _ in ROAD)]
    return Case("one_cell.xlsx", as_xlsx(rows), "targets", _standard())


def _column_numbers() -> Case:
    rows = [["栏次", *HEAD], ["", "1", "2", "3", "4"], *([i, *r[:4]] for i, r in enumerate(ROAD, 1))]
    return Case("numbers.xlsx", as_xlsx(rows), "targets", _expected())


def _letters_under_header() -> Case:
    rows = [["附表2"], HEAD, ["甲", "乙", "丙", "1"], *(r[:4] for r in ROAD)]
    return Case("letters.html", as_html(rows), "targets", _expected())


def _last_year_beside() -> Case:
    head = ["一级指标", "二级指标", "三级指标", "前年指标值", "上年指标值", "本年指标值"]
    rows = [head, *([a, b, n, "≥1", "≥2", t] for a, b, n, t, _ in ROAD)]
    return Case("last_year.xlsx", as_xlsx(rows), "targets", _expected())


def _value_in_three_cells() -> Case:
    rows: list[list[object]] = [
        ["一级指标", "二级指标", "三级指标", "目标值", "", ""],
        ["", "", "", "符号", "值", "单位"],
    ]
    for a, b, n, t, v in ROAD:
        rows.append([a, b, n, t[0], v, t.lstrip("≥=0123456789")])
    merges = ["A1:A2", "B1:B2", "C1:C2", "D1:F1"]
    expected = [r | {"comparator": t[0]} for r, (_, _, _, t, _) in zip(_expected(), ROAD, strict=True)]
    return Case("three_cells.xlsx", as_xlsx(rows, merges), "targets", expected)


def _offset_with_gaps() -> Case:
    """The table begins at C6, with a blank line between rows and a blank column between fields."""
    rows: list[list[object]] = [[] for _ in range(5)]
    for row in [HEAD, *(r[:4] for r in ROAD)]:
        rows += [["", "", row[0], row[1], "", row[2], "", row[3]], []]
    return Case("gaps.xlsx", as_xlsx(rows), "targets", _expected())


def _ditto_marks() -> Case:
    rows = [HEAD]
    before: tuple[str, ...] = ("", "")
    for a, b, n, t, _ in ROAD:
        rows.append(["同上" if a == before[0] else a, "〃" if (a, b) == before else b, n, t])
        before = (a, b)
    return Case("ditto.xlsx", as_xlsx(rows), "targets", _expected())


def _footnotes() -> Case:
    notes = [
        "*带星号的为核心指标",
        "①本表一式三份",
        "1.指标值应与预算批复一致",
        "※以上数据由业务科室提供",
        "第 1 页 共 1 页",
    ]
    rows = [["项目名称：村道硬化"], HEAD, *(r[:4] for r in ROAD), *([n] for n in notes)]
    return Case("footnotes.csv", as_csv(rows), "targets", _expected())


def _stacked_header_words() -> Case:
    rows = [["一级", "二级", "三级", "指标"], ["指标", "指标", "指标", "值"], *(r[:4] for r in ROAD)]
    return Case("stacked.xlsx", as_xlsx(rows), "targets", _expected())


def _spaced_words() -> Case:
    head = ["一 级 指 标", "二　级　指　标", "三级指标\n（名称）", "指 标 值\n（含单位）"]
    return Case("spaced.docx", as_docx([head, *(r[:4] for r in ROAD)]), "targets", _expected())


def _full_width_signs() -> Case:
    wide = str.maketrans("0123456789%=", "０１２３４５６７８９％＝")
    rows = [HEAD, *([a, b, n, t.translate(wide).replace("≥", "＞＝")] for a, b, n, t, _ in ROAD)]
    return Case("wide.csv", as_csv(rows), "targets", _expected())


def _hidden_rows() -> Case:
    """Hidden columns stand between; hidden rows are rows all the same and say so."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["一级指标", "旧编码", "二级指标", "三级指标", "指标值"])
    for n, (a, b, name, t, _) in enumerate(ROAD):
        sheet.append([a, f"X{n}", b, name, t])
        sheet.cell(n + 2, 5).data_type = "s"
    sheet.column_dimensions["B"].hidden = True
    sheet.row_dimensions[4].hidden = True
    return Case("hidden.xlsx", saved(book), "targets", _expected())


def _split_over_two_word_tables() -> Case:
    """A page break cut the table in two: no header over the second part, its level cells left blank."""
    made = docx.Document()
    parts: list[list[list[object]]] = [
        [HEAD, *([*r[:4]] for r in ROAD[:2])],
        [["", *r[1:4]] for r in ROAD[2:4]],
    ]
    parts[1] += [[*r[:4]] for r in ROAD[4:]]
    for part in parts:
        table = made.add_table(len(part), 4)
        for r, row in enumerate(part):
            for c, value in enumerate(row):
                table.cell(r, c).text = str(value)
        made.add_paragraph("")
    out = io.BytesIO()
    made.save(out)
    return Case("two_parts.docx", out.getvalue(), "targets", _expected())


def _page_layout_tables() -> Case:
    """A page whose layout is a table itself, with the real one inside, hidden rows and line breaks in heads."""
    body = "".join(
        f"<tr><td>{a}</td><td>{b}</td><td>{n}</td><td>{t}&nbsp;</td></tr>" for a, b, n, t, _ in ROAD
    )
    page = (
        "<html><body><table><tr><td>导航</td></tr><tr><td><h3>绩效目标</h3><table><thead><tr><th>一级<br>指标</th>"
        f"<th>二级<br>指标</th><th>三级<br>指标</th><th>指标值</th></tr></thead><tbody>{body}</tbody></table></td></tr>"
        "</table></body></html>"
    )
    return Case("layout.html", page.encode("gb18030"), "targets", _expected())


def _markdown_bold() -> Case:
    rows = [[f"**{h}**" for h in HEAD], *([f"**{a}**", b, n, f"`{t}`"] for a, b, n, t, _ in ROAD)]
    return Case("bold.md", as_md(rows), "targets", _expected())


def _utf16_semicolons() -> Case:
    lines = ["一级指标;二级指标;三级指标;指标值", *(";".join(r[:4]) for r in ROAD)]
    return Case("semicolon.csv", "\r\n".join(lines).encode("utf-16"), "targets", _expected())


def _dates_as_numbers() -> Case:
    rows: list[list[object]] = [
        ["指标编码", "一级指标", "二级指标", "三级指标", "指标解释", "启用日期"],
        ["A1", "产出指标", "数量指标", "学位数", "新增学位", 45292],
        ["A2", "产出指标", "质量指标", "达标率", "达标园占比", 45657],
    ]
    expected: list[Record] = [
        {"code": "A1", "name": "学位数", "valid_from": "2024-01-01"},
        {"code": "A2", "name": "达标率", "valid_from": "2024-12-31"},
    ]
    return Case("dates.xlsx", as_xlsx(rows), "indicators", expected)


def _standards_apart() -> Case:
    """Five standards under one head, as 财预〔2021〕101号 names them."""
    rows: list[list[object]] = [
        ["行业领域", "一级指标", "二级指标", "三级指标", "指标值设定依据", "", "", "", ""],
        ["", "", "", "", "计划标准", "历史标准", "行业标准", "预算支出标准", "其他标准"],
        ["教育", "产出指标", "数量指标", "学位数", "年度计划", "近三年平均", "", "", "校方"],
        ["教育", "产出指标", "质量指标", "达标率", "", "", "国标", "不超过500元/平方米", ""],
    ]
    merges = ["A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:I1"]
    expected: list[Record] = [
        {"sector": "教育", "name": "学位数", "standard_plan": "年度计划", "standard_history": "近三年平均", "standard_other": "校方"},
        {"sector": "教育", "name": "达标率", "standard_industry": "国标", "standard_budget": "不超过500元/平方米"},
    ]  # fmt: skip
    return Case("standards.xlsx", as_xlsx(rows, merges), "indicators", expected)


def _long_preamble() -> Case:
    """A page of rules above the table, some of it speaking of the very column names."""
    rules = [
        "某县预算绩效指标填报要求", "一、三级指标应当简短易懂。", "二、指标值要有计量单位，一级指标不得改动。",
        "三、二级指标按财预〔2021〕101号设置。", "联系人：张三，电话：010-1", "", "金额单位：万元",
    ]  # fmt: skip
    rows = [
        *([r] for r in rules),
        HEAD,
        *(r[:4] for r in ROAD),
        ["填报单位负责人（签字）：", "", "填报日期：", ""],
    ]
    return Case("preamble.xlsx", as_xlsx(rows), "targets", _expected())


def _level_on_the_right() -> Case:
    rows = [["指标值", "三级指标", "二级指标", "一级指标"], *([t, n, b, a] for a, b, n, t, _ in ROAD)]
    return Case("right.xlsx", as_xlsx(rows), "targets", _expected())


def _numbered_names() -> Case:
    """The form's numbered names (指标1：…) with blanks left over."""
    rows: list[list[object]] = [HEAD]
    for n, (a, b, name, t, _) in enumerate(ROAD, 1):
        rows += [[a, b, f"指标{n}：{name}", t], ["", "", "……", ""]]
    return Case("numbered.xlsx", as_xlsx(rows), "targets", _expected())


def _side_by_side_halves() -> Case:
    """One long set printed in two halves beside each other."""
    head = ["二级指标", "三级指标", "指标值"]
    left, right = ROAD[:3], ROAD[3:]
    rows: list[list[object]] = [[*head, "", *head]]
    rows += [[x[1], x[2], x[3], "", y[1], y[2], y[3]] for x, y in zip(left, right, strict=True)]
    expected = [{"standard_level2": b, "name": n, "value": float(v)} for _, b, n, _, v in ROAD]
    return Case("halves.xlsx", as_xlsx(rows), "targets", expected)


def _lists_in_names() -> Case:
    """Several targets in one row, each name on a line with its value beside it: kept as one, and said."""
    rows: list[list[object]] = [
        HEAD, ["产出指标", "数量指标", "①修路里程\n②修桥座数", "①≥5公里\n②=2座"], ["产出指标", "质量指标", "合格率", "100%"],
    ]  # fmt: skip
    expected: list[Record] = [
        {"level2": "数量指标", "name": "①修路里程\n②修桥座数", "target": "①≥5公里\n②=2座"},
        {"level2": "质量指标", "name": "合格率", "value": 100.0},
    ]
    return Case("lists.xlsx", as_xlsx(rows), "targets", expected)
