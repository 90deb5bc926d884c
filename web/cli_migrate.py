"""``kb migrate``: the whole knowledge base to another database, with the proof that both hold the same."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from kb.moving import move
from kb.settings import Settings
from web.cli_base import ProgressBar, home_option


@click.command()
@click.option(
    "--to",
    "target",
    required=True,
    metavar="URL",
    help="新库的地址，如 postgresql+psycopg://kb@主机/kb；要先建好，而且是空的",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@home_option
@click.pass_context
def migrate(context: click.Context, home: str | None, target: str, as_json: bool) -> None:
    """把知识库搬到另一个数据库（SQLite 与 PostgreSQL 互搬），搬完逐表核对。

    要么全部搬完，要么新库一行不留；原库不动。搬的时候网站只能看不能改。
    """
    bar = ProgressBar()
    try:
        moved = move(Settings.load(home or context.obj), target, bar)
    finally:
        bar.close()
    if as_json:
        click.echo(json.dumps({**asdict(moved), "rows": moved.rows, "equal": True}, ensure_ascii=False))
        return
    width = max(len(table.table) for table in moved.tables)
    for table in moved.tables:
        click.echo(f"{table.table:<{width}} {table.rows:>10,} 行  {table.digest[:16]}  两边一致")
    click.echo(f"已从 {moved.source} 搬到 {moved.target}，共 {moved.rows:,} 行，逐表核对一致；原库没有动。")
    click.echo("接下来：停掉程序，把 KB_DATABASE 设为新库的地址，再启动；检索索引第一次启动时自动重建。")
