"""The shipped catalogue is sound, and the check that says so finds each fault it is for."""

from __future__ import annotations

import msgspec
import pytest

from indicators.content import check_content, references, repeated_share
from indicators.model import (
    Indicator,
    Issue,
    Pitfall,
    ProblemType,
    Record,
    Sector,
    Source,
    SourceRef,
)
from indicators.shipped import CatalogueError, fingerprint, read_catalogue, read_file

SOURCE = Source(code="doc", name="某文件")
SECTOR = Sector(code="JT", name="交通运输", order=1)
ROAD = Indicator(
    code="JT-SL-01", name="农村公路里程", level1="产出指标", level2="数量指标", sector="JT",
    explanation="当年交工验收的里程。", sources=(SourceRef(source="doc"),),
)  # fmt: skip


def errors(*records: Record) -> list[str]:
    return [f.message for f in check_content([SOURCE, SECTOR, *records]) if f.level == "error"]


def test_shipped_catalogue_has_no_error(catalogue: list[Record]) -> None:
    assert [f for f in check_content(catalogue) if f.level == "error"] == []


def test_sound_record_has_no_fault() -> None:
    assert errors(ROAD) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sources": ()}, "没有来源"),
        ({"sources": (SourceRef(source="gone"),)}, "指向不存在的 gone"),
        ({"sources": (SourceRef(source="JT"),)}, "不是来源文件"),
        ({"pairs": ("JT-SH-99",)}, "指向不存在的 JT-SH-99"),
        ({"pairs": ("JT",)}, "种类不对"),
        ({"level1": "效益指标"}, "搭配不成立"),
        ({"level2": "质量指标"}, "代码应以 JT-ZL- 开头"),
        ({"name": "路面完好率"}, "没有写分子、分母"),
        ({"value_method": "拍脑袋"}, "完成值取值方式应为"),
        ({"weight_min": 20, "weight_max": 10}, "权重下限大于上限"),
        ({"pitfalls": (Pitfall(problem="58", text="x"),)}, "问题代码不对"),
        ({"name": " "}, "没有名称"),
    ],
)
def test_each_fault_is_found(change: dict[str, object], expected: str) -> None:
    assert any(expected in message for message in errors(msgspec.structs.replace(ROAD, **change)))


def test_duplicate_codes_and_names_within_a_place_are_found() -> None:
    assert any("代码重复" in m for m in errors(ROAD, ROAD))
    twin = msgspec.structs.replace(ROAD, code="JT-SL-02")
    assert any("重名" in m for m in errors(ROAD, twin))


def test_issue_without_finding_and_problem_without_description_are_errors() -> None:
    issue = Issue(code="WT-1", name="x", sources=(SourceRef(source="doc"),))
    problem = ProblemType(code="P01", name="x", group="可衡量", sources=(SourceRef(source="doc"),))
    assert errors(issue)
    assert errors(problem)


def test_references_name_every_pointer() -> None:
    record = msgspec.structs.replace(ROAD, pairs=("A",), pitfalls=(Pitfall(problem="P01", text="x"),))
    assert set(references(record)) == {
        ("sources", "doc"),
        ("sector", "JT"),
        ("pairs", "A"),
        ("pitfalls", "P01"),
    }


def test_repeated_sentences_are_measured() -> None:
    twin = msgspec.structs.replace(
        ROAD, code="JT-SL-02", explanation="当年交工验收的里程数量。另有一句不同的话。"
    )
    same = msgspec.structs.replace(ROAD, code="JT-SL-03", explanation="当年交工验收的里程数量。")
    share, worst = repeated_share([twin, same])
    assert share == pytest.approx(2 / 2)
    assert worst == [("当年交工验收的里程数量", 2)]


def test_explanations_do_not_repeat_each_other(catalogue: list[Record]) -> None:
    share, worst = repeated_share(catalogue)
    assert share < 0.02, worst[:5]


def test_faulty_files_are_told_by_file_and_record(tmp_path) -> None:
    bad = tmp_path / "bad.yaml"
    for text, expected in [
        ("indicators: [{code: A, name: b, colour: red}]", "A"),
        ("wishes: []", "wishes"),
        ("- a list", "顶层"),
        ("a: [", "YAML"),
    ]:
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(CatalogueError, match=expected):
            list(read_file(bad))
    guide = tmp_path / "guide.md"
    guide.write_text("没有题头", encoding="utf-8")
    with pytest.raises(CatalogueError, match="题头"):
        list(read_file(guide))


def test_fingerprint_follows_content(tmp_path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("sources: [{code: a, name: b}]", encoding="utf-8")
    first = fingerprint(tmp_path)
    assert first == fingerprint(tmp_path)
    file.write_text("sources: [{code: a, name: c}]", encoding="utf-8")
    assert fingerprint(tmp_path) != first
    assert [r.name for r in read_catalogue(tmp_path)] == ["c"]
