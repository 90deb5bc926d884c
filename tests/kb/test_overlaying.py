"""Overlays in a real store: nothing below is ever changed by them, every deed is undone byte for byte."""

from __future__ import annotations

import msgspec
import pytest

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet
from kb.errors import InputError
from kb.imports import SetAbout
from kb.knowledge import KnowledgeBase
from kb.loading import PlanChangedError
from kb.overlaying import OpenConflictError
from kb.overlays import Fate, Side
from loaders.building import Options, build
from loaders.exports import export
from loaders.kinds import Hints
from loaders.loading import load_file
from tests.loaders.build import workbook

HEAD = ["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"]
CITY = [
    ["产出指标", "数量指标", "新增学位数", "个", "当年新增。"], ["产出指标", "数量指标", "改造教室数", "间", "改造完成。"],
    ["产出指标", "质量指标", "验收合格率", "%", "合格数之比。"], ["产出指标", "数量指标", "购置课桌数", "套", "到位。"],
]  # fmt: skip


def load(
    kb: KnowledgeBase, rows: list[list[str]], name: str, *, replace: bool = False, **about: str
) -> int | None:
    file = load_file(f"{name}.xlsx", workbook([HEAD, *rows]), Hints("indicators"))
    plan = kb.loading.plan(build(file, Options()), name, replace=replace, about=SetAbout(**about))
    return kb.loading.commit(plan, plan.fingerprint, name=f"入库：{name}", actor="管理员", reason="")


def everything(kb: KnowledgeBase) -> bytes:
    return export("a.json", kb.loading.records_of())


def members(kb: KnowledgeBase, name: str) -> dict[str, Indicator]:
    return {r.name: r for r in kb.loading.records_of(name) if isinstance(r, Indicator)}


@pytest.fixture
def county(small: KnowledgeBase) -> KnowledgeBase:
    """A city's set and a county's over it: one row of its own, one with another explanation, one left out."""
    load(small, CITY, "市库", edition="2025", issuer="市财政局")
    small.overlays.make("县库", "市库", SetAbout(region="某县"), actor="管理员")
    load(
        small,
        [
            ["产出指标", "数量指标", "改造教室数", "间", "县里：改造并通过验收。"],
            ["产出指标", "时效指标", "开学前完工率", "%", "按时。"],
        ],
        "县库",
    )
    small.overlays.leave_out("县库", [members(small, "市库")["购置课桌数"].code], actor="管理员")
    return small


def test_a_county_row_becomes_a_copy_and_the_city_stays(county: KnowledgeBase) -> None:
    city, own = members(county, "市库"), members(county, "县库")
    assert city["改造教室数"].explanation == "改造完成。"
    copy = own["改造教室数"]
    assert copy.explanation == "县里：改造并通过验收。"
    assert (copy.overlays, copy.original) == (city["改造教室数"].code, city["改造教室数"])
    assert copy.code.startswith("BD-")
    assert own["新增学位数"].code == city["新增学位数"].code
    assert set(own) == {"新增学位数", "改造教室数", "验收合格率", "开学前完工率"}
    found = county.overlays.overlay("县库")
    assert (found.base_edition, found.region, len(found.base_members)) == ("2025", "某县", 4)
    assert [r.name for r in county.overlays.left_out(found)] == ["购置课桌数"]
    assert county.check().ok


def test_a_county_row_meets_what_its_file_says_nothing_against(county: KnowledgeBase) -> None:
    roads = [r for r in county.loading.records_of() if isinstance(r, Indicator) and r.sector == "JT"]
    county.write(
        [IndicatorSet(code="JH-JT", name="交通库", members=tuple(r.code for r in roads))],
        name="集",
        actor="a",
        reason="",
    )
    county.overlays.make("路库", "交通库", SetAbout(), actor="管理员")
    road = next(r for r in roads if r.aliases)
    load(county, [[road.level1, road.level2, road.aliases[0], road.unit, "县里的说法。"]], "路库")
    own = [r for r in county.loading.records_of("路库") if isinstance(r, Indicator) and r.overlays]
    assert [(r.overlays, r.sector, r.explanation) for r in own] == [(road.code, "JT", "县里的说法。")]


def test_loading_the_county_file_again_changes_nothing(county: KnowledgeBase) -> None:
    before = everything(county)
    assert (
        load(
            county, [["产出指标", "数量指标", "改造教室数", "间", "县里：改造并通过验收。"], CITY[0]], "县库"
        )
        is None
    )
    assert everything(county) == before


def test_replace_in_an_overlay_leaves_out_and_never_retires_what_is_below(county: KnowledgeBase) -> None:
    load(county, [CITY[0]], "县库", replace=True)
    assert all(r.status is Status.ACTIVE for r in members(county, "市库").values())
    own = members(county, "县库")
    assert "验收合格率" not in own
    assert own["开学前完工率"].status is Status.RETIRED


def test_next_year_loaded_into_the_same_set(county: KnowledgeBase) -> None:
    rows = [
        CITY[0],
        ["产出指标", "数量指标", "改造教室数", "间（套）", "改造并启用。"],
        ["产出指标", "数量指标", "新建操场数", "个", "新的。"],
    ]
    load(county, rows, "市库", edition="2026", replace=True)
    before = everything(county)
    view = county.overlays.compare("县库")
    assert view.counts == {Fate.CONFLICT: 1, Fate.ADDED: 1, Fate.LEFT_OUT: 1, Fate.OWN: 1, Fate.SAME: 2}
    (conflict,) = [e for e in view.entries if e.fate is Fate.CONFLICT]
    assert conflict.keys == (f"{conflict.code}.explanation",)
    with pytest.raises(OpenConflictError, match="还有冲突没有选定"):
        county.overlays.merge("县库", "", {}, mark=view.mark, actor="管理员")
    assert everything(county) == before
    batch = county.overlays.merge("县库", "", {conflict.keys[0]: Side.OURS}, mark=view.mark, actor="管理员")
    assert batch is not None
    merged = members(county, "县库")["改造教室数"]
    assert (merged.unit, merged.explanation) == ("间（套）", "县里：改造并通过验收。")
    assert merged.original == members(county, "市库")["改造教室数"]
    assert "新建操场数" in members(county, "县库")
    assert county.overlays.overlay("县库").base_edition == "2026"
    assert county.overlays.compare("县库").idle
    assert county.check().ok
    county.undo(batch, actor="管理员")
    assert everything(county) == before


def test_next_year_as_a_set_of_its_own(county: KnowledgeBase) -> None:
    load(
        county,
        [CITY[0], ["产出指标", "质量指标", "工程验收合格率", "%", "合格数之比。"]],
        "市库2026",
        edition="2026",
    )
    view = county.overlays.compare("县库", "市库2026")
    fates = {e.name: e for e in view.entries}
    assert fates["改造教室数"].fate is Fate.LOST
    assert fates["验收合格率"].fate is Fate.RETIRED
    assert fates["验收合格率"].successor_name == "工程验收合格率"
    assert fates["新增学位数"].fate is Fate.TAKEN
    county.overlays.merge(
        "县库", "市库2026", {fates["改造教室数"].code: Side.OURS}, mark=view.mark, actor="管理员"
    )
    own = members(county, "县库")
    assert own["新增学位数"].code == members(county, "市库2026")["新增学位数"].code
    assert own["改造教室数"].overlays == ""
    retired = own["验收合格率"]
    assert (retired.status, retired.successor) == (Status.RETIRED, own["工程验收合格率"].code)
    assert county.overlays.compare("县库").idle
    assert county.check().ok


DESKS = ["产出指标", "数量指标", "购置课桌数", "套（双人）", "到位并验收。"]


def left_out(kb: KnowledgeBase, base: str = "") -> list[tuple[str, str, dict[str, tuple[object, object]]]]:
    """Name, code of today and changed fields of what the county leaves out."""
    entries = kb.overlays.compare("县库", base).entries
    return [
        (e.name, e.new, {c.field: (c.before, c.after) for c in e.below})
        for e in entries
        if e.fate is Fate.LEFT_OUT
    ]


CHANGED = {"unit": ("套", "套（双人）"), "explanation": ("到位。", "到位并验收。")}


def test_what_the_base_changed_in_one_left_out_is_told_and_not_taken(county: KnowledgeBase) -> None:
    code = members(county, "市库")["购置课桌数"].code
    assert left_out(county) == [("购置课桌数", code, {})]
    load(county, [*CITY[:3], DESKS], "市库", edition="2026")
    assert left_out(county) == [("购置课桌数", code, CHANGED)]
    view = county.overlays.compare("县库")
    batch = county.overlays.merge("县库", "", {}, mark=view.mark, actor="管理员")
    assert batch is not None
    assert "购置课桌数" not in members(county, "县库")
    assert left_out(county) == [("购置课桌数", code, {})]
    county.undo(batch, actor="管理员")
    assert left_out(county) == [("购置课桌数", code, CHANGED)]


def test_what_a_set_of_its_own_changed_or_dropped_of_one_left_out_is_told(county: KnowledgeBase) -> None:
    load(county, [*CITY[:3], DESKS], "市库2026", edition="2026")
    new = members(county, "市库2026")["购置课桌数"].code
    assert left_out(county, "市库2026") == [("购置课桌数", new, CHANGED)]
    load(county, CITY[:3], "市库2027", edition="2027")
    assert left_out(county, "市库2027") == [("购置课桌数", "", {})]


def test_a_change_after_the_preview_is_refused(county: KnowledgeBase) -> None:
    load(county, [["产出指标", "数量指标", "改造教室数", "间", "又改了。"]], "市库")
    view = county.overlays.compare("县库")
    key = next(k for e in view.entries for k in e.keys)
    load(county, [["产出指标", "数量指标", "改造教室数", "间", "再改。"]], "市库")
    with pytest.raises(PlanChangedError):
        county.overlays.merge("县库", "", {key: Side.THEIRS}, mark=view.mark, actor="管理员")


def test_copies_and_taking_up(county: KnowledgeBase) -> None:
    city = members(county, "市库")
    (made,), batch = county.overlays.copy("县库", [city["新增学位数"].code], actor="管理员")
    copy = members(county, "县库")["新增学位数"]
    assert (copy.code, copy.overlays) == (made, city["新增学位数"].code)
    county.undo(batch, actor="管理员")
    assert members(county, "县库")["新增学位数"].code == city["新增学位数"].code
    county.overlays.take_up("县库", [city["购置课桌数"].code], actor="管理员")
    assert "购置课桌数" in members(county, "县库")
    for codes in ([], ["没有"], [made]):
        with pytest.raises(InputError):
            county.overlays.copy("县库", codes, actor="管理员")
    with pytest.raises(InputError):
        county.overlays.take_up("县库", [], actor="管理员")


def test_what_is_no_overlay_or_has_its_name_taken(county: KnowledgeBase) -> None:
    with pytest.raises(InputError, match="不是本地指标集"):
        county.overlays.compare("市库")
    with pytest.raises(InputError, match="已经有名为"):
        county.overlays.make("县库", "市库", SetAbout(), actor="管理员")
    with pytest.raises(InputError, match="没有名为"):
        county.overlays.make("乡库", "没有", SetAbout(), actor="管理员")
    with pytest.raises(InputError):
        county.overlays.make("  ", "市库", SetAbout(), actor="管理员")
    with pytest.raises(InputError, match="自己"):
        county.overlays.compare("县库", "县库")


@pytest.mark.parametrize("suffix", [".xlsx", ".json", ".yaml"])
def test_an_overlay_exports_and_loads_back_as_the_same(county: KnowledgeBase, suffix: str) -> None:
    data = export(f"县库{suffix}", county.loading.records_of("县库"))
    plan = county.loading.plan(build(load_file(f"县库{suffix}", data)), "县库")
    assert plan.records == ()
    assert plan.counts["same"] == 4


def test_original_says_what_the_base_said(county: KnowledgeBase) -> None:
    overlay = county.overlays.overlay("县库")
    assert isinstance(overlay, IndicatorSet)
    copy = members(county, "县库")["改造教室数"]
    assert copy.original is not None
    assert msgspec.structs.replace(copy.original) == members(county, "市库")["改造教室数"]
