"""A reviewer's work in a real browser: hand in, watch, go by keys, decide, download; and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.bench.season import bad_files, files, forms, packed
from tests.browser.conftest import Watch, served

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
TABLE = (
    "一级指标\t二级指标\t三级指标\t指标值\t计量单位\n产出指标\t数量指标\t硬化里程\t5\t\n"
    "效益指标\t社会效益指标\t群众出行条件\t明显改善\t\n"
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of pages on a knowledge base that these tests may write to."""
    with (
        KnowledgeBase.open(Settings(tmp_path_factory.mktemp("office"), catalogue=SMALL)) as kb,
        served(kb) as address,
    ):
        yield address


@pytest.fixture
def visit(browser: Any, office: str) -> Iterator[Open]:
    """Opens a page of the office; afterwards none may have erred or asked elsewhere."""
    watch, contexts = Watch(office), []

    def opener(path: str, **options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}))
        page = contexts[-1].new_page()
        watch.follow(page)
        page.goto(office + path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert watch.outside == []
    assert watch.console == []


def paste(page: Any) -> None:
    page.fill("#text", TABLE)
    page.click("#go")
    page.wait_for_selector(".risks", timeout=20_000)


def test_pasting_leads_to_a_table_that_is_worked_by_keys(visit: Open) -> None:
    page = visit("/review")
    paste(page)
    page.click(".risks tbody a")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    first = page.locator(".finding.current").get_attribute("id")
    page.keyboard.press("j")
    expect(page.locator(".finding.current")).not_to_have_id(str(first))
    page.keyboard.press("k")
    expect(page.locator(".finding.current")).to_have_id(str(first))
    page.keyboard.press("a")
    page.wait_for_selector(".finding.decided")
    expect(page.locator(f'[id="{first}"] .badge.good')).to_have_text("采纳")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator(".finding.current")).not_to_have_id(str(first))  # on to the next that waits
    page.keyboard.press("d")
    page.keyboard.type("批复文件如此 jkad")
    page.keyboard.press("Enter")
    page.wait_for_selector(".finding.decided >> nth=1")
    expect(page.locator("main")).to_contain_text("批复文件如此 jkad")


def test_editing_a_row_shows_what_was_changed(visit: Open) -> None:
    page = visit("/review")
    paste(page)
    page.click(".risks tbody a")
    finding = page.locator(".finding", has_text="P01").first
    finding.locator("details.rewrite summary").click()
    finding.locator("input[name=new-target]").fill("≥90%")
    finding.locator("details.rewrite button").click()
    page.wait_for_selector(".change ins")
    expect(page.locator(".change ins").first).to_have_text("≥90%")
    with page.expect_download() as download:
        page.click("text=批注表和修改稿")
    assert download.value.suggested_filename.endswith("体检批注.xlsx")


def test_a_season_is_dropped_watched_and_read_on_a_phone(visit: Open, tmp_path: Path) -> None:
    archive = tmp_path / "季.zip"
    archive.write_bytes(packed(iter([*files(forms(40), ["xlsx", "docx", "csv"]), *bad_files()])))
    page = visit("/review")
    page.set_input_files("#file", str(archive))
    expect(page.locator("#chosen")).to_contain_text("已选 1 个文件")
    page.click("#go")
    page.wait_for_selector(".risks", timeout=40_000)
    assert page.locator(".risks tbody tr").count() >= 40
    assert "没有读出的文件" in page.inner_text("#unread")
    url = page.url
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("", "/1", "/statistics", "/alike"):
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_all_of_it_works_without_javascript(visit: Open) -> None:
    page = visit("/review", java_script_enabled=False)
    page.fill("#text", TABLE)
    page.click("#go")
    page.wait_for_selector(".risks", timeout=30_000)  # the page refreshes itself
    page.click(".risks tbody a")
    finding = page.locator(".finding", has_text="P01").first
    finding.locator("details.why summary").click()
    finding.locator("input[name=reason]").fill("有分档")
    finding.locator("details.why button").click()
    expect(page.locator("main")).to_contain_text("理由：有分档")
    assert re.search(r"/review/[\w-]{22}/1", page.url)


def test_rules_are_found_from_the_problem_and_back(visit: Open) -> None:
    page = visit("/rules/P01")
    assert page.locator("h1").inner_text()
    page.click("text=看全部规则")
    assert page.locator('a[href="/rules/P02"]').count() == 1
