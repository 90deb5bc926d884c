"""``kb review``: check target tables from files or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from indicators.chinese_time import today
from kb.knowledge import KnowledgeBase
from kb.review_batch import statistics
from kb.review_packs import PACKS, UnknownPackError
from kb.review_records import FileLine
from loaders.report_book import annotated
from loaders.report_letter import letter
from loaders.report_summary import summary
from loaders.report_text import markdown
from web import printing
from web.cli_base import with_knowledge
from web.review_files import ReviewedFile, expand, review_files
from web.review_report import Reporter

KINDS = (".xlsx", ".docx", ".md")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，每个文件一行")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="另写报告：.xlsx 批注表或汇总，.docx 审核意见，.md 文字",
)
@click.option("--rules", "pack_name", default="", metavar="PACK", help=f"规则包：{'、'.join(PACKS)}")
@with_knowledge
def review(
    kb: KnowledgeBase, files: tuple[str, ...], as_json: bool, out: Path | None, pack_name: str
) -> None:
    """体检：检查绩效目标表。FILE 可以是 xlsx、xls、docx、pdf、csv、html、md、zip，- 为从标准输入粘贴。"""
    if out is not None and out.suffix.lower() not in KINDS:
        raise click.UsageError("--out 的文件名要以 .xlsx、.docx 或 .md 结尾。")
    try:
        pack = kb.reviews.pack(pack_name)
    except UnknownPackError as error:
        raise click.UsageError(str(error)) from error
    given = list(_read(files))
    kept: list[ReviewedFile] = []
    failed = False
    for reviewed in review_files(kb.reviewer(), given, pack, kb.reviews.bounds(), elsewhere=kb.filed.peers):
        failed |= bool(reviewed.error)
        click.echo(printing.json_line(reviewed.as_json()) if as_json else printing.review_text(reviewed))
        if reviewed.error:
            click.echo(f"错误：{reviewed.error}", err=True)
        if out is not None:
            kept.append(reviewed)
    if out is not None:
        _write(kb, out, kept, given)
    if failed:
        sys.exit(1)


def _read(files: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for name in files:
        if name == "-":
            yield "粘贴的内容", sys.stdin.buffer.read()
            continue
        path = Path(name)
        if not path.is_file():
            raise click.UsageError(f"没有文件“{name}”。")
        yield name, path.read_bytes()


def _write(
    kb: KnowledgeBase, out: Path, reviewed: Sequence[ReviewedFile], given: Sequence[tuple[str, bytes]]
) -> None:
    """Write the report: of one file its annotated workbook, of several the summary, or letters, or text."""
    if not any(one.reviews for one in reviewed):
        return
    out.write_bytes(_report(kb, out.suffix.lower(), reviewed, given))
    click.echo(f"报告写在 {out}。", err=True)


def _report(
    kb: KnowledgeBase, kind: str, reviewed: Sequence[ReviewedFile], given: Sequence[tuple[str, bytes]]
) -> bytes:
    reporter = Reporter(kb)
    reviews = [review for one in reviewed for review in one.reviews]
    reports = [reporter.report(review, number=n) for n, review in enumerate(reviews, 1)]
    if kind == ".docx":
        return letter(reports, today())
    if kind == ".md":
        return markdown(reports).encode()
    if len(reviewed) == 1:
        name, data = next(iter(expand(given)))
        return annotated(reports, name, data if isinstance(data, bytes) else None)
    files = [FileLine(number=n, upload=0, name=r.name, error=r.error) for n, r in enumerate(reviewed)]
    return summary(reporter.batch(reports, statistics(reviews), files))
