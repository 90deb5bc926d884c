"""Single records changed by hand: over the version seen, with their faults told, and every version to be had back."""

from __future__ import annotations

import msgspec
import pytest

from indicators.model import (
    Indicator,
    IndicatorSet,
    Issue,
    Kind,
    Project,
    Record,
    Sector,
    SourceRef,
    SynonymGroup,
)
from kb.editing import FaultyRecordError, NothingChangedError, blank
from kb.errors import ChangedMeanwhileError, InputError, UndoConflictError, UnknownCodeError
from kb.knowledge import KnowledgeBase


def road(kb: KnowledgeBase) -> tuple[Indicator, int]:
    record, version = kb.editing.current("JT-SL-01")
    assert isinstance(record, Indicator)
    return record, version


def rename(kb: KnowledgeBase, name: str, **also: object) -> int:
    record, version = road(kb)
    return kb.editing.save(
        msgspec.structs.replace(record, name=name, **also), seen=version, actor="小管", reason="改名"
    )


def test_a_saved_change_is_a_batch_found_by_search_and_undone(small: KnowledgeBase) -> None:
    number = rename(small, "桥梁加固座数")
    assert small.search("桥梁加固座数").hits[0].code == "JT-SL-01"
    assert small.editing.history("JT-SL-01")[0].version.reason == "改名"
    assert small.batches(1)[0].name == "修改 JT-SL-01 桥梁加固座数"
    small.undo(number, actor="小管")
    assert road(small)[0].name == "新建改建农村公路里程"
    assert small.check().ok


def test_a_change_over_another_version_is_refused(small: KnowledgeBase) -> None:
    record, version = road(small)
    rename(small, "甲")
    with pytest.raises(ChangedMeanwhileError):
        small.editing.save(msgspec.structs.replace(record, name="乙"), seen=version, actor="小管")
    assert road(small)[0].name == "甲"


def test_nothing_changed_writes_nothing(small: KnowledgeBase) -> None:
    record, version = road(small)
    before = small.batches(1)
    with pytest.raises(NothingChangedError):
        small.editing.save(record, seen=version, actor="小管")
    assert small.batches(1) == before


def test_new_faults_refuse_and_those_that_stood_do_not(small: KnowledgeBase) -> None:
    record, version = road(small)
    for change in (
        {"pairs": ("XX-00",)}, {"level2": "质量指标", "level1": "效益指标"}, {"sources": ()}, {"sector": "P01"},
        {"sources": (SourceRef(source="zibian", field="nonsense"),)}, {"name": "验收合格率"},
    ):  # fmt: skip
        with pytest.raises(FaultyRecordError) as raised:
            small.editing.save(msgspec.structs.replace(record, **change), seen=version, actor="小管")
        assert raised.value.faults
    # A record that came in with a fault may still be mended elsewhere.
    odd = msgspec.structs.replace(record, code="BD-X-SL-01", level2="本地二级", name="本地指标")
    small.write([odd], name="入库", actor="小管", reason="")
    found = small.editing.examine(msgspec.structs.replace(odd, unit="米"), odd)
    assert found.errors == ()
    assert ["搭配不成立" in f.message for f in found.standing] == [True]
    assert small.editing.save(msgspec.structs.replace(odd, unit="米"), seen=1, actor="小管")


def test_a_name_that_stands_in_the_same_place_is_a_fault_of_the_new_one(small: KnowledgeBase) -> None:
    record, _ = road(small)
    twin = msgspec.structs.replace(record, code="JT-AA-01")
    assert any("重名" in f.message for f in small.editing.examine(twin, None).errors)


def test_what_a_change_touches_is_told(small: KnowledgeBase) -> None:
    record, _ = road(small)
    found = small.editing.examine(record, record)
    assert {r.code for r in found.touched} == {"JT-SH-01", "XM-1", "XM-2", "ZN-SL"}
    assert {r.code for r in found.pointed} == {"JT", "JT-SH-01", "zibian"}


def test_codes_are_never_given_twice(small: KnowledgeBase) -> None:
    record, _ = road(small)
    code = small.editing.free_code(record)
    assert code == "BD-JT-SL-01"
    new = msgspec.structs.replace(record, code=code, name="桥梁座数")
    batch = small.editing.save(new, seen=0, actor="小管")
    small.undo(batch, actor="小管")
    assert small.editing.free_code(record) == "BD-JT-SL-02"
    for used in (code, code.lower(), "JT-SL-01", "jt-sl-01", "zibian", "ZIBIAN"):
        with pytest.raises(InputError, match="已经用过"):
            small.editing.require_free(used)
    for wrong in ("", "x", "有空 格", "a/b", "-a", "汉字", "a" * 41, "../x", "setting:x"):
        with pytest.raises(InputError):
            small.editing.require_free(wrong)
    small.editing.require_free("BD-New_1.2")


def test_every_kind_gets_a_code_of_its_own(small: KnowledgeBase) -> None:
    everything: dict[Kind, Record] = {r.kind: r for r in small.loading.records_of()}
    codes = {kind: small.editing.free_code(record) for kind, record in everything.items()}
    assert len(set(codes.values())) == len(codes) == 11  # the small catalogue has no set
    for code in codes.values():
        small.editing.require_free(code)


def test_any_version_can_be_put_back_and_that_undone(small: KnowledgeBase) -> None:
    rename(small, "甲")
    rename(small, "乙", unit="千米")
    assert [s.version.number for s in small.editing.history("JT-SL-01")] == [3, 2, 1]
    number = small.editing.restore("JT-SL-01", 1, seen=3, actor="小管")
    record, version = road(small)
    assert (record.name, record.unit, version) == ("新建改建农村公路里程", "公里", 4)
    assert small.editing.history("JT-SL-01")[0].version.action == "restore"
    small.undo(number, actor="小管")
    assert road(small)[0].name == "乙"


def test_restoring_over_another_version_is_refused(small: KnowledgeBase) -> None:
    rename(small, "甲")
    rename(small, "乙")
    with pytest.raises(ChangedMeanwhileError):
        small.editing.restore("JT-SL-01", 1, seen=2, actor="小管")
    with pytest.raises(InputError, match="没有可以恢复的第 9 版"):
        small.editing.restore("JT-SL-01", 9, seen=3, actor="小管")
    with pytest.raises(NothingChangedError):
        small.editing.restore("JT-SL-01", 3, seen=3, actor="小管")


def test_what_was_taken_out_has_a_history_and_comes_back(small: KnowledgeBase) -> None:
    new = Issue(
        code="BD-WT-01", name="资金沉淀", what="钱没有花出去。", sources=(SourceRef(source="report"),)
    )
    small.editing.save(new, seen=0, actor="小管")
    small.editing.take_out("BD-WT-01", seen=1, actor="小管")
    with pytest.raises(UnknownCodeError):
        small.editing.current("BD-WT-01")
    assert [s.taken_out for s in small.editing.history("BD-WT-01")] == [True, False]
    small.editing.restore("BD-WT-01", 1, seen=0, actor="小管")
    assert small.editing.current("BD-WT-01") == (new, 3)
    assert small.check().ok


def test_indicators_and_what_others_need_stay(small: KnowledgeBase) -> None:
    with pytest.raises(InputError, match="停用"):
        small.editing.take_out("JT-SL-01", seen=1, actor="小管")
    with pytest.raises(UndoConflictError):
        small.editing.take_out("P01", seen=1, actor="小管")


def test_a_version_that_points_to_nothing_any_more_is_told(small: KnowledgeBase) -> None:
    source = small.editing.current("report")[0]
    small.editing.save(msgspec.structs.replace(source, code="other", name="另一份"), seen=0, actor="小管")
    record, version = road(small)
    cited = msgspec.structs.replace(record, sources=(SourceRef(source="other"),))
    small.editing.save(cited, seen=version, actor="小管")
    small.editing.save(record, seen=2, actor="小管")
    small.editing.take_out("other", seen=1, actor="小管")
    with pytest.raises(InputError, match="指向的 other 已经没有了"):
        small.editing.restore("JT-SL-01", 2, seen=3, actor="小管")


def test_synonyms_are_held_to_their_own_rules(small: KnowledgeBase) -> None:
    group, version = small.editing.current("TY-001")
    assert isinstance(group, SynonymGroup)
    with pytest.raises(InputError, match="不要重复标准词"):
        small.editing.save(msgspec.structs.replace(group, words=(group.name,)), seen=version, actor="小管")
    small.editing.save(
        msgspec.structs.replace(group, words=(*group.words, "乡间小道")), seen=version, actor="小管"
    )
    assert small.search("乡间小道").total


def test_a_new_record_is_told_against_a_blank_one(small: KnowledgeBase) -> None:
    new = Sector(code="BD-HY-01", name="渔业", order=40, aliases=("捕捞",))
    told = {t.title: t for t in small.editing.told(None, new)}
    assert told["名称"].after == "渔业"
    assert told["别名"].come == ("捕捞",)
    for type_ in (Indicator, IndicatorSet, Project):
        assert blank(type_(code="x", name="y")).name == ""


def test_codes_of_settings_are_no_records(small: KnowledgeBase) -> None:
    small.tuning.add_word("路面病害", actor="小管")
    with pytest.raises(UnknownCodeError):
        small.editing.history("setting:dictionary")
