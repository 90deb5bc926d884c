"""The summary of a batch as a workbook: one line a table, all findings, counts, pairs, what was not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from openpyxl import Workbook

from loaders.reports import BatchReport, Note
from loaders.sheets import Value, saved, table


def summary(batch: BatchReport) -> bytes:
    """The workbook."""
    book = Workbook()
    first = book.worksheets[0]
    first.title = "总表"
    table(
        first, ("序号", "单位", "项目", "年度", "金额（万元）", "指标行", "错误", "建议", "提示", "得分", "等级", "文件", "位置"),
        _overview(batch), (6, 24, 34, 7, 12, 8, 7, 7, 7, 8, 7, 34, 18),
    )  # fmt: skip
    table(
        book.create_sheet("问题清单"),
        ("表号", "单位", "项目", "行", "指标", "级别", "问题", "说明", "怎么改", "依据", "审核决定"),
        _findings(batch), (6, 22, 28, 6, 26, 7, 8, 44, 44, 28, 18),
    )  # fmt: skip
    _counts(book, "按问题类型", "问题", batch.by_code, batch.titles)
    _counts(book, "按单位", "单位", batch.by_unit)
    _counts(book, "按行业", "行业", batch.by_sector)
    _counts(book, "按等级", "等级", batch.grades)
    table(book.create_sheet("雷同"), ("甲表", "乙表", "说明"), batch.twins, (48, 48, 40))
    table(book.create_sheet("照抄的指标"), ("指标", "指标值", "表数"), batch.copied, (36, 24, 8))
    table(book.create_sheet("各单位常犯"), ("单位", "问题", "表数"), batch.habits, (30, 44, 16))
    table(book.create_sheet("没有读出的文件"), ("文件", "原因和办法"), batch.unread, (44, 80))
    return saved(book)


def _overview(batch: BatchReport) -> Iterator[tuple[Value, ...]]:
    for report in batch.reports:
        draft = report.draft
        counts = [sum(n.severity.label == word for n in report.notes) for word in ("错误", "建议", "提示")]
        yield (
            report.number, draft.unit or draft.department, report.project, draft.year, draft.amount,
            len(draft.rows), *counts, report.points, report.grade, draft.file, draft.place,
        )  # fmt: skip


def _findings(batch: BatchReport) -> Iterator[tuple[Value, ...]]:
    for report in batch.reports:
        names = {row.number: row.name for row in report.draft.rows}
        unit = report.draft.unit or report.draft.department
        for n in report.notes:
            yield (report.number, unit, report.project, *_finding(n, names))


def _finding(note: Note, names: Mapping[int, str]) -> tuple[Value, ...]:
    return (
        note.row or "整表", names.get(note.row, ""), note.severity.label, note.code, note.message,
        note.suggestion, note.clause or note.basis, note.decision,
    )  # fmt: skip


def _counts(
    book: Workbook, title: str, what: str, counts: Mapping[str, int], names: Mapping[str, str] | None = None
) -> None:
    rows = [(f"{key} {(names or {}).get(key, '')}".strip(), n) for key, n in counts.items()]
    table(book.create_sheet(title), (what, "处数"), rows, (48, 10))
