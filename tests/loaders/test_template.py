"""Templates: filled in they load whole, without a correction; their drop-downs and notes are there."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from indicators.choices import Direction, ProjectType, Status
from indicators.model import Indicator, Issue, Project, Standards
from loaders.building import Options, build
from loaders.loading import LoadedFile, load_file
from loaders.template import FILL, LISTS, NOTES, TEMPLATES, columns_of, template_book

SECTORS = ("交通运输", "残疾人事业")
CODES = {"交通运输": "JT", "残疾人事业": "CJ"}
FILLED = {
    "indicators": {
        "一级指标": "产出指标", "二级指标": "数量指标", "三级指标": "硬化村道里程", "行业": "交通运输", "行业类别": "农村公路",
        "是否核心指标": "是", "指标解释": "当年交工的里程。", "计算公式": "实测相加", "计量单位": "公里", "指标方向": "正向",
        "规范写法": "≥{数}公里", "适用项目类型": "基建、修缮", "不适用": "只修不建", "计划标准": "批复", "历史标准": "上年", "行业标准": "JTG",
        "预算支出标准": "定额", "其他标准": "合同", "完成值取值方式": "直接证明法", "数据来源": "交工验收表", "佐证资料": "验收报告",
        "评分标准": "按比例", "权重下限": 5, "权重上限": 10, "评价频次": "年度", "关键词": "修路、村道", "别名": "村道硬化里程",
        "启用日期": "2026-01-01", "停用日期": "2026-12-31", "状态": "在用", "分子": "甲", "分母": "乙",
    },
    "targets": {
        "项目名称": "某村道路", "实施单位": "交通局", "主管部门": "交通局", "年度": 2026, "年度资金总额（万元）": 300, "一级指标": "产出指标",
        "二级指标": "数量指标", "三级指标": "硬化里程", "指标性质": "≥", "指标值": 5, "计量单位": "公里", "权重": 20, "指标解释": "交工里程",
        "指标值设定依据": "批复",
    },
    "projects": {
        "序号": 1, "项目名称": "某村道路", "实施单位": "交通局", "年度": 2026, "行业": "交通运输", "金额（万元）": 300.5, "自评得分": 98,
        "第三方评分": 86.5, "等级": "良", "评价机构": "某所",
    },
    "issues": {
        "问题名称": "目标空泛", "问题": "目标值写“改善”，不能考核。", "原因": "没有基线", "整改措施": "补基线", "项目名称": "某村道路",
        "主管部门": "交通局", "行业": "交通运输", "年度": 2026,
    },
}  # fmt: skip


def filled(kind: str, rows: int = 1, data: bytes | None = None) -> bytes:
    """A template with rows in it as a person writes them."""
    book: Workbook = openpyxl.load_workbook(io.BytesIO(data or template_book(kind, SECTORS)))
    sheet = book[FILL]
    heads = {str(c.value).lstrip("*"): c.column for c in sheet[1]}
    assert set(FILLED[kind]) <= set(heads)
    key = {"indicators": "三级指标", "targets": "三级指标", "projects": "项目名称", "issues": "问题"}[kind]
    for n in range(rows):
        for head, value in FILLED[kind].items():
            unlike = f"{value}{n}" if head == key and n else value
            sheet.cell(n + 2, heads[head], n + 1 if head == "序号" else unlike)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(kind: str, data: bytes, name: str = "模板.xlsx") -> LoadedFile:
    file = load_file(name, data)
    assert file.problems == 0, [p for t in file.tables for p in t.problems]
    (table,) = file.tables
    assert table.sheet == FILL
    assert [c.header for c in table.columns if c.header and not c.field] == []
    return file


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_filled_template_loads_whole(kind: str) -> None:
    file = read(kind, filled(kind, 40))
    assert len(file.tables[0].rows) == 40
    for row in file.tables[0].rows[:1]:
        for column in file.tables[0].columns:
            if column.header.lstrip("*") in FILLED[kind]:
                assert row.text(column.field), column


def test_an_indicator_keeps_every_field() -> None:
    file = read("indicators", filled("indicators"))
    (record,) = [c.record for c in build(file, Options(CODES)) if isinstance(c.record, Indicator)]
    assert record.sector == "JT"
    assert (record.core, record.direction, record.status) == (True, Direction.HIGHER, Status.ACTIVE)
    assert record.fits == (ProjectType.CONSTRUCTION, ProjectType.REPAIR)
    assert record.standards == Standards(
        plan="批复", history="上年", industry="JTG", budget="定额", other="合同"
    )
    assert (record.wording, record.keywords, record.aliases) == (
        "≥{数}公里",
        ("修路", "村道"),
        ("村道硬化里程",),
    )
    assert (record.weight_min, record.weight_max, record.frequency) == (5, 10, "年度")
    assert (record.value_method, record.unit, record.numerator) == ("直接证明法", "公里", "甲")
    assert (record.valid_from, record.valid_to) == ("2026-01-01", "2026-12-31")


def test_targets_projects_and_issues_keep_theirs() -> None:
    (targets,) = [
        c.record
        for c in build(read("targets", filled("targets")), Options(CODES))
        if isinstance(c.record, Project)
    ]
    assert (targets.name, targets.unit, targets.year, targets.amount) == ("某村道路", "交通局", 2026, 300)
    assert [(t.name, t.target, t.unit) for t in targets.targets] == [("硬化里程", "≥5", "公里")]
    (project,) = [
        c.record
        for c in build(read("projects", filled("projects")), Options(CODES))
        if isinstance(c.record, Project)
    ]
    assert (project.sector, str(project.amount), str(project.third_party_score)) == ("JT", "300.5", "86.5")
    assert (project.grade, project.evaluator) == ("良", "某所")
    (issue,) = [
        c.record
        for c in build(read("issues", filled("issues")), Options(CODES))
        if isinstance(c.record, Issue)
    ]
    assert (issue.name, issue.fix, issue.sector, issue.year) == ("目标空泛", "补基线", "JT", 2026)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_columns_are_explained_marked_and_offered(kind: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_book(kind, SECTORS)))
    assert book.sheetnames == [FILL, NOTES, LISTS]
    assert book[LISTS].sheet_state == "hidden"
    sheet, columns = book[FILL], columns_of(kind)
    assert [c.value for c in book[NOTES][1]] == ["分类", "字段名称", "是否必填", "字段说明", "关键词用途"]
    for number, column in enumerate(columns, 1):
        cell = sheet.cell(1, number)
        assert (cell.value.startswith("*"), cell.font.color.rgb == "00C00000" if cell.font.color else False) == (
            column.needed, column.needed
        )  # fmt: skip
        assert cell.comment
        assert book[NOTES].cell(number + 1, 2).value == column.head
    offered = {str(v.sqref).partition("2:")[0]: v for v in sheet.data_validations.dataValidation}
    letters = {openpyxl.utils.get_column_letter(n): c for n, c in enumerate(columns, 1) if c.choices}
    assert set(offered) == set(letters)
    for letter, column in letters.items():
        assert ("INDIRECT" in offered[letter].formula1) == (column.head == "二级指标")


def test_lists_of_level_2_are_named_by_their_level_1() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_book("indicators")))
    area = book.defined_names["产出指标"].attr_text.split("!")[1].replace("$", "")
    assert [c.value for (c,) in book[LISTS][area]] == ["数量指标", "质量指标", "时效指标"]


@pytest.mark.skipif(not shutil.which("soffice"), reason="没有 LibreOffice")
@pytest.mark.slow
def test_an_office_program_opens_and_saves_it(tmp_path: Path) -> None:
    file = tmp_path / "模板.xlsx"
    file.write_bytes(filled("indicators", 3))
    out = tmp_path / "out"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(file)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    saved = (out / "模板.xlsx").read_bytes()
    assert len(read("indicators", saved).tables[0].rows) == 3
    book = openpyxl.load_workbook(io.BytesIO(saved))
    assert len(book[FILL].data_validations.dataValidation) == sum(
        bool(c.choices) for c in columns_of("indicators")
    )
