"""``kb export``: a set, the matches of a search, or everything, to a file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from indicators.model import Record
from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters
from loaders.errors import FileError
from web.cli_base import with_knowledge
from web.exporting import MOST, Found, find, write_found, write_records


@click.command()
@click.option("--set", "set_name", default="", metavar="NAME", help="只导出这个指标集（名称或代码）")
@click.option("--query", default="", metavar="Q", help="只导出搜到的记录，写法同 kb search")
@click.option("--kind", multiple=True, help="种类：indicator framework project issue guide")
@click.option("--sector", multiple=True, help="行业名称，如 交通运输")
@click.option("--level1", multiple=True, help="一级指标，如 产出指标")
@click.option("--level2", multiple=True, help="二级指标，如 数量指标")
@click.option("--status", multiple=True, type=click.Choice(["active", "retired"]), help="在用或已停用")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="写到哪里：.xlsx .csv .yaml .json，或 SKOS 的 .ttl",
)
@with_knowledge
def export(
    kb: KnowledgeBase,
    set_name: str,
    query: str,
    kind: tuple[str, ...],
    sector: tuple[str, ...],
    level1: tuple[str, ...],
    level2: tuple[str, ...],
    status: tuple[str, ...],
    out: Path,
) -> None:
    """导出一个指标集、搜到的记录或全部记录；xlsx、csv、json、yaml 可以原样再入库。"""
    filters = Filters(kind=kind, sector=sector, level1=level1, level2=level2, status=status)
    searched = bool(query or filters != Filters())
    try:
        if searched:
            home = (kb.loading.require_set(set_name).name,) if set_name else ()
            found = find(kb, query, replace(filters, set=home))
            data, records = write_found(kb, str(out), found, query), found.records
            _tell_cut(found)
        else:
            records = kb.loading.records_of(set_name)
            data = write_records(kb, str(out), records)
    except FileError as error:
        click.echo(f"错误：{error}", err=True)
        sys.exit(1)
    out.write_bytes(data)
    click.echo(_done(records, out, found if searched else None), err=True)


def _tell_cut(found: Found) -> None:
    if found.cut:
        click.echo(
            f"共 {found.answer.total} 条，一次最多导出 {MOST} 条，只写了排在前面的。加上筛选可以导出全。",
            err=True,
        )
    if found.answer.relaxed:
        click.echo(f"照原词没有找到，导出的是放宽后的结果（{found.answer.relaxed}）。", err=True)


def _done(records: list[Record], out: Path, found: Found | None) -> str:
    return f"已导出 {len(found.answer.hits) if found else len(records)} 条记录到 {out}。"
