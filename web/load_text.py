"""What ``kb load`` prints of a file: JSON for scripts, lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kb.imports import ImportPlan
from loaders.causes import group
from loaders.load_json import table_json
from loaders.loading import LoadedFile
from web.load_plan import problems_of, told_of

_SHOWN = 20
_PLACES = 5


def answer_of(
    file: LoadedFile, plan: ImportPlan, batch: int | None, rows: bool, names: dict[str, str]
) -> dict[str, Any]:
    """A file and its plan as one JSON object; field names in English, what people read in Chinese."""
    changed = [
        {
            "action": c.action, "code": c.code, "name": c.name, "place": c.place, "reason": c.reason, "merged": c.merged,
            "fields": [{"field": f.field, "before": f.before, "after": f.after} for f in c.fields],
            "told": [str(t) for t in told_of(c, names)],
        }
        for c in plan.changes
        if c.action in ("changed", "vanished", "invalid")
    ]  # fmt: skip
    causes = [
        {"message": c.message, "column": c.column, "count": c.count, "places": c.places}
        for c in group(problems_of(file, plan))
    ]
    return {
        "file": file.file, "batch": batch, "set": plan.set_name, "set_code": plan.set_code, "year": file.year,
        "tables": [table_json(t, rows) for t in file.tables], "warnings": list(file.contents.warnings),
        "diff": plan.counts, "changes": changed,
        **choices_json(plan), "causes": causes, "fingerprint": plan.fingerprint,
    }  # fmt: skip


def choices_json(plan: ImportPlan) -> dict[str, Any]:
    """Near-duplicates and vanished members of a plan, each with what was chosen of it."""
    duplicates = [
        {"code": d.code, "name": d.name, "like": d.like, "like_name": d.like_name, "score": d.score, "merged": d.chosen}
        for d in plan.duplicates
    ]  # fmt: skip
    vanished = [
        {
            "code": v.code, "name": v.name, "retired": v.retired, "successor": v.successor,
            "likely": [{"code": code, "name": name, "score": score} for code, name, score in v.likely],
        }
        for v in plan.vanished
    ]  # fmt: skip
    return {"duplicates": duplicates, "vanished": vanished}


def choices_text(answer: dict[str, Any], source: str = "文件") -> list[str]:
    """The same as lines, which name the option that would choose otherwise; ``source`` is what lacks the vanished."""
    return [
        *some([_duplicate(d) for d in answer["duplicates"]]),
        *some([_vanished(v, source) for v in answer["vanished"]]),
    ]


def text_of(answer: dict[str, Any], held: bool, dry_run: bool) -> str:
    """The same for people."""
    lines = [f"{answer['file']}" + (f"  指标集：{answer['set']}" if answer["set"] else "")]
    for table in answer["tables"]:
        lines += _table(table)
    lines += [f"  注意：{w}" for w in answer["warnings"]]
    for c in answer["causes"]:
        more = f" 等 {c['count']} 处" if c["count"] > _PLACES else ""
        lines.append(f"  错误 {c['count']} 处 {c['column']}：{c['message']}")
        lines.append(f"    {'，'.join(c['places'][:_PLACES])}{more}")
    d = answer["diff"]
    lines.append(
        f"  新增 {d['new']}，修改 {d['changed']}，不变 {d['same']}，文件里没有 {d['vanished']}，不能入库 {d['invalid']}"
    )
    lines += some([_changed(c) for c in answer["changes"] if c["action"] == "changed"])
    lines += choices_text(answer)
    return "\n".join([*lines, f"  {_outcome(answer, held, dry_run)}"])


def some(lines: Sequence[str]) -> list[str]:
    """The first of many lines, and how many more there are."""
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"  还有 {more} 条，用 --json 看全部"] if more > 0 else [])]


def _table(table: dict[str, Any]) -> list[str]:
    mapping = "，".join(f"{h.replace(chr(10), '')}→{f}" for h, f in table["mapping"].items())
    unmapped = "、".join(h.replace("\n", "") for h in table["unmapped"])
    doubtful = "、".join(h.replace("\n", "") for h, sure in table["confidence"].items() if sure < 0.9)
    return [
        f"  {table['sheet']}（{table['kind']}）：{table['rows']} 行，可用 {table['ok']} 行  {mapping}",
        *(
            [f"    {table['edition_name'] or '分类版本不明'}：{table['edition_basis']}"]
            if "edition_basis" in table
            else []
        ),
        *(f"    注意：{w}" for w in table.get("warnings", ())),
        *([f"    没有用到的列：{unmapped}"] if unmapped else []),
        *([f"    请核对这些列：{doubtful}"] if doubtful else []),
    ]


def _changed(c: dict[str, Any]) -> str:
    merged = f"（由“{c['merged']}”并入）" if c["merged"] else ""
    told_ = "；".join(t.replace("\n", " ") for t in c["told"]) or "只添了来源"
    return f"  修改 {c['code']} {c['name']}{merged}：{told_}"


def _duplicate(d: dict[str, Any]) -> str:
    if d["merged"]:
        return f"  “{d['name']}”并入 {d['merged']}"
    return (
        f"  新增的“{d['name']}”与已有的 {d['like']} {d['like_name']} 相近（{d['score']:.2f}）。"
        f"要并入：--merge {d['code']}={d['like']}"
    )


def _vanished(v: dict[str, Any], source: str) -> str:
    if v["retired"]:
        return f"  停用 {v['code']} {v['name']}" + (f"，改用 {v['successor']}" if v["successor"] else "")
    likely = f"={v['likely'][0]['code']}" if v["likely"] else ""
    return f"  {source}里没有 {v['code']} {v['name']}，保留。要停用：--retire {v['code']}{likely}"


def _outcome(answer: dict[str, Any], held: bool, dry_run: bool) -> str:
    if dry_run:
        return "只是预览，没有写入。"
    if held:
        return "有错误，整个文件没有入库。请改正后再来，或加 --good-rows 先入没有错的行。"
    if answer["batch"] is None:
        return "没有变化，没有写入。"
    return f"已入库，记为第 {answer['batch']} 批。要撤回：kb undo {answer['batch']}"
