"""``kb overlay`` and ``kb merge``: local sets over another office's, and next year's merged into them."""

from __future__ import annotations

import sys
from typing import Any

import click

from indicators.differences import told
from indicators.fields import label_of, shown
from indicators.model import Kind
from kb.imports import SetAbout
from kb.knowledge import KnowledgeBase
from kb.overlaying import MergeView
from kb.overlays import Entry, FieldMerge, Outcome, Side
from web import printing
from web.cli_base import DAY, actor, require_order, with_knowledge
from web.present import plain
from web.words import FATE_NAMES, OUTCOME_NAMES

_SHOWN = 40


@click.command()
@click.argument("name")
@click.option("--base", default="", metavar="SET", help="新建：在哪个指标集上做（名称或代码）")
@click.option("--edition", default="", help="新建：版本")
@click.option("--issuer", default="", help="新建：发布单位")
@click.option("--region", default="", help="新建：适用地区")
@click.option("--valid-from", type=DAY, default="", help="新建：从何时起有效")
@click.option("--valid-to", type=DAY, default="", help="新建：到何时止有效")
@click.option("--copy", "copies", multiple=True, metavar="CODE", help="把沿用的上级指标改成本地口径，可重复")
@click.option("--leave-out", "leaving", multiple=True, metavar="CODE", help="本地不用的上级指标，可重复")
@click.option("--take-up", "coming", multiple=True, metavar="CODE", help="用回原来不用的上级指标，可重复")
@with_knowledge
def overlay(
    kb: KnowledgeBase,
    name: str,
    base: str,
    edition: str,
    issuer: str,
    region: str,
    valid_from: str,
    valid_to: str,
    copies: tuple[str, ...],
    leaving: tuple[str, ...],
    coming: tuple[str, ...],
) -> None:
    """本地指标集：在省、市的指标集上沿用、改口径、不用或补充。县里的表再用 kb load --set 入进来。"""
    require_order(valid_from, valid_to)
    if base:
        about = SetAbout(edition, issuer, region, valid_from, valid_to)
        code, batch = kb.overlays.make(name, base, about, actor=actor())
        _tell(f"已新建本地指标集“{name}”（{code}）", batch)
    for codes, deed, done in (
        (leaving, kb.overlays.leave_out, "不再用"),
        (coming, kb.overlays.take_up, "用回"),
    ):
        if codes:
            _tell(f"{done} {'、'.join(codes)}", deed(name, codes, actor=actor()))
    if copies:
        made, batch = kb.overlays.copy(name, copies, actor=actor())
        _tell(f"已改成本地口径：{'、'.join(f'{a}→{b}' for a, b in zip(copies, made, strict=True))}", batch)
    if not (base or copies or leaving or coming):
        found = kb.overlays.overlay(name)
        edition = f" {found.base_edition} 版" if found.base_edition else ""
        click.echo(f"{found.name}（{found.code}），上级 {found.base}{edition}，{len(found.members)} 条")


def _tell(what: str, batch: int) -> None:
    click.echo(f"{what}，记为第 {batch} 批。要撤回：kb undo {batch}")


@click.command()
@click.argument("name", metavar="SET")
@click.option("--base", default="", metavar="NEWSET", help="上级的新一版；缺省为上级指标集现在的样子")
@click.option(
    "--take",
    "takes",
    multiple=True,
    metavar="SIDE",
    help="冲突怎么选，可重复：ours（留本地）、theirs（用上级），或某处 代码.字段=theirs、代码=ours、字段=ours",
)
@click.option("--dry-run", is_flag=True, help="只看会怎样合并，不写入")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@with_knowledge
def merge(
    kb: KnowledgeBase, name: str, base: str, takes: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """把上级指标集的新一版合并到本地指标集：只有上级改的用上级，只有本地改的留本地，都改了的由您选。"""
    view = kb.overlays.compare(name, base)
    choices = choose(view, takes)
    left = [key for entry in view.entries for key in entry.keys if key not in choices]
    batch = None
    if not dry_run and not left:
        batch = kb.overlays.merge(name, base, choices, mark=view.mark, actor=actor())
    answer = merge_json(view, left, batch)
    click.echo(printing.json_line(answer) if as_json else _text(view, left, batch, dry_run))
    if left and not dry_run:
        sys.exit(1)


def choose(view: MergeView, takes: tuple[str, ...]) -> dict[str, Side]:
    """Sides by key, the later word over the earlier; wrong usage where one fits nothing."""
    keys = [key for entry in view.entries for key in entry.keys]
    retired = [e.code for e in view.entries if e.code and not e.new]
    choices: dict[str, Side] = {}
    for take in takes:
        where, mark, side = take.rpartition("=")
        if side not in list(Side):
            raise click.UsageError(f"--take 写 ours、theirs、代码=ours 或 代码.字段=theirs；收到“{take}”。")
        fitting = [
            k
            for k in keys
            if not mark or k == where or k.partition(".")[0] == where or k.partition(".")[2] == where
        ]
        fitting += [code for code in retired if code == where and code not in fitting]
        if mark and not fitting:
            raise click.UsageError(f"没有“{where}”这处冲突。冲突有：{'、'.join(keys[:8]) or '（没有）'}。")
        choices |= dict.fromkeys(fitting, Side(side))
    return choices


def merge_json(view: MergeView, left: list[str], batch: int | None) -> dict[str, Any]:
    """A merge as ``kb merge --json`` prints it."""
    entries = [
        {
            "fate": e.fate.value, "code": e.code, "name": e.name, "old": e.old, "new": e.new, "successor": e.successor,
            "below": [{"field": c.field, "before": c.before, "after": c.after} for c in e.below],
            "fields": [
                {"field": f.field, "outcome": f.outcome.value, **{s: plain(getattr(f, s)) for s in ("old", "theirs", "ours", "value")}}
                for f in e.fields
            ],
        }
        for e in view.entries
    ]  # fmt: skip
    counts = {fate.value: n for fate, n in view.counts.items()}
    return {
        "set": view.overlay.code, "base": view.base.code, "counts": counts, "conflicts": left, "entries": entries,
        "mark": view.mark, "batch": batch,
    }  # fmt: skip


def _text(view: MergeView, left: list[str], batch: int | None, dry_run: bool) -> str:
    edition = f"（{view.base.edition} 版）" if view.base.edition else ""
    lines = [f"{view.overlay.name} ← {view.base.name}{edition}"]
    lines.append("  " + "，".join(f"{FATE_NAMES[fate]} {n}" for fate, n in view.counts.items()))
    told = [e for e in view.entries if e.fields or e.below or not e.new][:_SHOWN]
    for entry in told:
        lines += _entry_lines(entry)
    return "\n".join([*lines, f"  {_outcome(view, left, batch, dry_run)}"])


def _entry_lines(entry: Entry) -> list[str]:
    heir = f"，改用 {entry.successor} {entry.successor_name}" if entry.successor else ""
    head = f"  {FATE_NAMES[entry.fate]}：{entry.code or entry.new or entry.old} {entry.name}{heir}"
    below = (f"    上级改了{told_}" for told_ in told(Kind.INDICATOR, entry.below))
    return [head, *(f"    {_field_line(f)}" for f in entry.fields), *below]


def _field_line(f: FieldMerge) -> str:
    name = label_of(Kind.INDICATOR, f.field)
    texts = {
        side: shown(f.field, getattr(f, side)) or "（空）" for side in ("old", "theirs", "ours", "value")
    }
    if f.outcome is Outcome.CONFLICT:
        return f"{name}（{f.field}）冲突：原 {texts['old']}；上级 {texts['theirs']}；本地 {texts['ours']}"
    return f"{name} {OUTCOME_NAMES[f.outcome]}：{texts['value']}"


def _outcome(view: MergeView, left: list[str], batch: int | None, dry_run: bool) -> str:
    if left:
        return f"有 {len(left)} 处要选，{'' if dry_run else '没有写入。'}例如 --take {left[0]}=theirs，或 --take ours 全留本地。"
    if dry_run:
        return "只是预览，没有写入。"
    if batch is None:
        return "没有变化，没有写入。"
    return f"已合并，记为第 {batch} 批。要撤回：kb undo {batch}"
