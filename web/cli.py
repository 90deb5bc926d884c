"""The command line: ``kb search``, ``show``, ``serve``, ``check``, ``reindex``, ``backup``, ``restore``, ``user``, ``undo``.

Exit codes: 0 done, 1 the command ran and found errors in the user's input, 2 wrong usage.
With ``--json`` only JSON goes to stdout; progress and messages go to stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from indicators.chinese_time import day_time
from indicators.shipped import CatalogueError
from kb.errors import KnowledgeError
from kb.knowledge import KnowledgeBase
from kb.search.answer import Filters
from web import printing
from web.cli_base import ProgressBar, actor, with_knowledge
from web.cli_draft import draft
from web.cli_export import export
from web.cli_filed import filed
from web.cli_load import load, template
from web.cli_migrate import migrate
from web.cli_overlay import merge, overlay
from web.cli_pack import pack
from web.cli_review import review
from web.cli_serve import serve
from web.cli_user import undo, user
from web.present import record_json, search_json


class Command(click.Group):
    """The group that turns failures with a message for the user into exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a KnowledgeError becomes its sentence on stderr."""
        try:
            return super().invoke(ctx)
        except (KnowledgeError, CatalogueError) as error:
            click.echo(f"错误：{error}", err=True)
            ctx.exit(1)


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", metavar="DIR", help="知识库文件夹")
@click.version_option(package_name="indicator-kb", prog_name="kb")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """绩效指标知识库：查指标、看案例、防返工。"""
    context.obj = home


@main.command()
@click.argument("query", required=False)
@click.option("--kind", multiple=True, help="种类：indicator framework project issue guide")
@click.option("--sector", multiple=True, help="行业名称，如 交通运输")
@click.option("--level1", multiple=True, help="一级指标，如 产出指标")
@click.option("--level2", multiple=True, help="二级指标，如 数量指标")
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True, help="最多几条")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--stdin", is_flag=True, help="从标准输入逐行读查询，每行输出一个 JSON 对象")
@with_knowledge
def search(
    kb: KnowledgeBase,
    query: str | None,
    kind: tuple[str, ...],
    sector: tuple[str, ...],
    level1: tuple[str, ...],
    level2: tuple[str, ...],
    limit: int,
    as_json: bool,
    stdin: bool,
) -> None:
    """查找指标、框架、案例项目、评价问题和指南。"""
    if stdin == (query is not None):
        raise click.UsageError("请给出查询词，或用 --stdin 从标准输入读取。")
    filters = Filters(kind=kind, sector=sector, level1=level1, level2=level2)
    for text in sys.stdin if stdin else [query or ""]:
        answer = kb.search(text.rstrip("\r\n"), filters, limit=limit)
        if as_json or stdin:
            click.echo(printing.json_line(search_json(answer)))
            sys.stdout.flush()
        else:
            click.echo(printing.answer_text(answer))


@main.command()
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def show(kb: KnowledgeBase, code: str, as_json: bool) -> None:
    """显示一条记录的全部内容、来源、版本和关联。"""
    record = record_json(kb.view(code))
    click.echo(printing.json_line(record) if as_json else printing.record_text(record))


@main.command()
@click.option("--content", is_flag=True, help="另外统计目录内容：各行业覆盖、字段完整度、待修的记录")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def check(kb: KnowledgeBase, content: bool, as_json: bool) -> None:
    """核对数据库、索引和目录，有出入时退出码为 1。"""
    report = kb.check()
    inventory = kb.content() if content else None
    faulty = inventory is not None and any(f.level == "error" for f in inventory.faults)
    if as_json:
        click.echo(printing.json_line(printing.check_json(report, inventory)))
    else:
        click.echo(printing.check_text(report))
        if inventory is not None:
            click.echo(printing.content_text(inventory))
    if faulty or not report.ok:
        sys.exit(1)


@main.command()
@with_knowledge
def reindex(kb: KnowledgeBase) -> None:
    """重建搜索索引：在旁边建好再替换，中途中断不影响使用。"""
    bar = ProgressBar()
    number = kb.reindex(bar, actor=actor())
    bar.close()
    click.echo(f"已重建索引，共 {number} 条。", err=True)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_knowledge
def backup(kb: KnowledgeBase, file: Path) -> None:
    """把整个知识库备份成一个文件，使用中也可以备份。"""
    info = kb.backup(file, actor=actor())
    click.echo(f"已备份 {info.records} 条记录到 {info.file}。")
    if commands := kb.dump_commands():
        click.echo("库很大时，用 PostgreSQL 自己的工具更快：", err=True)
        click.echo(f"  备份：{commands[0]}", err=True)
        click.echo(f"  恢复：{commands[1]}，然后在每台机器上 kb reindex", err=True)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_knowledge
def restore(kb: KnowledgeBase, file: Path) -> None:
    """从备份恢复；恢复前的状态自动另存，可再恢复回来。"""
    bar = ProgressBar()
    info, kept = kb.restore(file, bar, actor=actor())
    bar.close()
    click.echo(
        f"已恢复 {day_time(info.made)}（北京时间）的备份，共 {info.records} 条记录。恢复前的状态存在 {kept}。"
    )


main.add_command(review)
main.add_command(serve)
main.add_command(user)
main.add_command(undo)
main.add_command(draft)
main.add_command(load)
main.add_command(template)
main.add_command(export)
main.add_command(filed)
main.add_command(overlay)
main.add_command(merge)
main.add_command(pack)
main.add_command(migrate)
