"""Decisions over a plan: merging near-duplicates, retiring with a successor; what a plan touches; idempotence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from indicators.candidate import Candidate
from indicators.choices import LinkKind, Status
from indicators.draft import Draft, DraftRow
from indicators.model import Indicator, IndicatorSet, Project, SourceRef, Target
from kb.draft_saved import Saved
from kb.imports import DecisionError, Decisions, ImportPlan
from kb.knowledge import KnowledgeBase
from loaders.building import Options, build
from loaders.kinds import Hints
from loaders.loading import load_file
from tests.kb.test_loading import HEAD, ROWS, everything
from tests.loaders.build import workbook


def planned(kb: KnowledgeBase, rows: list[list[str]], name: str = "县库", **decided: Any) -> ImportPlan:
    file = load_file(f"{name}.xlsx", workbook([HEAD, *rows]), Hints("indicators"))
    candidates = build(file, Options(kb.loading.sectors()))
    return kb.loading.plan(candidates, name, decisions=Decisions(**decided))


def committed(kb: KnowledgeBase, rows: list[list[str]], name: str = "县库", **decided: Any) -> int | None:
    plan = planned(kb, rows, name, **decided)
    return kb.loading.commit(plan, plan.fingerprint, name="入库", actor="管理员", reason="")


def indicator(kb: KnowledgeBase, code: str) -> Indicator:
    record = kb.record(code)
    assert isinstance(record, Indicator)
    return record


def with_road(kb: KnowledgeBase) -> Indicator:
    """An indicator of the catalogue's own, which a county's row will be like."""
    road = Indicator(
        code="JT-SL-77", name="硬化村道里程", level1="产出指标", level2="数量指标", unit="公里", formula="实测里程",
        sector=next(iter(kb.loading.sectors().values())),
    )  # fmt: skip
    kb.write([road], name="准备", actor="a", reason="")
    return road


ROAD_ROW = ["产出指标", "数量指标", "硬化村道里程数", "千米", ""]


def test_a_near_duplicate_is_offered_and_merged_field_by_field(small: KnowledgeBase) -> None:
    road = with_road(small)
    plan = planned(small, [ROAD_ROW, *ROWS], "BX")
    (duplicate,) = plan.duplicates
    assert (duplicate.code, duplicate.like, duplicate.chosen) == ("BD-BX-SL-01", "JT-SL-77", "")
    merged = planned(small, [ROAD_ROW, *ROWS], "BX", merge={"BD-BX-SL-01": "JT-SL-77"})
    (change,) = [c for c in merged.changes if c.code == "JT-SL-77"]
    assert (change.action, change.merged) == ("changed", "硬化村道里程数")
    assert {f.field: f.after for f in change.fields} == {
        "unit": "千米", "aliases": ("硬化村道里程数",), "sources": change.fields[-1].after
    }  # fmt: skip
    assert merged.duplicates[0].chosen == "JT-SL-77"
    assert [c.code for c in merged.changes if c.action == "new" and c.kind is Indicator.kind] == [
        "BD-BX-SL-02", "BD-BX-SL-03", "BD-BX-ZL-01", "BD-BX-MY-01",
    ]  # fmt: skip
    before = everything(small)
    number = committed(small, [ROAD_ROW, *ROWS], "BX", merge={"BD-BX-SL-01": "JT-SL-77"})
    kept = indicator(small, "JT-SL-77")
    assert (kept.name, kept.unit, kept.formula, kept.sector) == (road.name, "千米", "实测里程", road.sector)
    again = planned(small, [ROAD_ROW, *ROWS], "BX")
    assert again.counts == {"new": 0, "changed": 0, "same": 5, "vanished": 0, "invalid": 0}
    assert again.records == ()
    assert number is not None
    small.undo(number, actor="管理员")
    assert everything(small) == before


def test_a_row_of_its_own_set_goes_on_under_a_new_name(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    renamed = [["产出指标", "数量指标", "新增学位数量", "个", "当年新增。"], *ROWS[1:]]
    plan = planned(small, renamed, "BX")
    (duplicate,) = plan.duplicates
    assert (duplicate.like, [v.code for v in plan.vanished]) == ("BD-BX-SL-01", ["BD-BX-SL-01"])
    merge = {duplicate.code: "BD-BX-SL-01"}
    assert planned(small, renamed, "BX", merge=merge).vanished == ()
    committed(small, renamed, "BX", merge=merge)
    kept = indicator(small, "BD-BX-SL-01")
    assert (kept.name, kept.aliases) == ("新增学位数量", ("新增学位数",))
    assert planned(small, renamed, "BX").records == ()


def test_vanished_members_are_kept_retired_or_succeeded(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    next_year = [["产出指标", "数量指标", "新增中小学学位数", "个", "当年新增。"], ROWS[1]]
    plan = planned(small, next_year, "BX")
    assert [v.name for v in plan.vanished] == ["新增学位数", "验收合格率", "学生满意度"]
    assert plan.retired == 0
    gone, new = plan.vanished[0].code, plan.vanished[0].likely[0][0]
    assert plan.vanished[0].likely[0][1] == "新增中小学学位数"
    retire = {gone: new, plan.vanished[1].code: ""}
    decided = planned(small, next_year, "BX", retire=retire)
    assert [v.retired for v in decided.vanished] == [True, True, False]
    committed(small, next_year, "BX", retire=retire)
    old = indicator(small, gone)
    assert (old.status, old.successor) == (Status.RETIRED, new)
    view: Any = small.view(gone)
    assert view.successor.code == new
    assert planned(small, next_year, "BX").records == ()
    assert indicator(small, plan.vanished[2].code).status is Status.ACTIVE


def test_replace_spares_those_to_keep_and_mended_rows_retire_nothing(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    plan = planned(small, ROWS[:2], "BX", replace=True, keep=frozenset({"BD-BX-ZL-01"}))
    assert [(v.code, v.retired) for v in plan.vanished] == [("BD-BX-ZL-01", False), ("BD-BX-MY-01", True)]
    assert planned(small, ROWS[:2], "BX", replace=True, partial=True).vanished == ()


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        ({"merge": {"BD-BX-SL-03": "没有"}}, "没有这个代码的指标"),
        ({"retire": {"BD-BX-ZL-01": "没有"}}, "不是在用的指标"),
        ({"retire": {"BD-BX-ZL-01": "BD-BX-ZL-01"}}, "不能由自己替代"),
        ({"retire": {"BD-BX-ZL-01": "BD-BX-MY-01", "BD-BX-MY-01": ""}}, "不是在用的指标"),
    ],
)
def test_decisions_that_cannot_be_followed_are_refused(
    small: KnowledgeBase, decided: dict[str, Any], said: str
) -> None:
    committed(small, ROWS, "BX")
    rows = [*ROWS[:2], ["产出指标", "数量指标", "新的指标", "个", ""]]
    with pytest.raises(DecisionError, match=said):
        planned(small, rows, "BX", **decided)


def test_a_file_without_sectors_meets_members_that_got_one_since(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    sector = next(iter(small.loading.sectors().values()))
    edited = msgspec.structs.replace(indicator(small, "BD-BX-SL-01"), sector=sector)
    small.write([edited], name="补行业", actor="a", reason="")
    plan = planned(small, ROWS, "BX")
    assert plan.counts["new"] == 0
    assert plan.records == ()


def test_what_a_plan_touches(small: KnowledgeBase) -> None:
    road = with_road(small)
    draft = Draft(project="某村修路", rows=(DraftRow(number=1, name=road.name, code=road.code),))
    small.drafts.create(Saved(draft=draft), who="小起")
    small.drafts.create(Saved(draft=msgspec.structs.replace(draft, project="无关", rows=())))
    from indicators.model import IndicatorSet, Project, Target

    small.write(
        [
            IndicatorSet(code="QT", name="另一个集", members=(road.code,)),
            Project(code="XM-1", name="修路项目", targets=(Target(name="里程", target="≥5公里", indicator=road.code),)),
        ],
        name="准备", actor="a", reason="",
    )  # fmt: skip
    head = [*HEAD, "是否核心"]
    file = load_file("BX.xlsx", workbook([head, [*ROAD_ROW, "是"]]), Hints("indicators"))
    plan = small.loading.plan(
        build(file, Options(small.loading.sectors())),
        "BX",
        decisions=Decisions(merge={"BD-BX-SL-01": road.code}),
    )
    touched = small.touching.of(plan)
    assert [(t.name, t.codes) for t in touched["drafts"]] == [("某村修路", (road.code,))]
    assert [t.code for t in touched["projects"]] == ["XM-1"]
    assert [t.code for t in touched["sets"]] == ["QT"]
    assert [(t.code, t.note) for t in touched["cores"]] == [(road.sector, "新成为核心指标")]
    assert small.touching.of(planned(small, ROWS, "别的")) == {}


def test_pointers_members_and_sources_follow_a_record_that_is_merged(small: KnowledgeBase) -> None:
    road = with_road(small)
    refs = (SourceRef(source="report", place="第9页"),)
    road = msgspec.structs.replace(road, sources=(SourceRef(source="zibian"),))
    small.write([road], name="出处", actor="a", reason="")
    new = Indicator(code="NEI-SL-01", name="硬化村道里程", unit="千米", sources=refs)
    bridge = Indicator(code="NEI-SL-02", name="桥梁加固座数", pairs=("NEI-SL-01", "NO-SUCH"))
    row = Target(name="硬化", indicator="NEI-SL-01", link=LinkKind.SAME)
    project = Project(code="NEI-XM", name="村道", targets=(row,))
    home = IndicatorSet(code="NEI", name="邻县库", members=("NEI-SL-01", "NEI-SL-02"))
    given = [
        Candidate(r, frozenset(r.__struct_fields__) - {"code"}, r.code) for r in (bridge, new, project, home)
    ]
    plan = small.loading.plan(given, "邻县库", decisions=Decisions(merge={"NEI-SL-01": road.code}))
    small.loading.commit(plan, plan.fingerprint, name="入库", actor="a", reason="")
    assert indicator(small, road.code).unit == "千米"
    assert indicator(small, road.code).sources == (*road.sources, *refs)
    assert indicator(small, "NEI-SL-02").pairs == (road.code,)
    assert small.loading.require_set("邻县库").members == (road.code, "NEI-SL-02")
    stored = small.record("NEI-XM")
    assert isinstance(stored, Project)
    assert (stored.targets[0].indicator, stored.targets[0].link) == (road.code, LinkKind.SAME)
    assert small.check().ok
