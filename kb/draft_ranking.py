"""Which indicators speak to a described project, how much, and why: gate first, then weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from indicators.choices import ProjectType, Status
from indicators.model import Indicator
from kb.describing import Description
from kb.draft_examples import Examples, fared
from kb.draft_groups import GENERAL, groups_for, is_process, misfit
from kb.draft_records import SimilarProject, Weights
from kb.guessing import COMMON
from kb.pieces import PieceIndex, shared_words

OWN, FAR, GROUP, LAST, VERBATIM = "own", "far", "group", "general", "verbatim"
"""Where a candidate comes from: the sector, another sector, a fitting common group, 综合通用, a similar table."""

_NEAR, _OTHER = 0.14, 0.3
"""Least likeness to the text for an indicator of the sector, and of another sector."""

_SUPPORTED = 0.3
"""Least support by similar projects for an indicator of another branch than the text names."""

_CORE_SURE = 0.5
"""Belief in the sector from which its core list is offered to a text that names no sub-sector."""

_VERY_SIMILAR = 0.3
_WIDE = 4
"""Types of project from which a general indicator may be offered to a text whose type is unknown."""

_USUAL = ("产出指标", "成本指标")
_ANSWERS = ("效益指标", "满意度指标")
_QUALITY, _BUILT = "TX-ZL-16", frozenset({ProjectType.CONSTRUCTION, ProjectType.REPAIR, ProjectType.PURCHASE})


class Candidate(NamedTuple):
    """An indicator that may be proposed, with its score, its reasons and where it comes from."""

    score: float
    indicator: Indicator
    why: tuple[str, ...]
    origin: str
    source: str = ""
    tied: bool = False  # by words or examples, not only by its branch


class Evidence(NamedTuple):
    """What speaks for indicators in one description."""

    names: Mapping[int, float]
    explained: Mapping[int, float]
    support: Mapping[str, float]
    used: Counter[str]
    belief: Mapping[str, float]
    groups: tuple[str, ...]
    everywhere: frozenset[str]


class Ranker:
    """Indicators prepared for comparison with descriptions."""

    def __init__(self, indicators: Sequence[Indicator], examples: Examples, weights: Weights) -> None:
        self.indicators = tuple(i for i in indicators if i.status is Status.ACTIVE and not is_process(i))
        self.by_code = {i.code: i for i in self.indicators}
        self._numbers = {i.code: n for n, i in enumerate(self.indicators)}
        self.weights, self._examples = weights, examples
        self._names = PieceIndex([_named(i) for i in self.indicators])
        self._explained = PieceIndex([[(i.explanation, 1.0)] for i in self.indicators])

    def likely_sector(self, text: str) -> str:
        """Sector of the indicator whose name is most like a text, "" where none is like it."""
        scores = self._names.scores(text)
        own = [(s, n) for n, s in scores.items() if self.indicators[n].sector != COMMON and s >= _NEAR * 1.4]
        return self.indicators[max(own)[1]].sector if own else ""

    def ranked(
        self,
        said: Description,
        similar: Sequence[SimilarProject],
        belief: Mapping[str, float],
        without: Collection[str],
        everywhere: frozenset[str] = frozenset(),
    ) -> list[Candidate]:
        """Candidates that pass the gate, best first."""
        found = Evidence(
            names=self._names.scores(said.text[:600]),
            explained=self._explained.scores(said.text[:600]),
            support=self._examples.support(similar),
            used=self._examples.used(without),
            belief=belief,
            groups=groups_for(said),
            everywhere=everywhere,
        )
        candidates = [
            c for n, i in enumerate(self.indicators) if (c := self._candidate(n, i, said, similar, found))
        ]
        candidates += self._answers(candidates, said, similar, found)
        candidates += self._verbatim(similar)
        return sorted(candidates, key=lambda c: (-c.score, c.indicator.code, c.indicator.name))

    def _candidate(
        self, n: int, indicator: Indicator, said: Description, similar: Sequence[SimilarProject], e: Evidence
    ) -> Candidate | None:
        origin = _origin(indicator, e.names.get(n, 0.0), said, e)
        return self._weighed(n, indicator, origin, said, similar, e) if origin else None

    def _answers(
        self,
        candidates: Sequence[Candidate],
        said: Description,
        similar: Sequence[SimilarProject],
        e: Evidence,
    ) -> Iterator[Candidate]:
        """Benefits paired with outputs of the named branch that the text speaks of, from whatever branch they are."""
        have = {c.indicator.code for c in candidates}
        outputs = [c.indicator for c in candidates if c.tied and _of_branch(c.indicator, said)]
        for code in dict.fromkeys(code for i in outputs for code in i.pairs if code not in have):
            answer = self.by_code.get(code)
            if answer and answer.level1 in _ANSWERS and not misfit(answer, said):
                yield self._weighed(self._numbers[code], answer, OWN, said, similar, e)

    def _weighed(
        self,
        n: int,
        indicator: Indicator,
        origin: str,
        said: Description,
        similar: Sequence[SimilarProject],
        e: Evidence,
    ) -> Candidate:
        w, likeness = self.weights, e.names.get(n, 0.0)
        score = w.text * likeness + w.explanation * e.explained.get(n, 0.0)
        score += w.example * min(1.0, e.support.get(indicator.code, 0.0))
        score += w.used * min(1.0, e.used.get(indicator.code, 0) / 4)
        if origin in (OWN, FAR):
            near = e.belief.get(indicator.sector, 0.0)
            score += w.sector * near + w.core * indicator.core * near
            if indicator.subsector in said.subsectors:
                score += w.subsector / (1 + said.subsectors.index(indicator.subsector))
        else:
            score += (
                w.group / (1 + 0.3 * e.groups.index(indicator.subsector)) if origin == GROUP else w.general
            )
            score += w.core / 2 * indicator.core
        score += w.unfit * misfit(indicator, said)
        why = _why(indicator, likeness, similar, said, self._examples)
        tied = likeness >= _NEAR / 2 or e.support.get(indicator.code, 0.0) >= _NEAR
        return Candidate(score, indicator, why, origin, tied=tied)

    def _verbatim(self, similar: Sequence[SimilarProject]) -> Iterator[Candidate]:
        """Rows of very similar projects that the catalogue has no counterpart for, as they stand."""
        seen: set[tuple[str, str]] = set()
        for s, row in self._examples.own_rows(similar, _VERY_SIMILAR):
            target = row.target
            if (row.level2, target.name) in seen:
                continue
            seen.add((row.level2, target.name))
            grade = fared(s.project)
            yield Candidate(
                self.weights.verbatim * s.likeness * self._examples.trust(s.project) + 0.3,
                Indicator(
                    code="", name=target.name, level1=row.level1, level2=row.level2, unit=row.value.unit,
                    direction=None,
                ),
                (f"照录自相似项目“{s.project.name}”" + (f"（{grade}）" if grade else ""),),
                VERBATIM,
                s.project.code,
            )  # fmt: skip


def _of_branch(indicator: Indicator, said: Description) -> bool:
    """Whether an indicator is an output of the first branch that the text names."""
    return indicator.level1 == "产出指标" and indicator.subsector in said.subsectors[:1]


def _origin(indicator: Indicator, likeness: float, said: Description, e: Evidence) -> str:
    """The gate: where an indicator comes from, "" where nothing ties it to the description."""
    support = e.support.get(indicator.code, 0.0)
    if indicator.sector == COMMON:
        return _common_origin(indicator, likeness, said, e)
    if indicator.subsector in said.subsectors and indicator.sector == said.sectors[0]:
        return OWN if likeness >= _NEAR or support >= _NEAR or not misfit(indicator, said) else ""
    if support >= (_SUPPORTED if said.subsectors else _NEAR):
        return OWN
    if said.sectors and indicator.sector == said.sectors[0]:
        if said.subsectors:
            return OWN if likeness >= 1.5 * _NEAR and _specific(indicator, said, e.everywhere) else ""
        return OWN if likeness >= _NEAR or (indicator.core and said.sure >= _CORE_SURE) else ""
    least = _OTHER * (0.6 if indicator.sector in said.sectors else 1.0)
    if likeness < least or misfit(indicator, said):
        return ""
    return FAR if said.subsectors or (said.sectors and said.sure >= _CORE_SURE) else OWN


def _common_origin(indicator: Indicator, likeness: float, said: Description, e: Evidence) -> str:
    if indicator.subsector == GENERAL:
        if said.types and _fits(indicator, said):
            return LAST
        wide = indicator.core or len(indicator.fits) >= _WIDE or likeness >= _NEAR
        if not said.types:
            return LAST if wide and (indicator.core or indicator.level1 in _USUAL) else ""
        return FAR if wide and indicator.level1 in _USUAL else ""
    if indicator.subsector not in e.groups or not (_fits(indicator, said) or likeness >= _NEAR):
        return FAR if e.support.get(indicator.code, 0.0) >= _SUPPORTED else ""
    told = indicator.level2 != "数量指标" or indicator.core or likeness >= _NEAR / 2
    return GROUP if told else ""


def _specific(indicator: Indicator, said: Description, everywhere: frozenset[str]) -> bool:
    """Whether text and indicator share more than words that stand all over the sector."""
    own = " ".join((indicator.name, *indicator.aliases, *indicator.keywords))
    return any(len(_without(word, everywhere)) > 1 for word in shared_words(said.text[:600], own, 8))


def _without(word: str, everywhere: frozenset[str]) -> str:
    """A word less the longest piece in it that stands all over the sector."""
    for length in range(len(word), 1, -1):
        for start in range(len(word) - length + 1):
            if word[start : start + length] in everywhere:
                return word[:start] + word[start + length :]
    return word


def _fits(indicator: Indicator, said: Description) -> bool:
    if not said.types or not indicator.fits:
        return True
    if indicator.code == _QUALITY and set(said.types) <= _BUILT:
        return False  # works and goods have their own acceptance measures
    return bool(set(said.types) & set(indicator.fits))


def _named(indicator: Indicator) -> list[tuple[str, float]]:
    return [
        (indicator.name, 1.0),
        *((a, 0.9) for a in indicator.aliases),
        *((k, 0.8) for k in indicator.keywords),
        (indicator.subsector, 0.3),
    ]


def _why(
    indicator: Indicator,
    likeness: float,
    similar: Sequence[SimilarProject],
    said: Description,
    examples: Examples,
) -> tuple[str, ...]:
    why = []
    users = [s for s in similar if any(r.code == indicator.code for r in examples.rows(s.project))]
    for s in users[:2]:
        grade = fared(s.project)
        why.append(f"相似项目“{s.project.name}”用过" + (f"（{grade}）" if grade else ""))
    if likeness >= _NEAR / 2:
        words = shared_words(
            said.text[:600], " ".join([indicator.name, *indicator.aliases, *indicator.keywords])
        )
        why += [f"与描述中的“{'、'.join(words)}”相符"] if words else []
    if indicator.core:
        why.append("通用核心指标" if indicator.sector == COMMON else "行业核心指标")
    where = "通用框架" if indicator.sector == COMMON else "本行业"
    return tuple(why) or (f"{where}“{indicator.subsector}”常用",)
