"""Three states of a record: what one side changed stands, lists come together, clashes are for people."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from indicators.model import Indicator, Pitfall, Standards
from kb.merging import Side, merge, parts_of, with_parts

ROAD = Indicator(
    code="JT-SL-01", name="里程", unit="公里", aliases=("a", "b"), standards=Standards(plan="计划", history="历史"),
    pitfalls=(Pitfall(problem="P01", text="空泛"),),
)  # fmt: skip
words = st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5).map(tuple)
states = st.builds(
    Indicator, code=st.just("X"), name=st.sampled_from("甲乙丙"), unit=st.sampled_from(["", "公里"]), aliases=words, pairs=words,
    core=st.booleans(), standards=st.builds(Standards, plan=st.sampled_from(["", "一", "二"]), other=st.sampled_from(["", "三"])),
)  # fmt: skip


def test_changes_of_different_fields_come_together() -> None:
    theirs = msgspec.structs.replace(ROAD, unit="千米", standards=Standards(plan="新计划", history="历史"))
    mine = msgspec.structs.replace(ROAD, name="新里程", standards=Standards(plan="计划", history="新历史"))
    found = merge(ROAD, theirs, mine)
    assert found.clashes == ()
    assert found.record == msgspec.structs.replace(
        ROAD, name="新里程", unit="千米", standards=Standards(plan="新计划", history="新历史")
    )
    assert {c.name: c.side for c in found.cells} == {
        "name": Side.MINE, "unit": Side.THEIRS, "standards.plan": Side.THEIRS, "standards.history": Side.MINE,
    }  # fmt: skip


def test_what_both_changed_differently_is_a_clash_until_somebody_chooses() -> None:
    theirs, mine = (msgspec.structs.replace(ROAD, name=name) for name in ("甲", "乙"))
    found = merge(ROAD, theirs, mine)
    assert [(c.name, c.base, c.theirs, c.mine) for c in found.clashes] == [("name", "里程", "甲", "乙")]
    assert found.record.name == "乙"
    assert merge(ROAD, theirs, mine, {"name": Side.THEIRS}).record.name == "甲"
    assert merge(ROAD, theirs, mine, {"name": Side.MINE}).clashes == ()


def test_a_row_changed_on_both_sides_is_a_clash_and_lists_are_not() -> None:
    theirs = msgspec.structs.replace(ROAD, aliases=("b", "c"), pitfalls=())
    mine = msgspec.structs.replace(
        ROAD, aliases=("a", "b", "d"), pitfalls=(Pitfall(problem="P01", text="x"),)
    )
    found = merge(ROAD, theirs, mine)
    assert [c.name for c in found.clashes] == ["pitfalls"]
    assert isinstance(found.record, Indicator)
    assert found.record.aliases == ("b", "c", "d")


@given(states, states)
def test_one_side_alone_is_taken_as_it_is(base: Indicator, other: Indicator) -> None:
    assert merge(base, base, other).record == other
    assert merge(base, other, base).record == other
    assert merge(base, other, other).record == other
    assert merge(base, other, other).clashes == ()


@given(states, states, states)
def test_merging_loses_no_change_unseen(base: Indicator, theirs: Indicator, mine: Indicator) -> None:
    found = merge(base, theirs, mine)
    merged, began = parts_of(found.record), parts_of(base)
    clashes = {c.name for c in found.clashes}
    for name, was in began.items():
        other, own, now = parts_of(theirs)[name], parts_of(mine)[name], merged[name]
        if isinstance(was, tuple):
            assert set(other) - set(was) <= set(now) | (set(was) - set(own))
            assert set(own) - set(was) <= set(now)
        elif name not in clashes:
            assert now == (other if own == was else own)


@given(states, states)
def test_parts_make_the_record_again(one: Indicator, other: Indicator) -> None:
    assert with_parts(one, parts_of(other)) == other
