"""How much of a real project's table is among the first proposals, each project left out in turn.

    python -m tests.bench draft [--top 20] [--tune N] [--worst N]

Only the project's name and amount are given. A published row counts as found when a proposal of
its class is the indicator that the row is linked to, or has a like name (character pairs, numbers
and empty words aside). Printed beside a baseline that proposes the core list of the project's own
sector and then of 通用项目. ``--tune`` tries weights at random and reports them by cross-validation.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from indicators.choices import LinkKind
from indicators.model import Project, Target
from indicators.shipped import read_catalogue
from kb.draft_records import Weights
from kb.drafting import Drafter
from kb.guessing import COMMON

_EMPTY = re.compile(
    r"[\d.%％≥≤=<>〈〉（）()，,、：:；;\s★]|指标\d*|项目|工程|情况|进行|开展|完成|实施|本年|年度|当年|建设|工作|[的及和与对]"
)
_CLASSES = ("成本", "数量", "质量", "时效", "经济", "社会", "生态", "可持续", "满意")
_LIKE = 0.34
_LEAST_ROWS = 4
_FOLDS = 5


class Row(NamedTuple):
    """A row's class, name and, where known, indicator."""

    kind: str
    name: str
    code: str


Proposer = Callable[[Project, frozenset[str]], list[Row]]


def main(arguments: list[str]) -> int:
    """Run the comparison, or tune; 0 when ours finds more than the baseline."""
    parser = argparse.ArgumentParser(prog="tests.bench draft", description=__doc__)
    parser.add_argument("--top", type=int, default=20)
    parser.add_argument("--tune", type=int, default=0, help="weights to try")
    parser.add_argument("--worst", type=int, default=0, help="projects to show")
    options = parser.parse_args(arguments)
    drafter = Drafter.of(read_catalogue())
    cases = [p for p in drafter.examples.projects if len(p.targets) >= _LEAST_ROWS]
    if options.tune:
        return _tune(drafter, cases, options.tune, options.top)
    began = time.perf_counter()
    ours = [_share(p, ours_of(drafter), drafter, options.top) for p in cases]
    took = (time.perf_counter() - began) / max(1, len(cases))
    base = [_share(p, baseline_of(drafter), drafter, options.top) for p in cases]
    print(
        f"{len(cases)} projects with {_LEAST_ROWS} rows or more, first {options.top} proposals, {took * 1000:.0f} ms each"
    )
    print(
        f"drafting              rows found {_mean(ours):.3f}   classes {_mean([_classes(p, ours_of(drafter), drafter, options.top) for p in cases]):.3f}"
    )
    print(
        f"sector's core list    rows found {_mean(base):.3f}   classes {_mean([_classes(p, baseline_of(drafter), drafter, options.top) for p in cases]):.3f}"
    )
    for share, project in sorted(zip(ours, cases, strict=True), key=lambda x: x[0])[: options.worst]:
        print(f"  {share:.2f} {project.name}: {'；'.join(t.name for t in project.targets[:6])}")
    return 0 if _mean(ours) > _mean(base) else 1


def ours_of(drafter: Drafter) -> Proposer:
    """Proposals as the product gives them."""

    def propose(project: Project, without: frozenset[str]) -> list[Row]:
        answer = drafter.propose(project.name, amount=project.amount, exclude=without)
        return [
            Row(kind(p.indicator.level1, p.indicator.level2), p.indicator.name, p.indicator.code)
            for p in answer.proposals
        ]

    return propose


def baseline_of(drafter: Drafter) -> Proposer:
    """The core list of the project's own sector, then that of the common list."""
    indicators = drafter.ranker.indicators

    def propose(project: Project, without: frozenset[str]) -> list[Row]:
        core = [i for i in indicators if i.core and i.sector == project.sector]
        core += [i for i in indicators if i.core and i.sector == COMMON and project.sector != COMMON]
        return [Row(kind(i.level1, i.level2), i.name, i.code) for i in core]

    return propose


def kind(level1: str, level2: str) -> str:
    """The class of a row in a few characters, whatever its edition calls it."""
    text = level2 + level1
    return next((c for c in _CLASSES if c in text), text[:2])


def like(a: str, b: str) -> bool:
    """Whether two names say the same: one within the other, or enough pairs of characters in common."""
    plain_a, plain_b = _EMPTY.sub("", a), _EMPTY.sub("", b)
    if len(plain_a) > 1 and len(plain_b) > 1 and (plain_a in plain_b or plain_b in plain_a):
        return True
    pairs_a, pairs_b = _pairs(plain_a), _pairs(plain_b)
    return 2 * len(pairs_a & pairs_b) / max(1, len(pairs_a) + len(pairs_b)) >= _LIKE


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or {text}


def _found(target: Target, rows: Sequence[Row]) -> bool:
    linked = target.indicator if target.link is not LinkKind.BROADER else ""
    own = kind(target.level1, target.level2)
    return any((linked and linked == r.code) or (own == r.kind and like(target.name, r.name)) for r in rows)


def _left_out(project: Project, drafter: Drafter) -> frozenset[str]:
    """The project itself, its namesakes, and copies of its table under another name."""
    names = [t.name for t in project.targets[:3]]
    return frozenset(
        p.code
        for p in drafter.examples.projects
        if p.name == project.name or [t.name for t in p.targets[:3]] == names
    )


def _share(project: Project, propose: Proposer, drafter: Drafter, top: int) -> float:
    rows = propose(project, _left_out(project, drafter))[:top]
    return _mean([_found(t, rows) for t in project.targets])


def _classes(project: Project, propose: Proposer, drafter: Drafter, top: int) -> float:
    rows = propose(project, _left_out(project, drafter))[:top]
    needed = {kind(t.level1, t.level2) for t in project.targets} & set(_CLASSES)
    return len(needed & {r.kind for r in rows}) / max(1, len(needed))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _tune(drafter: Drafter, cases: Sequence[Project], tries: int, top: int) -> int:
    """Weights found on four fifths of the projects, judged on the fifth that they never saw."""
    chance = random.Random(7)
    fields = Weights.__struct_fields__
    usual = Weights()
    candidates = [usual]
    for _ in range(tries):
        change: dict[str, Any] = {
            name: round(getattr(usual, name) * chance.uniform(0.4, 1.9), 2) for name in fields
        }
        candidates.append(Weights(**change))
    table = []
    for weights in candidates:
        drafter.ranker.weights = weights
        table.append([_share(p, ours_of(drafter), drafter, top) for p in cases])
    folds = [range(k, len(cases), _FOLDS) for k in range(_FOLDS)]
    held = []
    for fold in folds:
        others = [n for n in range(len(cases)) if n not in fold]
        best = max(range(len(table)), key=lambda c: _mean([table[c][n] for n in others]))
        held += [table[best][n] for n in fold]
    best = max(range(len(table)), key=lambda c: _mean(table[c]))
    print(
        f"as shipped {_mean(table[0]):.4f}; best of {tries} on all {_mean(table[best]):.4f}; held out {_mean(held):.4f}"
    )
    print(msgspec.json.encode(candidates[best]).decode())
    return 0
