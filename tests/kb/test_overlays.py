"""Three-way merge: what it promises for any value, and for whole sets of indicators."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet, Standards
from kb.localising import copy_of
from kb.merging import with_parts
from kb.overlays import (
    Fate,
    Outcome,
    Resolved,
    Side,
    compare,
    merge_fields,
    merge_lists,
    merge_value,
    resolve,
)

WORDS = st.sampled_from(["", "个", "公里", "%"])
LISTS = st.lists(st.sampled_from("甲乙丙丁戊"), unique=True, max_size=5).map(tuple)
INDICATORS = st.builds(
    Indicator, code=st.just("A"), name=st.sampled_from(["里程", "座数"]), unit=WORDS, explanation=WORDS,
    aliases=LISTS, core=st.booleans(), standards=st.builds(Standards, plan=WORDS, other=WORDS),
)  # fmt: skip


@given(WORDS, WORDS, WORDS)
def test_a_text_follows_whoever_changed_it(old: str, theirs: str, ours: str) -> None:
    outcome, value = merge_value(old, theirs, ours)
    if theirs == ours:
        assert value == ours
        assert outcome is (Outcome.SAME if ours == old else Outcome.BOTH)
    elif theirs == old:
        assert (outcome, value) == (Outcome.OURS, ours)
    elif ours == old:
        assert (outcome, value) == (Outcome.THEIRS, theirs)
    else:
        assert outcome is Outcome.CONFLICT
    assert (outcome is Outcome.CONFLICT) == (len({old, theirs, ours}) == 3)


@given(LISTS, LISTS, LISTS)
def test_lists_merge_as_sets_in_our_order(
    old: tuple[str, ...], theirs: tuple[str, ...], ours: tuple[str, ...]
) -> None:
    outcome, merged = merge_value(old, theirs, ours)
    assert outcome is not Outcome.CONFLICT
    assert len(set(merged)) == len(merged)
    if outcome is Outcome.BOTH and theirs != ours:
        added = (set(theirs) | set(ours)) - set(old)
        gone = (set(old) - set(theirs)) | (set(old) - set(ours))
        assert set(merged) == (set(old) | added) - gone
        assert [m for m in merged if m in ours] == [o for o in ours if o in merged]
    assert merge_lists(old, old, ours) == ours
    assert set(merge_lists(old, theirs, old)) == set(theirs)


@given(INDICATORS, INDICATORS)
def test_only_one_side_changed_means_that_side(old: Indicator, new: Indicator) -> None:
    assert merge_fields(old, old, old) == ()
    for theirs, ours, outcome in (
        (new, old, Outcome.THEIRS),
        (old, new, Outcome.OURS),
        (new, new, Outcome.BOTH),
    ):
        fields = merge_fields(old, theirs, ours)
        assert {f.outcome for f in fields} <= {outcome}
        assert with_parts(ours, {f.field: f.value for f in fields}) == new


@given(INDICATORS, INDICATORS, INDICATORS)
def test_conflict_exactly_where_both_changed_differently(
    old: Indicator, theirs: Indicator, ours: Indicator
) -> None:
    conflicts = {f.field for f in merge_fields(old, theirs, ours) if f.outcome is Outcome.CONFLICT}

    def texts(r: Indicator) -> dict[str, Any]:
        return {"name": r.name, "unit": r.unit, "explanation": r.explanation, "core": r.core,
                "standards.plan": r.standards.plan, "standards.other": r.standards.other}  # fmt: skip

    o, t, c = texts(old), texts(theirs), texts(ours)
    assert conflicts == {f for f in o if len({o[f], t[f], c[f]}) == 3}


# Sets


def indicator(code: str, name: str, **fields: Any) -> Indicator:
    return Indicator(code=code, name=name, sector="JT", level1="产出指标", level2="数量指标", **fields)


OLD = {
    r.code: r
    for r in (
        indicator("A1", "里程", unit="公里"),
        indicator("A2", "座数"),
        indicator("A3", "亩数"),
        indicator("A4", "口井数"),
    )
}
COUNTY = {
    "B2": msgspec.structs.replace(copy_of(OLD["A2"], "B2"), unit="座", explanation="县里的说法"),
    "B9": indicator("B9", "县里自己的"),
}
OVERLAY = IndicatorSet(
    code="B",
    name="县",
    members=("A1", "B2", "A3", "B9"),
    base="A",
    base_edition="2025",
    base_members=("A1", "A2", "A3", "A4"),
)


def by_fate(
    base: IndicatorSet, records: dict[str, Indicator], overlay: IndicatorSet = OVERLAY
) -> dict[Fate, list[str]]:
    found: dict[Fate, list[str]] = {}
    for entry in compare(overlay, base, records):
        found.setdefault(entry.fate, []).append(entry.name)
    return found


def done(base: IndicatorSet, records: dict[str, Indicator], choices: dict[str, Side], held: tuple[str, ...] = (), overlay: IndicatorSet = OVERLAY) -> tuple[IndicatorSet, dict[str, Indicator], Resolved]:  # fmt: skip
    """A merge carried out: the overlay and all records after it."""
    resolved = resolve(overlay, base, records, choices, held=held)
    after = dict(records)
    for r in resolved.records:
        if isinstance(r, Indicator):
            after[r.code] = r
        else:
            overlay = r
    return overlay, after, resolved


def test_nothing_new_changes_nothing() -> None:
    base = IndicatorSet(code="A", name="市", edition="2025", members=("A1", "A2", "A3", "A4"))
    records = OLD | COUNTY
    assert by_fate(base, records) == {
        Fate.LEFT_OUT: ["口井数"], Fate.OWN: ["县里自己的"], Fate.SAME: ["里程", "亩数", "座数"]
    }  # fmt: skip
    assert done(base, records, {})[2] == Resolved((), ())


def test_next_year_as_a_new_set() -> None:
    news = {
        "N1": indicator("N1", "里程", unit="千米"), "N2": indicator("N2", "座数", unit="座（处）", formula="合计"),
        "N5": indicator("N5", "亩数合计"), "N6": indicator("N6", "县里自己的", unit="个"),
    }  # fmt: skip
    base = IndicatorSet(code="N", name="市2026", edition="2026", members=tuple(news))
    records = OLD | COUNTY | news
    assert by_fate(base, records) == {
        Fate.CONFLICT: ["座数"], Fate.TWICE: ["县里自己的"], Fate.RETIRED: ["亩数"], Fate.TAKEN: ["里程"],
        Fate.ADDED: ["亩数合计"], Fate.LEFT_OUT: ["口井数"],
    }  # fmt: skip
    gone = next(e for e in compare(OVERLAY, base, records) if e.fate is Fate.RETIRED)
    assert (gone.successor, gone.successor_name) == ("N5", "亩数合计")
    assert set(done(base, records, {})[2].open) == {"B2.unit", "B9"}
    overlay, after, resolved = done(base, records, {"B2.unit": Side.THEIRS, "B9": Side.OURS})
    assert resolved.open == ()
    assert overlay.members == ("N1", "B2", "A3", "B9", "N5")
    assert (overlay.base, overlay.base_edition, overlay.base_members) == (
        "N",
        "2026",
        ("N1", "N2", "N5", "N6"),
    )
    assert (after["B2"].unit, after["B2"].formula, after["B2"].explanation) == (
        "座（处）",
        "合计",
        "县里的说法",
    )
    assert after["B2"].original == news["N2"]
    assert (after["A3"].status, after["A3"].successor) == (Status.RETIRED, "N5")
    assert done(base, after, {}, overlay=overlay)[2] == Resolved((), ())  # merging again finds nothing to do


def test_choosing_theirs_for_wholes() -> None:
    news = {"N1": indicator("N1", "里程"), "N6": indicator("N6", "县里自己的")}
    base = IndicatorSet(code="N", name="市2026", members=tuple(news))
    records = OLD | COUNTY | news
    fates = by_fate(base, records)
    assert fates[Fate.LOST] == ["座数"]
    overlay, after, _ = done(base, records, {"B2": Side.THEIRS, "B9": Side.THEIRS})
    assert after["B2"].status is Status.RETIRED
    assert (after["B9"].status, after["B9"].successor) == (Status.RETIRED, "N6")
    assert "N6" in overlay.members
    assert "B9" not in overlay.members
    _, kept, _ = done(base, records, {"B2": Side.OURS, "B9": Side.OURS})
    assert (kept["B2"].overlays, kept["B2"].original, kept["B2"].status) == ("", None, Status.ACTIVE)


def test_indicators_of_other_sets_are_never_retired() -> None:
    base = IndicatorSet(code="N", name="市2026", members=())
    overlay, after, _ = done(base, OLD | COUNTY, {"B2": Side.OURS}, held=("A1",))
    assert after["A1"].status is Status.ACTIVE
    assert "A1" not in overlay.members
    assert after["A3"].status is Status.RETIRED
    kept, after, _ = done(base, OLD | COUNTY, {"B2": Side.OURS, "A3": Side.OURS})
    assert after["A3"].status is Status.ACTIVE
    assert "A3" in kept.members


def test_the_base_changed_in_place() -> None:
    now = OLD | {
        "A1": msgspec.structs.replace(OLD["A1"], unit="米"),
        "A2": msgspec.structs.replace(OLD["A2"], status=Status.RETIRED, successor="A3"),
    }
    base = IndicatorSet(code="A", name="市", edition="2026", members=("A1", "A2", "A3", "A4"))
    fates = by_fate(base, now | COUNTY)
    assert fates[Fate.SAME] == ["里程", "亩数"]
    assert fates[Fate.LOST] == ["座数"]
    _, after, _ = done(base, now | COUNTY, {"B2": Side.THEIRS})
    assert (after["B2"].status, after["B2"].successor) == (Status.RETIRED, "A3")


NAMES = st.lists(st.sampled_from("一二三四五六七"), unique=True, max_size=6)


@given(NAMES, NAMES, st.data())
def test_any_merge_is_complete_and_done_once(old: list[str], new: list[str], data: st.DataObject) -> None:
    before = {f"A{n}": indicator(f"A{n}", n, unit=data.draw(WORDS)) for n in old}
    after = {f"N{n}": indicator(f"N{n}", n, unit=data.draw(WORDS)) for n in new}
    members, county = [], {}
    for code, record in before.items():
        match data.draw(st.sampled_from(["share", "copy", "leave"])):
            case "share":
                members.append(code)
            case "copy":
                county[f"B{code}"] = msgspec.structs.replace(
                    copy_of(record, f"B{code}"), unit=data.draw(WORDS)
                )
                members.append(f"B{code}")
    overlay = IndicatorSet(code="B", name="县", members=tuple(members), base="A", base_members=tuple(before))
    base = IndicatorSet(code="N", name="新", members=tuple(after))
    records = before | after | county
    entries = compare(overlay, base, records)
    assert sorted(e.code for e in entries if e.code) == sorted(members)
    choices = {key: data.draw(st.sampled_from(list(Side))) for e in entries for key in e.keys}
    joined, everything, resolved = done(base, records, choices, overlay=overlay)
    assert resolved.open == ()
    assert len(set(joined.members)) == len(joined.members)
    assert set(joined.members) <= everything.keys()
    active = [everything[m] for m in joined.members if everything[m].status is Status.ACTIVE]
    assert len({r.name for r in active}) == len(active)
    again = compare(joined, base, everything)
    assert {e.fate for e in again} <= {Fate.SAME, Fate.OWN, Fate.LEFT_OUT}
    assert done(base, everything, {}, overlay=joined)[2] == Resolved((), ())
