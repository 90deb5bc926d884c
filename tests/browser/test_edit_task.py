"""Staff report a wrong field, an admin mends it with a preview, and history brings the old text back: in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kb.accounts import Role
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.browser.conftest import Watch, served

pytestmark = pytest.mark.browser

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
PASSWORD = "一句好记的话当作密码"
ROAD = "JT-SL-01"
As = Callable[..., Any]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base on the small catalogue with a drafter and an admin."""
    with KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=SMALL)) as kb:
        kb.accounts.add("小起", Role.DRAFTER, PASSWORD, actor="测试")
        kb.accounts.add("小管", Role.ADMIN, PASSWORD, actor="测试")
        yield kb


@pytest.fixture
def signed_in_as(browser: Any, office: KnowledgeBase) -> Iterator[As]:
    """Opens a page in which somebody has logged in; "" is a reader."""
    with served(office) as site:
        watch, contexts = Watch(site), []

        def open_as(name: str, path: str, **options: Any) -> Any:
            context = browser.new_context(
                locale="zh-CN", viewport={"width": 1280, "height": 900}, base_url=site, **options
            )
            contexts.append(context)
            page = context.new_page()
            watch.follow(page)
            if name:
                page.goto("/login")
                page.fill("#name", name)
                page.fill("#password", PASSWORD)
                page.get_by_role("button", name="登录").click()
                page.wait_for_url(lambda url: not url.endswith("/login"))
            page.goto(path)
            return page

        yield open_as
        for context in contexts:
            context.close()
        assert watch.outside == []
        # An error summary comes with status 400 and a conflict with 409, which Chromium writes down.
        assert [m for m in watch.console if "status of 4" not in m] == []


def ready(page: Any) -> Any:
    page.locator("#record-form[data-ready]").wait_for()
    return page


def field(page: Any, name: str) -> Any:
    return page.locator(f'[id="f.{name}"]')


def test_from_a_report_to_the_mended_record_and_back(signed_in_as: As, office: KnowledgeBase) -> None:
    staff = signed_in_as("小起", f"/i/{ROAD}")
    staff.get_by_role("link", name="报告问题", exact=True).click()
    staff.select_option("#field", "explanation")
    staff.fill("#text", "应当按竣工验收算")
    staff.fill("#suggestion", "当年竣工验收的县乡村道长度。")
    staff.get_by_role("button", name="提交").click()
    expect(staff.locator("h1")).to_have_text("待处理")
    receipt = staff.url

    admin = signed_in_as("小管", "/admin")
    admin.get_by_role("link", name="待办 1").click()
    admin.get_by_role("link", name="新建改建农村公路里程").click()
    admin.get_by_role("link", name="打开这一条来改").click()
    ready(admin)
    expect(field(admin, "explanation")).to_have_value("当年竣工验收的县乡村道长度。")
    admin.fill("#reason", "读者指出")
    admin.keyboard.press("Control+s")
    expect(admin.locator("#changes ins")).to_have_text("竣")
    expect(admin.locator(".as-shown .name")).to_have_text("新建改建农村公路里程")
    ready(admin)
    admin.keyboard.press("Control+s")
    expect(admin.locator(".notice.good").last).to_contain_text("已采纳")

    admin.goto(f"/history/{ROAD}")
    expect(admin.locator("#v2 del")).to_have_text("交")
    admin.locator("#v1").get_by_role("button").click()
    expect(admin.locator(".notice.good")).to_contain_text("已恢复到第 1 版")
    assert office.view(ROAD).indicator.explanation == "当年交工验收的县乡村道长度。"  # type: ignore[union-attr]
    staff.goto(receipt)
    expect(staff.locator("h1")).to_have_text("已采纳")


def test_rows_codes_and_levels_with_the_script(signed_in_as: As, office: KnowledgeBase) -> None:
    page = ready(signed_in_as("小管", f"/admin/edit/{ROAD}"))
    assert page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    page.locator('[data-add="f.pitfalls"]').click()
    expect(page.locator("[data-state]")).to_contain_text("有改动还没有保存")
    assert not page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    page.keyboard.type("空泛")
    page.locator(".suggestions:visible li").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field(page, "pitfalls.0.problem")).to_have_value("P01")
    field(page, "pitfalls.0.text").fill("后面的")
    page.locator('[data-add="f.pitfalls"]').click()
    field(page, "pitfalls.1.problem").fill("P01")
    field(page, "pitfalls.1.text").fill("前面的")
    page.locator('[id="f.pitfalls"] .row').nth(1).locator("[data-up]").click()
    page.locator('[data-add="f.placements"]').click()
    page.locator('[id="f.placements"] [data-drop]').click()
    field(page, "level1").select_option("效益指标")
    shown = field(page, "level2").locator("optgroup:not([disabled])")
    assert shown.evaluate_all("groups => groups.map((g) => g.label)") == [
        "产出指标",
        "效益指标",
    ]  # what is chosen stays
    field(page, "level1").select_option("产出指标")
    page.get_by_role("button", name="直接保存").click()
    expect(page.locator("h1")).to_have_text("新建改建农村公路里程")
    expect(page.locator(".notice.good")).to_contain_text("已保存")
    saved = office.view(ROAD).indicator  # type: ignore[union-attr]
    assert [p.text for p in saved.pitfalls] == ["前面的", "后面的"]
    assert saved.placements == ()


def test_the_whole_form_works_without_a_script(signed_in_as: As, office: KnowledgeBase) -> None:
    page = signed_in_as("小管", f"/admin/edit/{ROAD}", java_script_enabled=False)
    page.locator('button[value="add:f.pitfalls"]').click()
    field(page, "pitfalls.0.problem").fill("P01")
    field(page, "pitfalls.0.text").fill("只写“加快建设”")
    page.locator('button[value="cite:unit"]').click()
    field(page, "sources.1.source").fill("report")
    field(page, "unit").fill("千米")
    field(page, "unit").press("Enter")  # the first button of the form is the preview
    expect(page.locator("h1").first).to_have_text("预览：新建改建农村公路里程")
    page.get_by_role("button", name="返回修改").click()
    expect(field(page, "unit")).to_have_value("千米")
    page.get_by_role("button", name="直接保存").click()
    expect(page.locator("sup.cite a").first).to_have_attribute("title", "出处：某区绩效评价报告")
    saved = office.view(ROAD).indicator  # type: ignore[union-attr]
    assert (saved.unit, saved.pitfalls[0].problem, saved.sources[1].field) == ("千米", "P01", "unit")


def test_two_editors_lose_nothing(signed_in_as: As, office: KnowledgeBase) -> None:
    one, other = (ready(signed_in_as("小管", f"/admin/edit/{ROAD}")) for _ in "12")
    field(one, "unit").fill("千米")
    one.get_by_role("button", name="直接保存").click()
    expect(one.locator("h1")).to_have_text("新建改建农村公路里程")
    field(other, "unit").fill("米")
    field(other, "explanation").fill("我写的解释。")
    other.get_by_role("button", name="直接保存").click()
    expect(other.locator("h1")).to_contain_text("别人也改了")
    other.get_by_text("用我的").click()
    other.get_by_role("button", name="合并并保存").click()
    expect(other.locator("h1")).to_have_text("新建改建农村公路里程")
    saved = office.view(ROAD).indicator  # type: ignore[union-attr]
    assert (saved.unit, saved.explanation) == ("米", "我写的解释。")


def test_faults_are_found_by_the_keyboard(signed_in_as: As) -> None:
    page = ready(signed_in_as("小管", f"/admin/edit/{ROAD}"))
    field(page, "name").fill("")
    page.keyboard.press("Control+s")
    summary = page.locator("#summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(field(page, "name")).to_be_focused()


def test_markdown_is_shown_while_typing(signed_in_as: As) -> None:
    page = ready(signed_in_as("小管", "/admin/edit/ZN-SL"))
    field(page, "text").fill(f"## 新标题\n\n[里程](kb:{ROAD}) <img src=x onerror=alert(1)>")
    expect(page.locator("#markdown-shown h2")).to_have_text("新标题")
    expect(page.locator("#markdown-shown a")).to_have_attribute("href", f"/i/{ROAD}")
    assert page.locator("#markdown-shown img").count() == 0


@pytest.mark.parametrize("width", [1366, 390])
def test_no_page_of_editing_scrolls_sideways(signed_in_as: As, width: int) -> None:
    page = signed_in_as("小管", "/admin/queue")
    page.set_viewport_size({"width": width, "height": 900})
    for path in (f"/admin/edit/{ROAD}", "/admin/edit/XM-1", "/admin/edit/P01", "/admin/edit/ZN-SL", "/admin/new", "/admin/new/project",
                 f"/history/{ROAD}", f"/report?code={ROAD}", "/admin/queue", "/account/proposals"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
