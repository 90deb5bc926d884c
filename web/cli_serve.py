"""``kb serve``: the pages and the API, from one process or from several."""

from __future__ import annotations

import sys

import click

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web.cli_base import home_option, knowledge
from web.metrics_folder import prepare

_PORTS = click.IntRange(0, 65535)


@click.command()
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", type=_PORTS, default=8000, show_default=True, help="监听端口，0 为任选")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="用几个进程（Windows 上只能一个）；缺省一个，不另设看管进程"
)
@click.pass_context
def serve(context: click.Context, home: str | None, host: str, port: int, workers: int | None) -> None:
    """启动网页和接口；空文件夹会先建库。收到 SIGTERM 先答完手上的请求再停；多进程时 SIGHUP 逐个换新。"""
    kb = knowledge(context, home)
    if (health := kb.health()).degraded:
        click.echo(f"注意：{health.message}。请检查 KB_SEARCH；恢复后自动接上，不必重启。", err=True)
    if workers is not None and sys.platform == "win32":
        click.echo("Windows 上只能用一个进程，已忽略 --workers。要多个进程请用 Linux。", err=True)
        workers = None
    if workers is None:
        _alone(kb, host, port)
    else:
        _together(kb, host, port, workers)


def _alone(kb: KnowledgeBase, host: str, port: int) -> None:
    from web.server import run  # the pages are not needed by any other command

    run(kb, host, port, _tell)


def _together(kb: KnowledgeBase, host: str, port: int, workers: int) -> None:
    settings: Settings = kb.settings
    kb.close()  # made ready; each worker opens it for itself
    prepare(settings.home / "metrics")
    from web.workers import run

    run(settings, host, port, workers, _tell)


def _tell(address: str) -> None:
    click.echo(f"绩效指标知识库已就绪：{address}  （按 Ctrl+C 停止）")
    sys.stdout.flush()
