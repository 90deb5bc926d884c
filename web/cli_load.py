"""``kb load``: files into the knowledge base."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from indicators.candidate import Candidate
from indicators.model import Indicator, IndicatorSet
from kb.imports import ImportPlan, SetAbout
from kb.knowledge import KnowledgeBase
from loaders import mending
from loaders.building import Options, build
from loaders.errors import FileError
from loaders.kinds import Hints
from loaders.loading import KINDS, LoadedFile, load_file, table_json
from web import printing
from web.cli_base import DAY, actor, require_order, with_knowledge

_SHOWN = 20


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--as", "kind", type=click.Choice(KINDS), default="auto", show_default=True, help="文件里是什么"
)
@click.option("--set", "set_name", default="", metavar="NAME", help="指标归入哪个指标集；缺省用文件名")
@click.option("--replace", is_flag=True, help="指标集里文件没有的指标改为停用（要与 --set 同用）")
@click.option("--good-rows", is_flag=True, help="有错误的行留下，其余先入库；缺省有一行错就整个文件不入")
@click.option("--map", "pairs", multiple=True, metavar="列名=字段", help="更正列名对应，可重复")
@click.option("--year", type=click.IntRange(1990, 2100), help="年度；缺省从标题或文件名认")
@click.option("--region", default="", help="地区：项目的地区，也记为指标集的适用地区")
@click.option("--edition", default="", help="指标集的版本，如 2026")
@click.option("--issuer", default="", help="指标集的发布单位")
@click.option("--valid-from", type=DAY, default="", help="指标集从何时起有效，如 2026-01-01")
@click.option("--valid-to", type=DAY, default="", help="指标集到何时止有效，如 2026-12-31")
@click.option(
    "--bad-rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="把有错误的行连同原因写成工作簿（.xlsx），改好再入",
)
@click.option("--dry-run", is_flag=True, help="只看会有什么变化，不写入")
@click.option("--rows", is_flag=True, help="连同读出的每一行输出（与 --json 同用）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，每个文件一行")
@with_knowledge
def load(
    kb: KnowledgeBase,
    files: tuple[str, ...],
    kind: str,
    set_name: str,
    replace: bool,
    good_rows: bool,
    pairs: tuple[str, ...],
    year: int | None,
    region: str,
    edition: str,
    issuer: str,
    valid_from: str,
    valid_to: str,
    bad_rows: Path | None,
    dry_run: bool,
    rows: bool,
    as_json: bool,
) -> None:
    """入库：把指标集、目标表、项目清单、部门得分、评价问题读进来。可读 xlsx、xls、ods、docx、pdf、csv、html、md、txt。"""
    if replace and not set_name:
        raise click.UsageError("--replace 要与 --set 同用，才知道停用哪个指标集里的指标。")
    about = SetAbout(edition, issuer, region, valid_from, valid_to)
    require_order(valid_from, valid_to)
    hints = Hints("" if kind == "auto" else kind, _corrections(pairs), kb.loading.learned())
    if bad_rows and len(files) > 1:
        raise click.UsageError("--bad-rows 一次只能用于一个文件。")
    failed = False
    for name, data in _read(files):
        try:
            file = load_file(name, data, hints)
        except FileError as error:
            failed = True
            if as_json:
                click.echo(
                    printing.json_line({"file": name, "batch": None, "tables": [], "error": str(error)})
                )
            click.echo(f"错误：{error}", err=True)
            continue
        if bad_rows and (mend := mending.bad_rows(file.tables)):
            bad_rows.write_bytes(mend)
            click.echo(f"有错误的行和原因写在 {bad_rows}。", err=True)
        candidates = build(file, Options(kb.loading.sectors(), region, year))
        target = set_name or _set_of(file, candidates)
        plan = kb.loading.plan(candidates, target, replace=replace, about=about)
        held = bool(file.problems) and not good_rows
        batch = None
        if not dry_run and not held:
            title = f"入库：{Path(name).name}" + (f" → {target}" if target else "")
            batch = kb.loading.commit(plan, plan.fingerprint, name=title, actor=actor(), reason="kb load")
        failed |= held and not dry_run
        answer = _answer(file, plan, batch, rows)
        click.echo(printing.json_line(answer) if as_json else _text(answer, held, dry_run))
    if failed:
        sys.exit(1)


def _corrections(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        header, mark, field = pair.rpartition("=")
        if not mark or not header:
            raise click.UsageError(f"--map 要写成 列名=字段，例如 --map 考核内容=name；收到“{pair}”。")
        found[header] = field
    return found


def _read(files: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for name in files:
        path = Path(name)
        if not path.is_file():
            raise click.UsageError(f"没有文件“{name}”。")
        yield name, path.read_bytes()


def _set_of(file: LoadedFile, candidates: list[Candidate]) -> str:
    """Set that the indicators of a file go to where nobody named one."""
    sets = [c.record.name for c in candidates if isinstance(c.record, IndicatorSet)]
    if sets or not any(isinstance(c.record, Indicator) for c in candidates):
        return sets[0] if len(sets) == 1 else ""
    own = any(isinstance(c.record, Indicator) and not c.record.code for c in candidates)
    return Path(file.file).stem if own else ""


def _answer(file: LoadedFile, plan: ImportPlan, batch: int | None, rows: bool) -> dict[str, Any]:
    changed = [
        {
            "action": c.action, "code": c.code, "name": c.name, "place": c.place, "reason": c.reason,
            "fields": [{"field": f.field, "before": f.before, "after": f.after} for f in c.fields],
        }
        for c in plan.changes
        if c.action in ("changed", "vanished", "invalid")
    ]  # fmt: skip
    duplicates = [
        {"code": d.code, "name": d.name, "like": d.like, "like_name": d.like_name, "score": d.score}
        for d in plan.duplicates
    ]
    return {
        "file": file.file, "batch": batch, "set": plan.set_name, "set_code": plan.set_code, "year": file.year,
        "tables": [table_json(t, rows) for t in file.tables], "warnings": list(file.contents.warnings), "diff": plan.counts, "changes": changed,
        "duplicates": duplicates, "fingerprint": plan.fingerprint,
    }  # fmt: skip


def _text(answer: dict[str, Any], held: bool, dry_run: bool) -> str:
    lines = [f"{answer['file']}" + (f"  指标集：{answer['set']}" if answer["set"] else "")]
    for table in answer["tables"]:
        mapping = "，".join(f"{h.replace(chr(10), '')}→{f}" for h, f in table["mapping"].items())
        lines.append(
            f"  {table['sheet']}（{table['kind']}）：{table['rows']} 行，可用 {table['ok']} 行  {mapping}"
        )
        if "edition_basis" in table:
            lines.append(f"    {table['edition_name'] or '分类版本不明'}：{table['edition_basis']}")
        lines += [f"    注意：{w}" for w in table.get("warnings", ())]
        unmapped = "、".join(h.replace("\n", "") for h in table["unmapped"])
        lines += [f"    没有用到的列：{unmapped}"] if unmapped else []
        for e in table["errors"][:_SHOWN]:
            lines.append(f"    第 {e['row']} 行 {e['column']}“{e['value']}”：{e['message']}")
        more = len(table["errors"]) - _SHOWN
        lines += [f"    还有 {more} 处错误，用 --json 看全部"] if more > 0 else []
    lines += [f"  注意：{w}" for w in answer["warnings"]]
    d = answer["diff"]
    lines.append(
        f"  新增 {d['new']}，修改 {d['changed']}，不变 {d['same']}，文件里没有 {d['vanished']}，不能入库 {d['invalid']}"
    )
    for c in answer["duplicates"][:_SHOWN]:
        lines.append(
            f"  新增的“{c['name']}”与已有的 {c['like']} {c['like_name']} 相近（{c['score']:.2f}），请考虑合并"
        )
    return "\n".join([*lines, f"  {_outcome(answer, held, dry_run)}"])


def _outcome(answer: dict[str, Any], held: bool, dry_run: bool) -> str:
    if dry_run:
        return "只是预览，没有写入。"
    if held:
        return "有错误，整个文件没有入库。请改正后再来，或加 --good-rows 先入没有错的行。"
    if answer["batch"] is None:
        return "没有变化，没有写入。"
    return f"已入库，记为第 {answer['batch']} 批。要撤回：kb undo {answer['batch']}"
