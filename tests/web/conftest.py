"""A small knowledge base with one account of each role, that tests of the office pages may change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from web.app import create_app

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
PASSWORD = "一句好记的话当作密码"
NAMES = {Role.DRAFTER: "小起", Role.REVIEWER: "小审", Role.ADMIN: "小管"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base on the small catalogue with three accounts."""
    with KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=SMALL)) as opened:
        for role, name in NAMES.items():
            opened.accounts.add(name, role, PASSWORD, actor="测试")
        yield opened


@pytest.fixture
def app(office: KnowledgeBase) -> Flask:
    return create_app(office)


@pytest.fixture
def anyone(app: Flask) -> FlaskClient:
    """A browser without an account."""
    return app.test_client()


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    """A browser in which the admin has logged in."""
    client = app.test_client()
    log_in(client, NAMES[Role.ADMIN])
    return client


def token_of(page: TestResponse) -> str:
    """The form token that a page carries."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, wanted: str = "/") -> TestResponse:
    """Send the login form as a browser does."""
    token = token_of(client.get("/login"))
    return client.post(
        "/login", data={"form_token": token, "name": name, "password": password, "next": wanted}
    )


def send(client: FlaskClient, url: str, page: str = "", **fields: str) -> TestResponse:
    """Send a form to ``url`` with the token from ``page`` (the same address where none is given)."""
    return client.post(url, data={"form_token": token_of(client.get(page or url)), **fields})
