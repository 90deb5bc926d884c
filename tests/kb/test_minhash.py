"""MinHash bands: stable, order-free, and meeting about as often as their likeness says."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from kb.minhash import BANDS, bands

ROWS = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=6)), min_size=1, max_size=20)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(rows: list[tuple[str, str]], luck: random.Random) -> None:
    again = [*rows, *luck.choices(rows, k=3)]
    luck.shuffle(again)
    assert bands(again) == bands(rows)
    assert len(bands(rows)) == BANDS
    assert all(-(2**63) <= key < 2**63 for key in bands(rows))


def test_keys_stay_the_same_over_versions() -> None:
    assert bands([("道路硬化里程", "≥5公里"), ("验收合格率", "=100%")])[:2] == (
        -5669791068642805711,
        3356402383989448820,
    )
    assert bands([]) == ()


def meeting(same: int, of: int, tries: int = 400) -> float:
    """Share of pairs of tables with so many rows in common, out of so many each, that share a band."""
    met = 0
    for number in range(tries):
        shared = [(f"共{number}-{n}", "1") for n in range(same)]
        one, other = ([(f"{side}{number}-{n}", "1") for n in range(of - same)] for side in "甲乙")
        met += bool(set(bands([*shared, *one])) & set(bands([*shared, *other])))
    return met / tries


def test_near_identical_tables_meet_and_different_ones_do_not() -> None:
    assert meeting(9, 10) > 0.98  # likeness 9/11
    assert meeting(2, 10) < 0.12  # likeness 2/18
    assert meeting(0, 10) == 0
