"""The review in Markdown, to be read in a mail or a chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loaders.reports import Report, amount_text, number_text, unit_text


def markdown(reports: Sequence[Report]) -> str:
    """All tables, one section each."""
    return "\n".join(line for report in reports for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    draft = report.draft
    yield f"# {_flat(report.project)}"
    facts = [unit_text(draft), f"{draft.year}年" if draft.year else "", amount_text(draft.amount), draft.file]
    yield "，".join(_flat(f) for f in facts if f)
    yield f"\n等级 **{report.grade}**，{number_text(report.points)} 分（供复核）\n"
    if draft.unseen:
        yield "\n".join(f"- {_flat(said)}（{_flat(place)}）" for place, said in draft.unseen) + "\n"
    yield report.opinion + "\n"
    yield "| 行 | 指标 | 级别 | 问题 | 说明 | 怎么改 | 依据 |"
    yield "|---|---|---|---|---|---|---|"
    names = {row.number: row.name for row in draft.rows}
    for n in report.notes:
        cells = (
            str(n.row or "整表"), names.get(n.row, ""), n.severity.label, n.code, n.message, n.suggestion,
            n.clause or n.basis,
        )  # fmt: skip
        yield f"| {' | '.join(_flat(c) for c in cells)} |"
    yield ""


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
