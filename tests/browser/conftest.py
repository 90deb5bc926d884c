"""A real Chromium before a real server: one of each a session."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from werkzeug.serving import make_server

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web.app import create_app

HARD = Path(__file__).parents[1] / "cases" / "pages"
CHROMIUM = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; without one the tests are skipped, or fail where KB_REQUIRE_BROWSER=1."""
    if not CHROMIUM.exists():
        _give_up(f"没有 Chromium：{CHROMIUM}（用 CHROMIUM 指明路径）")
    try:
        from playwright import sync_api
    except ImportError:
        _give_up("没有安装 playwright")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("KB_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def served(kb: KnowledgeBase) -> Iterator[str]:
    """Address at which the pages of ``kb`` are served."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, create_app(kb), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def site(kb: KnowledgeBase) -> Iterator[str]:
    """Address of the pages on the session's knowledge base."""
    with served(kb) as address:
        yield address


@pytest.fixture(scope="module")
def hard_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the pages on the records that a page may stumble over."""
    with (
        KnowledgeBase.open(Settings(tmp_path_factory.mktemp("hard"), catalogue=HARD)) as kb,
        served(kb) as address,
    ):
        yield address


@dataclass
class Watch:
    """What a page did that it must not do: requests to elsewhere, messages on the console."""

    site: str
    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def follow(self, page: Any) -> None:
        """Write down what ``page`` does from now on."""
        page.on("request", lambda r: None if r.url.startswith(self.site) else self.outside.append(r.url))
        page.on("console", lambda m: self.console.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.console.append(str(e)))


@pytest.fixture
def open_page(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Opens pages in contexts with given options; afterwards none may have erred or asked elsewhere."""
    watch, contexts = Watch(site), []

    def opener(path: str = "/", **options: Any) -> Any:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN", **options}
        )
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        page.goto(site + path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert watch.outside == []
    assert watch.console == []
