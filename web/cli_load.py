"""``kb load`` and ``kb template``: files into the knowledge base, workbooks to fill in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace as replaced
from functools import partial
from pathlib import Path

import click

from kb.imports import Decisions, ImportPlan, SetAbout
from kb.knowledge import KnowledgeBase
from loaders.drafts import may_abort
from loaders.errors import FileError
from loaders.found import Hints
from loaders.kept import unpack
from loaders.loading import KINDS, LoadedFile, load_file
from loaders.progress import heard_by
from loaders.template import TEMPLATES, template_book
from web import printing
from web.cli_base import DAY, actor, progress, require_order, with_knowledge
from web.cli_choices import Choices, choosing
from web.import_reading import read_apart
from web.load_plan import Asked, bad_book, plan_of, problems_of, title_of
from web.load_text import answer_of, text_of

_LARGE = 500_000
"""Bytes from which a file is known to take its time."""


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--as", "kind", type=click.Choice(KINDS), default="auto", show_default=True, help="文件里是什么"
)
@click.option("--set", "set_name", default="", metavar="NAME", help="指标归入哪个指标集；缺省用文件名")
@click.option("--replace", is_flag=True, help="指标集里文件没有的指标改为停用（要与 --set 同用）")
@choosing
@click.option("--name", "title", default="", help="这一批叫什么；缺省用文件名")
@click.option("--reason", default="", help="为什么入库，记在批次里")
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
    choices: Choices,
    title: str,
    reason: str,
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
    if choices.decisions.replace and not set_name:
        raise click.UsageError("--replace 要与 --set 同用，才知道停用哪个指标集里的指标。")
    about = SetAbout(edition, issuer, region, valid_from, valid_to)
    require_order(valid_from, valid_to)
    hints = Hints("" if kind == "auto" else kind, _corrections(pairs), kb.loading.learned())
    if bad_rows and len(files) > 1:
        raise click.UsageError("--bad-rows 一次只能用于一个文件。")
    asked = Asked(set_name, region, year, about)
    failed = False
    for name, data in _read(files):
        with progress(len(data) > _LARGE) as bar:
            try:
                bar("读取", 0, 0)
                apart = may_abort(data)
                with heard_by(lambda _unit, number, of: bar("读取", number, of)):
                    file = unpack(read_apart(name, data, hints)) if apart else load_file(name, data, hints)
            except FileError as error:
                failed = True
                _refuse(name, error, as_json)
                continue
            bar("比对", 0, 0)
            plan = choices.plan(partial(_plan_of, kb, file, asked))
            if bad_rows and (mend := bad_book(file, plan)):
                bad_rows.write_bytes(mend)
                click.echo(f"有错误的行和原因写在 {bad_rows}。", err=True)
            held = bool(problems_of(file, plan)) and not good_rows
            names, batch = kb.loading.names(plan), None
            if not dry_run and not held:
                batch = kb.loading.commit(
                    plan, plan.fingerprint, name=title_of(name, plan, title), actor=actor(),
                    reason=reason or "kb load", progress=partial(bar, "写入"),
                )  # fmt: skip
        failed |= held and not dry_run
        answer = answer_of(file, plan, batch, rows, names)
        click.echo(printing.json_line(answer) if as_json else text_of(answer, held, dry_run))
    if failed:
        sys.exit(1)


def _plan_of(kb: KnowledgeBase, file: LoadedFile, asked: Asked, decisions: Decisions) -> ImportPlan:
    return plan_of(kb, file, replaced(asked, decisions=decisions))


def _refuse(name: str, error: FileError, as_json: bool) -> None:
    if as_json:
        click.echo(printing.json_line({"file": name, "batch": None, "tables": [], "error": str(error)}))
    click.echo(f"错误：{error}", err=True)


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


@click.command()
@click.argument("kind", type=click.Choice(list(TEMPLATES)))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="写到哪里（.xlsx）"
)
@with_knowledge
def template(kb: KnowledgeBase, kind: str, out: Path) -> None:
    """写出一个空白模板：indicators 指标集，targets 绩效目标表，projects 项目清单，issues 评价问题。填好用 kb load 入库。"""
    out.write_bytes(template_book(kind, [s.sector.name for s in kb.sectors()]))
    click.echo(f"已写出{TEMPLATES[kind]}模板 {out}。带 * 的列必填，填好后运行 kb load {out}", err=True)
