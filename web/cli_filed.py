"""``kb filed``: target tables of past seasons, to compare new ones with and to see what values units set."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from indicators.draft import Draft
from kb.knowledge import KnowledgeBase
from web.cli_base import ProgressBar, actor, with_knowledge
from web.filed_reading import read_tables


@click.group()
def filed() -> None:
    """历年目标表：存入往年的目标表，体检时比对雷同，指标页显示各单位定了多少。"""


@filed.command("load")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--region", default="", help="地区")
@click.option("--name", default="", help="这一批的名称；缺省用文件名")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def load_tables(kb: KnowledgeBase, files: tuple[str, ...], region: str, name: str, as_json: bool) -> None:
    """存入目标表，一次为一批，可用 kb undo 撤回。FILE 可以是目标表文件，也可以是装着它们的 zip 或文件夹。"""
    errors: list[str] = []
    bar = ProgressBar()
    batch, new, same = kb.filed.add(
        _drafts(files, errors), kb.reviewer(), name=f"历年目标表：{name or Path(files[0]).name}",
        actor=actor(), region=region, progress=bar,
    )  # fmt: skip
    bar.close()
    if as_json:
        click.echo(
            json.dumps(
                {"batch": batch or None, "tables": new, "same": same, "errors": errors}, ensure_ascii=False
            )
        )
    for error in errors:
        click.echo(f"错误：{error}", err=True)
    if not as_json:
        done = (
            f"存入 {new} 张目标表，记为第 {batch} 批。要撤回：kb undo {batch}"
            if new
            else "没有新的目标表，没有写入。"
        )
        click.echo(f"{done}{f'另有 {same} 张早已存过。' if same else ''}")
    if errors:
        sys.exit(1)


def _drafts(files: tuple[str, ...], errors: list[str]) -> Iterator[Draft]:
    def given() -> Iterator[tuple[str, bytes]]:
        for name in files:
            path = Path(name)
            if not path.exists():
                raise click.UsageError(f"没有文件“{name}”。")
            for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
                yield str(file), file.read_bytes()

    yield from read_tables(given(), errors)


@filed.command("rebuild")
@with_knowledge
def rebuild(kb: KnowledgeBase) -> None:
    """重新汇总各指标的取值分布；存入和撤回时已自动做过，供夜间例行。"""
    number = kb.filed.rebuild()
    totals = kb.filed.totals()
    click.echo(f"{totals.tables} 张目标表 {totals.rows} 行，汇总出 {number} 条取值分布。", err=True)


@filed.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def seasons(kb: KnowledgeBase, as_json: bool) -> None:
    """列出存入的批次。"""
    found = kb.filed.seasons()
    if as_json:
        click.echo(
            json.dumps([{f: getattr(s, f) for f in s.__struct_fields__} for s in found], ensure_ascii=False)
        )
        return
    if not found:
        click.echo("还没有存入历年目标表。存入：kb filed load 目标表.zip", err=True)
    for s in found:
        years = (
            "" if s.first is None else f"  {s.first}年" if s.first == s.last else f"  {s.first}—{s.last}年"
        )
        out = f"  已由第 {s.withdrawn} 批撤回" if s.withdrawn else ""
        click.echo(f"第 {s.batch} 批  {s.tables} 张 {s.rows} 行{years}{out}")
