"""The facade on a real store and a real index: opening, joining, checking, keeping."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import zipfile
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock
from sqlalchemy import text

from indicators.choices import Status
from indicators.model import Indicator, Kind, Project
from kb import knowledge as knowledge_module
from kb.catalogue import CatalogueFaultError
from kb.errors import BackupError, BusyError, HomeError, UnknownCodeError
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from kb.views import (
    FrameworkView,
    GuideView,
    IndicatorView,
    IssueView,
    ProblemView,
    ProjectView,
    SectorView,
    SourceView,
)


def renamed(kb: KnowledgeBase, code: str, name: str) -> None:
    kb.write([msgspec.structs.replace(kb.record(code), name=name)], name="改名", actor="张三", reason="试")


def names(kb: KnowledgeBase, query: str) -> list[str]:
    return [hit.name for hit in kb.search(query).hits]


def test_empty_folder_becomes_a_knowledge_base(small: KnowledgeBase) -> None:
    assert small.health().ok
    report = small.check()
    assert report.ok, report.findings
    assert report.counts[Kind.INDICATOR] == 5


def test_second_opening_changes_nothing(small: KnowledgeBase, settings: Settings) -> None:
    seen: list[str] = []
    with KnowledgeBase.open(settings, lambda what, done, total: seen.append(what)) as again:
        assert again.counts() == small.counts()
    assert seen == []


def test_progress_is_told_at_first_opening(settings: Settings) -> None:
    seen: list[tuple[str, int, int]] = []
    KnowledgeBase.open(settings, lambda *step: seen.append(step)).close()
    assert list(dict.fromkeys(what for what, _, _ in seen)) == ["读取目录", "写入数据库", "建立索引"]
    assert all(done <= total for _, done, total in seen)


def test_indicator_is_joined_to_projects_values_and_issues(small: KnowledgeBase) -> None:
    view = small.view("JT-SL-01")
    assert isinstance(view, IndicatorView)
    assert [u.project.code for u in view.uses] == ["XM-2", "XM-1"]
    (spread,) = view.landscapes
    assert (spread.unit, spread.n) == ("公里", 2)
    assert (spread.minimum, spread.median, spread.maximum) == (Decimal("2.5"), Decimal("3.75"), Decimal("5"))
    assert [i.code for i in view.issues] == ["WT-1"]
    assert [p.code for p in view.pairs] == ["JT-SH-01"]
    assert view.places == {"2015": ("产出指标", "数量指标"), "2021": ("产出指标", "数量指标")}
    assert view.sources[0].source.code == "zibian"


def test_every_kind_is_joined(small: KnowledgeBase) -> None:
    project, issue, problem = small.view("XM-1"), small.view("WT-1"), small.view("P01")
    assert isinstance(project, ProjectView)
    assert [r.indicator.code for r in project.rows if r.indicator] == ["JT-SL-01", "JT-ZL-01"]
    assert [s.code for s in project.similar] == ["XM-2"]
    assert isinstance(issue, IssueView)
    assert [p.code for p in issue.projects] == ["XM-1"]
    assert isinstance(problem, ProblemView)
    assert ([i.code for i in problem.indicators], [c.code for c in problem.clauses]) == (
        ["CJ-MY-01"],
        ["TK-1"],
    )
    guide, sector, framework, source = (small.view(c) for c in ("ZN-SL", "JT", "KJ-X", "report"))
    assert isinstance(guide, GuideView)
    assert 'href="/i/JT-SL-01"' in guide.html
    assert isinstance(sector, SectorView)
    assert [name for name, _ in sector.groups] == ["数量指标", "质量指标", "社会效益指标"]
    assert sector.uses == {"JT-SL-01": 2, "JT-ZL-01": 1}
    assert isinstance(framework, FrameworkView)
    assert framework.tree[0].branches[0].nodes[0].name == "立项依据充分性"
    assert isinstance(source, SourceView)
    assert {kind for kind, _ in source.cited_by} == {
        Kind.PROJECT,
        Kind.PROBLEM,
        Kind.ISSUE,
        Kind.FRAMEWORK,
        Kind.CLAUSE,
    }


def test_code_is_found_in_any_case_and_a_wrong_one_suggests(small: KnowledgeBase) -> None:
    assert small.record("jt-sl-01").code == "JT-SL-01"
    with pytest.raises(UnknownCodeError, match="JT-SL-01") as caught:
        small.view("JT-SL-99")
    assert caught.value.suggestions
    with pytest.raises(UnknownCodeError):
        small.view("TY-001")  # synonyms have no page
    with pytest.raises(UnknownCodeError):
        small.view("")


def test_write_reaches_the_index(small: KnowledgeBase) -> None:
    renamed(small, "JT-SL-01", "新建改建农村公路总里程")
    assert "新建改建农村公路总里程" in names(small, "总里程")
    assert small.check().ok


def test_links_of_a_project_reach_the_indicators_it_left(small: KnowledgeBase) -> None:
    project = small.record("XM-1")
    assert isinstance(project, Project)
    small.write([msgspec.structs.replace(project, targets=())], name="去掉", actor="张三", reason="试")
    assert small.check().ok  # "used by n projects" of the indicators is part of their documents


def test_crash_between_store_and_index_is_made_good(small: KnowledgeBase, settings: Settings) -> None:
    changed = msgspec.structs.replace(small.record("JT-SL-01"), name="崩溃前写入的名称")
    small._store.put([changed], name="改名", actor="张三", reason="试")
    assert not small.check().ok
    with KnowledgeBase.open(settings) as again:
        assert again.check().ok
        assert names(again, "崩溃前写入")[:1] == ["崩溃前写入的名称"]


def one(n: int, more: str = "") -> str:
    """An indicator as a catalogue file has it."""
    return f"{{code: JT-SL-0{n}, name: 指标{n}{more}, sector: JT, level1: 产出指标, level2: 数量指标, sources: [{{source: a}}]}}"


def publish(folder: Path, *entries: str) -> None:
    """A catalogue of these indicators in place of the one before."""
    rows = "".join(f"\n  - {entry}" for entry in entries)
    head = "sources: [{code: a, name: 甲}]\nsectors: [{code: JT, name: 交通运输, order: 1}]\nindicators:"
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "a.yaml").write_text(head + rows, encoding="utf-8")


def retire(kb: KnowledgeBase, code: str) -> None:
    record = kb.record(code)
    assert isinstance(record, Indicator)
    kb.write([msgspec.structs.replace(record, status=Status.RETIRED)], name="停用", actor="张三", reason="")


def test_new_catalogue_keeps_edits_and_retires_what_vanished(tmp_path: Path) -> None:
    publish(tmp_path, one(1), one(2), one(3))
    settings = Settings(home=tmp_path / "home", catalogue=tmp_path / "catalogue")
    with KnowledgeBase.open(settings) as kb:
        renamed(kb, "JT-SL-02", "本县的叫法")
        renamed(kb, "JT-SL-01", "指标1新版")  # what the next catalogue says as well
        assert kb.brought_in is not None
        assert kb.brought_in.kept == ()
    publish(tmp_path, one(1, "新版"), one(2, "新版"))
    with KnowledgeBase.open(settings) as kb:
        assert kb.brought_in is not None
        (kept,) = kb.brought_in.kept
        assert [r.name for r in (kept.own, kept.shipped) if r] == ["本县的叫法", "指标2新版"]
        info = kb.ledger.batch(kb.brought_in.batch.number)
        assert info.reason == "载入随程序发布的目录；本单位改过的 1 条保留原样"
        assert kb.shipped.kept(info.name) == (kept,)
        assert kb.shipped.kept("另一批") == ()
        assert kb.record("JT-SL-01").name == "指标1新版"
        assert kb.record("JT-SL-02").name == "本县的叫法"
        gone = kb.record("JT-SL-03")
        assert isinstance(gone, Indicator)
        assert gone.status is Status.RETIRED
        assert kb.check().ok
    with KnowledgeBase.open(settings) as kb:
        assert kb.brought_in is None


def test_an_edited_indicator_that_a_new_catalogue_drops_is_counted_until_it_is_retired(
    tmp_path: Path,
) -> None:
    publish(tmp_path, *(one(n) for n in range(1, 5)))
    settings = Settings(home=tmp_path / "home", catalogue=tmp_path / "catalogue")
    with KnowledgeBase.open(settings) as kb:
        renamed(kb, "JT-SL-02", "本县的叫法")
        kb.write(
            [Indicator(code="WO-1", name="本县自己的", sector="JT")], name="自有", actor="张三", reason=""
        )
        retire(kb, "JT-SL-03")
    publish(tmp_path, one(1))
    with KnowledgeBase.open(settings) as kb:
        assert kb.brought_in is not None
        (kept,) = kb.brought_in.kept
        assert (kept.record.name, kept.shipped) == ("本县的叫法", None)
        assert kb.brought_in.retired == ("JT-SL-04",)
        info = kb.ledger.batch(kb.brought_in.batch.number)
        assert info.reason.endswith("；本单位改过的 1 条保留原样（其中 1 条新目录里已经没有）")
        assert kb.shipped.kept(info.name) == (kept,)
        retire(kb, "JT-SL-02")
        assert kb.shipped.kept(info.name) == ()


def test_faulty_catalogue_is_refused_whole(tmp_path: Path) -> None:
    root = tmp_path / "catalogue"
    root.mkdir()
    (root / "a.yaml").write_text("indicators: [{code: A, name: 甲}]", encoding="utf-8")
    with pytest.raises(CatalogueFaultError, match="没有来源"):
        KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=root))


def test_lost_index_is_found_and_rebuilt(small: KnowledgeBase, settings: Settings) -> None:
    for file in settings.index_folder.rglob("*"):
        if file.is_file():
            file.unlink()
    with KnowledgeBase.open(settings) as again:
        assert again.check().ok


def test_check_finds_what_differs(small: KnowledgeBase) -> None:
    with small._store.engine.begin() as connection:
        connection.execute(
            text("UPDATE record SET body = replace(body, '县乡村道', '县乡道') WHERE code = 'JT-SL-01'")
        )
    found = " ".join(f.what for f in small.check().findings)
    assert "校验和不符" in found
    assert "过时" in found


def test_backup_and_restore_are_the_identity(small: KnowledgeBase, tmp_path: Path) -> None:
    before = small._reader.digests()
    info = small.backup(tmp_path / "a.kbz")
    assert info.records == len(before)
    renamed(small, "JT-SL-01", "备份之后的改名")
    _, kept = small.restore(tmp_path / "a.kbz")
    assert small._reader.digests() == before
    assert small.check().ok
    assert names(small, "备份之后的改名") != ["备份之后的改名"]
    small.restore(kept)
    assert small.record("JT-SL-01").name == "备份之后的改名"
    assert small.check().ok


def test_backup_is_consistent_while_others_write(small: KnowledgeBase, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            both = [
                msgspec.structs.replace(small.record(c), name=f"第{n}次") for c in ("JT-SL-01", "JT-SH-01")
            ]
            small._store.put(both, name="写", actor="张三", reason="试")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            small.backup(tmp_path / f"{n}.kbz")
            time.sleep(0.02)
    finally:
        stop.set()
        writer.join()
    for n in range(5):
        with zipfile.ZipFile(tmp_path / f"{n}.kbz") as archive:
            archive.extract("kb.sqlite3", tmp_path / str(n))
        found = sqlite3.connect(tmp_path / str(n) / "kb.sqlite3").execute(
            "SELECT count(DISTINCT name) FROM record WHERE code IN ('JT-SL-01', 'JT-SH-01') AND name LIKE '第%'"
        )
        assert found.fetchone()[0] <= 1


def _other_zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "不是备份")


def _torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _altered(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read("manifest.json")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("kb.sqlite3", b"something else")


def _newer(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        manifest, database = archive.read("manifest.json"), archive.read("kb.sqlite3")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", manifest.replace(b'"schema": "0', b'"schema": "9'))
        archive.writestr("kb.sqlite3", database)


@pytest.mark.parametrize("spoil", [_other_zip, _torn, _altered, _newer])
def test_unfit_backups_are_refused_and_nothing_changes(small: KnowledgeBase, tmp_path: Path, spoil) -> None:
    file = tmp_path / "a.kbz"
    small.backup(file)
    spoil(file)
    before = small._reader.digests()
    with pytest.raises(BackupError):
        small.restore(file)
    assert small._reader.digests() == before
    assert small.check().ok


def test_busy_and_unusable_homes_are_told_plainly(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(knowledge_module, "_PATIENCE", 0.1)
    settings.home.mkdir()
    with FileLock(settings.lock_file), pytest.raises(BusyError, match="正在准备"):
        KnowledgeBase.open(settings)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(HomeError):
        KnowledgeBase.open(Settings(home=blocked / "home"))


def test_settings_come_from_option_then_environment(tmp_path: Path) -> None:
    environ = {"KB_HOME": str(tmp_path / "b"), "KB_DATABASE": "sqlite:///x", "KB_SEARCH_MEMORY_MB": "64"}
    assert Settings.load(tmp_path / "a", environ).home == tmp_path / "a"
    loaded = Settings.load(None, environ)
    assert (loaded.home, loaded.database_url, loaded.search_memory_mb) == (tmp_path / "b", "sqlite:///x", 64)
    assert Settings.load(None, {}).home.is_absolute()
    assert os.fspath(Settings.load(None, {}).database_file).endswith("kb.sqlite3")
