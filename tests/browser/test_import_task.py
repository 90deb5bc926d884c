"""The admin's whole task in a real browser: a messy workbook in, corrected, decided, loaded, annotated, taken back."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import expect

from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from loaders.exports import export
from tests.browser.conftest import Watch, served
from tests.loaders.build import saved

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
PASSWORD = "一句好记的话当作密码"
SHOTS = os.environ.get("KB_SHOTS", "")
"""Folder for pictures of each step, to be looked at; without it none are taken."""


def messy(rows: list[list[str]]) -> bytes:
    """A set as offices send it: a title, a note, two rows of heads, levels merged, a column misnamed."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "教育"
    sheet.append(["某县教育行业绩效指标体系（2026年）"])
    sheet.append(["制表：财政局绩效科"])
    sheet.append(["指标分级", "", "指标", "", "口径", ""])
    sheet.append(["一级指标", "二级指标", "三级指标", "计量单位", "考核内容", "数据来源"])
    for row in rows:
        sheet.append(row)
    sheet.append(["说明：本表自发文之日起执行。"])
    for area in ("A1:F1", "A2:F2", "A3:B3", "C3:D3", "E3:F3"):
        sheet.merge_cells(area)
    return saved(book)


FIRST = [
    ["产出指标", "数量指标", "新增学位数", "个", "当年新增的学位。", "教育统计"],
    ["", "", "改造教室数", "间", "改造并验收。", "竣工资料"],
    ["", "质量指标", "验收合格率", "%", "合格数之比。", "验收单"],
    ["满意度指标", "服务对象满意度指标", "学生满意度", "%", "问卷。", "问卷"],
]
SECOND = [
    ["产出指标", "数量指标", "新增中小学学位数", "个", "当年新增的中小学学位。", "教育统计"],
    ["", "", "改造教室数", "座", "改造、验收并启用。", "竣工资料"],
    ["", "", "", "所", "没有名称的一行。", "文件"],
    ["", "", "新建改建农村公路里程数", "千米", "通校公路。", "交工资料"],
    ["", "质量指标", "", "%", "又一行没有名称。", "文件"],
    ["", "", "验收合格率", "%", "合格数之比。", "验收单"],
    ["满意度指标", "服务对象满意度指标", "学生满意度", "%", "问卷。", "问卷"],
]


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base on the small catalogue with an admin."""
    with KnowledgeBase.open(Settings(tmp_path / "home", catalogue=SMALL)) as opened:
        opened.accounts.add("小管", Role.ADMIN, PASSWORD, actor="测试")
        yield opened


@pytest.fixture
def page(browser: Any, kb: KnowledgeBase) -> Iterator[Any]:
    """The admin's page; afterwards it may not have erred or asked elsewhere."""
    with served(kb) as site:
        watch = Watch(site)
        context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN", base_url=site)
        opened = context.new_page()
        watch.follow(opened)
        log_in(opened)
        yield opened
        context.close()
        assert watch.outside == []
        assert watch.console == []


def log_in(page: Any) -> None:
    page.goto("/login?next=/admin/import")
    page.fill("input[name=name]", "小管")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/admin/import")


def shot(page: Any, name: str) -> None:
    """A picture of a step, wide and narrow; on a narrow screen nothing may stick out."""
    wide = page.viewport_size
    for width, height in ((1366, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/import-{name}-{width}.png", full_page=True)
    page.set_viewport_size(wide)


def hand_in(page: Any, file: Path, set_name: str) -> None:
    page.goto("/admin/import")
    page.set_input_files("#file", str(file))
    page.fill("#set", set_name)
    page.click("text=上传并预览")
    page.wait_for_selector("#summary", timeout=60_000)


def everything(kb: KnowledgeBase) -> bytes:
    return export("a.json", kb.loading.records_of())


def test_the_whole_task(page: Any, kb: KnowledgeBase, tmp_path: Path) -> None:
    shot(page, "1-start")
    first, second = tmp_path / "县库2025.xlsx", tmp_path / "县库2026.xlsx"
    first.write_bytes(messy(FIRST))
    second.write_bytes(messy(SECOND))

    hand_in(page, first, "教育县库")
    column = page.locator("td", has=page.locator('select[aria-label*="考核内容"]'))
    chip = page.locator(".chips .chip", has_text="指标解释")
    chip.drag_to(column)  # a field that no column has, onto one that was not understood
    expect(column.locator("select")).to_have_value("explanation")
    shot(page, "2-columns")
    page.click("text=按更正的列重新读")
    page.wait_for_selector("#summary", timeout=60_000)
    page.locator("#commit button", has_text="确认入库").click()
    page.wait_for_url("**/admin/batch/*", timeout=60_000)
    start = everything(kb)

    hand_in(page, second, "教育县库")
    expect(page.locator("#columns")).to_contain_text("这种表头以前更正过")
    expect(page.locator("#errors h2")).to_contain_text("错误 2 处，按原因分 1 类")
    page.locator("#errors summary").first.click()
    shot(page, "3-preview")
    with page.expect_download() as download:
        page.click("text=下载有错误的行")
    bad = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert download.value.suggested_filename == "县库2026（补正）.xlsx"
    assert bad.worksheets[0].max_row == 3

    page.locator('select[name^="like:"]').first.select_option("JT-SL-01")
    gone = page.locator('select[name^="gone:"]').first
    gone.select_option(index=3)
    page.click("text=按所选重新算差异")
    page.wait_for_selector("#summary", timeout=60_000)
    expect(page.locator("#summary")).to_contain_text("停用 1")
    page.click("#changes >> text=修改")
    expect(page.locator("#changes")).to_contain_text("由文件里的“新建改建农村公路里程数”并入")
    expect(page.locator("#touched")).to_contain_text("甲乡至乙村道路改造")
    shot(page, "4-decided")

    page.locator("#commit button", has_text="确认入库").click()
    expect(page.locator(".notice.bad").first).to_contain_text("没有入库")  # strict by default
    page.check("input[name=good][value='1']")
    page.fill("#title", "教育县库 2026 年版")
    page.fill("#reason", "年度更新")
    page.locator("#commit button", has_text="确认入库").click()
    page.wait_for_url("**/admin/batch/*", timeout=60_000)
    expect(page.locator("main")).to_contain_text("入库：教育县库 2026 年版")
    expect(page.locator("#notes")).to_contain_text("改用 新增中小学学位数")
    shot(page, "5-batch")

    page.locator("#notes summary").click()
    page.fill("#text", page.input_value("#text") + "\n请各校按新口径填报。\n")
    page.locator("#notes button", has_text="保存").click()
    expect(page.locator("#notes .note")).to_contain_text("请各校按新口径填报")
    found = kb.loading.find_set("教育县库")
    assert found is not None
    batch = page.url
    page.goto(f"/set/{found.code}")
    expect(page.locator("main")).to_contain_text("请各校按新口径填报")
    shot(page, "6-set")
    retired = next(r for r in kb.loading.records_of("教育县库") if isinstance(r, Indicator) and r.successor)
    page.goto(f"/i/{retired.code}")
    expect(page.locator(".notice.warn")).to_contain_text("新增中小学学位数")

    page.goto(batch)
    page.locator("main button", has_text="撤回").first.click()
    expect(page.locator(".notice.warn")).to_contain_text("撤回")
    shot(page, "7-undone")
    assert everything(kb) == start
    page.goto("/admin/batches")
    shot(page, "8-batches")
    page.goto("/admin/import/columns")
    shot(page, "9-columns")


def test_columns_by_keyboard_and_swapped_by_drag(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "县库.xlsx"
    file.write_bytes(messy(FIRST))
    hand_in(page, file, "键盘")
    unit = page.locator('select[aria-label*="计量单位"]')
    source = page.locator('select[aria-label*="数据来源"]')
    page.locator("td", has=unit).locator(".chip").drag_to(page.locator("td", has=source))
    expect(unit).to_have_value("data_source")
    expect(source).to_have_value("unit_of_value")
    unit.focus()
    page.keyboard.press("Home")  # 不用这一列
    expect(unit).to_have_value("")
    source.select_option("data_source")
    unit.select_option("unit_of_value")
    expect(source).to_have_value("data_source")


def test_all_of_it_works_without_javascript(browser: Any, kb: KnowledgeBase, tmp_path: Path) -> None:
    file = tmp_path / "县库.xlsx"
    file.write_bytes(messy(FIRST))
    with served(kb) as site:
        context = browser.new_context(java_script_enabled=False, base_url=site)
        page = context.new_page()
        log_in(page)
        hand_in(page, file, "无脚本")
        page.locator('select[aria-label*="考核内容"]').select_option("explanation")
        page.click("text=按更正的列重新读")
        page.wait_for_selector("#summary", timeout=60_000)
        expect(page.locator('select[aria-label*="考核内容"]')).to_have_value("explanation")
        page.locator("#commit button", has_text="确认入库").click()
        page.wait_for_url("**/admin/batch/*", timeout=60_000)
        context.close()
    assert kb.loading.find_set("无脚本") is not None


def test_pages_of_choices_keep_what_was_chosen(
    page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.import_view.CHOICES", 2)
    first, second = tmp_path / "县库2025.xlsx", tmp_path / "县库2026.xlsx"
    first.write_bytes(messy(FIRST))
    second.write_bytes(messy([["产出指标", "数量指标", "养护里程", "公里", "当年养护的。", "统计"]]))
    hand_in(page, first, "教育县库")
    page.locator("#commit button", has_text="确认入库").click()
    page.wait_for_url("**/admin/batch/*", timeout=60_000)
    hand_in(page, second, "教育县库")
    gone = page.locator('select[name^="gone:"]')
    gone.first.select_option("retire")
    page.get_by_role("button", name="翻到第 2 页").click()
    page.wait_for_url("**gone=2*", timeout=60_000)
    gone.first.select_option("other")
    successor = page.locator('input[name^="successor:"]').first
    successor.fill("没有")
    successor.press("Enter")  # what was chosen is planned, and no page turned
    page.wait_for_selector(".notice.bad", timeout=60_000)
    assert "gone=2" in page.url
    shot(page, "8-pages")
    page.get_by_role("button", name="翻到第 1 页").click()
    page.wait_for_url("**#vanished", timeout=60_000)
    expect(gone.first).to_have_value("retire")
