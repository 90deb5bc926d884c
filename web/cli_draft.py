"""``kb draft``: from a project in words to a target table."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kb.draft_json import draft_json
from kb.draft_records import DraftProposal, Proposal
from kb.draft_rows import draft_of
from kb.knowledge import KnowledgeBase
from loaders.forms import FORMS
from web import printing
from web.cli_base import with_knowledge
from web.draft_asking import propose
from web.draft_forms import TYPES, USUAL, write


@click.command()
@click.argument("text")
@click.option("--sector", default="", metavar="S", help="行业名称或代码；不给则从文字判断")
@click.option("--amount", default="", metavar="WAN", help="金额，万元")
@click.option("--exclude", multiple=True, metavar="CODE", help="不参考的实例项目代码，可多次给出")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FORM", help="写成表样：.xlsx 或 .docx"
)
@click.option("--form", type=click.Choice(list(FORMS)), default=USUAL, show_default=True, help="用哪个表样")
@with_knowledge
def draft(
    kb: KnowledgeBase,
    text: str,
    sector: str,
    amount: str,
    exclude: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    form: str,
) -> None:
    """起草：TEXT 是项目的一两句话，或 - 从标准输入读整篇方案。"""
    described = sys.stdin.read() if text == "-" else text
    answer = propose(
        kb.drafter(), {"text": described, "sector": sector, "amount": amount, "exclude": list(exclude)}
    )
    if out:
        _write(answer, form, out)
    click.echo(printing.json_line(draft_json(answer)) if as_json else draft_text(answer))


def _write(answer: DraftProposal, form: str, out: Path) -> None:
    kind = out.suffix.lower().lstrip(".")
    if kind not in TYPES:
        raise click.UsageError(f"“{out.name}”应以 .xlsx 或 .docx 结尾。")
    if kind not in FORMS[form].kinds:
        raise click.UsageError(f"{FORMS[form].name}没有 {kind} 版本。")
    sector = answer.sector.name if answer.sector else ""
    table = draft_of(answer.description, answer.proposals, sector)
    out.write_bytes(write(table, form, kind).data)
    click.echo(f"已写入 {out}（{FORMS[form].name}）。{FORMS[form].note}", err=True)


def draft_text(answer: DraftProposal) -> str:
    """Proposals for people: what was understood, similar projects, the table, what is open."""
    said = answer.description
    lines = [f"{said.name}", _understood(answer), ""]
    if answer.similar:
        lines += ["相似项目"]
        lines += [
            f"  {s.project.code} {s.project.name}：{'；'.join(t for t in (s.why, s.fared) if t)}"
            for s in answer.similar
        ]
        lines += [""]
    lines += ["拟选指标（* 入表，其余备选）"]
    lines += [_row(p) for p in answer.proposals]
    lines += ["", *answer.gaps, *(f"{f.code} {f.message}" for f in answer.findings)]
    return "\n".join(lines).rstrip()


def _understood(answer: DraftProposal) -> str:
    said = answer.description
    parts = [f"行业 {answer.sector.name if answer.sector else '未认出'}"]
    parts += [f"类型 {'、'.join(t.value for t in said.types)}"] if said.types else []
    parts += [f"金额 {said.amount.normalize():f} 万元"] if said.amount is not None else []
    parts += (
        [f"数量 {'、'.join(f'{q.subject} {q.value} {q.unit}'.strip() for q in said.quantities)}"]
        if said.quantities
        else []
    )
    return "；".join(parts)


def _row(p: Proposal) -> str:
    value = f"{p.comparator}{p.value if p.value is not None else '＿＿'}{p.unit}"
    weight = f" {p.weight:f}分" if p.weight is not None else ""
    return f"  {'*' if p.chosen else ' '} {p.indicator.level2} {p.indicator.name} {value}{weight}  {p.indicator.code}  {p.why[0]}"
