"""Outputs bring their benefits along: who describes a project needs both, whatever words it used."""

from __future__ import annotations

import numpy as np

from indicators.taxonomy import BENEFIT, OUTPUT
from kb.search.score import Scores
from kb.search.snapshot import Snapshot

_LEADERS = 4
"""Outputs whose benefits are brought along: the first few, not everything that matched."""


def with_partners(snapshot: Snapshot, scores: Scores, share: float) -> Scores:
    """Scores in which the benefits of the best outputs have at least ``share`` of their score and match."""
    gains = _gains(snapshot, scores, share)
    if not gains:
        return scores
    places = np.union1d(scores.places, np.fromiter(gains, np.int32)).astype(np.int32)
    values, matched = np.zeros(len(places), np.float32), np.zeros(len(places), bool)
    here = np.searchsorted(places, scores.places)
    values[here], matched[here] = scores.values, scores.matched
    for place, gain in gains.items():
        at = int(np.searchsorted(places, place))
        values[at], matched[at] = max(float(values[at]), gain), True
    return Scores(places, values, matched, scores.covered, scores.literal)


def _gains(snapshot: Snapshot, scores: Scores, share: float) -> dict[int, float]:
    """Document number to score of the benefits of the leading outputs."""
    gains: dict[int, float] = {}
    for place, value in _leaders(snapshot, scores):
        for code in snapshot.rows[place].pairs:
            partner = snapshot.place.get(code)
            if partner is not None and snapshot.rows[partner].level1 == BENEFIT:
                gains[partner] = max(gains.get(partner, 0.0), value * share)
    return gains


def _is_indicator(snapshot: Snapshot, place: int) -> bool:
    return snapshot.rows[place].public_kind == "indicator" and snapshot.rows[place].status == "active"


def _leaders(snapshot: Snapshot, scores: Scores) -> list[tuple[int, float]]:
    order = np.argsort(-np.where(scores.matched, scores.values, -1), kind="stable")
    leaders = []
    for at in order[:50].tolist():
        place = int(scores.places[at])
        if scores.matched[at] and snapshot.rows[place].level1 == OUTPUT and _is_indicator(snapshot, place):
            leaders.append((place, float(scores.values[at])))
        if len(leaders) == _LEADERS:
            break
    return leaders
