"""The main job in a real browser: from everyday words to an indicator, by keyboard, by mouse, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def test_search_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("修路")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.locator(".hit").first).to_be_visible()
    page.locator(".hit h2 a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".crumbs [aria-current=page]")
    assert page.locator("h1").inner_text()


def test_slash_goes_to_the_search_box(open_page: Open) -> None:
    page = open_page("/problems")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("a/b")
    expect(page.locator("input[name=q]")).to_have_value("a/b")


def test_suggestions_by_keyboard(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.type("道路", delay=30)
    page.wait_for_selector(".suggestions li")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(".suggestions li[aria-selected=true]")
    expect(chosen).to_have_count(1)
    assert page.locator("input[name=q]").get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    assert not page.locator(".suggestions").is_visible()
    expect(page.locator("input[name=q]")).to_have_value("道路")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")


def test_skip_link_comes_first(open_page: Open) -> None:
    page = open_page("/problems")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.locator(".skip").bounding_box()
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_focus_is_visible(open_page: Open) -> None:
    page = open_page("/search?q=满意度")
    for selector in (".brand", ".facet a", ".hit h2 a", ".searchbox button"):
        page.keyboard.press("Tab")
        page.locator(selector).first.focus()
        style = page.locator(selector).first.evaluate(
            "e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth"
        )
        assert style == "solid3px", selector


def test_facets_narrow_add_and_go(open_page: Open) -> None:
    page = open_page("/search?q=满意度")
    before = total(page)
    page.locator(".facet", has_text="类别").locator("a").first.click()
    page.wait_for_selector(".chip")
    narrowed = total(page)
    assert 0 < narrowed <= before
    assert "kind=" in page.url
    page.locator(".facet", has_text="行业").locator("a").first.click()
    page.wait_for_url("**sector=**")
    expect(page.locator(".chip")).to_have_count(2)
    assert total(page) <= narrowed
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)
    page.locator(".chip").first.click()
    page.wait_for_function("!document.querySelector('.chip')")
    assert total(page) == before


def total(page: Any) -> int:
    """Number of results that the page tells."""
    found = re.search(r"共\s*([\d,]+)\s*条", page.locator(".summary-line").inner_text())
    assert found
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("script", [True, False], ids=["js", "no-js"])
def test_whole_task_with_and_without_javascript(open_page: Open, script: bool) -> None:
    page = open_page("/", java_script_enabled=script)
    page.fill("input[name=q]", "村里修路")
    page.click(".searchbox button")
    expect(page.locator(".hit").first).to_be_visible()
    page.locator(".facet a", has_text="指标").first.click()
    page.locator(".hit h2 a").first.click()
    expect(page.locator("#calc")).to_be_visible()
    expect(page.locator("text=怎么定值").first).to_be_visible()
    shown = 1 if script and page.locator(".copy").count() else 0
    expect(page.locator(".copy:visible")).to_have_count(shown)


def test_copy_puts_the_wording_on_the_clipboard(open_page: Open, site: str) -> None:
    page = open_page("/i/JT-SL-01", permissions=["clipboard-read", "clipboard-write"])
    page.click(".copy")
    page.wait_for_selector("text=已复制")
    assert (
        page.evaluate("navigator.clipboard.readText()")
        == page.locator(".compare .good .said").inner_text().strip()
    )


def test_tables_sort_within_their_groups(open_page: Open) -> None:
    page = open_page("/sectors")
    head = page.locator("thead th", has_text="项目")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    counts = page.locator("td[data-label=项目]").all_inner_texts()
    numbers = [int(c) if c.strip().isdigit() else -1 for c in counts]
    assert numbers == sorted(numbers, reverse=True)


def test_table_heads_stay_in_view(open_page: Open) -> None:
    page = open_page("/sector/JT")
    head = page.locator("#all thead th").first
    page.locator("#all tbody tr").nth(30).scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(100)
    assert head.bounding_box()["y"] == pytest.approx(0, abs=1)
