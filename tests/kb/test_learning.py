"""Learning from use: counting, the work list, synonyms, chosen answers, dictionary words, undo."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.choices import Strength
from indicators.model import Indicator
from kb.db.counters import Counters, Tally
from kb.errors import (
    CatalogueBatchError,
    ChangedMeanwhileError,
    InputError,
    UndoConflictError,
    UnknownBatchError,
)
from kb.knowledge import KnowledgeBase
from kb.learning import LONGEST, is_miss, normal_query
from kb.search.answer import Filters
from kb.settings import Settings

ODD = "龙脉养护"


def group(kb: KnowledgeBase, words: list[str], name: str = "农村公路", code: str = "", seen: int = 0) -> str:
    return kb.tuning.save_group(code, name, words, "same", [], seen=seen, actor="张三")


def newest(kb: KnowledgeBase) -> int:
    return kb.batches(1)[0].number


def codes(kb: KnowledgeBase, query: str) -> list[str]:
    return [hit.code for hit in kb.search(query).hits]


# Counting


def test_one_spelling_and_nothing_personal() -> None:
    assert normal_query("  ＲＯＡＤ　修\t路 ") == "road 修 路"
    assert normal_query("張三") == "张三"
    assert "138" not in normal_query("张三 13800138000 修路")
    assert "1234" not in normal_query("110101 19900101 123x 低保")
    assert "@" not in normal_query("写信到 a.b@example.com")
    assert normal_query("2021 年 854 万元 修路") == "2021 年 854 万元 修路"


@given(st.text(max_size=300))
def test_any_text_has_a_bounded_normal_form(text: str) -> None:
    normal = normal_query(text)
    assert len(normal) <= LONGEST
    assert normal == normal.strip()


def test_searches_and_follows_are_counted(small: KnowledgeBase) -> None:
    for query in ("修路", " 修路", "修路"):
        small.learning.record_search(query, 10, False)
    small.learning.record_follow("修路", "JT-SL-01")
    small.learning.record_search("  ", 0, True)
    (total,) = small.learning._totals()
    assert (total.query, total.tally) == ("修路", Tally(asked=3, missed=0, shown=30, followed=1))


def test_counts_of_many_threads_and_processes_add_up(settings: Settings, small: KnowledgeBase) -> None:
    with KnowledgeBase.open(settings) as other:

        def count(kb: KnowledgeBase) -> None:
            for n in range(200):
                kb.learning.record_search(f"词{n % 7}", 1, False)
                if n % 50 == 0:
                    kb.learning.flush()

        threads = [threading.Thread(target=count, args=(kb,)) for kb in (small, other) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(t.tally.asked for t in small.learning._totals()) == 1200


def test_what_cannot_be_written_waits(small: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    small.learning.record_search("修路", 1, False)
    with monkeypatch.context() as patched:
        patched.setattr(Counters, "add", lambda *_: (_ for _ in ()).throw(OSError("busy")))
        with pytest.raises(OSError, match="busy"):
            small.learning.flush()
    assert [t.tally.asked for t in small.learning._totals()] == [1]


def test_flood_of_queries_is_bounded(small: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.db.counters.MOST_A_DAY", 10)
    for n in range(50):
        small.learning.record_search(f"乱词{n}", 0, True)
        small.learning.record_follow(f"乱词{n}", "JT-SL-01")
    assert len(small.learning._totals()) == 10


# The work list


def test_misses_stand_on_the_list_until_they_find_something(small: KnowledgeBase) -> None:
    assert is_miss(small.search(ODD))
    for _ in range(3):
        small.learning.record_search(ODD, 0, True)
    (miss,) = small.learning.misses(10)
    assert (miss.query, miss.missed) == (ODD, 3)
    group(small, [ODD])
    assert small.learning.misses(10) == ()


def test_proposals_are_words_that_look_or_sound_alike(kb: KnowledgeBase) -> None:
    assert "垃圾清运" in kb._engine.near("垃级请运")
    assert "垃圾清运" in kb._engine.near("lajiqingyun")
    assert kb._engine.near("𠮷𠮷") == ()
    assert kb._engine.near("") == ()


def test_queries_that_lead_nowhere(small: KnowledgeBase) -> None:
    for _ in range(10):
        small.learning.record_search("修路", 10, False)
        small.learning.record_search("里程", 10, False)
    for _ in range(5):
        small.learning.record_follow("里程", "JT-SL-01")
    small.learning.record_search("只搜了一次", 10, False)
    (low,) = small.learning.low_clicks(10)
    assert (low.query, low.asked, low.followed) == ("修路", 10, 0)
    assert low.first
    assert small.learning.low_clicks(10, {"修路"}.__contains__) == ()


def test_ignored_queries(small: KnowledgeBase) -> None:
    small.tuning.ignore("  ＡＢＣ", actor="张三")
    assert small.tuning.ignored() == ("abc",)
    small.undo(newest(small), actor="张三")
    assert small.tuning.ignored() == ()


# Synonyms


def test_synonym_works_at_once_and_undo_takes_it_back_at_once(small: KnowledgeBase) -> None:
    before = codes(small, ODD)
    code = group(small, [ODD])
    assert codes(small, ODD)[0] == "JT-SL-01"
    small.undo(newest(small), actor="李四")
    assert codes(small, ODD) == before
    assert small.tuning.group(code) is None
    small.undo(newest(small), actor="李四")
    assert codes(small, ODD)[0] == "JT-SL-01"
    assert small.check().findings == ()


def test_other_processes_take_it_up(settings: Settings, small: KnowledgeBase) -> None:
    with KnowledgeBase.open(settings) as other:
        before = codes(other, ODD)
        group(small, [ODD])
        small.tuning.pin("修路", ["CJ-SL-01"], actor="张三")
        until = time.monotonic() + 2  # at once on the embedded engine, a moment later through a cluster
        while codes(other, ODD) == before:
            assert time.monotonic() < until
        assert codes(other, "修路")[0] == "CJ-SL-01"


def test_edits_make_versions_and_undo_restores_the_one_before(small: KnowledgeBase) -> None:
    code = group(small, [ODD])
    group(small, [ODD, "田间小道"], code=code, seen=1)
    history = small.tuning.group_history(code)
    assert [(h.version.number, h.group.words if h.group else None) for h in history] == [
        (2, (ODD, "田间小道")),
        (1, (ODD,)),
    ]
    small.undo(newest(small), actor="李四")
    found = small.tuning.group(code)
    assert found is not None
    assert found[0].words == (ODD,)
    assert found[1] == 3


def test_two_editors_do_not_overwrite_each_other(small: KnowledgeBase) -> None:
    code = group(small, [ODD])
    group(small, [ODD, "甲的词"], code=code, seen=1)
    with pytest.raises(ChangedMeanwhileError, match="别人改过"):
        group(small, [ODD, "乙的词"], code=code, seen=1)
    with pytest.raises(ChangedMeanwhileError):
        small.tuning.remove_group(code, seen=1, actor="乙")


def test_removed_group_can_be_brought_back(small: KnowledgeBase) -> None:
    code = group(small, [ODD])
    small.tuning.remove_group(code, seen=1, actor="张三")
    assert small.tuning.group(code) is None
    ((gone, version),) = small.tuning.removed_groups()
    assert gone.code == code
    assert version.batch is not None
    small.undo(version.batch, actor="张三")
    assert small.tuning.group(code) is not None
    assert small.tuning.removed_groups() == ()


def test_codes_of_removed_groups_are_not_given_again(small: KnowledgeBase) -> None:
    first = group(small, [ODD])
    small.tuning.remove_group(first, seen=1, actor="张三")
    assert group(small, ["另一个词"]) != first


@pytest.mark.parametrize(
    ("name", "words", "strength", "pairs", "said"),
    [
        ("", ["甲"], "same", [], "标准词"),
        ("路", [], "same", [], "至少"),
        ("路", ["路"], "same", [], "重复标准词"),
        ("路", ["道"], "equal", [], "强度"),
        ("路", ["道"], "same", [("道", "不同")], "去掉一边"),
        ("路", ["长" * 31], "same", [], "太长"),
        ("路", [f"词{n}" for n in range(41)], "same", [], "最多 40"),
        ("路", ["道"], "same", [(f"词{n}", "") for n in range(21)], "最多 20"),
        ("路\x00径", ["道"], "same", [], "不能显示"),
    ],
)
def test_unfit_groups_are_refused_with_a_reason(
    small: KnowledgeBase, name: str, words: list[str], strength: str, pairs: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        small.tuning.save_group("", name, words, strength, pairs, seen=0, actor="张三")


def test_near_miss_pairs_are_kept(small: KnowledgeBase) -> None:
    pairs = [("资金到位率", "投入类与执行类"), ("  ", "")]
    code = small.tuning.save_group("", "预算执行率", ["花钱进度"], "near", pairs, seen=0, actor="张三")
    found = small.tuning.group(code)
    assert found is not None
    assert found[0].not_same == (("资金到位率", "投入类与执行类"),)
    assert found[0].strength is Strength.NEAR
    assert small.tuning.synonyms("到位率") == (found[0],)


# Chosen answers


def test_chosen_answers_stand_first_and_only_once(small: KnowledgeBase) -> None:
    before = small.search("修路")
    small.tuning.pin("修路", ["cj-sl-01", "JT-SL-01"], actor="张三")
    answer = small.search("  ＸＩＵ路".replace("ＸＩＵ", "修"))
    assert [h.code for h in answer.hits][:2] == ["CJ-SL-01", "JT-SL-01"]
    assert [h.rank for h in answer.hits] == list(range(1, len(answer.hits) + 1))
    assert answer.hits[0].why == ("精选答案",)
    assert len({h.code for h in answer.hits}) == len(answer.hits)
    assert answer.total == len(small.search("修路", limit=200).hits)
    small.undo(newest(small), actor="张三")
    assert [h.code for h in small.search("修路").hits] == [h.code for h in before.hits]


def test_pages_of_a_chosen_answer_follow_each_other(small: KnowledgeBase) -> None:
    small.tuning.pin("率", ["JT-SL-01"], actor="张三")
    whole = [h.code for h in small.search("率", limit=50).hits]
    paged = [h.code for n in range(0, len(whole), 3) for h in small.search("率", limit=3, offset=n).hits]
    assert paged == whole


def test_filters_hold_for_chosen_answers(small: KnowledgeBase) -> None:
    small.tuning.pin("修路", ["JT-SL-01"], actor="张三")
    hits = small.search("修路", Filters(kind=("project",))).hits
    assert "JT-SL-01" not in [h.code for h in hits]


def test_chosen_answer_helps_where_nothing_is_found(small: KnowledgeBase) -> None:
    small.tuning.pin("𠮷𠮷龘", ["JT-SL-01"], actor="张三")
    answer = small.search("𠮷𠮷龘")
    assert codes(small, "𠮷𠮷龘") == ["JT-SL-01"]
    assert answer.total == 1
    assert not is_miss(answer)


@pytest.mark.parametrize(
    ("query", "wanted", "said"),
    [("", ["JT-SL-01"], "搜索词"), ("路", [], "1 到 5"), ("路", ["没有"], "没有可搜索"), ("路", ["JT"], "没有可搜索"),
     ("路", [f"X-{n}" for n in range(6)], "1 到 5")],
)  # fmt: skip
def test_unfit_answers_are_refused(small: KnowledgeBase, query: str, wanted: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        small.tuning.pin(query, wanted, actor="张三")


# Dictionary words


@pytest.mark.embedded
def test_dictionary_words_work_after_reindexing(small: KnowledgeBase) -> None:
    small.tuning.add_word("雪亮工程", actor="张三")
    assert small.health().ok, "the index stays in force"
    small.reindex()
    folder = small._engine._generations.current()
    assert folder is not None
    assert "雪亮工程" in (folder / "dictionary.txt").read_text("utf-8").split("\n")
    small.tuning.remove_word("雪亮工程", actor="张三")
    assert small.tuning.words() == ()


@pytest.mark.parametrize("word", ["", "一", "九个字的词也太长了吧", "a b", "雪亮\n工程", "<b>", "。。"])
def test_unfit_dictionary_words_are_refused(small: KnowledgeBase, word: str) -> None:
    with pytest.raises(InputError):
        small.tuning.add_word(word, actor="张三")


# Undo of any batch


def test_undo_of_records_restores_them_byte_for_byte(small: KnowledgeBase) -> None:
    before = small._reader.digests()
    road = small.record("JT-SL-01")
    fresh = Indicator(
        code="JT-SL-99", name="新加的桥梁座数", sector="JT", level1="产出指标", level2="数量指标"
    )
    number = small.write(
        [msgspec.structs.replace(road, name="改过的名字"), fresh], name="一批", actor="张三", reason=""
    )
    assert "JT-SL-99" in codes(small, "新加的桥梁座数")
    small.undo(number, actor="张三")
    assert small._reader.digests() == before
    assert "JT-SL-99" not in codes(small, "新加的桥梁座数")
    assert small.check().findings == ()
    small.undo(newest(small), actor="张三")
    assert small.record("JT-SL-99").name == "新加的桥梁座数"
    assert small.check().findings == ()


def test_undo_is_refused_whole_where_something_changed_since(small: KnowledgeBase) -> None:
    road, child = small.record("JT-SL-01"), small.record("CJ-SL-01")

    def renamed(*pairs: tuple[Indicator, str]) -> int:
        records = [msgspec.structs.replace(record, name=name) for record, name in pairs]
        return small.write(list(records), name="改名", actor="张三", reason="")

    first = renamed((road, "甲"), (child, "乙"))
    later = renamed((road, "丙"))
    with pytest.raises(UndoConflictError, match=r"JT-SL-01.*又改过"):
        small.undo(first, actor="张三")
    assert small.record("CJ-SL-01").name == "乙"
    small.undo(later, actor="张三")
    small.undo(first, actor="张三")
    assert small.record("JT-SL-01") == road
    assert small.record("CJ-SL-01") == child


def test_undo_is_refused_where_another_record_needs_what_would_go(small: KnowledgeBase) -> None:
    fresh = Indicator(code="JT-SL-98", name="新的指标", sector="JT", level1="产出指标", level2="数量指标")
    number = small.write([fresh], name="新的", actor="张三", reason="")
    road = msgspec.structs.replace(small.record("JT-SL-01"), pairs=("JT-SL-98",))
    small.write([road], name="配对", actor="张三", reason="")
    with pytest.raises(UndoConflictError, match=r"JT-SL-01.*指向.*JT-SL-98"):
        small.undo(number, actor="张三")
    assert small.record("JT-SL-98") == fresh


def test_what_cannot_be_undone_is_said(small: KnowledgeBase) -> None:
    with pytest.raises(UnknownBatchError):
        small.undo(9999, actor="张三")
    with pytest.raises(CatalogueBatchError):
        small.undo(1, actor="张三")


def test_every_write_is_in_the_audit_log(small: KnowledgeBase) -> None:
    group(small, [ODD])
    small.tuning.pin("修路", ["JT-SL-01"], actor="李四")
    small.undo(newest(small), actor="王五")
    assert [(e.actor, e.action) for e in small.audit.entries(3)] == [
        ("王五", "写入"),
        ("李四", "写入"),
        ("张三", "写入"),
    ]
