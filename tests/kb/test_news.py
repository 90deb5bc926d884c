"""What is new: the founding is one entry; later batches tell which indicator came, changed, went, and by what it is replaced."""

from __future__ import annotations

import msgspec

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet
from kb.knowledge import KnowledgeBase
from kb.news import Happening


def write(kb: KnowledgeBase, *records: object, name: str = "入库") -> int:
    return kb.write(list(records), name=name, actor="管理员", reason="试")  # type: ignore[arg-type]


def first(kb: KnowledgeBase, code: str = "JT-SL-01") -> Indicator:
    found = kb.record(code)
    assert isinstance(found, Indicator)
    return found


def test_founding_is_one_entry(small: KnowledgeBase) -> None:
    (entry,) = small.news.month().entries
    assert (entry.founded, entry.items) == (5, ())
    assert small.news.newest(10) == (entry,)
    assert small.news.newest(10, "JT") == ()


def test_new_changed_and_retired_with_set_and_successor(small: KnowledgeBase) -> None:
    old, other = first(small), first(small, "JT-SH-01")
    fresh = Indicator(
        code="X-SL-01", name="农村公路改造里程", sector="JT", level1="产出指标", level2="数量指标"
    )
    retired = msgspec.structs.replace(old, status=Status.RETIRED, successor="X-SL-01")
    changed = msgspec.structs.replace(other, explanation="另一种说法。", unit="村")
    batch = write(
        small,
        fresh,
        retired,
        changed,
        IndicatorSet(code="JH-X", name="县库", members=("X-SL-01", "JT-SL-01")),
    )
    entry = small.news.month().entries[0]
    assert entry.batch == batch
    assert entry.counts == {Happening.NEW: 1, Happening.RETIRED: 1, Happening.CHANGED: 1}
    new, gone, other_item = entry.items
    assert (new.code, [s.name for s in new.sets]) == ("X-SL-01", ["县库"])
    assert gone.successor is not None
    assert gone.successor.code == "X-SL-01"
    assert set(other_item.fields) == {"explanation", "unit"}


def test_undo_shows_what_was_taken_back(small: KnowledgeBase) -> None:
    batch = write(small, Indicator(code="X-SL-01", name="新的", sector="JT"))
    small.undo(batch, actor="管理员")
    newest, before, founding = small.news.newest(10)
    assert [i.what for i in newest.items] == [Happening.REMOVED]
    assert newest.items[0].gone
    assert [i.what for i in before.items] == [Happening.NEW]
    assert founding.founded == 5


def test_filters_and_unknown_month(small: KnowledgeBase) -> None:
    road, child = first(small), first(small, "CJ-SL-01")
    write(small, msgspec.structs.replace(road, unit="米"), msgspec.structs.replace(child, unit="名"))
    assert [i.code for i in small.news.month("", "CJ").entries[0].items] == ["CJ-SL-01"]
    assert small.news.month("", "", "没有").entries == ()
    known = small.news.month()
    assert small.news.month("1999-01") == known
    assert len(small.news.newest(1)) == 1
    assert [e.founded for e in small.news.newest(2)] == [0, 5]


def test_batches_that_touch_no_indicator_are_no_news(small: KnowledgeBase) -> None:
    write(small, IndicatorSet(code="JH-X", name="县库", members=("JT-SL-01",)))
    assert len(small.news.newest(10)) == 1
