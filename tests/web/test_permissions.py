"""Every route × role × method against the one table of permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route

from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from tests.web.conftest import NAMES, PASSWORD, SMALL, log_in, token_of
from tests.web.test_audit import DEEDS, HARMLESS
from web import permissions
from web.app import create_app
from web.permissions import ANYONE, TABLE, Rule
from web.words import ROLE_NAMES

ROLES: tuple[Role | None, ...] = (ANYONE, *Role)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REACHED = 299
"""The status by which a view of the walk tells that it was reached."""


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application of which every view does nothing but say that it was reached."""
    settings = Settings(home=tmp_path_factory.mktemp("walk"), catalogue=SMALL)
    with KnowledgeBase.open(settings) as kb:
        for role, name in NAMES.items():
            kb.accounts.add(name, role, PASSWORD, actor="测试")
        yield create_app(kb)


@pytest.fixture(scope="module")
def clients(walked: Flask) -> dict[Role | None, tuple[FlaskClient, str]]:
    """A browser of each role with its form token; the views are replaced once all have logged in."""
    found: dict[Role | None, tuple[FlaskClient, str]] = {}
    for role in ROLES:
        client = walked.test_client()
        if role is not ANYONE:
            assert log_in(client, NAMES[role]).status_code == 303
        page = client.get("/login" if role is ANYONE else "/account")
        found[role] = client, token_of(page)
    for endpoint in walked.view_functions:
        if endpoint != "static":
            walked.view_functions[endpoint] = lambda **_: ("reached", REACHED)
    return found


def address(route: Route) -> str:
    """An address that a route answers to."""
    samples = {"int": 1, "string": "x" * 22}
    values = {name: samples.get(type(c).__name__.removesuffix("Converter").lower(), "x" * 22)
              for name, c in route._converters.items()}  # fmt: skip
    values = {
        n: 1 if type(route._converters[n]).__name__ == "IntegerConverter" else v for n, v in values.items()
    }
    built = route.build(values)
    assert built is not None
    return built[1]


def test_every_route_stands_in_the_table_and_nothing_else_does(walked: Flask) -> None:
    routes = {
        (route.endpoint, method)
        for route in walked.url_map.iter_rules()
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes - TABLE.keys() == set(), "登记在 web/permissions.py"
    assert TABLE.keys() - routes == set(), "这些路由已经没有了"


def test_every_route_role_and_method(
    walked: Flask, clients: dict[Role | None, tuple[FlaskClient, str]]
) -> None:
    wrong, walks = [], 0
    for route in walked.url_map.iter_rules():
        if route.endpoint == "static":
            continue
        for method in METHODS:
            for role in ROLES:
                client, token = clients[role]
                status = client.open(address(route), method=method, data={"form_token": token}).status_code
                walks += 1
                if status not in expected(walked, route, method, role):
                    wrong.append((route.rule, method, role, status))
    assert wrong == []
    assert walks > 500


def expected(app: Flask, route: Route, method: str, role: Role | None) -> set[int]:
    """Statuses that the table asks for. One address may have a GET and a POST endpoint."""
    endpoints = [r for r in app.url_map.iter_rules() if r.rule == route.rule and method in (r.methods or ())]
    if not endpoints:
        return {405}
    rule = TABLE[endpoints[0].endpoint, "GET" if method == "HEAD" else method]
    if rule.least is None or (role is not None and role.covers(rule.least)):
        return {REACHED}
    if role is None:
        return {401} if route.rule.startswith("/api/") else {303}
    return {403}


def test_changing_routes_ask_for_the_token(
    walked: Flask, clients: dict[Role | None, tuple[FlaskClient, str]]
) -> None:
    client, token = clients[Role.ADMIN]
    asked = 0
    for route in walked.url_map.iter_rules():
        for method in (route.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            if TABLE[route.endpoint, method].token:
                asked += 1
                for wrong in ({}, {"form_token": ""}, {"form_token": token[:-1]}, {"form_token": "字" * 32}):
                    assert client.open(address(route), method=method, data=wrong).status_code == 403, (
                        route.rule
                    )
            else:
                elsewhere = {"Sec-Fetch-Site": "cross-site"}
                answer = client.open(address(route), method=method, headers=elsewhere)
                assert answer.status_code == 403, route.rule
    assert asked > 10


def test_token_of_one_session_is_no_good_in_another(
    clients: dict[Role | None, tuple[FlaskClient, str]],
) -> None:
    client, _ = clients[Role.ADMIN]
    _, other = clients[Role.REVIEWER]
    assert client.post("/admin/undo", data={"form_token": other}).status_code == 403


def test_nothing_that_needs_an_account_goes_without_a_token() -> None:
    loose = [key for key, rule in TABLE.items() if key[1] != "GET" and rule.least and not rule.token]
    assert loose == []


def test_route_without_a_rule_is_closed_to_everybody(office: KnowledgeBase) -> None:
    app = create_app(office)
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    client = app.test_client()
    assert client.get("/forgotten").status_code == 403
    log_in(client, NAMES[Role.ADMIN])
    answer = client.get("/forgotten")
    assert answer.status_code == 403
    assert "没有登记权限" in answer.text


def test_refusal_tells_what_is_needed_and_leads_on(app: Flask) -> None:
    client = app.test_client()
    log_in(client, NAMES[Role.REVIEWER])
    answer = client.get("/admin")
    assert answer.status_code == 403
    assert "要“管理”权限" in answer.text
    assert "接下来可以" in answer.text
    assert 'href="/admin"' not in answer.text


def test_api_is_refused_in_json(office: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(permissions.TABLE, ("api.record", "GET"), Rule(Role.DRAFTER))
    answer = create_app(office).test_client().get("/api/v1/records/JT-SL-01")
    assert answer.status_code == 401
    assert "登录" in answer.json["error"]["message"]


def test_pages_of_the_office_are_kept_by_no_cache(admin: FlaskClient) -> None:
    for url in ("/admin", "/admin/users", "/account", "/admin/audit.csv"):
        assert admin.get(url).headers["Cache-Control"] == "no-store"
    assert admin.get("/i/JT-SL-01").headers["Cache-Control"] == "private, no-cache"


def test_key_file_is_not_served(anyone: FlaskClient, office: KnowledgeBase) -> None:
    assert Path(office.settings.secret_file).exists()
    for url in ("/secret.key", "/static/secret.key", "/static/../../secret.key"):
        assert anyone.get(url).status_code == 404


def test_every_changing_route_is_known_to_the_audit() -> None:
    """A new POST route is told in tests/web/test_audit.py: what the log calls its deed, or that it changes nothing."""
    changing = {endpoint for endpoint, method in TABLE if method != "GET"}
    assert changing == DEEDS.keys() | HARMLESS


def test_table_of_roles_in_the_docs_is_true(walked: Flask) -> None:
    text = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)`(（改）)? \| (\S+) \|", text.partition("## 建账号")[0], re.MULTILINE)
    told = {(address.rstrip("…/"), bool(writes)): role for address, writes, role in rows}
    assert len(told) >= 5
    for route in walked.url_map.iter_rules():
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            fitting = [
                (len(start), role) for (start, writes), role in told.items()
                if (not writes or method != "GET") and (route.rule + "/").startswith(start + "/")
            ]  # fmt: skip
            least = TABLE[route.endpoint, method].least
            assert max(fitting)[1] == (ROLE_NAMES[least] if least else "任何人"), (route.rule, method)
