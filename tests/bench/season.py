"""A season of target tables: real published projects as 600 offices would hand them in.

    python -m tests.bench.season OUT.zip [--tables 600] [--kinds xlsx,docx,csv,html] [--bad]

Rows, names and values are real; which rows a table keeps, its numbers (scaled), office, year, layout
and kind of file vary by a fixed seed. Some tables are copied from another office with few changes, as
happens. ``--bad`` adds files that cannot be read, one of each sort.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl

from indicators.model import Project, Target
from indicators.shipped import read_catalogue

SEED = 20231121
TOWNS = (
    "东岭",
    "西河",
    "南坪",
    "北塘",
    "石桥",
    "白沙",
    "龙口",
    "青山",
    "大湾",
    "柳林",
    "新安",
    "永宁",
    "高台",
    "平川",
    "双溪",
)
OFFICES = (
    "教育局", "卫生健康局", "农业农村局", "交通运输局", "水利局", "民政局", "文化和旅游局", "住房和城乡建设局", "林业局",
    "应急管理局", "市场监督管理局", "公安局", "人力资源和社会保障局", "自然资源局", "生态环境局", "城市管理局", "财政局",
)  # fmt: skip
HEAD = ("一级指标", "二级指标", "三级指标", "指标值", "计量单位", "权重")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Form:
    """One table to be written: heading and rows (一级, 二级, 三级, 指标值, 单位)."""

    project: str
    unit: str
    year: int
    amount: str
    rows: tuple[tuple[str, str, str, str, str], ...]


def forms(number: int = 600) -> list[Form]:
    """That many tables, the same at each call."""
    chance = random.Random(SEED)
    real = [p for r in read_catalogue() if isinstance(r, Project) and len((p := r).targets) >= 5]
    made: list[Form] = []
    for n in range(number):
        if n > 40 and chance.random() < 0.04:
            made.append(_copy(chance, chance.choice(made)))
            continue
        made.append(_form(chance, real[n % len(real)], real))
    return made


def _form(chance: random.Random, project: Project, real: Sequence[Project]) -> Form:
    kept = [t for t in project.targets if chance.random() < 0.85] or list(project.targets)
    lent = chance.choice(real).targets
    if chance.random() < 0.5:
        kept += chance.sample(lent, min(len(lent), chance.randint(1, 3)))
    amount = project.amount or chance.randint(8, 900)
    town, office = chance.choice(TOWNS), chance.choice(OFFICES)
    return Form(
        f"{town}县{project.name}"[:60], f"{town}县{office}", chance.choice((2023, 2024, 2024, 2024)),
        f"{float(amount) * chance.uniform(0.5, 1.6):.2f}", tuple(_row(chance, t) for t in kept[:28]),
    )  # fmt: skip


def _row(chance: random.Random, target: Target) -> tuple[str, str, str, str, str]:
    value = target.target
    numbers = _NUMBER.findall(value)
    rate = "%" in value or "%" in target.unit or any(mark in value for mark in "年月日")
    if len(numbers) == 1 and not rate and chance.random() < 0.8:
        scaled = max(1, round(float(numbers[0]) * chance.uniform(0.4, 1.8)))
        value = value.replace(numbers[0], str(scaled), 1)
    return (target.level1, target.level2, target.name, value, target.unit)


def _copy(chance: random.Random, form: Form) -> Form:
    """The same table from another office."""
    town, office = chance.choice(TOWNS), chance.choice(OFFICES)
    return Form(f"{town}县{form.project[3:]}", f"{town}县{office}", form.year, form.amount, form.rows)


def files(made: Sequence[Form], kinds: Sequence[str] = ("xlsx",)) -> Iterator[tuple[str, bytes]]:
    """Files of tables, in folders by office."""
    writers = {"xlsx": (_declaration, _flat), "docx": (_document,), "csv": (_csv,), "html": (_html,)}
    for n, form in enumerate(made, 1):
        kind = kinds[0] if n % 5 else kinds[n // 5 % len(kinds)]
        writer = writers[kind][n % len(writers[kind])]
        name = re.sub(r'[\\/:*?"<>|\s]', "", form.project)[:30]
        yield f"{form.unit}/{n:03d}-{name}.{kind}", writer(form)


def bad_files() -> Iterator[tuple[str, bytes]]:
    """One file of each sort that cannot be read, or only in part."""
    book = openpyxl.Workbook()
    book.active.append(["会议通知", "下周一上午开会"])
    yield "问题文件/没有目标表.xlsx", _saved(book)
    book = openpyxl.Workbook()
    for row in (
        [*HEAD],
        ["产出指标", "数量指标", "里程", "=SUM(A1:A9)", "公里", 20],
        ["产出指标", "质量指标", "合格率", "#REF!", "%", 20],
    ):
        book.active.append(row)
    yield "问题文件/公式没有结果.xlsx", _saved(book)
    yield "问题文件/损坏.xlsx", _saved(book)[:2000]
    yield "问题文件/设了密码.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 2**20 * 60)
    yield "问题文件/压缩炸弹.xlsx", bomb.getvalue()
    yield "问题文件/空文件.csv", b""
    yield "问题文件/图片.pdf", _image_pdf()


def _image_pdf() -> bytes:
    """A PDF of one page without any text."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (n, body)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
    return bytes(out + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)


def packed(contents: Iterator[tuple[str, bytes]]) -> bytes:
    """A ZIP of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents:
            archive.writestr(name, data)
    return out.getvalue()


def _declaration(form: Form) -> bytes:
    """The declaration form: merged heading, level columns written once and merged."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "绩效目标申报表"
    sheet.append(["项目支出绩效目标申报表"])
    sheet.merge_cells("A1:F1")
    sheet.append([f"（{form.year}年度）"])
    sheet.merge_cells("A2:F2")
    for label, value in (
        ("项目名称", form.project),
        ("实施单位", form.unit),
        ("年度资金总额（万元）", float(form.amount)),
    ):
        sheet.append([label, "", value])
        row = sheet.max_row
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        sheet.merge_cells(start_row=row, start_column=3, end_row=row, end_column=6)
    sheet.append(HEAD[:5])
    top = sheet.max_row + 1
    for line in form.rows:
        sheet.append(list(line))
    _merge_runs(sheet, top, [line[0] for line in form.rows])
    return _saved(book)


def _merge_runs(sheet: object, top: int, levels: Sequence[str]) -> None:
    start = 0
    for n in range(1, len(levels) + 1):
        if n == len(levels) or levels[n] != levels[start]:
            if n - start > 1:
                sheet.merge_cells(start_row=top + start, start_column=1, end_row=top + n - 1, end_column=1)  # type: ignore[attr-defined]
            start = n


def _flat(form: Form) -> bytes:
    """An export: one header row, weights that add up to 90."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["项目名称", "实施单位", *HEAD])
    share = 90 // len(form.rows)
    for n, line in enumerate(form.rows):
        weight = share if n else 90 - share * (len(form.rows) - 1)
        sheet.append([form.project, form.unit, *line, weight])
    return _saved(book)


def _document(form: Form) -> bytes:
    made = docx.Document()
    made.add_paragraph(f"{form.year}年项目支出绩效目标表")
    table = made.add_table(0, 5)
    for line in (
        ("项目名称", form.project, "", "", ""),
        ("实施单位", form.unit, "", "", ""),
        HEAD[:5],
        *form.rows,
    ):
        for cell, text in zip(table.add_row().cells, line, strict=True):
            cell.text = text
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _csv(form: Form) -> bytes:
    lines = [("项目名称", "单位名称", *HEAD[:5]), *((form.project, form.unit, *line) for line in form.rows)]
    return "\n".join(",".join('"' + c.replace('"', '""') + '"' for c in line) for line in lines).encode(
        "gb18030", "replace"
    )


def _html(form: Form) -> bytes:
    rows = "".join(
        "<tr>" + "".join(f"<td>{c}</td>" for c in line) + "</tr>" for line in (HEAD[:5], *form.rows)
    )
    head = f"<tr><td>项目名称</td><td>{form.project}</td></tr><tr><td>实施单位</td><td>{form.unit}</td></tr>"
    return f"<html><meta charset=utf-8><table>{head}{rows}</table></html>".encode()


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Write a season to a ZIP file."""
    parser = argparse.ArgumentParser(prog="tests.bench.season", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tables", type=int, default=600)
    parser.add_argument("--kinds", default="xlsx,docx,csv,html")
    parser.add_argument("--bad", action="store_true")
    options = parser.parse_args(arguments)
    contents = [*files(forms(options.tables), options.kinds.split(","))]
    contents += bad_files() if options.bad else ()
    options.out.write_bytes(packed(iter(contents)))
    print(f"{options.out}: {len(contents)} files, {options.out.stat().st_size / 2**20:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
