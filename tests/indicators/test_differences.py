"""Changes of records in words: Chinese names, readable values, nothing of a program's notation."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from indicators.choices import Direction, Status
from indicators.differences import differences, pieces, told, told_between
from indicators.fields import label_of, shown, title_of
from indicators.model import (
    RECORD_TYPES,
    Guide,
    Indicator,
    Kind,
    Pitfall,
    Project,
    SourceRef,
    Standards,
    Target,
)
from loaders.exports import columns_of

ROAD = Indicator(
    code="JT-SL-01", name="硬化里程", unit="公里", keywords=("路",), explanation="当年新铺的里程。"
)
NOTATION = re.compile(r"[\[\]{}']|None|True|False|Decimal\(")


def test_every_field_of_every_kind_has_a_chinese_name() -> None:
    for kind in RECORD_TYPES:
        for field in columns_of(kind):
            assert re.search(r"[\u4e00-\u9fff]", label_of(kind, field)), (kind, field)
            assert list(columns_of(kind).values()).count(title_of(kind, field)) == 1, (kind, field)


def test_changes_are_told_in_words() -> None:
    after = msgspec.structs.replace(
        ROAD, core=True, direction=Direction.HIGHER, status=Status.RETIRED, successor="JT-SL-02", keywords=("村", "路"),
        standards=Standards(plan="按批复"), explanation="当年新建并验收的里程。", pitfalls=(Pitfall(problem="P01", text="空泛"),),
        sources=(SourceRef(source="doc", place="第3页"),),
    )  # fmt: skip
    found = {
        t.title: t
        for t in told_between(ROAD, after, {"JT-SL-02": "新里程", "P01": "不可衡量", "doc": "某文件"})
    }
    assert (found["是否核心指标"].before, found["是否核心指标"].after) == ("否", "是")
    assert (found["状态"].before, found["状态"].after) == ("在用", "停用")
    assert found["替代指标"].after == "JT-SL-02 新里程"
    assert found["指标方向"].after == "正向"
    assert found["关键词"].come == ("村",)
    assert found["计划标准"].after == "按批复"
    assert found["常见毛病"].come == ("问题类型：P01 不可衡量，说明：空泛",)
    assert found["来源文件"].come == ("来源：doc 某文件，位置：第3页",)
    assert [p for p in found["指标解释"].pieces if p[0] != "same"] == [("gone", "铺"), ("come", "建并验收")]
    assert not any(NOTATION.search(str(t)) for t in found.values())


def test_a_list_in_another_order_is_told_as_that() -> None:
    (one,) = told_between(
        msgspec.structs.replace(ROAD, keywords=("a", "b")), msgspec.structs.replace(ROAD, keywords=("b", "a"))
    )
    assert str(one) == "关键词：原来的次序 → 新的次序"


def test_rows_of_a_project_are_told_one_by_one() -> None:
    before = Project(code="XM", name="路", targets=(Target(name="里程", target="≥5"),))
    after = msgspec.structs.replace(before, targets=(Target(name="里程", target="≥6", indicator="JT-SL-01"),))
    (one,) = told(Kind.PROJECT, differences(before, after), {"JT-SL-01": "硬化里程"})
    assert str(one) == (
        "绩效目标：减去 三级指标：里程，指标值：≥5；加上 三级指标：里程，指标值：≥6，对应指标：JT-SL-01 硬化里程"
    )


def test_equal_records_have_no_differences() -> None:
    assert differences(ROAD, msgspec.structs.replace(ROAD)) == ()


@given(st.text(max_size=80), st.text(max_size=80))
def test_pieces_hold_both_texts(before: str, after: str) -> None:
    found = pieces(before, after)
    if found:
        assert "".join(t for what, t in found if what != "come") == before
        assert "".join(t for what, t in found if what != "gone") == after


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5) | st.integers(), lambda s: st.lists(s, max_size=3)
    )
)
def test_any_value_can_be_shown(value: object) -> None:
    assert isinstance(shown("note", value), str)


lines = st.lists(st.text("abc里程村路 \n", max_size=30), max_size=40).map("\n".join)


@given(lines, st.integers(0, 40), lines)
def test_pieces_of_long_texts_hold_both_texts(text: str, at: int, more: str) -> None:
    before = text * 40
    after = before[: at * 50] + more + before[at * 50 :]
    found = pieces(before, after)
    if found:
        assert "".join(t for what, t in found if what != "come") == before
        assert "".join(t for what, t in found if what != "gone") == after


def test_a_changed_word_in_a_long_text_is_marked_and_the_rest_left_out() -> None:
    paragraphs = [f"第 {n} 段：数量指标写明数的是什么、什么时候数、什么不算。" for n in range(200)]
    before = "\n\n".join(paragraphs)
    paragraphs[120] = paragraphs[120].replace("什么时候数", "何时数")
    (one,) = told_between(
        Guide(code="Z", name="z", text=before), Guide(code="Z", name="z", text="\n\n".join(paragraphs))
    )
    found = one.pieces
    assert [p for p in found if p[0] in ("gone", "come")] == [("gone", "什么时候"), ("come", "何时")]
    assert [what for what, _ in found].count("cut") == 2
    assert sum(len(text) for _, text in found) < 300


def test_words_and_figures_are_marked_whole() -> None:
    assert pieces("完成率达到 95.5% 以上", "完成率达到 98.0% 以上") == [
        ("same", "完成率达到 "), ("gone", "95.5"), ("come", "98.0"), ("same", "% 以上"),
    ]  # fmt: skip
