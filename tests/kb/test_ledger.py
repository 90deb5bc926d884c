"""Batches looked back on: changes, notes, and undo of old ones beside later ones, byte for byte."""

from __future__ import annotations

import msgspec
import pytest

from indicators.choices import Status
from indicators.model import Indicator
from kb.errors import UndoConflictError, UnknownBatchError
from kb.knowledge import KnowledgeBase
from kb.release_notes import draft_notes, pairs_between
from tests.kb.test_import_decisions import committed, indicator
from tests.kb.test_loading import ROWS, everything


def state(kb: KnowledgeBase) -> tuple[bytes, dict[str, dict[str, str]]]:
    """All that a batch may change."""
    return everything(kb), kb.loading.learned()


def edit(kb: KnowledgeBase, code: str, **fields: object) -> int:
    return kb.write(
        [msgspec.structs.replace(indicator(kb, code), **fields)], name="改一条", actor="a", reason=""
    )


def test_interleaved_batches_go_back_in_any_order_that_does_not_conflict(small: KnowledgeBase) -> None:
    start = state(small)
    first = committed(small, ROWS, "BX")
    assert first is not None
    loaded = state(small)
    other = committed(small, ROWS[:2], "BY")
    small.loading.learn("abc", {"口径": "explanation"}, actor="a")
    learned = small.ledger.page(1)[0].number
    retired = committed(small, ROWS[:3], "BX", replace=True)
    unit = edit(small, "BD-BX-SL-01", unit="个位")
    words = edit(small, "BD-BX-SL-01", evidence="学籍系统", keywords=("学位",))
    assert other is not None
    assert retired is not None
    assert indicator(small, "BD-BX-MY-01").status is Status.RETIRED
    with pytest.raises(
        UndoConflictError, match=rf"BD-BX-SL-01 新增学位数.*第 {words} 批又改过.*请从新到旧先撤回第"
    ) as caught:
        small.undo(first, actor="a")
    assert caught.value.batches == (words, retired)
    small.undo(unit, actor="a")  # an old one: later ones changed other fields of the same record
    kept = indicator(small, "BD-BX-SL-01")
    assert (kept.unit, kept.evidence) == ("个", "学籍系统")
    small.undo(retired, actor="a")
    assert indicator(small, "BD-BX-MY-01").status is Status.ACTIVE
    small.undo(other, actor="a")
    small.undo(learned, actor="a")
    back = small.undo(words, actor="a")
    assert state(small) == loaded
    small.undo(first, actor="a")
    assert state(small) == start
    assert small.check().ok
    assert small.ledger.undone_by(words) == back


def test_an_undo_that_was_undone_leaves_the_batch_in_force(small: KnowledgeBase) -> None:
    number = committed(small, ROWS, "BX")
    assert number is not None
    after = everything(small)
    back = small.undo(number, actor="a")
    assert small.ledger.undone_by(number) == back
    small.undo(back, actor="a")
    assert small.ledger.undone_by(number) is None
    assert everything(small) == after


def test_same_field_changed_again_names_the_field_and_the_batch(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    old = edit(small, "BD-BX-SL-01", unit="个位")
    new = edit(small, "BD-BX-SL-01", unit="座")
    with pytest.raises(UndoConflictError, match=f"的计量单位在第 {new} 批又改过") as caught:
        small.undo(old, actor="a")
    assert caught.value.batches == (new,)


def test_changes_of_a_batch_and_unknown_ones(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    number = edit(small, "BD-BX-SL-01", unit="个位")
    (change,) = small.ledger.changes(number)
    assert (change.action, change.name) == ("changed", "新增学位数")
    assert small.ledger.batch(number).size == 1
    assert [b.number for b in small.ledger.page(2, before=number)] == [number - 1, number - 2]
    with pytest.raises(UnknownBatchError):
        small.ledger.batch(10_000)


def test_notes_are_drafted_kept_and_gone_with_their_batch(small: KnowledgeBase) -> None:
    committed(small, ROWS, "BX")
    rows = [
        ["产出指标", "时效指标", "新增学位数", "座", "当年新增。"],
        ["产出指标", "数量指标", "改造操场数", "个", ""],
        ROWS[1],
    ]
    number = committed(
        small,
        rows,
        "BX",
        merge={"BD-BX-SX-01": "BD-BX-SL-01"},
        retire={"BD-BX-ZL-01": "BD-BX-SL-03", "BD-BX-MY-01": ""},
    )
    assert number is not None
    text = small.ledger.draft(number)
    assert text.startswith("# BX　版本说明\n")
    assert "新增 1 条，停用 2 条，修改 1 条" in text
    assert "- 产出指标/数量指标：改造操场数（BD-BX-SL-03）" in text
    assert "- 验收合格率（BD-BX-ZL-01）：改用 改造操场数（BD-BX-SL-03）" in text
    assert "- 学生满意度（BD-BX-MY-01）：没有替代指标" in text
    assert "- 新增学位数（BD-BX-SL-01）：产出指标/数量指标 → 产出指标/时效指标" in text
    assert "计量单位由“个”改为“座”" in text
    before = everything(small)
    kept = small.ledger.keep_notes(number, "# 改过的说明\n", actor="a")
    assert everything(small) == before
    (notes,) = small.ledger.notes_of_set("BD-BX")
    assert (notes.batch, notes.text) == (number, "# 改过的说明\n")
    small.undo(number, actor="a")
    assert small.ledger.notes_of_set("BD-BX") == []
    small.undo(kept, actor="a")
    assert small.ledger.notes(number) is None


def test_notes_between_two_editions(small: KnowledgeBase) -> None:
    old = [
        Indicator(code="A", name="甲", level1="产出指标", level2="成本指标"),
        Indicator(code="B", name="乙"),
    ]
    new = [
        msgspec.structs.replace(old[0], level1="成本指标", level2="经济成本指标"),
        Indicator(code="C", name="丙", core=True),
    ]
    text = draft_notes("二〇二六年版", pairs_between(old, new))
    assert "甲（A）：产出指标/成本指标 → 成本指标/经济成本指标" in text
    assert "丙（C），核心" in text
    assert "## 移出（1 条）\n\n- 乙（B）" in text
    many = [(None, Indicator(code=f"N{n}", name=f"第{n}条")) for n in range(150)]
    assert "；等 150 条" in draft_notes("多", many)
    assert draft_notes("无", []) == "# 无\n\n没有指标变化。\n"
