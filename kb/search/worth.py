"""What wants, kinds and records are worth: the plain numbers under the arrays of ``score.py``."""

from __future__ import annotations

import math

from kb.search.plan import Plan, Want
from kb.search.weights import Weights

FULL_GAIN = 0.6
"""A word in the name gains about so much."""
_ESTABLISHED = 3  # records that must hold a run of characters for it to count as a word


def want_key(want: Want) -> str:
    """Identifies what serves a want, in ``Beyond.holders`` too."""
    unit = want.unit
    return f"{unit.text}\x00{unit.weight}{unit.known}\x00{'、'.join(sorted(unit.levels | unit.sectors))}"


def want_factor(want: Want, holders: int, weights: Weights) -> float:
    """How much a want counts for its kind; ``holders`` documents serve it as a whole."""
    factor = weights.generic if want.unit.weight < 0.5 else want.unit.weight
    if not want.unit.known and holders < _ESTABLISHED:
        return min(factor, weights.unknown)
    return factor


def rarity(count: int, size: int) -> float:
    """What a word is worth that so many of all documents hold."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5)) if count else 0.0


def names_only_places(plan: Plan) -> bool:
    """True where a query names sectors and levels and nothing else."""
    return bool(plan.wants) and all(w.unit.sectors or w.unit.levels for w in plan.wants)


def kind_factors(weights: Weights, kind: str) -> dict[str, float]:
    """Factor per public kind for a query of this intent ("problem", "question" or "")."""
    w = weights
    factors = {
        "indicator": w.kind_indicator,
        "framework": w.kind_framework,
        "project": w.kind_project,
        "issue": w.kind_issue,
        "guide": w.kind_guide,
    }
    if kind:
        factors["indicator"] *= w.other_kinds
        factors["project"] *= w.other_kinds
    if kind == "problem":
        factors["issue"] *= w.problem_boost
        factors["guide"] *= w.problem_boost**0.5
    elif kind == "question":
        factors["framework"] *= w.question_boost
        factors["guide"] *= w.question_boost
        factors["issue"] *= w.question_boost**0.5
    return factors


def prior(weights: Weights, core: bool, used: int, status: str) -> float:
    """What a record is worth before anything is asked."""
    worth = 1 + weights.core * core + weights.used * math.log1p(used)
    return worth * weights.retired if status == "retired" else worth
