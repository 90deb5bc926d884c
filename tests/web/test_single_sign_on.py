"""Single sign-on against a real OpenID Connect provider on loopback, honest and otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from kb.errors import SettingsError
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from kb.signon import SignOn
from tests.web.conftest import NAMES, PASSWORD, SMALL, log_in, send
from tests.web.openid_provider import CLIENT, SECRET, OpenIdProvider, running
from web.app import create_app

GROUPS = (("kb-admin", Role.ADMIN), ("kb-review", Role.REVIEWER))


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running() as one:
        yield one


@pytest.fixture
def office_of(tmp_path: Path, provider: OpenIdProvider) -> Iterator[Callable[..., KnowledgeBase]]:
    """A knowledge base with three accounts that trusts the provider, by settings."""
    opened: list[KnowledgeBase] = []

    def make(**changed: Any) -> KnowledgeBase:
        sign_on = SignOn(
            **{"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, **changed}
        )
        kb = KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=SMALL, sign_on=sign_on))
        opened.append(kb)
        for role, name in NAMES.items():
            kb.accounts.add(name, role, PASSWORD, actor="测试")
        return kb

    yield make
    for kb in opened:
        kb.close()


@pytest.fixture
def browser(office_of: Callable[..., KnowledgeBase]) -> FlaskClient:
    return create_app(office_of()).test_client()


def returned(client: FlaskClient, wanted: str = "/account") -> str:
    """Go to the provider as a browser does; gives the address that it sends the browser back to."""
    sent = client.get("/login/oidc", query_string={"next": wanted})
    assert sent.status_code == 303, sent.text
    answer = requests.get(sent.location, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    assert parts.path == "/login/oidc/back"
    return f"{parts.path}?{parts.query}"


def signed_on(client: FlaskClient, wanted: str = "/account") -> TestResponse:
    return client.get(returned(client, wanted))


def last_entry(client: FlaskClient) -> tuple[str, str, str, str]:
    kb: KnowledgeBase = client.application.extensions["knowledge-base"]
    found = kb.audit.entries(1)[0]
    return found.actor, found.action, found.target, found.detail


def test_button_leads_through_the_provider_to_the_page_asked_for(browser: FlaskClient) -> None:
    asked = browser.get("/draft/mine")
    login = browser.get(asked.location).text
    assert 'href="/login/oidc?next=/draft/mine"' in login
    done = signed_on(browser, "/draft/mine")
    assert (done.status_code, done.location) == (303, "/draft/mine")
    assert NAMES[Role.DRAFTER] in browser.get("/account").text
    actor, action, target, detail = last_entry(browser)
    assert (actor, action, target) == (NAMES[Role.DRAFTER], "登录", NAMES[Role.DRAFTER])
    assert "统一登录" in detail
    assert "127.0.0.1" in detail


def test_request_carries_state_nonce_and_challenge_anew_each_time(browser: FlaskClient) -> None:
    queries = [parse_qs(urlsplit(browser.get("/login/oidc").location).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        first, second = (query[name][0] for query in queries)
        assert first != second
        assert len(first) >= 32
    assert queries[0]["redirect_uri"] == ["http://localhost/login/oidc/back"]


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "不是为这一次登录"),
    ({"nonce": None}, "不是为这一次登录"),
    ({"iss": "https://elsewhere.example"}, "不是由设置的统一登录"),
    ({"iss": None}, "不是由设置的统一登录"),
    ({"aud": "another-system"}, "别的系统"),
    ({"aud": ["a", "b"]}, "别的系统"),
    ({"azp": "another-system"}, "别的系统"),
    ({"exp": int(time.time()) - 3600}, "已经过期"),
    ({"exp": None}, "有效期"),
    ({"iat": int(time.time()) + 3600}, "签发时间"),
    ({"at_hash": "AAAA"}, "对不上"),
    ({"preferred_username": None}, "没有给出账号名"),
    ({"preferred_username": {"a": 1}}, "没有给出账号名"),
    ({"sub": None}, "身份令牌"),
]


def test_claims_that_do_not_fit_are_refused(browser: FlaskClient, provider: OpenIdProvider) -> None:
    for claims, said in UNFIT:
        provider.claims = claims
        provider.person = {"sub": "u-1", "preferred_username": claims.get("preferred_username", "小起")}
        answer = signed_on(browser)
        assert answer.status_code == 401, claims
        assert said in answer.text, claims
        assert browser.get("/account").status_code == 303, "nobody is logged in"
        assert last_entry(browser)[1] == "登录失败"


def test_signature_of_another_key_is_refused(browser: FlaskClient, provider: OpenIdProvider) -> None:
    provider.published = [RSAKey.generate_key(2048, {"kid": "one"})]
    answer = signed_on(browser)
    assert answer.status_code == 401
    assert "签名不对" in answer.text


def test_unsigned_tokens_and_shared_secrets_are_refused(
    browser: FlaskClient, provider: OpenIdProvider
) -> None:
    for algorithm in ("none", "HS256"):
        provider.algorithm = algorithm
        answer = signed_on(browser)
        assert answer.status_code == 401
        assert "签名不对" in answer.text


def test_keys_that_the_provider_changed_are_fetched_anew(
    browser: FlaskClient, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed_on(browser).status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    monkeypatch.setattr("web.oidc.AGAIN", 0)
    assert signed_on(browser.application.test_client()).status_code == 303
    assert provider.asked.count("/keys") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_state_is_good_once_in_its_own_browser_and_for_a_while(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = returned(browser)
    stranger = browser.application.test_client()
    refused = stranger.get(address)
    assert refused.status_code == 400
    assert "不是从本站开始" in refused.text
    assert browser.get(address).status_code == 303
    send(browser, "/logout", "/account")
    replayed = browser.get(address)
    assert replayed.status_code == 400
    assert browser.get("/account").status_code == 303
    late = returned(browser)
    monkeypatch.setattr("web.single_sign_on.PATIENCE", -1)
    assert browser.get(late).status_code == 400
    for odd in ("/login/oidc/back", "/login/oidc/back?state=", "/login/oidc/back?code=a&state=%00字"):
        assert browser.get(odd).status_code == 400


def test_code_is_good_once_even_with_its_state(browser: FlaskClient) -> None:
    address = returned(browser)
    cookie = browser.get_cookie("kb_session")
    assert cookie
    assert browser.get(address).status_code == 303
    copied = browser.application.test_client()
    copied.set_cookie("kb_session", cookie.value)
    answer = copied.get(address)
    assert answer.status_code == 401
    assert "不承认这次登录" in answer.text


def test_tabs_do_not_disturb_each_other(browser: FlaskClient) -> None:
    first, second = returned(browser, "/account"), returned(browser, "/draft/mine")
    assert browser.get(first).location == "/account"
    assert browser.get(second).status_code == 400, "a new session keeps nothing of the one before"


def test_refusal_at_the_provider_is_told(browser: FlaskClient, provider: OpenIdProvider) -> None:
    for error, said in (("access_denied", "取消了登录"), ("server_error", "server_error"), ("<b>", "b")):
        provider.deny = error
        answer = signed_on(browser)
        assert answer.status_code == 401
        assert said in answer.text
        assert "<b>，" not in answer.text


def test_provider_that_is_away_or_misbehaves_is_told(browser: FlaskClient, provider: OpenIdProvider) -> None:
    provider.broken = True
    answer = browser.get("/login/oidc?next=/admin")
    assert answer.status_code == 503
    assert "连不上" in answer.text
    assert 'name="next" value="/admin"' in answer.text
    provider.broken, provider.document = False, {"issuer": "https://elsewhere.example"}
    assert "不一致" in browser.get("/login/oidc").text
    provider.document = {"token_endpoint": "http://elsewhere.example/token"}
    assert "token_endpoint" in browser.get("/login/oidc").text
    provider.document = {}
    address = returned(browser)
    provider.broken = True
    assert browser.get(address).status_code == 503
    provider.broken = False
    assert log_in(browser, NAMES[Role.ADMIN]).status_code == 303, "passwords work all the while"


def test_login_leads_nowhere_else(browser: FlaskClient) -> None:
    for address in ("https://evil.example/", "//evil.example", "/\\evil", "javascript:x"):
        assert signed_on(browser.application.test_client(), address).location == "/"


def test_only_accounts_that_an_admin_made_come_in(browser: FlaskClient, provider: OpenIdProvider) -> None:
    provider.person = {"sub": "u-2", "preferred_username": "陌生人"}
    answer = signed_on(browser)
    assert answer.status_code == 403
    assert "还没有在本系统开通" in answer.text
    kb: KnowledgeBase = browser.application.extensions["knowledge-base"]
    assert len(kb.accounts.all()) == 3
    kb.accounts.add("陌生人", Role.REVIEWER, None, actor="小管")
    assert signed_on(browser).status_code == 303
    kb.accounts.set_active("陌生人", False, actor="小管")
    assert browser.get("/account").status_code == 303
    assert "已停用" in signed_on(browser).text


def test_accounts_are_made_where_the_setting_says_so(
    office_of: Callable[..., KnowledgeBase], provider: OpenIdProvider
) -> None:
    kb = office_of(create=True)
    client = create_app(kb).test_client()
    provider.person = {"sub": "u-2", "preferred_username": "新来的"}
    assert signed_on(client).status_code == 303
    made = kb.accounts.get("新来的")
    assert (made.role, made.local) == (Role.DRAFTER, False)
    provider.person = {"sub": "u-3", "preferred_username": "=SUM(A1)"}
    assert signed_on(create_app(kb).test_client()).status_code == 403


def test_groups_give_the_role_at_each_login(
    office_of: Callable[..., KnowledgeBase], provider: OpenIdProvider
) -> None:
    kb = office_of(role_claim="realm_access.roles", roles=GROUPS, create=True)
    app = create_app(kb)

    def login(name: str, *groups: str) -> TestResponse:
        provider.person = {"sub": name, "preferred_username": name, "realm_access": {"roles": list(groups)}}
        return signed_on(app.test_client())

    assert login("新来的", "other", "kb-review", "kb-admin").status_code == 303
    assert kb.accounts.get("新来的").role is Role.ADMIN
    assert login("新来的", "kb-review").status_code == 303
    assert kb.accounts.get("新来的").role is Role.REVIEWER
    refused = login("新来的", "other")
    assert refused.status_code == 403
    assert "没有分到本系统的角色" in refused.text
    assert login("第三个").status_code == 403
    with pytest.raises(Exception, match="没有账号"):
        kb.accounts.get("第三个")
    assert "最后一个" in login(NAMES[Role.ADMIN], "kb-review").text


def test_claims_may_stand_at_the_userinfo_endpoint(browser: FlaskClient, provider: OpenIdProvider) -> None:
    provider.apart = True
    assert signed_on(browser).status_code == 303
    provider.claims = {"sub": "somebody-else"}
    answer = signed_on(browser.application.test_client())
    assert answer.status_code == 401
    assert "不是同一个人" in answer.text


def test_address_of_mail_counts_only_when_verified(
    office_of: Callable[..., KnowledgeBase], provider: OpenIdProvider
) -> None:
    kb = office_of(name_claim="email")
    kb.accounts.add("li@county.example", Role.DRAFTER, None, actor="小管")
    app = create_app(kb)
    for verified, status in ((None, 401), (False, 401), ("true", 401), (True, 303)):
        provider.person = {"sub": "u", "email": "li@county.example", "email_verified": verified}
        assert signed_on(app.test_client()).status_code == status


def test_logout_shows_the_way_out_of_the_provider_too(browser: FlaskClient, provider: OpenIdProvider) -> None:
    signed_on(browser)
    left = send(browser, "/logout", "/account")
    page = browser.get(left.location).text
    assert f'href="{provider.issuer}/logout?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page
    assert browser.get("/account").status_code == 303
    log_in(browser, NAMES[Role.ADMIN])
    assert "/logout?client_id" not in browser.get(send(browser, "/logout", "/account").location).text


def test_admin_makes_an_account_without_a_password_in_the_browser(
    browser: FlaskClient, provider: OpenIdProvider
) -> None:
    log_in(browser, NAMES[Role.ADMIN])
    assert "留空" in browser.get("/admin/users").text
    assert send(browser, "/admin/users", name="新人", role="reviewer", password="").status_code == 303
    provider.person = {"sub": "u-9", "preferred_username": "新人"}
    assert signed_on(browser.application.test_client()).status_code == 303


def test_wrong_client_secret_is_told(office_of: Callable[..., KnowledgeBase]) -> None:
    client = create_app(office_of(client_secret="wrong")).test_client()
    assert signed_on(client).status_code == 401


def test_off_by_default(anyone: FlaskClient) -> None:
    assert "/login/oidc" not in anyone.get("/login").text
    log_in(anyone, NAMES[Role.ADMIN])
    assert send(anyone, "/admin/users", name="新人", role="reviewer", password="").status_code == 400
    for address in ("/login/oidc", "/login/oidc/back?state=a&code=b"):
        assert anyone.get(address).status_code == 404


def test_settings_are_read_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim\n", encoding="utf-8")
    base = {"KB_OIDC_ISSUER": "https://id.example", "KB_OIDC_CLIENT_ID": "kb"}
    given = {
        **base, "KB_OIDC_CLIENT_SECRET_FILE": str(file), "KB_OIDC_ROLE_CLAIM": "groups",
        "KB_OIDC_ROLES": "预算科=reviewer，CN=x,kb=admin", "KB_OIDC_CREATE": "1", "KB_OIDC_NAME_CLAIM": "upn",
    }  # fmt: skip
    with pytest.raises(SettingsError, match="CN=x"):
        SignOn.load(given)
    found = SignOn.load(given | {"KB_OIDC_ROLES": "预算科=reviewer，CN=x=admin"})
    assert found is not None
    assert (found.client_secret, found.name_claim, found.create) == ("geheim", "upn", True)
    assert found.roles == (("预算科", Role.REVIEWER), ("CN=x", Role.ADMIN))
    assert "geheim" not in repr(found)
    assert SignOn.load({}) is None
    assert SignOn.load(base) == SignOn("https://id.example", "kb")
    for wrong, named in (
        ({"KB_OIDC_ISSUER": "http://id.example"}, "https"),
        ({"KB_OIDC_CLIENT_ID": ""}, "CLIENT_ID"),
        ({"KB_OIDC_CREATE": "vielleicht"}, "CREATE"),
        ({"KB_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "SECRET_FILE"),
        ({"KB_OIDC_CLIENT_SECRET": "秘密"}, "SECRET"),
        ({"KB_OIDC_ROLE_CLAIM": "groups"}, "ROLES"),
    ):
        with pytest.raises(SettingsError, match=named):
            SignOn.load(base | wrong)
