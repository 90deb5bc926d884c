"""Packs: switching, grading and tuning rules, and the lexicons and facts they rest on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from indicators.draft import Draft, DraftRow
from indicators.finding import Severity
from indicators.rules.base import Case
from indicators.rules.cases import findings_of
from indicators.rules.check import check_table, default_pack
from indicators.rules.facts import Tail, bare_name, read_row, read_table, tail_of
from indicators.rules.lexicon import expand
from indicators.taxonomy import BENEFIT, COST, OUTPUT, SATISFACTION, Edition
from indicators.weights import SCHEMES, furthest, schemes_for, total_fits

PACK = default_pack()
VAGUE = Case(rows=(("效益指标", "社会效益指标", "群众出行条件", "明显改善"),))


def test_a_changed_pack_is_a_new_value() -> None:
    off = PACK.with_rule("P01", on=False)
    assert not findings_of(VAGUE, "P01", off)
    assert findings_of(VAGUE, "P01", PACK)


def test_severity_can_be_changed_but_a_doubtful_finding_stays_a_hint() -> None:
    raised = PACK.with_rule("P12", severity=Severity.ERROR)
    sure = Case(rows=(("产出指标", "时效指标", "是否按时发放", "95%"),))
    doubtful = Case(rows=(("产出指标", "质量指标", "是否按标准进行配备", "是", "是/否"),))
    assert [f.severity for f in findings_of(sure, "P12", raised)] == [Severity.ERROR]
    assert [f.severity for f in findings_of(doubtful, "P12", raised)] == [Severity.HINT]
    lowered = PACK.with_rule("P01", severity=Severity.HINT)
    assert [f.severity for f in findings_of(VAGUE, "P01", lowered)] == [Severity.HINT]


def test_thresholds_can_be_changed() -> None:
    long = Case(rows=(("产出指标", "质量指标", "校舍维修改造项目工程质量验收合格比率", "100%"),))
    assert not findings_of(long, "P15", PACK)
    assert findings_of(long, "P15", PACK.with_rule("P15", thresholds={"warn": 10, "hint": 8}))
    with pytest.raises(KeyError):
        PACK.with_rule("P15", thresholds={"no such": 1})
    with pytest.raises(KeyError):
        PACK.with_rule("P99", on=False)


def test_edition_of_the_pack_decides_where_cost_stands() -> None:
    old = Case(rows=(("产出指标", "成本指标", "培训成本", "≤400元/人·天"),), at=0)
    new = Case(rows=(("成本指标", "经济成本指标", "培训成本", "≤400元/人·天"),), at=0)
    import msgspec

    by_2021 = msgspec.structs.replace(PACK, edition=Edition.E2021)
    by_2015 = msgspec.structs.replace(PACK, edition=Edition.E2015)
    assert findings_of(old, "P24", by_2021)
    assert not findings_of(new, "P24", by_2021)
    assert findings_of(new, "P24", by_2015)
    assert not findings_of(old, "P24", PACK)


def test_checking_is_pure_and_sorted() -> None:
    rows = tuple(DraftRow(number=n, level1="效益指标", name="改善民生", target="明显改善") for n in (1, 2, 3))
    table = read_table(Draft(rows=rows, columns=frozenset({"unit"})))
    once, again = check_table(table, PACK), check_table(table, PACK)
    assert once == again
    assert [f.row for f in once] == sorted(f.row for f in once)


@pytest.mark.parametrize(
    ("name", "bare"),
    [("指标6:举办宣传活动", "举办宣传活动"), ("★补助面积", "补助面积"), ("【新增】教材数量", "教材数量"), ("1、肥料利用率", "肥料利用率"),
     ("指标12021年11月底前完成", "2021年11月底前完成"), ("其中羊养殖数量", "羊养殖数量"), ("88", "88"), ("12345热线接通率", "12345热线接通率"),
     ("一、示范区建立", "示范区建立"), ("一级种薯面积", "一级种薯面积")],
)  # fmt: skip
def test_names_lose_their_numbering_only(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize(
    ("name", "tail"),
    [("验收合格率", Tail.RATE), ("工作效率", Tail.STATE), ("数据有效率", Tail.RATE), ("群众满意度", Tail.DEGREE), ("培训人次", Tail.PEOPLE),
     ("抽检批次", Tail.TIMES), ("获奖数量", Tail.COUNT), ("培训费", Tail.MONEY), ("完成时间", Tail.TIME), ("维修面积", Tail.AREA),
     ("硬化里程", Tail.LENGTH), ("考核得分", Tail.SCORE), ("价格指数", Tail.INDEX), ("改善情况", Tail.STATE), ("道路建设", Tail.NONE),
     ("结余率(计算方法为:结余数/预算数)", Tail.RATE), ("在校生满意度（%）", Tail.DEGREE)],
)  # fmt: skip
def test_tails(name: str, tail: Tail) -> None:
    assert tail_of(name) is tail


def test_a_row_reads_its_separate_comparator_and_the_unit_in_its_name() -> None:
    row = read_row(DraftRow(number=1, name="保障人数(人)", comparator="≥", target="116"))
    assert (row.value.comparator, row.number, row.unit) == ("≥", Decimal(116), "人")


def test_an_unknown_word_class_is_named() -> None:
    with pytest.raises(KeyError, match="没有这个词"):
        expand("{没有这个词}")


def test_weight_schemes() -> None:
    assert {s.total for s in SCHEMES} == {Decimal(90)}
    assert total_fits(Decimal(100))
    assert total_fits(Decimal("89.995"))
    assert not total_fits(Decimal(85))
    assert [s.name for s in schemes_for(Edition.E2021, [COST, OUTPUT, BENEFIT, SATISFACTION])] == [
        "设成本：20/40/20/10"
    ]
    points = {OUTPUT: Decimal(70), BENEFIT: Decimal(10), SATISFACTION: Decimal(10)}
    plain = next(s for s in SCHEMES if s.name == "不设成本：50/30/10")
    assert furthest(points, plain) == (OUTPUT, Decimal(70), Decimal(50))
