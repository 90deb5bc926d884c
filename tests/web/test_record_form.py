"""A record goes through its form unchanged, and what somebody typed wrongly is told at its input."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.fields import label_of
from indicators.model import (
    RECORD_TYPES,
    Guide,
    Indicator,
    Kind,
    Pitfall,
    Placement,
    Project,
    Record,
    SourceRef,
    Standards,
    SynonymGroup,
    Target,
)
from kb.db.rows import body_of
from tests.examples import examples
from web.field_table import KEPT, Field, Widget, fields_of, sections_of
from web.record_form import empty, read, rows_in, with_row, with_row_up, without_row, written

ROAD = Indicator(
    code="JT-SL-01", name="新建改建农村公路里程", level1="产出指标", level2="数量指标", sector="JT", unit="公里",
    aliases=("农村公路建设里程",), standards=Standards(plan="批复的施工图"), weight_min=Decimal("10.50"),
    pitfalls=(Pitfall(problem="P58", text="写成完成率"), Pitfall(problem="P01", text="空泛")), pairs=("JT-SH-01",),
    placements=(Placement(edition="2015", level1="产出指标", level2="数量指标"),),
    sources=(SourceRef(source="zibian"), SourceRef(source="report", place="第3页", field="formula")),
)  # fmt: skip

# Texts as people see them: no control characters, no blanks at the ends.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12).map(str.strip)
words = texts.filter(bool)
lines = st.lists(words, max_size=3).map("\n".join)
numbers = st.decimals(-(10**9), 10**9, places=2)


def values_of(each: Field) -> st.SearchStrategy[Any]:
    """Values that a field may hold."""
    simple: dict[Widget, st.SearchStrategy[Any]] = {
        Widget.LINE: words if each.mandatory else texts,
        Widget.POINTER: words if each.mandatory else texts,
        Widget.TEXT: lines.filter(bool) if each.mandatory else lines,
        Widget.MARKDOWN: lines,
        Widget.WHOLE: st.integers(0, 9999) if each.default is not None or each.mandatory else st.none() | st.integers(0, 9999),
        Widget.DECIMAL: st.none() | numbers,
        Widget.FLAG: st.booleans(),
        # Odd items too: empty, quoted, broken by a line's end, with blanks around.
        Widget.LIST: st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n"), max_size=6)
                              | st.sampled_from(["", '"', '"a"', " a", "a\nb"]), max_size=4).map(tuple),
        Widget.POINTERS: st.lists(words, max_size=4, unique=True).map(tuple),
    }  # fmt: skip
    if each.widget is Widget.CHOICE:
        chosen = st.sampled_from([each.type(c.value) for c in each.choices])
        return st.just(each.default) | chosen if not each.mandatory else chosen
    if each.widget is Widget.CHECKS:
        return st.lists(st.sampled_from(list(each.type)), unique=True).map(tuple)
    if each.widget is Widget.GROUP:
        return st.builds(each.type, **{c.name: values_of(c) for c in each.columns})
    if each.widget is Widget.ROWS:
        cells = [values_of(c) for c in each.columns]
        row = (
            st.tuples(*cells)
            if each.columns[0].name == "0"
            else st.builds(each.type, **{c.name: cell for c, cell in zip(each.columns, cells, strict=True)})
        )
        # A row without any text is no row.
        return st.lists(row.filter(lambda r: any(str(v or "").strip() for v in _cells(r))), max_size=3).map(
            tuple
        )
    return simple[each.widget]


def _cells(row: Any) -> list[Any]:
    if isinstance(row, tuple):
        return list(row)
    return [_shown(getattr(row, f)) for f in row.__struct_fields__]


def _shown(value: Any) -> Any:
    return "x" if isinstance(value, Decimal) else "\n".join(value) if isinstance(value, tuple) else value


records = st.sampled_from(list(RECORD_TYPES)).flatmap(
    lambda kind: st.builds(
        RECORD_TYPES[kind], code=words, **{n: values_of(f) for n, f in fields_of(kind).items()}
    )
)


def test_every_field_of_every_kind_has_its_place_and_a_chinese_name() -> None:
    for kind, type_ in RECORD_TYPES.items():
        placed = [f.name for section in sections_of(kind) for f in section.fields]
        assert sorted(placed) == sorted(set(type_.__struct_fields__) - KEPT)
        for each in fields_of(kind).values():
            for one in (each, *each.columns):
                assert not one.label.isascii(), (kind, each.name, one.name)
            assert label_of(kind, each.name) == each.label
    assert label_of(Kind.INDICATOR, "standards.plan") == "计划标准"


def test_every_record_of_the_catalogue_goes_through_its_form_unchanged(catalogue: list[Record]) -> None:
    lost = [r.code for r in catalogue if read(r.kind, r.code, written(r)).record != r]
    assert lost == []
    assert len(catalogue) > 2500


def test_a_browser_changes_line_ends_only_and_the_record_stays_to_the_byte(catalogue: list[Record]) -> None:
    for record in catalogue[::7]:
        sent = {n: t.replace("\n", "\r\n") for n, t in reversed(written(record).items())}
        back = read(record.kind, record.code, sent, record).record
        assert back is not None
        assert body_of(back) == body_of(record)


@settings(max_examples=examples(150))
@given(records)
def test_any_record_goes_through_its_form_unchanged(record: Record) -> None:
    back = read(record.kind, record.code, written(record))
    assert back.errors == {}
    assert back.record == record


@settings(max_examples=examples(60))
@given(records, st.dictionaries(st.text(max_size=12).map("f.{}".format), st.text(max_size=30), max_size=6))
def test_whatever_is_sent_gives_a_record_that_can_be_stored_or_errors(
    record: Record, junk: dict[str, str]
) -> None:
    found = read(record.kind, record.code, {**written(record), **junk}, record)
    if found.record is None:
        assert found.errors
    else:
        assert msgspec.json.decode(body_of(found.record), type=RECORD_TYPES[record.kind]) == found.record


def test_only_what_was_typed_is_read_anew() -> None:
    odd = msgspec.structs.replace(ROAD, unit=" 公里 ", level2="本地自定", weight_max=Decimal("1E+1"))
    back = read(odd.kind, odd.code, {**written(odd), "f.name": " 改了的名称 "}, odd).record
    assert back == msgspec.structs.replace(odd, name="改了的名称")
    assert back is not None
    assert str(back.weight_max) == "1E+1"


def test_fields_that_were_not_sent_keep_their_value() -> None:
    back = read(ROAD.kind, ROAD.code, {"f.name": "别名"}, ROAD).record
    assert back == msgspec.structs.replace(ROAD, name="别名")


def test_what_a_local_copy_was_made_from_stays() -> None:
    local = msgspec.structs.replace(ROAD, code="BD-X-SL-01", overlays="JT-SL-01", original=ROAD)
    back = read(local.kind, local.code, {**written(local), "f.name": "本地里程"}, local).record
    assert back == msgspec.structs.replace(local, name="本地里程")
    assert (
        "不认识的栏" in read(local.kind, local.code, {**written(local), "f.original": ""}, local).errors[""]
    )


def test_empty_form_asks_for_what_a_record_cannot_lack() -> None:
    assert read(Kind.SECTOR, "XX", empty(Kind.SECTOR)).errors.keys() == {"f.name", "f.order"}
    assert read(Kind.CLAUSE, "XX", empty(Kind.CLAUSE)).errors.keys() == {"f.name", "f.document"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("f.name", "  ", "请填写名称"),
        ("f.name", "长" * 1001, "最多 1000 个"),
        ("f.explanation", "长" * 1_000_000, "最多 20000 个"),
        ("f.weight_min", "十分", "要填数字"),
        ("f.weight_min", "1e9", "要填数字"),
        ("f.weight_min", "NaN", "要填数字"),
        ("f.level2", "<script>", "从列表里选"),
        ("f.status", "", "从列表里选"),
        ("f.direction", "向上", "从列表里选"),
        ("f.aliases", "长" * 2001, "每条最多"),
        ("f.pitfalls.0.problem", "", "请填写问题类型"),
    ],
)
def test_what_does_not_fit_is_told_at_its_input(name: str, text: str, said: str) -> None:
    found = read(ROAD.kind, ROAD.code, {**written(ROAD), name: text}, ROAD)
    assert found.record is None
    assert list(found.errors) == [name]
    assert said in found.errors[name]


@pytest.mark.parametrize(
    "name",
    ["f.nonsense", "f.code", "f.pitfalls.x.text", "f.pitfalls.0.secret", "f.fits.全部", "f.", "f.name.0"],
)
def test_unknown_fields_are_refused(name: str) -> None:
    assert "不认识的栏" in read(ROAD.kind, ROAD.code, {**written(ROAD), name: "1"}, ROAD).errors[""]


def test_numbers_are_read_as_people_write_them() -> None:
    form = {**written(ROAD), "f.weight_min": "１０．５ 分", "f.weight_max": "1,020"}
    back = read(ROAD.kind, ROAD.code, form, ROAD).record
    assert isinstance(back, Indicator)
    assert (back.weight_min, back.weight_max) == (Decimal("10.5"), Decimal(1020))


def test_rows_are_added_moved_and_taken_out() -> None:
    path, columns = "f.pitfalls", fields_of(Kind.INDICATOR)["pitfalls"].columns
    form = with_row(path, written(ROAD), columns)
    assert rows_in(path, form) == [0, 1, 2]
    assert read(ROAD.kind, ROAD.code, form, ROAD).record == ROAD  # an empty row is none
    moved = read(ROAD.kind, ROAD.code, with_row_up(path, 1, form), ROAD).record
    assert isinstance(moved, Indicator)
    assert [p.problem for p in moved.pitfalls] == ["P01", "P58"]
    left = read(ROAD.kind, ROAD.code, without_row(path, 0, form), ROAD).record
    assert isinstance(left, Indicator)
    assert [p.problem for p in left.pitfalls] == ["P01"]
    none = read(ROAD.kind, ROAD.code, without_row(path, 1, without_row(path, 0, form)), ROAD).record
    assert isinstance(none, Indicator)
    assert none.pitfalls == ()


def test_too_many_rows_are_refused() -> None:
    project = Project(code="X", name="y", targets=(Target(name="a"),))
    form = {**written(project), **{f"f.targets.{n}.name": "行" for n in range(1001)}}
    assert "最多 1000 行" in read(project.kind, "X", form, project).errors["f.targets"]


def test_lists_keep_odd_items_and_pairs_their_reason() -> None:
    guide = Guide(code="Z", name="z", aliases=("", '"', "a\nb", " 前后有空 "))
    assert read(guide.kind, "Z", written(guide)).record == guide
    group = SynonymGroup(code="T", name="t", words=("a",), not_same=(("b", "不是一回事"),))
    assert read(group.kind, "T", written(group)).record == group
