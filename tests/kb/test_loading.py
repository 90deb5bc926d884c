"""Plans, commits and undo of loaded files: nothing lost, nothing twice, byte for byte back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet, Project
from kb.errors import ChangedMeanwhileError, UndoConflictError
from kb.imports import ImportPlan
from kb.knowledge import KnowledgeBase
from kb.loading import PlanChangedError
from loaders.building import Options, build
from loaders.exports import export
from loaders.kinds import Hints
from loaders.loading import load_file
from tests.loaders.build import workbook

HEAD = ["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"]
ROWS = [
    ["产出指标", "数量指标", "新增学位数", "个", "当年新增。"], ["产出指标", "数量指标", "改造教室数", "间", "改造完成。"],
    ["产出指标", "质量指标", "验收合格率", "%", "合格数之比。"], ["满意度指标", "服务对象满意度指标", "学生满意度", "%", "问卷调查。"],
]  # fmt: skip


def planned(
    kb: KnowledgeBase, rows: list[list[str]], name: str = "县库", *, replace: bool = False
) -> ImportPlan:
    file = load_file(f"{name}.xlsx", workbook([HEAD, *rows]), Hints("indicators"))
    return kb.loading.plan(build(file, Options(kb.loading.sectors())), name, replace=replace)


def committed(
    kb: KnowledgeBase, rows: list[list[str]], name: str = "县库", *, replace: bool = False
) -> int | None:
    plan = planned(kb, rows, name, replace=replace)
    return kb.loading.commit(plan, plan.fingerprint, name="入库", actor="管理员", reason="")


def everything(kb: KnowledgeBase) -> bytes:
    return export("a.json", kb.loading.records_of())


def test_codes_come_from_set_and_place(small: KnowledgeBase) -> None:
    plan = planned(small, ROWS, "BX2024")
    assert [r.code for r in plan.records if isinstance(r, Indicator)] == [
        "BD-BX2024-SL-01", "BD-BX2024-SL-02", "BD-BX2024-ZL-01", "BD-BX2024-MY-01",
    ]  # fmt: skip
    assert plan.counts == {"new": 4, "changed": 0, "same": 0, "vanished": 0, "invalid": 0}


def test_loading_twice_changes_nothing(small: KnowledgeBase) -> None:
    assert committed(small, ROWS) is not None
    before = everything(small)
    plan = planned(small, ROWS)
    assert plan.counts["same"] == 4
    assert plan.records == ()
    assert committed(small, ROWS) is None
    assert everything(small) == before


def test_next_year_keeps_codes_and_tells_fields(small: KnowledgeBase) -> None:
    committed(small, ROWS)
    changed = [["产出指标", "数量指标", "新建操场数", "个", "新的。"], *[[*r] for r in ROWS[:3]]]
    changed[2][4] = "改造并验收。"
    plan = planned(small, changed)
    assert plan.counts == {"new": 1, "changed": 1, "same": 2, "vanished": 1, "invalid": 0}
    (change,) = [c for c in plan.changes if c.action == "changed" and c.kind is Indicator.kind]
    assert change.name == "改造教室数"
    assert [(f.field, f.before, f.after) for f in change.fields if f.field == "explanation"] == [
        ("explanation", "改造完成。", "改造并验收。")
    ]
    number = small.loading.commit(plan, plan.fingerprint, name="入库", actor="a", reason="")
    found = small.loading.find_set("县库")
    assert number is not None
    assert found is not None
    assert len(found.members) == 5


def test_vanished_are_retired_only_when_asked(small: KnowledgeBase) -> None:
    committed(small, ROWS)
    committed(small, ROWS[:3])
    members = [r for r in small.loading.records_of("县库") if isinstance(r, Indicator)]
    assert all(r.status is Status.ACTIVE for r in members)
    committed(small, ROWS[:3], replace=True)
    retired = [
        r.name
        for r in small.loading.records_of("县库")
        if isinstance(r, Indicator) and r.status is Status.RETIRED
    ]
    assert retired == ["学生满意度"]


def test_undo_brings_back_the_exact_state(small: KnowledgeBase) -> None:
    empty = everything(small)
    first = committed(small, ROWS)
    loaded = everything(small)
    second = committed(
        small, [[*ROWS[0][:4], "改了。"], *ROWS[1:], ["产出指标", "时效指标", "开学前完工率", "%", "按时。"]]
    )
    assert first is not None
    assert second is not None
    with pytest.raises(UndoConflictError):
        small.undo(first, actor="管理员")
    small.undo(second, actor="管理员")
    assert everything(small) == loaded
    small.undo(first, actor="管理员")
    assert everything(small) == empty
    assert small.check().ok


def test_undo_of_an_old_batch_where_later_ones_do_not_conflict(small: KnowledgeBase) -> None:
    old = committed(small, ROWS, "甲县")
    later = committed(small, ROWS, "乙县")
    assert old is not None
    assert later is not None
    small.undo(old, actor="管理员")
    assert small.loading.find_set("甲县") is None
    assert small.loading.find_set("乙县") is not None
    assert small.check().ok


def test_undo_of_an_old_batch_of_a_set_that_grew_since(small: KnowledgeBase) -> None:
    base = committed(small, ROWS[:2])
    old = committed(small, ROWS[:3])
    committed(small, [*ROWS[:3], ROWS[3]])
    assert base is not None
    assert old is not None
    small.undo(old, actor="管理员")
    found = small.loading.find_set("县库")
    assert found is not None
    names = [r.name for r in small.loading.records_of("县库") if isinstance(r, Indicator)]
    assert sorted(names) == sorted(["学生满意度", "新增学位数", "改造教室数"])
    assert small.check().ok


def test_commit_needs_the_plan_that_was_shown(small: KnowledgeBase) -> None:
    shown = planned(small, ROWS)
    with pytest.raises(PlanChangedError):
        small.loading.commit(shown, "0" * 32, name="入库", actor="a", reason="")
    committed(small, ROWS)
    with pytest.raises(ChangedMeanwhileError):
        small.loading.commit(shown, shown.fingerprint, name="入库", actor="a", reason="")


def test_code_of_another_kind_and_code_twice_are_refused(small: KnowledgeBase) -> None:
    head = ["指标代码", *HEAD]
    other = next(r.code for r in small.loading.records_of() if not isinstance(r, Indicator | IndicatorSet))
    rows = [[other, *ROWS[0]], ["X-SL-01", *ROWS[1]], ["X-SL-01", *ROWS[2]]]
    file = load_file("a.xlsx", workbook([head, *rows]), Hints("indicators"))
    plan = small.loading.plan(build(file), "库")
    assert plan.counts["invalid"] == 2
    assert [c.name for c in plan.changes if c.action == "new" and c.kind is Indicator.kind] == ["改造教室数"]


def test_near_duplicates_are_offered_for_merging(small: KnowledgeBase) -> None:
    existing = next(r for r in small.loading.records_of() if isinstance(r, Indicator))
    plan = planned(small, [[existing.level1, existing.level2, existing.name, existing.unit, "同名。"]])
    assert [(d.like, d.score) for d in plan.duplicates] == [(existing.code, 1.0)]


def test_projects_with_lines_and_departments(small: KnowledgeBase) -> None:
    rows = [
        ["序号", "项目名称", "金额（万元）", "自评得分", "第三方评分", "等级"], [1, "融媒体建设", 80.64, 91, 95, "优"],
        [1, "", 95, 91, 95, "优"], [2, "修路", 300, 100, 86.5, "良"],
    ]  # fmt: skip
    plan = small.loading.plan(build(load_file("2021年结果.xlsx", workbook(rows))))
    projects = [r for r in plan.records if isinstance(r, Project)]
    assert [(p.name, str(p.amount), p.year, len(p.lines)) for p in projects] == [
        ("融媒体建设", "175.64", 2021, 2), ("修路", "300", 2021, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".json", ".yaml"])
def test_export_loads_back_as_the_same(small: KnowledgeBase, tmp_path: Path, suffix: str) -> None:
    committed(small, ROWS)
    data = export(f"out{suffix}", small.loading.records_of("县库"))
    file = load_file(f"out{suffix}", data)
    plan = small.loading.plan(build(file), "县库")
    assert plan.counts == {"new": 0, "changed": 0, "same": 4, "vanished": 0, "invalid": 0}
    assert plan.records == ()


def test_whole_catalogue_exports_as_json(small: KnowledgeBase) -> None:
    content = json.loads(everything(small))
    assert {"indicators", "sources"} <= content.keys()
