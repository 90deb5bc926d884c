"""Outputs bring their benefits along: who describes a project needs both, whatever words it used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from indicators.taxonomy import BENEFIT, OUTPUT
from kb.search.corpus import Corpus
from kb.search.score import Scores

_LEADERS = 4
"""Outputs whose benefits are brought along: the first few, not everything that matched."""


def with_partners(corpus: Corpus, scores: Scores, share: float) -> Scores:
    """Scores in which the benefits of the best outputs have at least ``share`` of their score and match."""
    gains = _gains(corpus, scores, share)
    if not gains:
        return scores
    places = np.union1d(scores.places, np.fromiter(gains, np.int32)).astype(np.int32)
    values, matched = np.zeros(len(places), np.float32), np.zeros(len(places), bool)
    here = np.searchsorted(places, scores.places)
    values[here], matched[here] = scores.values, scores.matched
    for place, gain in gains.items():
        at = int(np.searchsorted(places, place))
        values[at], matched[at] = max(float(values[at]), gain), True
    return replace(scores, places=places, values=values, matched=matched)


def _gains(corpus: Corpus, scores: Scores, share: float) -> dict[int, float]:
    """Document number to score of the benefits of the leading outputs."""
    gains: dict[int, float] = {}
    leaders = _leaders(corpus, scores)
    corpus.bring({code for place, _ in leaders for code in corpus.rows[place].pairs})
    for place, value in leaders:
        for code in corpus.rows[place].pairs:
            partner = corpus.place.get(code)
            if partner is not None and corpus.rows[partner].level1 == BENEFIT:
                gains[partner] = max(gains.get(partner, 0.0), value * share)
    return gains


def _is_indicator(corpus: Corpus, place: int) -> bool:
    return corpus.rows[place].public_kind == "indicator" and corpus.rows[place].status == "active"


def _leaders(corpus: Corpus, scores: Scores) -> list[tuple[int, float]]:
    order = np.argsort(-np.where(scores.matched, scores.values, -1), kind="stable")
    leaders = []
    for at in order[:50].tolist():
        place = int(scores.places[at])
        if scores.matched[at] and corpus.rows[place].level1 == OUTPUT and _is_indicator(corpus, place):
            leaders.append((place, float(scores.values[at])))
        if len(leaders) == _LEADERS:
            break
    return leaders
