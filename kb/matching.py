"""Which catalogue indicator a target row means: by code, name, alias, or a near name.

``MatchIndex`` is prepared once from indicator records; ``match`` is pure and takes some ten
microseconds to a tenth of a millisecond a row. Below the threshold there is no match: a wrong one is
worse than none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indicators.choices import ProjectType, Status
from indicators.draft import Draft, DraftRow
from indicators.model import Indicator, Sector
from indicators.rules.facts import Match, RowFacts, Tail, read_row, tail_of
from indicators.rules.likeness import likeness, pairs
from indicators.taxonomy import COST
from indicators.units import comparable, unit_family
from kb.search.text import fold

THRESHOLD = 0.62
"""Least score of a match. Measured on the published rows: below it most near names are other things."""

_ALIAS, _NEAR_CEILING = 0.96, 0.92
_CANDIDATES = 12
_COMMON = "TX"
_SIGNS = re.compile(r"[\s“”‘’《》【】()（）、，,。；;：:★\"'·—/-]")


class _Form(NamedTuple):
    """One way of writing an indicator: its name or an alias."""

    indicator: int
    text: str
    alias: bool


class MatchIndex:
    """Indicators by code, by each of their names, and by the pairs of characters in these."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        self.indicators: list[Indicator] = list(indicators)
        self.by_code = {i.code: i for i in self.indicators}
        self._forms: list[_Form] = []
        self._exact: dict[str, list[int]] = defaultdict(list)
        for number, indicator in enumerate(self.indicators):
            for text, alias in ((indicator.name, False), *((a, True) for a in indicator.aliases)):
                self._exact[_key(text)].append(len(self._forms))
                self._forms.append(_Form(number, text, alias))
        self._weigh()
        self.sector_words = _sector_words(self.indicators)

    def _weigh(self) -> None:
        """Posting lists and weights of pairs: a pair that stands in few names says more."""
        postings: dict[str, list[int]] = defaultdict(list)
        held = [pairs(fold(form.text)) for form in self._forms]
        for form_number, found in enumerate(held):
            for pair in found:
                postings[pair].append(form_number)
        n = max(1, len(self._forms))
        self._idf = {pair: log(1 + n / len(forms)) for pair, forms in postings.items()}
        self._unknown = log(1 + n)
        self._postings = {pair: np.array(forms, dtype=np.int32) for pair, forms in postings.items()}
        self._norms = np.array([self._weight(found) for found in held] or [0.0])

    def _weight(self, found: Iterable[str]) -> float:
        return sum(self._idf.get(pair, self._unknown) for pair in found)

    def near(self, name: str) -> list[tuple[int, float]]:
        """Forms most like a name, with the weighted share of pairs in common (0..1), best first."""
        own = pairs(fold(name))
        scores: NDArray[np.float64] = np.zeros(len(self._norms))
        for pair in own:
            found = self._postings.get(pair)
            if found is not None:
                scores[found] += self._idf[pair]
        if not scores.any():
            return []
        likeness = 2 * scores / (self._weight(own) + self._norms)
        best = np.argpartition(-likeness, min(_CANDIDATES, len(likeness) - 1))[:_CANDIDATES]
        return sorted(((int(i), float(likeness[i])) for i in best), key=lambda x: -x[1])

    def exact(self, name: str) -> list[int]:
        """Forms that are the name itself, signs and width aside."""
        return self._exact.get(_key(name), [])

    def form(self, number: int) -> _Form:
        """A form by its number."""
        return self._forms[number]


def _sector_words(indicators: Sequence[Indicator]) -> dict[str, tuple[str, ...]]:
    """Keywords and branches that belong to one or two sectors only, and so tell a project's sector."""
    sectors: dict[str, set[str]] = defaultdict(set)
    for indicator in indicators:
        for word in (*indicator.keywords, indicator.subsector):
            if 1 < len(word) <= 8 and indicator.sector != _COMMON:
                sectors[word].add(indicator.sector)
    return {word: tuple(sorted(codes)) for word, codes in sectors.items() if len(codes) <= 2}


def _key(text: str) -> str:
    return _SIGNS.sub("", fold(text))


def match(row: DraftRow | RowFacts, index: MatchIndex, sector: str = "") -> Match | None:
    """The indicator that a row means, or None. ``sector`` is the table's sector code, if known.

    An indicator of the same sector, level 2 and kind of unit is preferred; one whose name measures
    something else (a rate beside a count) is not taken for a near name.
    """
    facts = row if isinstance(row, RowFacts) else read_row(row)
    code = facts.row.code.strip()
    if code in index.by_code:
        return _found(index.by_code[code], 1.0, "代码", facts, index)
    if not facts.name or facts.name.isdigit():
        return None
    best: tuple[float, Indicator, str] | None = None
    for number in index.exact(facts.name):
        form = index.form(number)
        indicator = index.indicators[form.indicator]
        base, how = (_alias_score(facts, indicator, sector), "别名") if form.alias else (1.0, "名称")
        score = base + _context(facts, indicator, sector) / 10
        if best is None or score > best[0]:
            best = (score, indicator, how)
    if best and best[0] >= THRESHOLD:
        return _found(best[1], min(1.0, best[0]), best[2], facts, index)
    return _near(facts, index, sector)


def _alias_score(facts: RowFacts, indicator: Indicator, sector: str) -> float:
    """What an alias is worth: 群众满意度 means one thing in its own sector and nothing certain elsewhere."""
    if indicator.sector in {sector, _COMMON}:
        return _ALIAS
    return _ALIAS * (0.45 + 0.55 * likeness(facts.name, indicator.name))


def _near(facts: RowFacts, index: MatchIndex, sector: str) -> Match | None:
    best: tuple[float, Indicator] | None = None
    for number, share in index.near(facts.name):
        form = index.form(number)
        indicator = index.indicators[form.indicator]
        if share < THRESHOLD - 0.2 or not _same_measure(facts, form.text, indicator):
            continue
        worth = _alias_score(facts, indicator, sector) / _ALIAS if form.alias else 1.0
        score = share * worth + _context(facts, indicator, sector)
        if best is None or score > best[0]:
            best = (score, indicator)
    if best is None or best[0] < THRESHOLD:
        return None
    return _found(best[1], min(_NEAR_CEILING, best[0]), "近似", facts, index)


def _same_measure(facts: RowFacts, text: str, indicator: Indicator) -> bool:
    """Whether name and candidate measure the same sort of thing; a count is not its rate."""
    ratio = {Tail.RATE, Tail.DEGREE}
    other = tail_of(text)
    mine = facts.tail in ratio or (facts.tail is Tail.NONE and facts.family == "比例")
    theirs = other in ratio or (other is Tail.NONE and unit_family(indicator.unit) == "比例")
    if mine != theirs:
        return False
    satisfied = ("满意" in facts.name) == ("满意" in text)
    return satisfied and (facts.is_cost == (indicator.level1 == COST) or not facts.level1)


def _context(facts: RowFacts, indicator: Indicator, sector: str) -> float:
    """What sector, level and unit add to or take from a likeness."""
    bonus = 0.0
    if sector:
        bonus += 0.08 if indicator.sector == sector else 0.02 if indicator.sector == _COMMON else -0.1
    elif indicator.sector != _COMMON:
        bonus -= 0.04
    if facts.level2:
        bonus += 0.04 if indicator.level2 == facts.level2 else -0.04
    family = unit_family(indicator.unit)
    if facts.family and family:
        bonus += 0.03 if family == facts.family else -0.15
    if indicator.status is Status.RETIRED:
        bonus -= 0.03
    return bonus


def _found(indicator: Indicator, score: float, how: str, facts: RowFacts, index: MatchIndex) -> Match:
    return Match(
        code=indicator.code, name=indicator.name, score=round(score, 3), how=how,
        differences=tuple(_differences(facts, indicator, index)), indicator=indicator,
    )  # fmt: skip


def _differences(facts: RowFacts, indicator: Indicator, index: MatchIndex) -> Iterable[str]:
    if facts.level2 and indicator.level2 and facts.level2 != indicator.level2:
        yield f"库中在{indicator.level2}，表里在{facts.row.level2}"
    if facts.unit and indicator.unit and not comparable(facts.unit, indicator.unit):
        yield f"库中单位是{indicator.unit}，表里是{facts.unit}"
    sign = facts.value.comparator
    if indicator.direction == "反向" and sign in {"≥", ">"}:
        yield "库中是越少越好，表里用≥"
    elif indicator.direction == "正向" and sign in {"≤", "<"}:
        yield "库中是越多越好，表里用≤"
    if indicator.status is Status.RETIRED:
        successor = index.by_code.get(indicator.successor)
        yield f"库中已停用，由{successor.code} {successor.name}替代" if successor else "库中已停用"


def match_rows(rows: Sequence[RowFacts], index: MatchIndex, sector: str = "") -> dict[int, Match]:
    """Matches of a table's rows by row number."""
    found = {r.row.number: match(r, index, sector) for r in rows}
    return {number: m for number, m in found.items() if m}


def guess_sector(draft: Draft, rows: Sequence[RowFacts], index: MatchIndex, sectors: Sequence[Sector]) -> str:
    """Sector code of a table: as it says itself, else by the words of its heading and its rows' matches.

    "" where nothing stands out.
    """
    known = {name: s.code for s in sectors for name in (s.code, s.name, *s.aliases)}
    if draft.sector in known:
        return known[draft.sector]
    votes: Counter[str] = Counter()
    heading = f"{draft.project} {draft.unit} {draft.department}"
    for sector in sectors:
        words = (sector.name, *sector.aliases, *sector.units, *(s.name for s in sector.subsectors))
        votes[sector.code] += 3 * sum(len(word) > 1 and word in heading for word in words)
    for word, codes in index.sector_words.items():
        if word in heading:
            for code in codes:
                votes[code] += len(word)
    for row in rows:
        found = match(row, index)
        if found and found.indicator and found.indicator.sector != _COMMON and found.score >= 0.7:
            votes[found.indicator.sector] += 2
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 2 or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


_TYPES: Mapping[ProjectType, str] = {
    ProjectType.CONSTRUCTION: "新建|扩建|建设工程|道路工程|基础设施|建设项目|高标准农田",
    ProjectType.REPAIR: "修缮|维修|改造|大修|装修|改建",
    ProjectType.PURCHASE: "购置|采购|设备|更新",
    ProjectType.SUBSIDY: "补助|补贴|资助|救助|奖补|奖励|助学金|津贴|抚恤",
    ProjectType.OPERATION: "运维|运行|维护|保障|养护|保洁|管护|工作经费|业务费|公用经费",
    ProjectType.EVENT: "活动|节庆|赛事|培训|会议|宣传|普查|换届",
    ProjectType.RESEARCH: "课题|规划|研究|编制|咨询|评估|勘察",
    ProjectType.SERVICE: "购买服务|委托|外包|劳务派遣|第三方",
}
"""Words in a project's name by which its type is told."""


def guess_types(draft: Draft) -> tuple[ProjectType, ...]:
    """Types of a project by the words of its name; those that the draft states win."""
    if draft.types:
        return draft.types
    return tuple(kind for kind, words in _TYPES.items() if re.search(words, draft.project))
