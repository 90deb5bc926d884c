"""The search state: any query string gives one, and its address gives it back."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from kb.search.answer import Filters
from web.query import FACETS, LAST_PAGE, LONGEST_QUERY, SearchState, clean, read_state

PAIRS = st.lists(st.tuples(st.sampled_from(["q", "page", "x", *FACETS]), st.text(max_size=300)), max_size=30)


def from_url(url: str) -> SearchState:
    return read_state(MultiDict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))


@given(PAIRS)
def test_any_query_string_is_a_state_that_its_address_keeps(pairs: list[tuple[str, str]]) -> None:
    state = read_state(MultiDict(pairs))
    assert len(state.q) <= LONGEST_QUERY
    assert 1 <= state.page <= LAST_PAGE
    again = from_url(state.url)
    assert (again.q, again.filters) == (state.q, state.filters)
    if state.asks:
        assert again.page == state.page


@given(st.text())
def test_clean_leaves_one_printable_line(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert clean(cleaned) == cleaned
    assert "  " not in cleaned


def test_toggling_twice_is_nothing() -> None:
    state = SearchState(q="修路", filters=Filters(sector=("教育",)), page=3)
    toggled = state.toggled("sector", "交通运输")
    assert toggled.filters.sector == ("教育", "交通运输")
    assert toggled.page == 1
    assert toggled.toggled("sector", "交通运输") == state.at(1)


def test_choices_survive_a_new_word() -> None:
    state = SearchState(q="修路", filters=Filters(kind=("indicator",)), page=2)
    assert from_url(state.asking("修桥").url) == SearchState(q="修桥", filters=Filters(kind=("indicator",)))
