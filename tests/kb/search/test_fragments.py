"""Any fragment of any text finds its record, before and after updates; marks never change a text."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.search.answer import Filters, SearchDocument
from kb.search.engine import SearchEngine
from kb.search.text import fold
from kb.search.vocabulary import Vocabulary
from tests.examples import examples
from tests.kb.search.conftest import document

ALPHABET = '农村公路养护里程率的不12.㎡％ -“”"名称:()，。ＰＭa\u200b驗收\n'
TEXT = st.text(ALPHABET, min_size=1, max_size=24)


def found(engine: SearchEngine, fragment: str) -> set[str]:
    return {hit.id for hit in engine.search(fragment, Filters(), 10_000, 0).hits}


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6), st.data())
def test_any_fragment_of_any_text(tmp_path_factory, rows, data) -> None:  # type: ignore[no-untyped-def]
    engine = SearchEngine(Path(tmp_path_factory.mktemp("fragments")), Vocabulary())
    half = len(rows) // 2
    made = [document(f"X-{n}", *row, aliases=(row[1],)) for n, row in enumerate(rows)]
    engine.rebuild(made[:half], half)
    engine.update(made[half:], [])
    for n, row in enumerate(rows):
        text = data.draw(st.sampled_from(row))
        start = data.draw(st.integers(0, len(text) - 1))
        fragment = text[start : data.draw(st.integers(start + 1, len(text)))]
        if fold(fragment).strip():
            assert f"X-{n}" in found(engine, fragment), fragment
    engine.close()


def test_fragments_of_the_shipped_catalogue(engine: SearchEngine, shipped: list[SearchDocument]) -> None:
    chance = random.Random(5)
    for _ in range(300):
        record = chance.choice(shipped)
        text = chance.choice((record.name, *record.aliases, *record.body, *record.aside))
        start = chance.randrange(len(text))
        fragment = text[start : start + chance.choice((1, 2, 3, 5, 8, 20, 60))]
        if fold(fragment).strip():
            assert record.id in found(engine, fragment), (record.id, fragment)


def test_marks_lie_inside_the_text_and_apart(engine: SearchEngine, shipped: list[SearchDocument]) -> None:
    by_id = {record.id: record for record in shipped}
    for query in ("农村公路", "ＰＭ２．５", "满意度 调查", "验收", "村里修路", "12月底前完工"):
        for hit in engine.search(query, Filters(), 50, 0).hits:
            for text, marks in ((hit.snippet, hit.marks), (hit.name, hit.name_marks)):
                places = [place for mark in marks for place in mark]
                assert places == sorted(set(places))
                assert not places or (places[0] >= 0 and places[-1] <= len(text))
            bare = hit.snippet.removeprefix("…").removesuffix("…")
            assert not by_id[hit.id].body or any(
                bare in text for text in (*by_id[hit.id].body, *by_id[hit.id].aside)
            )
