"""``kb pack``: signed edition packs, made for other offices and taken from them; keys and trust."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from kb.imports import ImportPlan
from kb.knowledge import KnowledgeBase
from loaders.errors import FileError
from loaders.exports import SHEETS
from loaders.packs import SUFFIX, Pack, require_signed
from loaders.signing import read_public, spoken
from web import printing
from web.cli_base import actor, with_knowledge
from web.cli_choices import Choices, choosing
from web.load_plan import PACKED, title_of
from web.load_text import choices_json, choices_text, some
from web.pack_work import make_key, make_pack, origin_of, plan_pack, read_pack_apart, trusted_keys
from web.text import moment

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TOLD = ("changed", "invalid")


class _Told(click.Group):
    """Turns what is wrong with a file into exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a FileError becomes its sentence on stderr."""
        try:
            return super().invoke(ctx)
        except FileError as error:
            click.echo(f"错误：{error}", err=True)
            ctx.exit(1)


@click.group(cls=_Told)
def pack() -> None:
    """指标集包：签名的 .kbp 文件，在单位之间交换指标集。"""


@pack.command()
@click.argument("name")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="另把公钥写到这里，交给别的单位")
@with_knowledge
def keygen(kb: KnowledgeBase, name: str, out: Path | None) -> None:
    """生成签名密钥，NAME 用单位名称。私钥只留在知识库文件夹，不进备份。"""
    made = make_key(kb, name)
    public = read_public(name, made.public)
    if out:
        out.write_bytes(made.public)
    click.echo(f"已生成密钥“{made.name}”，公钥指纹 {spoken(public.fingerprint)}。")
    where = f"公钥写在 {out}" if out else f"公钥文件在 {kb.settings.keys_folder}"
    click.echo(f"{where}：交给对方，并在电话里核对指纹。私钥不进备份，请另存一份在安全的地方。", err=True)


@pack.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def keys(kb: KnowledgeBase, as_json: bool) -> None:
    """列出本单位的密钥和信任的公钥，连同指纹。"""
    own = [(k.name, read_public(k.name, k.public).fingerprint) for k in kb.keys.own()]
    trusted = [(k.name, k.fingerprint) for k in kb.keys.trusted()]
    if as_json:
        rows = {
            "own": [{"name": n, "fingerprint": f} for n, f in own],
            "trusted": [{"name": n, "fingerprint": f} for n, f in trusted],
        }
        click.echo(printing.json_line(rows))
        return
    for title, found in (("本单位", own), ("信任", trusted)):
        click.echo(f"{title}：" + ("" if found else "（没有）"))
        for name, fingerprint in found:
            click.echo(f"  {name}  {spoken(fingerprint)}")


@pack.command()
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="指纹已经核对过，不再询问")
@with_knowledge
def trust(kb: KnowledgeBase, file: Path, yes: bool) -> None:
    """信任一个单位的公钥文件；以后它签名的指标集包可以导入。"""
    key = read_public(str(file), file.read_bytes())
    click.echo(f"公钥自称“{key.name}”，指纹 {spoken(key.fingerprint)}。", err=True)
    if not yes:
        click.confirm("在电话里和对方核对过这个指纹了吗？", abort=True, err=True)
    batch = kb.keys.trust(key.name, key.key.hex(), key.fingerprint, actor=actor())
    click.echo(f"已信任“{key.name}”，记为第 {batch} 批。不再信任：kb pack distrust {key.fingerprint[:16]}")


@pack.command()
@click.argument("fingerprint")
@with_knowledge
def distrust(kb: KnowledgeBase, fingerprint: str) -> None:
    """不再信任一个公钥（指纹，至少 8 位）。"""
    batch = kb.keys.distrust(fingerprint, actor=actor())
    click.echo(f"已不再信任，记为第 {batch} 批。")


@pack.command("export")
@click.argument("set_name", metavar="SET")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=f"写到哪里（{SUFFIX}）"
)
@click.option("--key", default="", metavar="NAME", help="用哪把密钥签名；只有一把时不必写")
@click.option("--unsigned", is_flag=True, help="不签名：对方要明确确认才能导入")
@with_knowledge
def export_pack(kb: KnowledgeBase, set_name: str, out: Path, key: str, unsigned: bool) -> None:
    """把一个指标集连同指标、来源写成一个签名的文件。"""
    if out.suffix.lower() != SUFFIX:
        raise click.UsageError(f"文件名请以 {SUFFIX} 结尾。")
    if unsigned and key:
        raise click.UsageError("--key 和 --unsigned 只能用一个。")
    home, data = make_pack(kb, set_name, None if unsigned else kb.keys.key(key))
    out.write_bytes(data)
    kb.audit.write(actor(), "导出指标集包", home.name, str(out))
    click.echo(
        f"已把“{home.name}”写到 {out}（{len(data):,} 字节，{'没有签名' if unsigned else '已签名'}）。",
        err=True,
    )


@pack.command("import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="只看会有什么变化，不写入")
@click.option("--replace", is_flag=True, help="本库这一集里有、包里没有的指标改为停用")
@choosing
@click.option("--name", "title", default="", help="这一批叫什么；缺省用文件名")
@click.option("--reason", default="", help="为什么导入，记在批次里，写在签名之后")
@click.option("--good-rows", is_flag=True, help="不能导入的记录留下，其余先导入；缺省有一条就整个包不导入")
@click.option("--unsigned", is_flag=True, help="没有签名也导入：来路已另行确认")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def import_pack(
    kb: KnowledgeBase,
    file: Path,
    dry_run: bool,
    choices: Choices,
    title: str,
    reason: str,
    good_rows: bool,
    unsigned: bool,
    as_json: bool,
) -> None:
    """导入别的单位的指标集包：先核对签名和校验和，再按入库的办法写成一批。"""
    read = read_pack_apart(str(file), file.read_bytes(), trusted_keys(kb))
    if not dry_run:
        require_signed(str(file), read, unsigned)
    plan = choices.plan(partial(plan_pack, kb, read))
    held, batch = bool(plan.invalid) and not good_rows, None
    if not dry_run and not held:
        batch = kb.loading.commit(
            plan,
            plan.fingerprint,
            name=title_of(file.name, plan, title, PACKED),
            actor=actor(),
            reason="；".join(filter(None, (origin_of(read), reason))),
        )
    answer = pack_json(read, plan, batch)
    click.echo(printing.json_line(answer) if as_json else _text(read, answer, held, dry_run))
    if held and not dry_run:
        sys.exit(1)


def pack_json(read: Pack, plan: ImportPlan, batch: int | None) -> dict[str, Any]:
    """A pack and its plan as ``kb pack import --json`` prints it."""
    return {
        "set": read.set.code, "name": read.set.name, "edition": read.set.edition, "issuer": read.about.issuer,
        "made_at": read.about.made_at, "program": read.about.program, "signed": read.signed, "signer": read.signer,
        "fingerprint": read.fingerprint, "counts": {k.value: n for k, n in read.counts.items()}, "diff": plan.counts,
        "changes": [{"action": c.action, "code": c.code, "name": c.name, "reason": c.reason} for c in plan.changes],
        **choices_json(plan), "batch": batch,
    }  # fmt: skip


def _text(read: Pack, answer: dict[str, Any], held: bool, dry_run: bool) -> str:
    edition = f"（{read.set.edition} 版）" if read.set.edition else ""
    d = answer["diff"]
    told = [f"    {c['code']} {c['name']} {c['reason']}" for c in answer["changes"] if c["action"] in _TOLD]
    lines = [
        f"{read.set.name}{edition}，{origin_of(read)}，内容截至 {moment(read.about.made_at)}",
        "  " + "，".join(f"{SHEETS[kind]} {n}" for kind, n in read.counts.items()),
        f"  新增 {d['new']}，修改 {d['changed']}，不变 {d['same']}，包里没有 {d['vanished']}，不能导入 {d['invalid']}",
        *some(told),
        *choices_text(answer, "包"),
    ]
    return "\n".join([*lines, f"  {_outcome(read, answer['batch'], held, dry_run)}"])


def _outcome(read: Pack, batch: int | None, held: bool, dry_run: bool) -> str:
    if dry_run:
        return "只是预览，没有写入。" + ("" if read.signed else "没有签名，导入要加 --unsigned。")
    if held:
        return "有不能导入的记录，整个包没有导入。可加 --good-rows 先导入其余的。"
    if batch is None:
        return "没有变化，没有写入。"
    return f"已导入，记为第 {batch} 批。要撤回：kb undo {batch}"
