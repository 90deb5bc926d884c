"""Tables of rows: changes of different rows come together, only rows that both changed clash."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.model import Indicator, Pitfall, Project, SourceRef, SynonymGroup, Target
from kb.merging import Side, merge
from kb.merging_rows import merge_rows


def row(name: str, target: str = "", level2: str = "数量指标") -> Target:
    return Target(level1="产出指标", level2=level2, name=name, target=target)


def project(*rows: Target) -> Project:
    return Project(code="XM-1", name="修路", targets=rows)


A, B, C = row("里程", "5公里"), row("桥梁", "2座"), row("合格率", "100%", "质量指标")
BASE = project(A, B, C)


def test_two_people_change_different_rows() -> None:
    theirs = project(row("里程", "6公里"), B, C, row("照明", "9盏"))
    mine = project(A, row("涵洞", "3道"), C)
    found = merge(BASE, theirs, mine)
    assert found.clashes == ()
    assert found.record == project(row("里程", "6公里"), row("涵洞", "3道"), C, row("照明", "9盏"))
    assert [c.side for c in found.cells] == [Side.BOTH]


@pytest.mark.parametrize(("side", "target"), [(Side.THEIRS, "6公里"), (Side.MINE, "7公里")])
def test_a_row_that_both_changed_is_chosen_and_takes_no_other_with_it(side: Side, target: str) -> None:
    theirs = project(row("里程", "6公里"), row("桥梁", "3座"), C)
    mine = project(row("里程", "7公里"), B, row("合格率", "98%", "质量指标"))
    assert [c.name for c in merge(BASE, theirs, mine).clashes] == ["targets"]
    chosen = merge(BASE, theirs, mine, {"targets": side})
    assert chosen.clashes == ()
    assert chosen.record == project(row("里程", target), row("桥梁", "3座"), row("合格率", "98%", "质量指标"))


def test_a_row_that_one_took_out_and_the_other_changed_clashes() -> None:
    found = merge(BASE, project(B, C), project(row("里程", "7公里"), B, C))
    assert [(c.theirs, c.mine) for c in found.clashes] == [((B, C), (row("里程", "7公里"), B, C))]


def test_a_renamed_row_that_the_other_changed_clashes() -> None:
    found = merge(BASE, project(row("道路里程", "5公里"), B, C), project(row("里程", "7公里"), B, C))
    assert found.clashes


def test_rows_moved_by_one_and_changed_by_the_other_come_together() -> None:
    found = merge(BASE, project(C, B, A), project(A, row("桥梁", "3座"), C, row("照明", "9盏")))
    assert found.record == project(C, row("照明", "9盏"), row("桥梁", "3座"), A)


@pytest.mark.parametrize(
    ("base", "theirs", "mine"),
    [
        ((A, B, C), (C, B, A), (B, A, C)),  # both moved rows
        ((A, A), (A,), (A, A, B)),  # two rows with one key
        ((("修路", "造路"),), (), (("路", "道"),)),  # no rows of ours
    ],
)
def test_what_is_not_sure_is_for_a_person(
    base: tuple[Any, ...], theirs: tuple[Any, ...], mine: tuple[Any, ...]
) -> None:
    assert merge_rows(base, theirs, mine) is None


def test_what_is_not_sure_is_a_clash_of_whole_tables() -> None:
    found = merge(BASE, project(C, B, A), project(B, A, C))
    assert [(c.theirs, c.mine) for c in found.clashes] == [((C, B, A), (B, A, C))]
    groups = [
        SynonymGroup(code="TY", name="路", not_same=pairs) for pairs in ((), (("路", "道"),), (("路", "途"),))
    ]
    assert [c.name for c in merge(*groups).clashes] == ["not_same"]


def test_sources_and_pitfalls_added_by_both_come_together() -> None:
    base = Indicator(code="A", name="里程", sources=(SourceRef(source="甲"),))
    theirs = msgspec.structs.replace(
        base, sources=(*base.sources, SourceRef(source="乙")), pitfalls=(Pitfall(problem="P01", text="空泛"),)
    )
    mine = msgspec.structs.replace(
        base, sources=(*base.sources, SourceRef(source="丙")), pitfalls=(Pitfall(problem="P02", text="错位"),)
    )
    found = merge(base, theirs, mine)
    assert found.clashes == ()
    assert isinstance(found.record, Indicator)
    assert {s.source for s in found.record.sources} == {"甲", "乙", "丙"}
    assert {p.problem for p in found.record.pitfalls} == {"P01", "P02"}


TABLES = st.lists(
    st.builds(row, st.sampled_from("甲乙丙丁戊己"), st.sampled_from(["", "1", "2"])), unique_by=lambda r: r.name, max_size=6
).map(tuple)  # fmt: skip


@given(TABLES, TABLES)
def test_one_side_alone_is_taken_as_it_stands(base: tuple[Target, ...], other: tuple[Target, ...]) -> None:
    for theirs, mine in ((base, other), (other, base), (other, other)):
        found = merge_rows(base, theirs, mine)
        assert found is not None
        assert found.theirs == found.mine == other


@given(TABLES, TABLES, TABLES)
def test_every_row_is_as_one_of_the_two_left_it(
    base: tuple[Target, ...], theirs: tuple[Target, ...], mine: tuple[Target, ...]
) -> None:
    found = merge_rows(base, theirs, mine)
    if found is None:
        return
    began, other, own = ({r.name: r for r in rows} for rows in (base, theirs, mine))
    for merged, first in ((found.theirs, other), (found.mine, own)):
        names = [r.name for r in merged]
        assert len(names) == len(set(names))
        now = {r.name: r for r in merged}
        for name in began.keys() | other.keys() | own.keys():
            b, t, m = began.get(name), other.get(name), own.get(name)
            wanted = first.get(name) if len({b, t, m}) == 3 else t if m == b else m
            assert now.get(name) == wanted
