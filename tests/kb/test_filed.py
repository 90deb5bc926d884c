"""Filed target tables: found again when copied, summed up by indicator, taken back by batch."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.draft import Draft, DraftRow
from indicators.rules.fitness import row_keys
from kb.errors import KnowledgeError
from kb.filed import UnknownFiledError, _draft, _Reader
from kb.knowledge import KnowledgeBase
from kb.reviewing import Reviewer
from tests.examples import examples

ROWS = [
    ("产出指标", "数量指标", "发放人数", "100人"),
    ("产出指标", "质量指标", "发放准确率", "100%"),
    ("产出指标", "时效指标", "资金发放及时率", "100%"),
    ("效益指标", "社会效益指标", "困难家庭覆盖率", "≥95%"),
    ("满意度指标", "服务对象满意度指标", "受助群众满意度", "≥90%"),
]


def draft(project: str, rows: list[tuple[str, str, str, str]], **heading: object) -> Draft:
    lines = [
        DraftRow(number=n, level1=a, level2=b, name=c, target=d) for n, (a, b, c, d) in enumerate(rows, 1)
    ]
    return Draft(project=project, rows=tuple(lines), **heading)  # type: ignore[arg-type]


def many(count: int, seed: int = 3) -> list[Draft]:
    luck = random.Random(seed)
    return [
        draft(
            f"项目{seed}-{n}",
            [(a, b, f"{c}{luck.randint(0, 99)}", f"≥{luck.randint(1, 999)}个") for a, b, c, _ in ROWS],
            unit=f"第{n % 9}局", year=2023,
        )
        for n in range(count)
    ]  # fmt: skip


def file(kb: KnowledgeBase, drafts: list[Draft], name: str = "2023年") -> tuple[int, int, int]:
    return kb.filed.add(drafts, kb.reviewer(), name=name, actor="测试")


def test_a_copied_table_is_found_among_many_and_told_by_the_review(small: KnowledgeBase) -> None:
    original = draft("养老服务补贴", ROWS, unit="民政局", year=2022)
    batch, new, same = file(small, [*many(300), original, *many(300, 4)])
    assert (new, same) == (601, 0)
    copy = draft(
        "公务用车购置",
        [*ROWS[:4], ("满意度指标", "服务对象满意度指标", "驾驶员满意度", "≥90%")],
        unit="机关事务局",
        year=2024,
    )
    found = small.filed.alike(copy)
    assert found == ()  # 4 of 6 rows alike is less than 80 %
    copy = draft("公务用车购置", ROWS, unit="机关事务局", year=2024)
    assert [(a.line.project, a.share) for a in small.filed.alike(copy)] == [("养老服务补贴", 1.0)]
    review = small.reviewer().review(copy, peers=small.filed.peers(copy))
    told = [f for f in review.findings if f.code == "P51"]
    assert len(told) == 1
    assert "养老服务补贴（民政局，2022年）" in told[0].message
    # Last year's table of the same project of the same unit is no fault.
    again = draft("养老服务补贴", ROWS, unit="民政局", year=2023)
    assert not [
        f for f in small.reviewer().review(again, peers=small.filed.peers(again)).findings if f.code == "P51"
    ]
    assert batch


def test_the_table_itself_is_not_told_but_the_same_one_of_another_unit_is(small: KnowledgeBase) -> None:
    file(small, [draft("甲", ROWS, unit="一局", year=2023)])
    assert small.filed.alike(draft("甲", ROWS, unit="一局", year=2023)) == ()
    assert len(small.filed.alike(draft("甲", ROWS, unit="二局", year=2023))) == 1
    assert len(small.filed.alike(draft("甲", ROWS, unit="一局", year=2024))) == 1


def test_a_file_twice_changes_nothing(small: KnowledgeBase) -> None:
    drafts = many(20)
    batch, new, _ = file(small, drafts)
    before = small.batches(5)
    assert file(small, [*drafts, *drafts]) == (0, 0, 40)
    assert small.batches(5) == before
    assert small.filed.totals().tables == new == 20
    assert batch == before[0].number
    assert before[0].size == 20


def test_undo_withdraws_and_undo_of_that_brings_back(small: KnowledgeBase) -> None:
    one, _, _ = file(small, [draft("甲", ROWS, unit="一局")])
    file(small, [draft("乙", [*ROWS[:4], ("", "", "另一行", "1个")], unit="二局")], "2024年")
    asked = draft("丙", ROWS, unit="三局")
    assert [a.line.project for a in small.filed.alike(asked)] == ["甲"]
    out = small.undo(one, actor="测试")
    assert small.filed.alike(asked) == ()
    assert small.filed.totals().tables == 1
    assert {s.batch: s.withdrawn for s in small.filed.seasons()}[one] == out
    small.undo(out, actor="测试")
    assert [a.line.project for a in small.filed.alike(asked)] == ["甲"]
    assert small.check().ok


def test_a_table_taken_back_can_be_filed_again(small: KnowledgeBase) -> None:
    first, _, _ = file(small, many(3))
    small.undo(first, actor="测试")
    assert file(small, many(3))[1:] == (3, 0)


def test_landscapes_sum_up_what_units_set(small: KnowledgeBase) -> None:
    reviewer = small.reviewer()
    indicator = next(i for i in reviewer.index.indicators if i.unit == "公里")
    values = [4, 8, 1, 2, 100]
    drafts = [
        draft(f"路{v}", [(indicator.level1, indicator.level2, indicator.name, f"≥{v}公里")], sector=indicator.sector, year=2023)
        for v in values
    ]  # fmt: skip
    batch, _, _ = file(small, drafts)
    (found,) = [s for s in small.filed.landscapes(indicator.code) if s.unit == "公里"]
    assert (found.n, found.minimum, found.lower, found.median, found.upper, found.maximum) == (
        5,
        1,
        2,
        4,
        8,
        100,
    )
    small.undo(batch, actor="测试")
    assert small.filed.landscapes(indicator.code) == []


def test_an_unknown_number_is_told(small: KnowledgeBase) -> None:
    batch, _, _ = file(small, many(1))
    assert small.filed.table(1)[0].project == "项目3-0"
    small.undo(batch, actor="测试")
    for number in (1, 2):
        with pytest.raises(UnknownFiledError):
            small.filed.table(number)
    with pytest.raises(KnowledgeError):
        small.undo(99, actor="测试")


CELL = st.text(alphabet="≥≤=<>%0123456789.公里人个（）()、；:☆★【新】 达标率道路", max_size=14)


@settings(max_examples=examples(150))
@given(st.lists(st.tuples(CELL, CELL, st.sampled_from(["", "≥", "=", "/"]), CELL), min_size=1, max_size=6))
def test_a_filed_row_is_compared_as_the_row_it_was(cells: list[tuple[str, str, str, str]]) -> None:
    rows = tuple(
        DraftRow(number=n, name=name, target=target, comparator=sign, unit=unit)
        for n, (name, target, sign, unit) in enumerate(cells, 1)
    )
    given_draft = Draft(project="甲", rows=rows)
    filed = _Reader(Reviewer.of([]), "").read(given_draft)
    assert row_keys(_draft(filed.line, filed.rows)) == row_keys(given_draft)
