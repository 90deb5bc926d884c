"""An admin merges next year's base and trusts a key in a real browser, wide and narrow, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect

from indicators.model import Indicator, IndicatorSet
from kb.imports import SetAbout
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from loaders.signing import SigningKey, spoken, write_public
from tests.browser.conftest import Watch, served
from tests.web.conftest import PASSWORD, SMALL

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def stocked(kb: KnowledgeBase) -> None:
    """A county's set over one that has since changed what the county changed too."""
    road = kb.record("JT-SL-01")
    assert isinstance(road, Indicator)
    kb.accounts.add("小管", Role.ADMIN, PASSWORD, actor="测试")
    kb.write(
        [IndicatorSet(code="JH-R", name="路库", edition="2025", members=("JT-SL-01", "JT-ZL-01"))],
        name="集",
        actor="a",
        reason="",
    )
    kb.overlays.make("XIAN", "JH-R", SetAbout(region="某县"), actor="a")
    (code,), _ = kb.overlays.copy("XIAN", ["JT-SL-01"], actor="a")
    copy = kb.record(code)
    assert isinstance(copy, Indicator)
    county = msgspec.structs.replace(copy, unit="千米")
    kb.write(
        [county, msgspec.structs.replace(road, unit="米", formula="求和")], name="改", actor="a", reason=""
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, KnowledgeBase]]:
    with KnowledgeBase.open(Settings(tmp_path_factory.mktemp("office"), catalogue=SMALL)) as kb:
        stocked(kb)
        with served(kb) as address:
            yield address, kb


@pytest.fixture
def visit(browser: Any, office: tuple[str, KnowledgeBase]) -> Iterator[Open]:
    """Opens a page as the admin, without JavaScript; nothing may err or ask elsewhere."""
    watch, contexts = Watch(office[0]), []

    def opener(path: str, width: int) -> Any:
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False)
        )
        page = contexts[-1].new_page()
        watch.follow(page)
        page.goto(f"{office[0]}/login?next={path}")
        page.fill("#name", "小管")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(f"**{path}")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert watch.outside == []
    assert watch.console == []


def fits(page: Any, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_conflict_is_chosen_and_merged(visit: Open, office: tuple[str, KnowledgeBase]) -> None:
    for width in (390, 1366):
        page = visit("/admin/overlays", width)
        fits(page, width)
        page.click("text=看上级的变化")
        expect(page.locator("main")).to_contain_text("两边都改了，要选 1")
        fits(page, width)
    page.click("text=留本地的")
    page.click("text=确认合并")
    expect(page.locator("[role=status]")).to_contain_text("已合并")
    fits(page, 1366)
    (merged,) = [r for r in office[1].loading.records_of("XIAN") if isinstance(r, Indicator) and r.overlays]
    assert (merged.unit, merged.formula) == ("千米", "求和")


def test_a_key_is_compared_before_it_is_trusted(
    visit: Open, office: tuple[str, KnowledgeBase], tmp_path: Path
) -> None:
    key = SigningKey.make("邻县财政局").public
    file = tmp_path / "邻县.kbkey"
    file.write_bytes(write_public(key))
    page = visit("/admin/packs", 390)
    fits(page, 390)
    page.set_input_files("#kbkey", str(file))
    page.click("text=看指纹")
    expect(page.locator(".fingerprint")).to_have_text(spoken(key.fingerprint))
    fits(page, 390)
    page.check("input[name=compared]")
    page.click("text=信任这个公钥")
    expect(page.locator("[role=status]")).to_contain_text("已信任")
    assert [k.name for k in office[1].keys.trusted()] == ["邻县财政局"]
