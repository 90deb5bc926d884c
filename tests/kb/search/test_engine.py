"""The engine on a real folder: build, update, restart, other processes, crashes, threads, oddities."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from indicators.model import SynonymGroup
from kb.search.answer import Filters, SearchDocument
from kb.search.engine import SearchEngine, StaleIndexError
from kb.search.prepare import digest
from kb.search.vocabulary import Vocabulary
from tests.kb.search.conftest import Search, document

ROADS = [
    document("JT-1", "新建改建农村公路里程", "当年建成并通过验收的公路长度。", sector="交通运输", core=True),
    document("JT-2", "农村公路列养里程", "纳入日常养护的里程。", sector="交通运输", level2="数量指标"),
    document("JY-1", "新增学位数", "新建学校增加的学位。", sector="教育", keywords=("上学难",)),
]


def names(engine: SearchEngine, query: str, **filters: tuple[str, ...]) -> list[str]:
    return [hit.name for hit in engine.search(query, Filters(**filters)).hits]


def test_an_engine_without_an_index_is_not_current_and_answers_nothing(empty: SearchEngine) -> None:
    assert not empty.current()
    assert empty.search("公路").total == 0
    assert empty.suggest("公路") == ()
    assert empty.digests().keys() == set()
    with pytest.raises(StaleIndexError, match="kb reindex"):
        empty.update(ROADS, [])


def test_build_find_reopen(empty: SearchEngine, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    empty.rebuild(ROADS, len(ROADS), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert empty.current()
    assert names(empty, "农村公路里程")[0] == "新建改建农村公路里程"
    again = SearchEngine(tmp_path / "index", Vocabulary())
    assert again.current()
    assert names(again, "上学难") == ["新增学位数"]
    assert again.digests() == {d.id: digest(d) for d in ROADS}


def test_updates_are_visible_at_once_here_and_elsewhere(empty: SearchEngine, tmp_path: Path) -> None:
    other = SearchEngine(tmp_path / "index", Vocabulary())
    empty.rebuild(ROADS, 3)
    assert len(names(other, "公路")) == 2
    changed = replace(ROADS[0], name="桥梁座数", body=("当年建成的桥梁。",))
    empty.update([changed, document("SL-1", "水库座数")], ["JT-2", "不存在"])
    for engine in (empty, other):
        assert names(engine, "公路") == []
        assert names(engine, "桥梁") == ["桥梁座数"]
        assert engine.digests().keys() == {"JT-1", "JY-1", "SL-1"}
        assert engine.digests()["JT-1"] == digest(changed)
    empty.update([document(f"N-{n}", f"新指标{n}号") for n in range(500)], ["SL-1"])
    assert len(other.digests().keys()) == 502
    assert names(other, "水库") == []
    assert [p.name[:4] for p in (tmp_path / "index").glob("*-*")] == ["gen-"]


def test_many_small_updates_keep_one_truth(empty: SearchEngine) -> None:
    empty.rebuild(ROADS, 3)
    for n in range(12):
        empty.update([document("JT-2", f"第{n}次改名的里程")], [])
    assert names(empty, "改名") == ["第11次改名的里程"]
    assert len(empty.digests().keys()) == 3


def test_a_process_without_the_names_builds_anew_with_those_of_before(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    SearchEngine(folder, Vocabulary.load((), ["晒谷坪轧花数"])).rebuild(ROADS, len(ROADS))
    (before,) = folder.glob("gen-*")
    many = [document(f"XC-{n}", f"第{n}村晒谷坪轧花数") for n in range(500)]
    SearchEngine(folder, Vocabulary.load(())).update(many, [])
    generation = folder / (folder / "CURRENT").read_text().split()[0]
    assert generation != before
    assert "晒谷坪轧花数" in (generation / "dictionary.txt").read_text("utf-8").split("\n")


def test_another_fingerprint_is_not_current_but_keeps_the_index(empty: SearchEngine, tmp_path: Path) -> None:
    empty.rebuild(ROADS, 3)
    other = SearchEngine(tmp_path / "index", Vocabulary(terms=("农村公路里程",)))
    assert not other.current()
    with pytest.raises(StaleIndexError):
        other.update(ROADS[:1], [])
    assert empty.current()
    other.rebuild(ROADS, 3)
    assert other.current()


def test_a_failed_build_leaves_the_old_index(empty: SearchEngine, tmp_path: Path) -> None:
    empty.rebuild(ROADS, 3)

    def broken() -> object:
        yield ROADS[0]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        empty.rebuild(broken(), 3)  # type: ignore[arg-type]
    assert empty.current()
    assert len(names(empty, "公路")) == 2
    assert [p.name[:4] for p in (tmp_path / "index").glob("*-*")] == ["gen-"]


WRITER = """
import sys
from pathlib import Path
from indicators.model import Kind
from kb.search.answer import SearchDocument
from kb.search.engine import SearchEngine
from kb.search.vocabulary import Vocabulary
engine = SearchEngine(Path(sys.argv[1]), Vocabulary())
made = [SearchDocument(f"X-{n}", Kind.INDICATOR, "indicator", f"X-{n}", f"第{n}个公路指标", "/i/X") for n in range(60)]
print("ready", flush=True)
while True:
    engine.rebuild(made, 60)
    engine.update(made[:5], ["X-9"])
"""


@pytest.mark.slow
def test_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    for n in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "index")], stdout=subprocess.PIPE, cwd=root
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.6 + 0.17 * n)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        engine = SearchEngine(tmp_path / "index", Vocabulary())
        if engine.current():
            # The three records of the round before stand until the writer's first build is whole.
            held = len(engine.digests().keys())
            assert held in {3, 59, 60}
            assert held == 3 or engine.search("公路指标").total == held
        engine.rebuild(ROADS, 3)
        assert len(engine.digests().keys()) == 3
        assert len(list((tmp_path / "index").glob("*-*"))) == 1
        engine.close()


def test_threads_ask_while_one_writes(empty: SearchEngine) -> None:
    empty.rebuild(ROADS, 3)
    faults: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                assert "新增学位数" in names(empty, "学位")
            except Exception as fault:
                faults.append(fault)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(6):
        empty.update([document("JT-2", f"里程{n}")], [])
    empty.rebuild(ROADS, 3)
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults


def test_memory_is_bounded(tmp_path: Path, shipped: list[SearchDocument], vocabulary: Vocabulary) -> None:
    engine = SearchEngine(tmp_path, vocabulary, memory_mb=1)
    engine.rebuild(shipped[:400], 400)
    for record in shipped[:300]:
        engine.search(record.name)
    source = engine._source
    assert source is not None
    assert 0 < source.cached_bytes <= 1 << 20


HOSTILE = [
    "路" * 10_000, "a" * 10_000, "(" * 5000, "[[[{{{", "*?~^", "' OR 1=1; DROP TABLE docs; --", "😀👨‍👩‍👧‍👦" * 50,
    "\x00\x01\x1b[31m", "\\" * 999, "name:" * 500, '"' * 777, "-" * 3000, "%_%", "<script>alert(1)</script>",
    "AND OR NOT", "农村 " * 2000, "．".join("1234567890" * 50), "\ud800", "ﷺ" * 400, "abcdefgh" * 20,
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(search: Search, query: str) -> None:
    answer = search(query)
    assert answer.query == query
    assert len(answer.hits) <= answer.total


def test_filters_facets_and_paging(search: Search, engine: SearchEngine) -> None:
    everything = search("满意度", limit=1000)
    assert everything.total == len(everything.hits) == sum(everything.facets["kind"].values())
    assert list(everything.facets["kind"].values()) == sorted(
        everything.facets["kind"].values(), reverse=True
    )
    one = search("满意度", limit=1000, kind=("indicator",), sector=("教育",))
    assert {(hit.kind, hit.sector) for hit in one.hits} == {("indicator", "教育")}
    assert one.total == everything_of(everything.hits, "indicator", "教育")
    # Siblings of a chosen value stay countable.
    assert len(one.facets["sector"]) > 1
    first, second = (engine.search("满意度", Filters(), 5, offset) for offset in (0, 5))
    assert [hit.rank for hit in second.hits] == [6, 7, 8, 9, 10]
    assert [h.id for h in (*first.hits, *second.hits)] == [h.id for h in everything.hits[:10]]


def everything_of(hits: object, kind: str, sector: str) -> int:
    return sum((hit.kind, hit.sector) == (kind, sector) for hit in hits)  # type: ignore[attr-defined]


def test_an_empty_query_lists_everything(search: Search, shipped: list[SearchDocument]) -> None:
    assert search("").total == len(shipped)
    assert search("行业:教育 类型:指标").total == sum(
        d.sector == "教育" and d.kind == "indicator" for d in shipped
    )


def test_code_first_name_first_retired_last(empty: SearchEngine) -> None:
    twins = [
        document("A-1", "农村公路里程", "长度"),
        document("A-2", "农村公路里程", "长度", used=4),
        document("A-3", "农村公路里程", "长度", core=True, used=4),
        document("A-4", "农村公路里程", "长度", status="retired", core=True, used=9),
        document("A-5", "公路里程合计", "农村公路里程之和 农村公路里程 农村公路里程"),
    ]
    empty.rebuild(twins, 5)
    assert [hit.id for hit in empty.search("农村公路里程").hits] == ["A-3", "A-2", "A-1", "A-5", "A-4"]
    assert empty.search("a-5").hits[0].id == "A-5"
    assert empty.search("里程").hits[-1].id == "A-4"


def test_relaxing_says_its_step(search: Search) -> None:
    assert search("zijindaoweilv").relaxed == "拼音"
    assert search("zijindaoweilv").did_you_mean == "资金到位率"
    typo = search("资金到为率")
    assert (typo.relaxed, typo.did_you_mean) == ("一字之差", "资金到位率")
    assert typo.hits[0].name == "资金到位率"
    assert search("服務對象滿意度").relaxed == ""
    assert search("囧囧满囧囧").relaxed != ""
    assert search("鑫焱淼犇").total == 0


def test_operators(search: Search) -> None:
    assert all("培训" not in hit.name for hit in search("满意度 -培训", limit=50).hits)
    quoted = search('"资金到位率"', limit=200)
    assert 0 < quoted.total < search("资金到位率", limit=200).total
    assert {hit.sector for hit in search("满意度 行业:教育", limit=50).hits} == {"教育"}


def test_new_synonyms_work_at_once(empty: SearchEngine) -> None:
    empty.rebuild(ROADS, 3)
    assert empty.search("盖学堂").relaxed == "部分字"
    group = SynonymGroup(code="TY-001", name="学位", words=("盖学堂",))
    empty.use(Vocabulary(groups=(group,)))
    assert empty.current()
    answer = empty.search("盖学堂")
    assert answer.hits[0].name == "新增学位数"
    assert answer.hits[0].why == ("同义：盖学堂→学位",)


def test_suggestions(engine: SearchEngine) -> None:
    assert engine.suggest("满意")[0].text
    assert any(s.code for s in engine.suggest("资金到位", 5))
    assert engine.suggest("教育", 5)[0].kind == "sector"
    code = next(iter(sorted(engine.digests().keys())))
    assert code in {s.code for s in engine.suggest(code[:-1], 30)}
    assert any("垃圾" in s.text for s in engine.suggest("laji", 8))
    assert engine.suggest("", 8) == ()
    for typed in ("满", "农村", "zj", "p0", "囧"):
        assert len(engine.suggest(typed, 8)) <= 8
