"""Files in the layouts of real forms and worse, each with the records that a person reads in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.loaders.build import form_88, saved, workbook
from tests.loaders.files import WRITERS

Record = dict[str, Any]
Sheet = tuple[list[list[object]], list[str]]


@dataclass(frozen=True)
class Case:
    """A file, the kind of table that counts, and its expected records."""

    name: str
    data: bytes
    kind: str
    records: Sequence[Record]


TARGETS: list[tuple[str, str, str, str, str, str, float, str]] = [
    ("产出指标", "数量指标", "硬化村道里程", "≥5", "公里", "≥", 20, "5"),
    ("产出指标", "数量指标", "新建桥涵座数", "=2", "座", "=", 10, "2"),
    ("产出指标", "质量指标", "工程验收合格率", "=100", "%", "=", 10, "100"),
    ("产出指标", "时效指标", "工程完工及时率", "≥95", "%", "≥", 10, "95"),
    ("产出指标", "成本指标", "每公里造价", "≤60", "万元", "≤", 10, "60"),
    ("效益指标", "社会效益指标", "受益人口数", "≥3200", "人", "≥", 20, "3200"),
    ("效益指标", "可持续影响指标", "道路设计使用年限", "≥10", "年", "≥", 10, "10"),
    ("满意度指标", "服务对象满意度指标", "沿线群众满意度", "≥90", "%", "≥", 10, "90"),
]
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def expected_targets(*, unit: bool = True, weight: bool = False, project: str = "") -> list[Record]:
    """The records of ``TARGETS`` as far as a layout has their columns."""
    rows = []
    for l1, l2, name, _, u, comparator, w, value in TARGETS:
        row: Record = {
            "level1": l1,
            "level2": l2,
            "name": name,
            "comparator": comparator,
            "value": float(value),
        }
        row |= {"unit": u} if unit else {}
        row |= {"weight": w} if weight else {}
        rows.append(row | ({"project": project} if project else {}))
    return rows


def _once(rows: list[list[object]], columns: int) -> list[list[object]]:
    """Level columns written only where they change."""
    made, before = [], [None] * columns
    for row in rows:
        own = list(row)
        changed = False
        for c in range(columns):
            changed = changed or row[c] != before[c]
            own[c] = row[c] if changed else ""
        before = list(row[:columns])
        made.append(own)
    return made


def _merges(rows: list[list[object]], columns: int, first: int) -> list[str]:
    """Merged ranges over equal level cells; ``first`` is the sheet row of the first data row."""
    found = []
    for c in range(columns):
        start = 0
        for n in range(1, len(rows) + 1):
            if n == len(rows) or rows[n][: c + 1] != rows[start][: c + 1]:
                if n - start > 1:
                    letter = "ABCDEFGH"[c]
                    found.append(f"{letter}{first + start}:{letter}{first + n - 1}")
                start = n
    return found


def plain_targets() -> Sheet:
    rows = [["一级指标", "二级指标", "三级指标", "指标值", "计量单位", "权重"]]
    return [*rows, *([l1, l2, n, t, u, w] for l1, l2, n, t, u, _, w, _ in TARGETS)], []


def flat_targets() -> Sheet:
    head: list[object] = ["项目名称", "一级指标", "二级指标", "三级指标", "指标值", "计量单位", "权重"]
    return [head, *(["村道硬化工程", l1, l2, n, t, u, w] for l1, l2, n, t, u, _, w, _ in TARGETS)], []


def titled_targets() -> Sheet:
    head: list[list[object]] = [
        ["2023年度项目支出绩效目标表", "", "", ""], ["项目名称：村道硬化工程", "", "", ""], ["单位：万元", "", "", ""],
        ["一级指标", "二级指标", "三级指标", "指标值"],
    ]  # fmt: skip
    rows = _once([[l1, l2, n, t + u] for l1, l2, n, t, u, *_ in TARGETS], 2)
    return [*head, *rows, ["注：指标值由单位填报。", "", "", ""], ["填表人：张三", "", "", ""]], [
        "A1:D1",
        "A2:D2",
    ]


def merged_targets() -> Sheet:
    head: list[list[object]] = [
        ["项目支出绩效目标申报表", "", "", ""],
        ["一级绩效指标", "二级绩效指标", "三级指标名称", "年度指标值"],
    ]
    rows: list[list[object]] = [[l1, l2, n, t + u] for l1, l2, n, t, u, *_ in TARGETS]
    return [*head, *_once(rows, 2)], ["A1:D1", *_merges(rows, 2, 3)]


def two_row_targets() -> Sheet:
    head: list[list[object]] = [
        ["一级指标", "二级指标", "三级指标", "绩效指标值", "", "权重"], ["", "", "", "指标值", "计量单位", ""],
    ]  # fmt: skip
    rows = [[l1, l2, n, t, u, w] for l1, l2, n, t, u, _, w, _ in TARGETS]
    return [*head, *rows], ["A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2"]


def sichuan() -> Sheet:
    head: list[object] = [
        "单位名称",
        "项目名称",
        "预算数",
        "年度目标",
        "一级指标",
        "二级指标",
        "三级指标",
        "指标性质",
        "指标值",
        "度量单位",
        "权重",
        "指标方向性",
    ]
    rows: list[list[object]] = []
    for n, (l1, l2, name, t, u, c, w, _) in enumerate(TARGETS):
        first = ["公路所", "村道硬化工程", 300.5, "硬化村道5公里"] if n == 0 else ["", "", "", ""]
        rows.append([*first, l1, l2, name, c, t.lstrip("≥≤="), u, w, "正向指标"])
    return [head, *rows], []


def xiangtan() -> Sheet:
    head: list[object] = ["一级指标", "二级指标", "三级指标", "指标值及单位", "绩效标准"]
    return [head, *([l1, l2, n, t + u, "计划标准"] for l1, l2, n, t, u, *_ in TARGETS)], []


def full_width() -> Sheet:
    head: list[object] = ["一级指标", "二级指标", "三级指标", "指标值", "计量单位"]
    return [head, *([l1, l2, n, t.translate(WIDE), u] for l1, l2, n, t, u, *_ in TARGETS)], []


def self_evaluation() -> Sheet:
    head: list[list[object]] = [
        ["项目支出绩效自评表", "", "", "", "", "", "", ""], ["项目名称", "村道硬化工程", "", "", "主管部门", "交通局", "", ""],
        ["项目资金（万元）", "", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        ["", "年度资金总额", 300, 300, 290, 10, "96.7%", 9.7],
        ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"],
    ]  # fmt: skip
    rows = [[l1, l2, n, t + u, "5", w, w, "无偏差"] for l1, l2, n, t, u, _, w, _ in TARGETS]
    return [*head, *_once(rows, 2), ["总分", "", "", "", "", 100, 100, ""]], ["A1:H1", "A3:A4"]


def monitoring() -> Sheet:
    head: list[list[object]] = [
        ["一级指标", "二级指标", "三级指标", "年度指标值", "1—7月执行情况", "全年预计完成情况", "备注"],
    ]  # fmt: skip
    return [*head, *([l1, l2, n, t + u, "已完成一半", "能完成", ""] for l1, l2, n, t, u, *_ in TARGETS)], []


INDICATORS = [
    ("教育", "学前教育", "产出指标", "数量指标", "新增幼儿园学位数", "当年新建、改扩建幼儿园增加的学位数量。", "∑新增学位数", "个", "正向"),
    ("教育", "学前教育", "产出指标", "质量指标", "幼儿园办园达标率", "达到办园标准的幼儿园占比。", "达标园数÷园所总数×100%", "%", "正向"),
    ("教育", "义务教育", "效益指标", "社会效益指标", "九年义务教育巩固率", "毕业生数占入学生数的比例。", "毕业生数÷入学生数×100%", "%", "正向"),
    ("水利", "农村供水", "产出指标", "数量指标", "新建供水管网长度", "新铺设供水管道的长度。", "实际铺设长度", "公里", "正向"),
    ("水利", "农村供水", "成本指标", "经济成本指标", "每公里管网建设成本", "建设费用与长度之比。", "建设费用÷长度", "万元/公里", "反向"),
    ("水利", "防汛抗旱", "满意度指标", "服务对象满意度指标", "供水用户满意度", "1. 供水水质；2. 供水水压；3. 服务态度。", "满意人数÷调查人数×100%", "%", "正向"),
]  # fmt: skip
_INDICATOR_FIELDS = (
    "sector",
    "subsector",
    "level1",
    "level2",
    "name",
    "explanation",
    "formula",
    "unit",
    "direction",
)
_INDICATOR_HEAD: list[object] = [
    "行业领域",
    "行业类别",
    "一级指标",
    "二级指标",
    "三级指标",
    "指标解释",
    "计算公式",
    "计量单位",
    "指标方向",
]
EXPECTED_INDICATORS: list[Record] = [dict(zip(_INDICATOR_FIELDS, row, strict=True)) for row in INDICATORS]


def indicator_set() -> Sheet:
    return [_INDICATOR_HEAD, *([*row] for row in INDICATORS)], []


def indicator_set_once() -> Sheet:
    rows: list[list[object]] = [list(row) for row in INDICATORS]
    head: list[list[object]] = [["某县分行业绩效指标体系（2024年版）", *[""] * 8], _INDICATOR_HEAD]
    return [*head, *_once(rows, 4), ["说明：本表自发布之日起执行。", *[""] * 8]], [
        "A1:I1",
        *_merges(rows, 2, 3),
    ]


def indicator_set_two_rows() -> Sheet:
    head: list[list[object]] = [
        ["行业", "", "指标", "", "", "指标说明", "", "计量单位", "指标方向"],
        ["行业领域", "行业类别", "一级指标", "二级指标", "三级指标", "指标解释", "计算公式", "", ""],
    ]  # fmt: skip
    return [*head, *([*row] for row in INDICATORS)], ["A1:B1", "C1:E1", "F1:G1", "H1:H2", "I1:I2"]


FRAMEWORK = [
    ("决策", "项目立项", "立项依据充分性", "项目立项是否符合法律法规。", "①是否符合政策；②是否属于职责。"),
    ("决策", "项目立项", "立项程序规范性", "立项程序是否合规。", "是否按规定程序申请设立。"),
    ("过程", "资金管理", "预算执行率", "资金是否按计划执行。", "预算执行率=实际支出÷到位资金×100%"),
    ("产出", "产出数量", "实际完成率", "实际产出数与计划之比。", "实际完成率=实际产出数÷计划产出数×100%"),
]  # fmt: skip
EXPECTED_FRAMEWORK: list[Record] = [
    dict(zip(("level1", "level2", "name", "explanation", "points"), row, strict=True)) for row in FRAMEWORK
]


def framework() -> Sheet:
    head: list[list[object]] = [
        ["项目支出绩效评价共性指标体系框架", "", "", "", ""],
        ["一级指标", "二级指标", "三级指标", "指标解释", "评价要点"],
    ]
    rows: list[list[object]] = [list(row) for row in FRAMEWORK]
    return [*head, *_once(rows, 2)], ["A1:E1"]


PROJECTS = [
    ("1", "换届选举工作经费", 103.16, 100, 96.5, "优"), ("2", "农村道路改造", 300, 100, 92.5, "优"),
    ("3", "幼儿园普惠经费", 476.604, 99.9, 91.13, "优"), ("3", "幼儿园普惠经费（开发区）", 556.892, 99.25, 91.13, "优"),
    ("4", "融媒体建设", 80.64, 91, 95, "优"), ("4", "", 95, 91, 95, "优"), ("5", "园区发展专项资金", 775, 100, 80.31, "良"),
]  # fmt: skip
EXPECTED_PROJECTS: list[Record] = [
    {
        "number": n,
        "project": name or "融媒体建设",
        "amount": a,
        "self_score": s,
        "third_party_score": t,
        "grade": g,
    }
    for n, name, a, s, t, g in PROJECTS
]


def project_list() -> Sheet:
    head: list[object] = [
        "序号",
        "项目名称",
        "年度项目资金（万元）",
        "自评得分（分）",
        "第三方机构评分（分）",
        "等级",
    ]
    return [head, *([*row] for row in PROJECTS)], []


def project_list_two_rows() -> Sheet:
    head: list[list[object]] = [
        ["重点项目支出绩效评价结果表", "", "", "", "", ""], ["序号", "项目名称", "项目金额（万元）", "评分", "", "评价等级"],
        ["", "", "", "自评得分", "第三方评分", ""],
    ]  # fmt: skip
    rows: list[list[object]] = [[*row] for row in PROJECTS]
    total: list[object] = ["合计", "", 2387.296, "", "", ""]
    return [*head, *rows, total], ["A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3"]


def project_list_yuan() -> Sheet:
    head: list[object] = [
        "序号",
        "项目\n名称",
        "资金总额（元）",
        "单位自评得分",
        "第三方评价得分",
        "绩效等级",
    ]
    return [head, *([n, name, round(a * 10000), s, t, g] for n, name, a, s, t, g in PROJECTS)], []


DEPARTMENTS = [
    ("甲会计师事务所", "县党史研究室", 85.41, "良"), ("甲会计师事务所", "县教育局", 83.21, "良"), ("乙会计师事务所", "县政协办公室", 93.5, "优"),
    ("乙会计师事务所", "县民族宗教事务局", 86, "良"), ("乙会计师事务所", "县委宣传部", 90.5, "优"), ("丙事务所", "县水务局", 88, "良"),
]  # fmt: skip
EXPECTED_DEPARTMENTS: list[Record] = [
    dict(zip(("agency", "department", "score", "grade"), row, strict=True)) for row in DEPARTMENTS
]


def department_scores() -> Sheet:
    return [["评价机构", "被评单位", "得分", "等级"], *_once([[*row] for row in DEPARTMENTS], 1)], []


def department_scores_merged() -> Sheet:
    head: list[list[object]] = [
        ["部门整体绩效评价结果", "", "", ""],
        ["评价机构", "部门（单位）名称", "评价得分", "评价等级"],
    ]
    rows: list[list[object]] = [[*row] for row in DEPARTMENTS]
    return [*head, *_once(rows, 1)], ["A1:D1", *_merges(rows, 1, 3)]


ISSUES = [
    ("绩效目标设置质量有待提高", "指标不够全面，缺乏整体考量。"), ("评价结果运用不到位", "评价范围小，形式单一。"),
    ("部门绩效意识不强", "认为绩效是财政部门的事，与本部门无关。"),
]  # fmt: skip


def issue_table() -> Sheet:
    head: list[object] = ["序号", "项目名称", "存在问题", "原因分析", "整改建议"]
    return [
        head,
        *([n, "村道硬化工程", f"{t}，{w}", "人员不足", "加强培训"] for n, (t, w) in enumerate(ISSUES, 1)),
    ], []


EXPECTED_ISSUE_TABLE: list[Record] = [
    {"project": "村道硬化工程", "what": f"{t}，{w}", "cause": "人员不足", "fix": "加强培训"}
    for t, w in ISSUES
]


def _report(section: str, points: str, after: str) -> bytes:
    return (
        f" 关于2023年预算绩效管理工作情况的报告\n现将有关情况报告如下。\n一、工作开展情况\n（一）健全制度。一是出台办法。二是加强培训。\n"
        f"{section}\n{points}\n{after}\n一是加强管理。二是强化运用。\n"
    ).encode()


def reports() -> Iterator[tuple[str, bytes]]:
    """Problem sections numbered in each way, with page breaks and bookmarks inside."""
    marks = {
        "一是": lambda n: f"{'一二三'[n]}是", "（一）": lambda n: f"\n（{'一二三'[n]}）", "1.": lambda n: f"\n{n + 1}.",
        "1、": lambda n: f"\n{n + 1}、", "（1）": lambda n: f"\n（{n + 1}）", "第一": lambda n: f"第{'一二三'[n]}，",
    }  # fmt: skip
    for name, mark in marks.items():
        points = "".join(f"{mark(n)}{t}，{w}" for n, (t, w) in enumerate(ISSUES))
        lead = "从评价情况看，仍存在一些问题，" if name in ("一是", "第一") else ""
        yield f"问题{name}.txt", _report("二、存在的主要问题", lead + points, "三、下一步打算")
    points = "\n\n".join(f"**{'一二三'[n]}是**{t}，{w[:6]}\n\n{w[6:]}" for n, (t, w) in enumerate(ISSUES))
    yield "问题.md", _report("## **二、存在的问题**", points, "### **三、下一步工作思路**")
    points = "".join(f"{'一二三'[n]}是{t}，{w}" for n, (t, w) in enumerate(ISSUES))
    yield "问题二级.txt", _report("（二）存在的问题", points, "三、下一步打算")


EXPECTED_POINTS: list[Record] = [{"what": f"{t}，{w}".rstrip(), "name": t} for t, w in ISSUES]

_MAKERS: list[tuple[Callable[[], Sheet], str, list[Record], tuple[str, ...]]] = [
    (plain_targets, "targets", expected_targets(weight=True), ("xlsx", "ods", "csv", "html", "md", "docx", "pdf", "txt", "plain.pdf")),
    (flat_targets, "targets", expected_targets(weight=True, project="村道硬化工程"), ("xlsx", "csv", "html", "ods", "md")),
    (titled_targets, "targets", expected_targets(project="村道硬化工程"), ("xlsx", "ods", "html", "docx", "csv")),
    (merged_targets, "targets", expected_targets(), ("xlsx", "ods", "html", "docx")),
    (two_row_targets, "targets", expected_targets(weight=True), ("xlsx", "ods", "html", "docx")),
    (sichuan, "targets", expected_targets(weight=True, project="村道硬化工程"), ("xlsx", "csv", "html", "ods")),
    (xiangtan, "targets", expected_targets(), ("xlsx", "md", "docx", "pdf")),
    (full_width, "targets", expected_targets(), ("xlsx", "csv", "html")),
    (self_evaluation, "self_evaluation", expected_targets(weight=True, project="村道硬化工程"), ("xlsx", "html", "docx", "ods")),
    (monitoring, "monitoring", expected_targets(), ("xlsx", "docx")),
    (indicator_set, "indicators", EXPECTED_INDICATORS, ("xlsx", "csv", "html", "md", "docx", "ods", "pdf", "txt")),
    (indicator_set_once, "indicators", EXPECTED_INDICATORS, ("xlsx", "ods", "html", "docx", "csv")),
    (indicator_set_two_rows, "indicators", EXPECTED_INDICATORS, ("xlsx", "html", "docx", "ods")),
    (framework, "framework", EXPECTED_FRAMEWORK, ("xlsx", "html", "docx")),
    (project_list, "projects", EXPECTED_PROJECTS, ("xlsx", "csv", "html", "md", "docx", "ods", "pdf", "txt", "plain.pdf")),
    (project_list_two_rows, "projects", EXPECTED_PROJECTS, ("xlsx", "html", "docx", "ods")),
    (project_list_yuan, "projects", EXPECTED_PROJECTS, ("xlsx", "html")),
    (department_scores, "departments", EXPECTED_DEPARTMENTS, ("xlsx", "csv", "html", "md", "docx", "txt", "ods")),
    (department_scores_merged, "departments", EXPECTED_DEPARTMENTS, ("xlsx", "html", "docx", "ods")),
    (issue_table, "issues", EXPECTED_ISSUE_TABLE, ("xlsx", "html", "docx", "csv")),
]  # fmt: skip


def cases() -> list[Case]:
    """The whole corpus."""
    made = [
        Case(f"{maker.__name__}.{suffix}", WRITERS[suffix](*maker()), kind, expected)
        for maker, kind, expected, suffixes in _MAKERS
        for suffix in suffixes
    ]
    made += [Case(name, data, "issues", EXPECTED_POINTS) for name, data in reports()]
    made += [
        _nested_issues(),
        _issues_of_page(),
        _issues_with_paragraphs(),
        _sections(),
        _two_tables(),
        _four_columns(),
    ]
    made += [_form_88(), _several_sheets(), _list_in_cell(), _cells_in_lines()]
    return made


def _form_88() -> Case:
    names = ("硬化里程", "验收合格率", "完工时间", "受益村", "群众满意度")
    return Case("form_88.xlsx", form_88(), "targets", [{"name": n, "project": "村道硬化工程"} for n in names])


def _several_sheets() -> Case:
    import openpyxl

    book = openpyxl.Workbook()
    cover = book.worksheets[0]
    cover.title = "填报要素说明"
    cover.append(["字段名称", "字段说明"])
    cover.append(["三级指标", "必填"])
    for sector in ("教育", "水利"):
        sheet = book.create_sheet(sector)
        sheet.append([f"{sector}行业指标库"])
        sheet.append(_INDICATOR_HEAD[2:])
        for row in INDICATORS:
            if row[0] == sector:
                sheet.append(list(row[2:]))
    expected = [{k: v for k, v in r.items() if k not in ("sector", "subsector")} for r in EXPECTED_INDICATORS]
    return Case("several_sheets.xlsx", saved(book), "indicators", expected)


def _list_in_cell() -> Case:
    rows = [
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "维修数量", "1. 维修道路5公里\n2. 维修桥梁2座"],
    ]
    return Case(
        "list_in_cell.xlsx",
        workbook(rows),
        "targets",
        [{"name": "维修数量", "target": "1. 维修道路5公里\n2. 维修桥梁2座", "value": None}],
    )


def _cells_in_lines() -> Case:
    """A table pasted as one cell a line, its blank cells lost."""
    lines = ["评价结果如下。", "序号", "项目名称", "金额", "自评得分", "第三方评分", "等级"]
    for row in PROJECTS:
        lines += [str(v) for v in row if v != ""]
    return Case(
        "cells_in_lines.txt",
        "\n".join([*lines, "以上结果已经公开，请各单位抓好整改落实工作。"]).encode(),
        "projects",
        EXPECTED_PROJECTS,
    )


def _nested_issues() -> Case:
    import docx

    made = docx.Document()
    for text in (
        "关于某县2022年绩效评价情况的报告", "一、总体情况", "总体较好。", "二、发现的主要问题", "（一）目标编制不科学。部分项目目标笼统。",
        "（二）资金使用不规范", "1.资金闲置。某项目结转100万元。", "2.挤占挪用。某单位列支招待费。", "（三）管理不到位。一是制度缺失。二是档案不全。",
        "三、有关建议", "（一）加强培训。",
    ):  # fmt: skip
        made.add_paragraph(text)
    out = io.BytesIO()
    made.save(out)
    names = ("目标编制不科学", "资金闲置", "挤占挪用", "制度缺失", "档案不全")
    return Case("nested.docx", out.getvalue(), "issues", [{"name": n} for n in names])


def _issues_of_page() -> Case:
    page = "<html><body><h2>三、存在的问题</h2><p>1．目标不明确，缺少量化。</p><p>2．自评质量不高，流于形式。</p><h2>四、建议</h2><p>1．加强。</p></body></html>"
    expected = [
        {"name": "目标不明确", "what": "目标不明确，缺少量化。"},
        {"name": "自评质量不高", "what": "自评质量不高，流于形式。"},
    ]
    return Case("page.html", page.encode(), "issues", expected)


def _issues_with_paragraphs() -> Case:
    text = "二、存在的不足\n（一）目标不实。\n有的项目没有指标。\n有的指标没有值。\n（二）自评不实。\n得分普遍过高。\n三、建议\n无。\n"
    return Case(
        "paragraphs.txt",
        text.encode(),
        "issues",
        [{"name": "目标不实"}, {"name": "自评不实", "what": "自评不实。得分普遍过高。"}],
    )


def _sections() -> Case:
    rows: list[list[object]] = [
        ["附件1"], ["2022年重点项目绩效评价得分汇总表"], ["序号", "预算部门", "项目名称", "资金规模(万元)", "得分", "等次"], ["一、教育类"],
        [1, "教育局", "校舍改造", 100, 91.2, "优"], [2, "", "营养餐", 200, 85, "良"], ["小计", "", "", 300], ["二、卫生类"],
        [1, "卫健委", "医院设备", 50, 78.5, "中"], ["合计", "", "", 350], ["注：得分为百分制"],
    ]  # fmt: skip
    expected: list[Record] = [
        {"department": "教育局", "project": "校舍改造", "amount": 100, "third_party_score": 91.2, "grade": "优"},
        {"department": "教育局", "project": "营养餐", "amount": 200, "third_party_score": 85, "grade": "良"},
        {"department": "卫健委", "project": "医院设备", "amount": 50, "third_party_score": 78.5, "grade": "中"},
    ]  # fmt: skip
    return Case("sections.xlsx", workbook(rows, ["A4:F4", "A8:F8"]), "projects", expected)


def _two_tables() -> Case:
    departments, _ = department_scores()
    projects, _ = project_list()
    rows = [["一、部门得分"], *departments, [], ["二、项目得分"], *projects]
    return Case("two_tables.xlsx", workbook(rows), "projects", EXPECTED_PROJECTS)


def _four_columns() -> Case:
    rows: list[list[object]] = [
        ["指标名称", "指标解释", "计算方法", "单位"],
        *([r[4], r[5], r[6], r[7]] for r in INDICATORS),
    ]
    expected = [{k: r[k] for k in ("name", "explanation", "formula", "unit")} for r in EXPECTED_INDICATORS]
    return Case("four_columns.xlsx", workbook(rows), "indicators", expected)
