"""Target values: the table of cases, and properties over any text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from indicators.numerals import parse_numeral
from indicators.value import (
    UNIT_FAMILIES,
    Deadline,
    TargetValue,
    ValueKind,
    comparable,
    normalise_unit,
    unit_family,
)

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "values.yaml").read_text(encoding="utf-8")
)
DATE_LIKE = {"月", "年", "日", "个月", "季度"}  # 1月 and 1季度 are points in time as well as spans
UNITS = sorted(u for units in UNIT_FAMILIES.values() for u in units if u not in DATE_LIKE)
TOKENS = (
    "≥ ≤ ≧ ≦ = > < >= 》 《 不低于 不超过 控制在 达到 至少 约 近 较上年增长 降低 每月 每 完成 新建 共 定性 ± - ~ 至 到 / . , 、 。 ( ) （含） "
    "1 3 12 95 100 2023 0.5 1,200 三 十二 两 百分之 九成 年 月 日 号 底 前 季度 上半年 第 % 个 人 人次 万 亿 元 万元 米 km ㎡ 工作日 个月 "
    "以上 以内 内 左右 及以上 覆盖 全覆盖 应保尽保 是/否 XX 无 优良 提高 的 村 性 ① ½"
)
PIECES = [*TOKENS.split(), " ", "\n"]
phrases = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)
anything = st.one_of(st.text(max_size=40), phrases)


def fields(value: TargetValue, *left_out: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__ if name not in left_out}


def widened(text: str) -> str:
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def told(value: TargetValue) -> dict[str, Any]:
    """The parse as the case file writes it: blanks are left out."""
    out: dict[str, Any] = {"kind": value.kind.value}
    for name in ("comparator", "unit", "change", "per"):
        if getattr(value, name):
            out[name] = getattr(value, name)
    for name in ("value", "upper"):
        number = getattr(value, name)
        if number is not None:
            out[name] = f"{number:f}"
    for name in ("start", "deadline"):
        point = getattr(value, name)
        if point is not None:
            out[name] = [point.year, point.month, point.day, point.word]
    for name in ("approximate", "full"):
        if getattr(value, name):
            out[name] = True
    if not value.confident:
        out["confident"] = False
    return out


@pytest.mark.parametrize("case", CASES, ids=[f"{c['cell']}|{c.get('column', '')}" for c in CASES])
def test_case(case: dict[str, Any]) -> None:
    value = TargetValue.parse(case["cell"], case.get("column", ""))
    assert told(value) == case["is"]
    assert value.raw == (case["cell"] or "")
    if "text" in case:
        assert value.text() == case["text"]


def test_enough_cases() -> None:
    assert len(CASES) >= 120
    assert sum(case["from"] == "real" for case in CASES) >= 60


@given(anything, st.one_of(st.just(""), st.sampled_from(UNITS), st.text(max_size=8), phrases))
def test_never_raises_and_keeps_raw(text: str, unit: str) -> None:
    value = TargetValue.parse(text, unit)
    assert value.raw == text
    assert (value.value is not None) == (value.kind in {ValueKind.NUMBER, ValueKind.RANGE})
    assert (value.upper is not None) == (value.kind is ValueKind.RANGE)
    assert (value.deadline is not None) == (value.kind is ValueKind.DATE)
    assert value.text() == value.text().strip() or value.value is not None


@given(anything)
def test_canonical_text_is_stable(text: str) -> None:
    once = TargetValue.parse(text)
    twice = TargetValue.parse(once.text())
    dropped = ("raw", "note", "confident", "full")
    assert fields(twice, *dropped) == fields(once, *dropped)
    assert twice.text() == once.text()


@given(anything, st.sampled_from(["", "%", "人"]))
def test_full_width_is_half_width(text: str, unit: str) -> None:
    assert fields(TargetValue.parse(widened(text), widened(unit)), "raw") == fields(
        TargetValue.parse(text, unit), "raw"
    )


@given(
    st.sampled_from(["", "≥", "≤", "=", ">", "<"]),
    st.decimals(0, 10**9, places=None, allow_nan=False).map(lambda d: Decimal(f"{d:.2f}")),
    st.sampled_from(UNITS),
    st.sampled_from(["", "万"]),
)
def test_round_trip(comparator: str, number: Decimal, unit: str, scale: str) -> None:
    unit = normalise_unit(unit)
    scale = scale if unit[:1] not in "%‰" else ""
    value = TargetValue.parse(f"{comparator}{number}{scale}{unit}")
    assert (value.comparator, value.value) == (comparator, number)
    assert comparable(value.unit, scale + unit)
    assert value.text() == f"{comparator}{number}{value.unit}"
    beside = TargetValue.parse(f"{comparator} {number}", scale + unit)
    assert fields(beside, "raw") == fields(value, "raw")


@given(st.integers(1, 9999))
def test_chinese_numerals(number: int) -> None:
    assert parse_numeral(spoken(number)) == number
    assert TargetValue.parse(f"{spoken(number)}次").value == number


def spoken(number: int) -> str:
    out, zero = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, scale)
        if digit:
            out += ("零" if zero and out else "") + "零一二三四五六七八九"[digit] + name
        zero = bool(out) and not digit
    return out


@pytest.mark.parametrize(
    ("text", "number"),
    [("三万五千", 35000), ("三万零五百", 30500), ("两百", 200), ("十", 10), ("一千零五", 1005), ("零", 0)],
)
def test_numerals_with_wan(text: str, number: int) -> None:
    assert parse_numeral(text) == number


@pytest.mark.parametrize(
    "text", ["", "三五", "十百", "百", "一百二", "二二", "万", "三万零", "三万五", "零零", "一定"]
)
def test_no_numeral(text: str) -> None:
    assert parse_numeral(text) is None


@pytest.mark.parametrize("sign", ["≦=", "=>", "》=", "==", "≥≥", "<>", "＞＝", "⩾", "《", "=<"])
def test_odd_signs_do_not_raise(sign: str) -> None:
    for rest in ("1/1", "1", "", "%", "XX"):
        assert TargetValue.parse(sign + rest).raw == sign + rest
    assert TargetValue.parse("=>1/1").comparator == "≥"


def test_none_is_a_placeholder() -> None:
    assert TargetValue.parse(None) == TargetValue(kind=ValueKind.PLACEHOLDER)


def test_notes_tell_both_units() -> None:
    value = TargetValue.parse("5人/10万人", "%")
    assert value.unit == "人/10万人"
    assert "“人/10万人”" in value.note
    assert "“%”" in value.note


def test_long_and_hostile_cells() -> None:
    for text in (
        "9" * 100_000,
        "1-" * 50_000,
        "提高" * 50_000,
        "(" * 50_000,
        "千" * 50_000,
        "2023年" * 9_000,
    ):
        assert TargetValue.parse(text).raw == text
    assert TargetValue.parse("9" * 100).value == Decimal("9" * 100)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("％", "%"), ("㎡", "平方米"), ("m²", "平方米"), ("平米", "平方米"), ("km", "公里"), ("百分比", "%"),
        ("(%)", "%"), ("（万元）", "万元"), ("万㎡", "万平方米"), ("元/㎡", "元/平方米"), ("元/人、天", "元/人·天"),
        ("元每亩", "元/亩"), ("台（套）", "台套"), ("个工作日", "工作日"), ("/", ""), ("", ""), ("无", ""), ("畝", "亩"),
        ("元/100km", "元/100公里"), ("是/否", "是/否"), ("mg/l", "mg/L"), ("千克", "千克"), ("千米", "公里"),
    ],
)  # fmt: skip
def test_normalise_unit(written: str, unit: str) -> None:
    assert normalise_unit(written) == unit
    assert normalise_unit(unit) == unit


@pytest.mark.parametrize(
    ("unit", "family"),
    [
        ("%", "比例"), ("人次", "人"), ("万人次", "人"), ("台/套", "件"), ("延米", "长度"), ("㎡", "面积"), ("蓄水方", "体积重量"),
        ("个工作日", "时间"), ("元/亩", "金额"), ("万元", "金额"), ("元/人/年", "金额"), ("mg/L", "浓度强度"), ("分", "分值"),
        ("次/月", "件"), ("公斤", "体积重量"), ("kW", ""), ("是/否", ""), ("", ""), ("万", ""),
    ],
)  # fmt: skip
def test_unit_family(unit: str, family: str) -> None:
    assert unit_family(unit) == family


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("％", "%", True), ("公斤", "kg", True), ("月", "个月", True), ("元/人/月", "元/月·人", True), ("万㎡", "万平方米", True),
        ("台/套", "套/台", True), ("μg/m³", "ug/m3", True), ("万元", "元", False), ("%", "百分点", False),
        ("人", "人次", False), ("元/亩", "元", False), ("平方米", "平方公里", False),
    ],
)  # fmt: skip
def test_comparable(a: str, b: str, same: bool) -> None:
    assert comparable(a, b) is same
    assert comparable(b, a) is same


def test_deadline_keeps_only_what_is_written() -> None:
    assert TargetValue.parse("2020年底前").deadline == Deadline(year=2020, word="底")
