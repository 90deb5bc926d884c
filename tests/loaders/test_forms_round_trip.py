"""Any draft that people could write comes back from every form that holds it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from indicators.draft import Draft, DraftRow
from indicators.taxonomy import Edition
from loaders.forms import Kind
from loaders.forms.layout import printable
from loaders.forms.rows import placed_rows
from loaders.grid import clean
from loaders.headers import is_label
from loaders.tables import _ENDS
from tests.examples import examples
from tests.loaders.form_drafts import EACH, ROWS, draft, read_back, seen

# Words of forms, long names, signs that spreadsheets take for formulas, XML's own signs, rare characters.
LETTER = st.one_of(
    st.sampled_from("村道硬化率工程人数满意度完成及时性（）、，《》“”—％·①㎡龘𠮷𝟙 \n=+-@&<>\"'%#_x0041_"),
    st.characters(blacklist_categories=("Cs",), max_codepoint=0x2FFFF),
)
NOT_FILLED_IN = re.compile(r"20[0-4]\d|^(合计|总计|总分|备注|注|说明)")


def filled(text: str) -> str:
    """A text that people could have written in a cell: no label of the form itself, no end mark."""
    bare = clean(printable(text))
    return (
        "" if is_label(bare) or NOT_FILLED_IN.search(bare) or _ENDS.match(bare) or bare == "\ufff9" else bare
    )


def texts(most: int = 40) -> st.SearchStrategy[str]:
    return st.text(LETTER, max_size=most).map(filled)


NAMES = st.one_of(texts(), st.integers(1, 30).map(lambda n: "村道硬化及附属安全防护设施" * n)).map(
    lambda t: t or "里程"
)
MONEY = st.none() | st.decimals(0, 9_999_999, places=2)
LEVELS = st.sampled_from(
    [row[:2] for row in ROWS] + [("产出指标", "质量指标"), ("", ""), ("产出指标", ""), ("其他", "自定")]
)
VALUES = st.one_of(
    st.tuples(st.sampled_from(["", "≥", "≤", "=", "＞"]), st.integers(0, 10**6).map(str), st.sampled_from(["", "个", "公里", "%"])),
    st.tuples(st.sampled_from(["", "定性"]), texts().map(lambda t: t or "达标"), st.just("")),
    st.just(("", "", "")),
)  # fmt: skip


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    rows = []
    for n in range(draw(st.integers(1, 30) | st.integers(1, 4))):
        level1, level2 = draw(LEVELS)
        comparator, target, unit = draw(VALUES)
        rows.append(
            DraftRow(
                number=n + 1, level1=level1, level2=level2, name=draw(NAMES), comparator=comparator, target=target,
                unit=unit, weight=draw(st.none() | st.decimals(0, 100, places=1)),
            )
        )  # fmt: skip
    return Draft(
        project=draw(texts()), department=draw(texts(20)), unit=draw(texts(20)), goal=draw(texts(60)),
        year=draw(st.none() | st.integers(2015, 2040)), amount=draw(MONEY), rows=tuple(rows),
    )  # fmt: skip


HELD = {
    "application-2015": {"project", "department", "unit", "goal", "amount", "rows"},
    "application-county": {"project", "department", "unit", "goal", "amount", "weight"},
    "department": {"department", "goal", "amount"},
    "core": {"project", "department", "unit", "goal", "amount", "weight"},
    "self-evaluation": {"project", "department", "unit", "goal", "amount", "weight"},
    "monitoring": {"project", "department", "unit", "goal", "amount"},
    "import": {"project", "unit", "weight"},
}


@pytest.mark.parametrize(("form", "kind"), EACH)
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(made=drafts(), edition=st.sampled_from(Edition))
@example(made=draft(30, goal="很长的目标。" * 400), edition=Edition.E2021)
@example(made=draft(1, goal="金额单位：元"), edition=Edition.E2015)
def test_any_draft_reads_back_the_same(form: str, kind: Kind, made: Draft, edition: Edition) -> None:
    assume(form != "department" or made.department)
    read = read_back(made, form, kind, edition)
    placed = placed_rows(made.rows, edition)
    assert seen(read.rows) == seen(placed)
    assert read.year == made.year
    held = HELD[form]
    for field in held & {"project", "department", "unit", "goal", "amount"}:
        assert getattr(read, field) == getattr(made, field), field
    if "weight" in held:
        assert [r.weight for r in read.rows] == [r.weight for r in placed]
