"""``kb review``: check target tables from files or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kb.knowledge import KnowledgeBase
from web import printing
from web.cli_base import with_knowledge
from web.review_files import review_files


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，每个文件一行")
@with_knowledge
def review(kb: KnowledgeBase, files: tuple[str, ...], as_json: bool) -> None:
    """体检：检查绩效目标表。FILE 可以是 xlsx、xls、docx、pdf、csv、html、md、zip，- 为从标准输入粘贴。"""
    reviewer = kb.reviewer()
    failed = False
    for reviewed in review_files(reviewer, _read(files)):
        failed |= bool(reviewed.error)
        click.echo(printing.json_line(reviewed.as_json()) if as_json else printing.review_text(reviewed))
        if reviewed.error:
            click.echo(f"错误：{reviewed.error}", err=True)
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
