"""The documentation of a rule, written from the rule itself.

The problem page and ``docs/`` show this text; a test proves that it says what the data say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indicators.model import Clause
from indicators.rules.base import Case, Rule, RulePack, Undecidable
from indicators.rules.lexicon import word_classes

_FIELDS = {"level1": "一级", "level2": "二级", "name": "三级", "target": "指标值", "unit": "单位", "weight": "分值",
           "actual": "完成值", "score": "得分", "reason": "偏差原因", "possibility": "完成可能性",
           "explanation": "指标解释", "scoring": "赋分规则", "basis": "取值依据", "evidence": "佐证资料", "note": "备注"}  # fmt: skip
_TABLE = {"project": "项目", "year": "年度", "amount": "资金（万元）", "goal": "年度目标", "midterm_goal": "中期目标",
          "grounds": "立项依据", "period": "项目期", "kind": "表种", "months": "月数", "total_score": "总分",
          "funds": "资金执行", "unit": "单位", "sector": "行业", "department": "主管部门"}  # fmt: skip


def rule_docs(rule: Rule, clauses: Mapping[str, Clause] | None = None) -> str:
    """A rule's page in Markdown: what it finds, why, the clause, how to repair, numbers, words, cases."""
    clause = (clauses or {}).get(rule.clause)
    law = f"[{clause.name}](kb:{clause.code})" if clause else rule.clause
    parts = [
        f"## {rule.code} {rule.title}",
        f"{rule.severity.label}；{rule.group}；审核要点：{rule.item}。",
        f"**为什么要改。** {rule.objection}",
        f"**依据。** {law}：{rule.basis}",
        f"**怎么改。** {_plain(rule.fix)}",
    ]
    if rule.note:
        parts.append(f"**说明。** {rule.note}")
    if rule.thresholds:
        lines = [f"- `{k}` = {v:g}：{rule.threshold_notes[k]}" for k, v in rule.thresholds.items()]
        parts.append("**可以调的数。**\n\n" + "\n".join(lines))
    if rule.words:
        lines = [f"- {name}：{word_classes()[name].note}" for name in rule.words]
        parts.append("**看哪些词。**\n\n" + "\n".join(lines))
    parts.append("**会报的例子。**\n\n" + _cases(rule.must_fire))
    parts.append("**不会报的例子。**\n\n" + _cases(rule.must_not_fire))
    return "\n\n".join(parts) + "\n"


def pack_docs(
    pack: RulePack, unknown: Sequence[Undecidable], clauses: Mapping[str, Clause] | None = None
) -> str:
    """All rules of a pack, one after the other, and the problem types that no table can show."""
    pages = [rule_docs(rule, clauses) for rule in pack.rules.values()]
    lines = [f"- {u.code} {u.title}：{u.reason}" for u in unknown]
    return "\n".join([*pages, "## 表里看不出来的问题\n", *lines]) + "\n"


def _plain(template: str) -> str:
    """A template as a reader sees it: the row's words as ……."""
    text = template
    while "{" in text:
        start = text.index("{")
        text = text[:start] + "……" + text[text.index("}", start) + 1 :]
    return text


def _cases(cases: Sequence[Case]) -> str:
    return "\n".join(f"- {_case(case)}" for case in cases)


def _case(case: Case) -> str:
    heading = "；".join(f"{_TABLE.get(k, k)}：{_value(v)}" for k, v in case.table.items())
    shown = case.rows if len(case.rows) <= 3 else [*case.rows[:3], f"……共{len(case.rows)}行"]
    rows = "；".join(_row(row) for row in shown)
    told = f"（{heading}）" if heading else ""
    return f"{rows}{told}——{case.source or '自编'}"


def _row(row: Any) -> str:
    if isinstance(row, str):
        return row
    if isinstance(row, Mapping):
        return "，".join(f"{_FIELDS.get(k, k)}“{v}”" for k, v in row.items())
    return "｜".join(str(cell) if cell not in ("", None) else "（空）" for cell in row)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "，".join(f"{k} {v}" for k, v in value.items())
    return str(value)
