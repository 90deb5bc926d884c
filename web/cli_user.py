"""``kb user``: accounts on the command line, where the first admin is made; and ``kb undo``."""

from __future__ import annotations

import json
import sys

import click

from indicators.chinese_time import day
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from web.cli_base import actor, with_knowledge
from web.words import ROLE_NAMES

_ROLES = click.Choice([role.value for role in Role])
_FROM_STDIN = click.option("--password-stdin", is_flag=True, help="从标准输入的第一行读密码")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("密码", hide_input=True, confirmation_prompt="再输一遍", err=True))


@click.group()
def user() -> None:
    """账号：新建、列出、改密码、改角色、停用。"""


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLES, required=True, help="drafter 起草，reviewer 审核，admin 管理")
@_FROM_STDIN
@click.option("--no-password", is_flag=True, help="不设密码，只由单位的统一登录或代理登录")
@with_knowledge
def add(kb: KnowledgeBase, name: str, role: str, password_stdin: bool, no_password: bool) -> None:
    """新建账号。第一个管理员只能这样建立。"""
    if password_stdin and no_password:
        raise click.UsageError("--password-stdin 和 --no-password 只能用一个。")
    password = None if no_password else _password(password_stdin)
    made = kb.accounts.add(name, Role(role), password, actor=actor())
    click.echo(f"已建立账号“{made.name}”，角色：{ROLE_NAMES[made.role]}。", err=True)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def list_users(kb: KnowledgeBase, as_json: bool) -> None:
    """列出账号。"""
    accounts = kb.accounts.all()
    if as_json:
        rows = [
            {"name": a.name, "role": a.role.value, "active": a.active, "created": a.created_at.isoformat()}
            for a in accounts
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not accounts:
        click.echo("还没有账号。建立第一个管理员：kb user add 名字 --role admin", err=True)
    for a in accounts:
        state = "" if a.active else "  已停用"
        click.echo(f"{a.name}  {ROLE_NAMES[a.role]}（{a.role.value}）  {day(a.created_at)}{state}")


@user.command()
@click.argument("name")
@_FROM_STDIN
@with_knowledge
def passwd(kb: KnowledgeBase, name: str, password_stdin: bool) -> None:
    """重设密码；这个账号在各处的登录随即失效。"""
    kb.accounts.get(name)
    kb.accounts.set_password(name, _password(password_stdin), actor=actor())
    click.echo(f"已重设“{name}”的密码。", err=True)


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLES, required=True)
@with_knowledge
def role(kb: KnowledgeBase, name: str, role: str) -> None:
    """改角色。"""
    kb.accounts.set_role(name, Role(role), actor=actor())
    click.echo(f"已把“{name}”的角色改为{ROLE_NAMES[Role(role)]}。", err=True)


@user.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="重新启用")
@with_knowledge
def disable(kb: KnowledgeBase, name: str, undo: bool) -> None:
    """停用账号；随即不能再用。"""
    kb.accounts.set_active(name, undo, actor=actor())
    click.echo(f"已{'启用' if undo else '停用'}“{name}”。", err=True)


@click.command()
@click.argument("batch", type=click.IntRange(1, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def undo(kb: KnowledgeBase, batch: int, as_json: bool) -> None:
    """撤回一批改动；撤回本身也是一批，可以再撤回。"""
    number = kb.undo(batch, actor=actor(), reason="在命令行撤回")
    if as_json:
        click.echo(json.dumps({"undone": batch, "batch": number}))
    else:
        click.echo(f"已撤回第 {batch} 批，记为第 {number} 批。")
