"""The shipped frameworks, their crosswalk, the problem types and the policy clauses."""

from __future__ import annotations

from collections import Counter

import pytest

from indicators.model import Clause, Framework, FrameworkNode, ProblemType, Record, Source
from indicators.shipped import CATALOGUE, read_catalogue, read_file

ROWS = {
    "KJ-53-XM": 20, "KJ-53-BM": 28, "KJ-10-XM": 17, "KJ-101-FL": 10, "KJ-88-SH": 8, "KJ-SQ": 5, "KJ-ZT": 6,
    "KJ-TY-GZ": 11, "KJ-TY-PX": 7, "KJ-TY-HY": 7, "KJ-TY-WZ": 11,
}  # fmt: skip
CROSSWALKED = ("KJ-53-XM", "KJ-10-XM", "KJ-101-FL")
GROUPS = {"可衡量": 17, "分类归位": 11, "完整结构": 15, "适当性": 19, "自评监控": 6}


def _of(folder: str) -> list[Record]:
    return read_catalogue(CATALOGUE / folder)


@pytest.fixture(scope="module")
def nodes() -> dict[str, FrameworkNode]:
    return {r.code: r for r in _of("frameworks") if isinstance(r, FrameworkNode)}


@pytest.fixture(scope="module")
def problems() -> list[ProblemType]:
    return [r for r in _of("problems") if isinstance(r, ProblemType)]


@pytest.fixture(scope="module")
def clauses() -> list[Clause]:
    return [r for r in _of("clauses") if isinstance(r, Clause)]


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    files = CATALOGUE.glob("sources*.yaml")
    return {r.code: r for f in files for r in read_file(f) if isinstance(r, Source)}


def test_frameworks_have_all_their_rows_in_order(nodes: dict[str, FrameworkNode]) -> None:
    assert Counter(n.framework for n in nodes.values()) == ROWS
    for framework, count in ROWS.items():
        rows = [n for n in nodes.values() if n.framework == framework]
        assert sorted(n.order for n in rows) == list(range(1, count + 1))
        assert all(n.code == f"{framework}-{n.order:02d}" for n in rows)


def test_every_framework_says_edition_scope_and_what_it_is() -> None:
    frameworks = [r for r in _of("frameworks") if isinstance(r, Framework)]
    assert {f.code for f in frameworks} == set(ROWS)
    for f in frameworks:
        assert f.edition, f.code
        assert f.scope in {"项目", "部门整体", "审核", "事前评估", "通用"}, f.code
        assert f.summary, f.code
        assert f.sources, f.code
    assert all("不是部委文件" in f.summary for f in frameworks if f.code.startswith("KJ-TY-"))


def test_no_placeholder_rows(nodes: dict[str, FrameworkNode]) -> None:
    for n in nodes.values():
        text = f"{n.name}{n.explanation}{n.level2}"
        assert "未核实" not in text, n.code
        assert "自设）" not in n.name, n.code
        assert n.nature in {"定量", "定性", "自设", "定量或定性"}, n.code


def test_explanations_are_full_sentences_and_never_repeat(nodes: dict[str, FrameworkNode]) -> None:
    for framework in ROWS:
        texts = [n.explanation for n in nodes.values() if n.framework == framework]
        assert len(set(texts)) == len(texts), framework
        assert all(t.endswith("。") and len(t) >= 25 for t in texts), framework


def test_only_management_soundness_shares_its_name(nodes: dict[str, FrameworkNode]) -> None:
    names = Counter((n.framework, n.name) for n in nodes.values())
    assert {k: v for k, v in names.items() if v > 1} == {
        ("KJ-53-XM", "管理制度健全性"): 2,
        ("KJ-53-BM", "管理制度健全性"): 2,
    }


def test_unverified_rows_say_what_was_not_checked(nodes: dict[str, FrameworkNode]) -> None:
    assert [n.code for n in nodes.values() if not n.verified and "未核对" not in n.note] == []


def test_crosswalk_is_symmetrical(nodes: dict[str, FrameworkNode]) -> None:
    for n in nodes.values():
        assert not set(n.same_as) & set(n.related), n.code
        assert all(n.code in nodes[other].same_as for other in n.same_as), n.code
        assert all(n.code in nodes[other].related for other in n.related), n.code
        assert all(nodes[other].framework != n.framework for other in (*n.same_as, *n.related)), n.code


def test_crosswalk_of_the_three_editions_is_complete(nodes: dict[str, FrameworkNode]) -> None:
    for n in nodes.values():
        if n.framework not in CROSSWALKED:
            continue
        assert n.crosswalk_note, n.code
        others = set(CROSSWALKED) - {n.framework}
        reached = {nodes[c].framework for c in (*n.same_as, *n.related)}
        for other in others - reached:
            year = {"KJ-53-XM": "2013年", "KJ-10-XM": "2020年", "KJ-101-FL": "2021年"}[other]
            named = year in n.crosswalk_note or "前两版" in n.crosswalk_note
            assert named, f"{n.code} says nothing about {other}"


@pytest.mark.parametrize(
    ("code", "same", "related"),
    [
        ("KJ-53-XM-15", {"KJ-10-XM-15"}, {"KJ-101-FL-01"}),
        ("KJ-53-XM-05", set(), set()),
        ("KJ-10-XM-10", set(), {"KJ-53-XM-06", "KJ-53-XM-09"}),
        ("KJ-101-FL-10", {"KJ-53-XM-20", "KJ-10-XM-17"}, set()),
    ],
)
def test_crosswalk_examples(
    nodes: dict[str, FrameworkNode], code: str, same: set[str], related: set[str]
) -> None:
    assert set(nodes[code].same_as) == same
    assert set(nodes[code].related) == related


def test_whole_department_rows_lead_to_the_six_aspects(nodes: dict[str, FrameworkNode]) -> None:
    for n in nodes.values():
        if n.framework == "KJ-53-BM":
            assert any(c.startswith("KJ-ZT-") for c in n.related), n.code
    assert nodes["KJ-ZT-05"].related == ()
    assert "没有这一方面" in nodes["KJ-ZT-05"].crosswalk_note


def test_problem_types_are_complete(problems: list[ProblemType]) -> None:
    assert sorted(p.code for p in problems) == [f"P{i:02d}" for i in range(1, 69)]
    assert Counter(p.group for p in problems) == GROUPS
    for p in problems:
        assert p.severity in {"错误", "建议", "提示"}, p.code
        assert p.bad, p.code
        assert p.good, p.code
        assert all(r.name for r in (*p.bad, *p.good)), p.code
        assert p.phrases, p.code
        assert p.review_item, p.code
        for text in (p.description, p.objection, p.fix, p.caution):
            assert text.endswith("。"), p.code


def test_objections_differ_from_descriptions_and_from_each_other(problems: list[ProblemType]) -> None:
    assert len({p.objection for p in problems}) == len(problems)
    assert len({p.description for p in problems}) == len(problems)
    assert all(p.objection != p.description for p in problems)


def test_clauses_name_their_document_and_what_was_not_checked(
    clauses: list[Clause], sources: dict[str, Source]
) -> None:
    assert len(clauses) >= 30
    for c in clauses:
        assert c.document in sources, c.code
        assert 60 <= len(c.text) <= 200, c.code
        assert c.aliases, c.code
        assert c.verified or "未核" in c.note or "没有核对" in c.note, c.code


def test_addresses_are_of_government_sites_only(sources: dict[str, Source]) -> None:
    named = {s.source for r in (*_of("frameworks"), *_of("problems")) for s in getattr(r, "sources", ())}
    for code in named:
        url = sources[code].url
        assert not url or ".gov.cn/" in url, code
