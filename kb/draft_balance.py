"""A balanced table from ranked candidates: outputs first, then the benefits that answer them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from indicators.model import Indicator
from indicators.taxonomy import CATALOGUE_LEVELS
from indicators.weights import balanced_weights
from kb.describing import Description, Quantity
from kb.draft_examples import Examples
from kb.draft_groups import GENERAL, has_public, is_built, misfit, needs_cost
from kb.draft_quantities import per_counted, same_unit, unit_cost
from kb.draft_ranking import FAR, GROUP, LAST, OWN, VERBATIM, Candidate
from kb.draft_records import Proposal

ORDER = tuple(level2 for names in CATALOGUE_LEVELS.values() for level2 in names)
"""Classes in the form's order."""

_OUTPUTS = frozenset({"数量指标", "质量指标", "时效指标"})
_BENEFITS = frozenset({"效益指标", "满意度指标"})
_PAIR = 0.3


class Quota(NamedTuple):
    """Rows of a class: chosen for the table, and shown at most (chosen ones and alternatives)."""

    chosen: int
    shown: int


_QUOTAS: Mapping[str, Quota] = {
    "经济成本指标": Quota(1, 2), "社会成本指标": Quota(0, 1), "生态环境成本指标": Quota(0, 1),
    "数量指标": Quota(3, 6), "质量指标": Quota(2, 4), "时效指标": Quota(1, 3),
    "经济效益指标": Quota(1, 2), "社会效益指标": Quota(2, 4), "生态效益指标": Quota(1, 2),
    "可持续影响指标": Quota(1, 2), "服务对象满意度指标": Quota(1, 3),
}  # fmt: skip
"""A table that covers what reviewers ask for; the published tables' own shares are close to it."""

TOTAL_COST = "TX-CB-19"
"""项目总成本: what the text says the project costs is its ceiling."""

_ROOM = 2
"""Alternatives of a class beyond its bound where the other classes leave room."""

_SIGNS = {"正向": "≥", "反向": "≤", "等于": "="}


def balanced(
    ranked: Sequence[Candidate],
    said: Description,
    taken: Mapping[str, Quantity],
    examples: Examples,
    without: Collection[str],
    most: int,
) -> tuple[Proposal, ...]:
    """At most ``most`` proposals in the scheme's order, the chosen ones of a class before its alternatives."""
    ranked = _lifted(ranked, taken)
    outputs = _chosen([c for c in ranked if c.indicator.level2 in _OUTPUTS], said, taken)
    answered = _answered(ranked, outputs)
    rest = _chosen([c for c in answered if c.indicator.level2 not in _OUTPUTS], said, taken)
    chosen = outputs + rest
    shown = _shown(answered, chosen, said, most)
    order = {id(c): n for n, c in enumerate(chosen)}
    shown.sort(key=lambda c: (ORDER.index(c.indicator.level2), id(c) not in order, -c.score))
    return tuple(_proposals(shown, {id(c) for c in chosen}, outputs, said, taken, examples, without))


def level_counts(proposals: Sequence[Proposal]) -> dict[str, int]:
    """Chosen rows by "level 1/level 2"."""
    return dict(Counter(f"{p.indicator.level1}/{p.indicator.level2}" for p in proposals if p.chosen))


def gaps_of(proposals: Sequence[Proposal], said: Description) -> tuple[str, ...]:
    """Sentences about classes that were left empty."""
    have = {p.indicator.level2 for p in proposals if p.chosen}
    said_of = {
        "数量指标": "没有找到与描述相符的数量指标：请在描述里写明做什么、做多少。",
        "质量指标": "没有找到与描述相符的质量指标。",
        "时效指标": "没有找到与描述相符的时效指标。",
        "服务对象满意度指标": "描述中看不出服务对象，未设满意度（其 10 分归效益）；有服务对象时请补设并安排调查。",
    }
    gaps = [text for level2, text in said_of.items() if level2 not in have]
    if not have & {"经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"}:
        gaps.append("没有找到能回应产出的效益指标：请写明谁因此得到什么。")
    if needs_cost(said) and "经济成本指标" not in have:
        gaps.append(
            "工程基建、大型修缮和购置应设成本指标（财预〔2021〕101号），没有找到相符的，请补设单位成本。"
        )
    return tuple(gaps)


def _lifted(ranked: Sequence[Candidate], taken: Mapping[str, Quantity]) -> list[Candidate]:
    """Counters of what the text states come first in their class."""
    lifted = [
        c._replace(score=c.score + (1.0 if c.indicator.code in taken else 0.5))
        if c.indicator.code in taken or per_counted(c.indicator, taken)
        else c
        for c in ranked
    ]
    return sorted(lifted, key=lambda c: (-c.score, c.indicator.code, c.indicator.name))


def _chosen(ranked: Sequence[Candidate], said: Description, taken: Mapping[str, Quantity]) -> list[Candidate]:
    """The best of each class up to its quota; common ones only where the sector's own leave room."""
    found: list[Candidate] = []
    counts: Counter[str] = Counter()
    for origins, most_share in (((OWN, GROUP, VERBATIM), 99), ((FAR, LAST), 1)):
        for c in ranked:
            level2 = c.indicator.level2
            most = min(_wanted(level2, c, said), most_share)
            if c.origin in origins and counts[level2] < most and _suits(c, said, taken, found):
                found.append(c)
                counts[level2] += 1
    return found


def _suits(
    candidate: Candidate, said: Description, taken: Mapping[str, Quantity], found: Sequence[Candidate]
) -> bool:
    """Whether a candidate adds to the table: not a twin, not for other types, not counting the same again."""
    indicator = candidate.indicator
    if indicator.code in taken:
        return True
    if any(c.indicator.name == indicator.name for c in found) or misfit(indicator, said):
        return False
    if candidate.origin == OWN and not candidate.tied and indicator.subsector in said.subsectors[1:]:
        return False
    same = [c for c in found if c.indicator.level2 == indicator.level2]
    counted = [c.indicator for c in same if c.indicator.code in taken]
    tied = candidate.tied or candidate.origin == VERBATIM or (indicator.core and not counted)
    if same and indicator.level2 in _OUTPUTS and not tied:
        return False
    if indicator.level2 != "数量指标":
        return True
    if candidate.origin == GROUP and same:
        return False
    return not any(same_unit(c.unit, indicator.unit) or same_unit(indicator.unit, c.unit) for c in counted)


def _wanted(level2: str, candidate: Candidate, said: Description) -> int:
    most = _QUOTAS[level2].chosen
    if level2 == "经济成本指标":
        return most if needs_cost(said) or candidate.origin == OWN else 0
    if level2 == "服务对象满意度指标" and not has_public(said):
        return 0
    if level2 == "数量指标" and candidate.origin == LAST:
        return 0  # a count that names no thing says nothing: left for the drafter to name
    if level2 in ("经济效益指标", "生态效益指标", "可持续影响指标") and candidate.origin == LAST:
        return most if level2 == "可持续影响指标" and is_built(said) else 0
    return most


def _answered(ranked: Sequence[Candidate], outputs: Sequence[Candidate]) -> list[Candidate]:
    """Benefits that are paired with chosen outputs lifted."""
    paired = {code for c in outputs for code in c.indicator.pairs}
    chosen = {c.indicator.code for c in outputs if c.indicator.code}
    lifted = [
        c._replace(score=c.score + _PAIR)
        if c.indicator.level2 not in _OUTPUTS
        and (c.indicator.code in paired or chosen & set(c.indicator.pairs))
        else c
        for c in ranked
    ]
    return sorted(lifted, key=lambda c: (-c.score, c.indicator.code, c.indicator.name))


def _shown(
    ranked: Sequence[Candidate], chosen: Sequence[Candidate], said: Description, most: int
) -> list[Candidate]:
    """The chosen ones and the best of the others, within each class's bound."""
    shown, names = list(chosen), {c.indicator.name for c in chosen}
    counts = Counter(c.indicator.level2 for c in chosen)
    for extra in (0, _ROOM):
        for c in ranked:
            level2 = c.indicator.level2
            room = len(shown) < most and counts[level2] < _QUOTAS[level2].shown + extra
            if room and c.indicator.name not in names and _worth_showing(c, said):
                shown.append(c)
                names.add(c.indicator.name)
                counts[level2] += 1
    return shown


def _worth_showing(candidate: Candidate, said: Description) -> bool:
    """Whether an alternative may help: no satisfaction without a public, no bare count beside a stated one."""
    indicator = candidate.indicator
    if indicator.level2 == "服务对象满意度指标":
        return has_public(said)
    bare = indicator.level2 == "数量指标" and indicator.subsector == GENERAL
    return not (bare and any(q.subject for q in said.quantities))


def _proposals(
    shown: Sequence[Candidate],
    chosen: Collection[int],
    outputs: Sequence[Candidate],
    said: Description,
    taken: Mapping[str, Quantity],
    examples: Examples,
    without: Collection[str],
) -> list[Proposal]:
    weighed = [c.indicator for c in shown if id(c) in chosen]
    weights = iter(
        balanced_weights([(i.level1, i.weight_min, i.weight_max) for i in weighed]) if weighed else ()
    )
    return [
        _proposal(
            c,
            next(weights) if id(c) in chosen else None,
            id(c) in chosen,
            outputs,
            said,
            taken,
            examples,
            without,
        )
        for c in shown
    ]


def _proposal(
    candidate: Candidate,
    weight: Decimal | None,
    chosen: bool,
    outputs: Sequence[Candidate],
    said: Description,
    taken: Mapping[str, Quantity],
    examples: Examples,
    without: Collection[str],
) -> Proposal:
    indicator = candidate.indicator
    quantity = taken.get(indicator.code)
    return Proposal(
        indicator=indicator,
        comparator=_SIGNS.get(indicator.direction or "", ""),
        value=quantity.value if quantity else said.amount if indicator.code == TOTAL_COST else None,
        unit=indicator.unit,
        weight=weight,
        basis=_basis(indicator, quantity, unit_cost(said, indicator, taken), said.amount is not None),
        why=candidate.why,
        warnings=examples.warnings(indicator),
        score=round(candidate.score, 4),
        chosen=chosen,
        values=examples.values(indicator, without),
        wording=indicator.wording,
        fault=indicator.bad_wording,
        answers=_answers(indicator, outputs),
        source=candidate.source,
    )


def _answers(indicator: Indicator, outputs: Sequence[Candidate]) -> tuple[str, ...]:
    if indicator.level1 not in _BENEFITS or not indicator.code:
        return ()
    return tuple(
        c.indicator.code
        for c in outputs
        if c.indicator.code in indicator.pairs or indicator.code in c.indicator.pairs
    )


def _basis(indicator: Indicator, quantity: Quantity | None, ceiling: str, said_amount: bool) -> str:
    if indicator.code == TOTAL_COST and said_amount:
        return "预算支出标准：项目描述写明的金额"
    if quantity:
        return f"计划标准：项目描述写明“{quantity.context}”"
    standards = indicator.standards
    labels = (
        ("计划标准", standards.plan), ("行业标准", standards.industry), ("预算支出标准", standards.budget),
        ("历史标准", standards.history), ("其他标准", standards.other),
    )  # fmt: skip
    told = next((f"{label}：{text}" for label, text in labels if text), "")
    return "；".join(part for part in (told, ceiling) if part)
