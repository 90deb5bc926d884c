"""Every kind of page in a real browser: narrow, dark, on paper; nothing from outside, nothing on the console."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indicators.model import Indicator, Kind, Project, Record
from indicators.shipped import read_catalogue
from kb.links import PATHS, url_of

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
LISTS = (
    "/",
    "/search",
    "/search?q=满意度",
    "/search?q=龘龘龘龘",
    "/sectors",
    "/frameworks",
    "/problems",
    "/guides",
    "/sources",
    "/projects",
    "/review",
    "/rules",
    "/rules/P01",
    "/health",
    "/news",
    "/sets",
    "/login",
)
HARD = Path(__file__).parents[1] / "cases" / "pages"
SHOTS = os.environ.get("KB_SHOTS", "")
"""Folder that screenshots are left in, to be looked at; none are made without it."""


def heaviest(catalogue: list[Record]) -> dict[Kind, Record]:
    """Of each kind the record with the most text: what fits it fits the others."""
    found: dict[Kind, Record] = {}
    for record in sorted(catalogue, key=lambda r: len(str(r))):
        found[record.kind] = record
    return {kind: record for kind, record in found.items() if kind in PATHS}


@pytest.fixture(scope="module")
def addresses(catalogue: list[Record]) -> list[str]:
    """All lists, the heaviest record of each kind, the longest name, the most used indicator."""
    linked = [t.indicator for p in catalogue if isinstance(p, Project) for t in p.targets if t.indicator]
    used = max(set(linked), key=linked.count) if linked else ""
    longest = max((r for r in catalogue if r.kind in PATHS), key=lambda r: len(r.name))
    extra = [r for r in catalogue if r.code == used and isinstance(r, Indicator)]
    records = [*heaviest(catalogue).values(), longest, *extra]
    return list(dict.fromkeys([*LISTS, *(url_of(r.kind, r.code) for r in records)]))


def shoot(page: Any, url: str, name: str) -> None:
    """Leave a screenshot where ``KB_SHOTS`` asks for it."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        stem = url.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "home"
        page.screenshot(path=f"{SHOTS}/{stem}-{name}.png", full_page=True)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_scrolls_sideways(open_page: Open, site: str, addresses: list[str], width: int) -> None:
    page = open_page("/", viewport={"width": width, "height": 800})
    wide = []
    for url in addresses:
        page.goto(site + url)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append((url, page.evaluate(WIDEST)))
        shoot(page, url, str(width))
    assert wide == []


@pytest.mark.parametrize("width", [360, 1280])
def test_hard_records_do_not_burst_the_page(browser: Any, hard_site: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    wide = []
    for record in read_catalogue(HARD):
        if record.kind in PATHS:
            page.goto(hard_site + url_of(record.kind, record.code))
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((record.code, page.evaluate(WIDEST)))
    page.close()
    assert wide == []


WIDEST = """[...document.querySelectorAll("main *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll"))
    .slice(0, 3).map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`)"""


def test_dark_is_dark_and_light_is_light(open_page: Open, site: str, addresses: list[str]) -> None:
    for scheme, is_dark in (("dark", True), ("light", False)):
        page = open_page("/", color_scheme=scheme)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        level = sum(int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(", ")) / 3
        assert (level < 60) is is_dark
    for url in addresses if SHOTS else ():
        page = open_page(url, color_scheme="dark")
        shoot(page, url, "dark")


def test_paper_has_content_and_address_but_nothing_to_click(open_page: Open, site: str) -> None:
    page = open_page("/i/JT-SL-01")
    page.emulate_media(media="print")
    for hidden in (".masthead", ".aside", ".next", ".copy"):
        assert not page.locator(hidden).first.is_visible(), hidden
    for shown in ("h1", "#calc", "#sources", ".permalink"):
        assert page.locator(shown).first.is_visible(), shown
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_type_is_as_designed(open_page: Open) -> None:
    page = open_page("/sector/JT")

    def style(selector: str, name: str) -> str:
        return str(page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{name}"))

    assert style("body", "fontSize") == "16px"
    assert style("td", "fontSize") == "15px"
    assert "tabular-nums" in style("td", "fontVariantNumeric")
    assert float(style("body", "lineHeight").removesuffix("px")) == pytest.approx(27.2)
    assert float(style("td", "lineHeight").removesuffix("px")) == pytest.approx(21)
