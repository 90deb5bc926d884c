"""Marks and snippets on the original text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kb.search.highlight import WIDTH, marks, snippet
from kb.search.text import normalise

LONG = (
    "当年建成并通过交工验收的县道、乡道、村道长度，" * 8
    + "按施工图桩号丈量ＰＭ２．５只完成路基的路段不计。"
    + "其余略。" * 40
)


def test_overlapping_and_touching_marks_are_one() -> None:
    assert marks(normalise("农村公路养护里程"), ["农村公路", "公路养护", "里程"]) == ((0, 8),)
    assert marks(normalise("公路、公路"), ["公路"]) == ((0, 2), (3, 5))


def test_marks_stand_on_the_original() -> None:
    text = "ＰＭ２．５與驗㎡"
    (mark,) = marks(normalise(text), ["pm2.5"])
    assert text[slice(*mark)] == "ＰＭ２．５"
    (area,) = marks(normalise(text), ["验m2"])
    assert text[slice(*area)] == "驗㎡"


def test_a_long_text_is_cut_around_the_marks_at_a_break() -> None:
    shown, found = snippet([(LONG, normalise(LONG))], ["pm2.5"], ["pm2.5"])
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert [shown[a:b] for a, b in found] == ["ＰＭ２．５"]
    assert shown[1:].startswith("按施工图")
    assert len(shown) < WIDTH + 40


def test_the_first_text_is_shown_unless_another_tells_more() -> None:
    bodies = [(text, normalise(text)) for text in ("建成验收的长度。", "写成里程完成率一百。")]
    assert snippet(bodies, ["里程"])[0] == "建成验收的长度。"
    assert snippet(bodies, ["里程"], ["里程"])[0] == "写成里程完成率一百。"
    assert snippet([], ["里程"]) == ("", ())


@given(
    st.text("农村公路PM2.5，。 ", max_size=300),
    st.lists(st.text("农村公路pm2", min_size=1, max_size=3), max_size=4),
)
def test_a_snippet_is_a_piece_of_its_text(text: str, words: list[str]) -> None:
    shown, found = snippet([(text, normalise(text))], words, words)
    assert shown.removeprefix("…").removesuffix("…") in text
    assert all(0 <= a < b <= len(shown) for a, b in found)
    assert all(normalise(shown[a:b]).text for a, b in found)
