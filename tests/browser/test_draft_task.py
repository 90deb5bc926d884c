"""The drafter's job in a real browser: from a sentence to a downloaded form, by keys and by paste."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from loaders.drafts import read_drafts

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
ROAD = "修5公里村道，投资300万元，6个月完工，受益3个村"


def editor(open_page: Open, **options: Any) -> Any:
    page = open_page("/draft", **options)
    page.fill("#text", ROAD)
    page.click("#go")
    page.click("#make")
    page.wait_for_selector("#grid")
    if options.get("java_script_enabled", True):
        page.locator(".scripted").wait_for()  # shown by the script: keys and paste work from here on
    return page


def saved(page: Any) -> None:
    page.locator("#state", has_text="已自动保存").wait_for()


def paste(page: Any, text: str) -> None:
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def test_from_sentence_to_downloaded_form(open_page: Open, tmp_path: Path) -> None:
    page = editor(open_page)
    page.fill("#row-1 [name=row-target]", "60")
    saved(page)
    with page.expect_download() as download:
        page.click("a[href*='form=core'][href*='kind=xlsx']")
    file = tmp_path / "core.xlsx"
    download.value.save_as(file)
    table = read_drafts("core.xlsx", file.read_bytes()).drafts[0]
    assert any("60" in row.target for row in table.rows)


def test_paste_from_a_spreadsheet_and_undo(open_page: Open) -> None:
    page = editor(open_page)
    rows = page.locator("#grid tbody.row").count()
    page.focus(f"#row-{rows} [name=row-name]")
    paste(page, "粘贴一\t≥\t95\t%\t5\n粘贴二\t≤\t3\t起\t5\n")
    expect(page.locator("#grid tbody.row")).to_have_count(rows + 1)
    expect(page.locator(f"#row-{rows + 1} [name=row-name]")).to_have_value("粘贴二")
    expect(page.locator(f"#row-{rows} [name=row-target]")).to_have_value("95")
    page.keyboard.press("Control+z")
    expect(page.locator("#grid tbody.row")).to_have_count(rows)
    page.keyboard.press("Control+y")
    expect(page.locator("#grid tbody.row")).to_have_count(rows + 1)
    saved(page)
    page.reload()
    expect(page.locator(f"#row-{rows + 1} [name=row-name]")).to_have_value("粘贴二")


def test_keys_walk_move_copy_and_delete(open_page: Open) -> None:
    page = editor(open_page)
    first, second = (page.input_value(f"#row-{n} [name=row-name]") for n in (1, 2))
    rows = page.locator("#grid tbody.row").count()
    page.focus("#row-1 [name=row-name]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tbody').id") == "row-2"
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#row-1 [name=row-name]")).to_have_value(second)
    page.keyboard.press("Control+d")
    expect(page.locator("#grid tbody.row")).to_have_count(rows + 1)
    page.keyboard.press("Control+Delete")
    expect(page.locator("#grid tbody.row")).to_have_count(rows)
    assert first in [page.input_value(f"#row-{n} [name=row-name]") for n in (1, 2)]
    saved(page)


def test_findings_come_as_one_types(open_page: Open) -> None:
    page = editor(open_page)
    page.fill("#row-2 [name=row-target]", "进一步改善")
    page.wait_for_selector("#row-2 .beside li")
    page.fill("#row-2 [name=row-target]", "5")
    page.locator("#row-2 .echo", has_text="读作 ≥5公里").wait_for()
    saved(page)


def test_weights_balance_around_a_lock(open_page: Open) -> None:
    page = editor(open_page)
    page.fill("#row-2 [name=row-weight]", "25")
    page.check("#row-2 [name=lock]")
    page.click("button[value=balance]")
    page.locator("#sums", has_text="合计 90 分").wait_for()
    expect(page.locator("#row-2 [name=row-weight]")).to_have_value("25")
    saved(page)


def test_without_javascript(open_page: Open) -> None:
    page = editor(open_page, java_script_enabled=False)
    rows = page.locator("#grid tbody.row").count()
    page.click("#add")
    expect(page.locator("#grid tbody.row")).to_have_count(rows + 1)
    page.fill(f"#row-{rows + 1} [name=row-name]", "自拟指标")
    page.click("button[value=save]")
    expect(page.locator(f"#row-{rows + 1} [name=row-name]")).to_have_value("自拟指标")


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_wider_than_the_window(open_page: Open, width: int) -> None:
    page = editor(open_page, viewport={"width": width, "height": 800})
    address = page.url.split("#")[0].split("?")[0]
    for path in ("", "/receipt", "/versions"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
