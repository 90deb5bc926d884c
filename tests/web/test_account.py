"""Logging in and out as browsers do it, hostile ones too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from indicators.draft import Draft
from kb.draft_saved import Saved
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from tests.web.conftest import NAMES, PASSWORD, SMALL, log_in, send, token_of
from web.app import create_app
from web.cli import main
from web.permissions import safe_next

ADMIN = NAMES[Role.ADMIN]


def test_reader_gets_no_cookie(anyone: FlaskClient) -> None:
    for url in ("/", "/search?q=修路", "/i/JT-SL-01", "/health", "/api/v1/search?q=路"):
        assert "Set-Cookie" not in anyone.get(url).headers, url


def test_login_leads_to_the_page_that_was_asked_for(anyone: FlaskClient) -> None:
    sent = anyone.get("/admin/audit?actor=小管")
    assert sent.status_code == 303
    assert sent.location.startswith("/login?next=/admin/audit")
    wanted = re.search(r'name="next" value="([^"]+)"', anyone.get(sent.location).text)
    assert wanted
    done = log_in(anyone, ADMIN, wanted=wanted[1])
    assert done.status_code == 303
    assert done.location.startswith("/admin/audit?actor=")
    assert anyone.get(done.location).status_code == 200


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(anyone: FlaskClient) -> None:
    cookie = log_in(anyone, ADMIN).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    secure = log_in(anyone.application.test_client(), ADMIN)
    assert secure.status_code == 303
    client = anyone.application.test_client()
    page = client.get("/login", base_url="https://localhost")
    assert "Secure" in page.headers["Set-Cookie"]


def test_https_is_believed_from_a_listed_proxy_only(anyone: FlaskClient) -> None:
    for address, secure in (("127.0.0.1", True), ("203.0.113.7", False)):
        page = anyone.application.test_client().get(
            "/login", headers={"X-Forwarded-Proto": "https"}, environ_base={"REMOTE_ADDR": address}
        )
        assert ("Secure" in page.headers["Set-Cookie"]) is secure


def test_wrong_password_says_no_more_than_that(anyone: FlaskClient) -> None:
    answer = log_in(anyone, ADMIN, "不对的密码不对的密码")
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text
    assert "不对的密码" not in answer.text
    unknown = log_in(anyone, "没有的人")
    assert unknown.status_code == 401
    assert anyone.get("/account").status_code == 303


def test_too_many_failures_are_told_with_a_time(anyone: FlaskClient) -> None:
    for _ in range(5):
        log_in(anyone, ADMIN, "不对的密码不对的密码")
    answer = log_in(anyone, ADMIN)
    assert answer.status_code == 429
    assert "15 分钟" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_proxy_tells_sources_apart(office: KnowledgeBase) -> None:
    client = create_app(office).test_client()
    token = token_of(client.get("/login"))
    form = {"form_token": token, "name": ADMIN, "password": "不对的密码不对的密码"}
    for _ in range(5):
        client.post("/login", data=form, headers={"X-Forwarded-For": "1.1.1.1, 10.0.0.1"})
    right = {**form, "password": PASSWORD}
    assert client.post("/login", data=right, headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 429
    outside = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    for n in range(5):
        spoofed = {"X-Forwarded-For": f"10.9.9.{n}"}
        client.post("/login", data={**form, "name": NAMES[Role.DRAFTER]}, headers=spoofed, **outside)
    answer = client.post(
        "/login",
        data={**right, "name": NAMES[Role.DRAFTER]},
        headers={"X-Forwarded-For": "10.9.9.9"},
        **outside,
    )
    assert answer.status_code == 429, "a header from elsewhere does not make another source"
    assert client.post("/login", data=right, headers={"X-Forwarded-For": "10.0.0.2"}).status_code == 303


def test_session_before_login_is_worth_nothing_after(anyone: FlaskClient) -> None:
    before = token_of(anyone.get("/login"))
    log_in(anyone, ADMIN)
    assert anyone.post("/logout", data={"form_token": before}).status_code == 403


def test_logout_ends_the_session_and_takes_a_post_with_token(admin: FlaskClient) -> None:
    assert admin.get("/logout").status_code == 405
    assert admin.post("/logout").status_code == 403
    assert admin.get("/admin").status_code == 200
    assert send(admin, "/logout", "/account").status_code == 303
    assert admin.get("/admin").status_code == 303


def test_password_change_ends_all_other_sessions(app: Flask, office: KnowledgeBase) -> None:
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        log_in(client, NAMES[Role.REVIEWER])
    new = PASSWORD + "换了"
    answer = send(here, "/account", old=PASSWORD, new=new, again=new)
    assert answer.status_code == 303
    assert "密码已改" in here.get("/account").text
    assert there.get("/account").status_code == 303
    assert office.accounts.authenticate(NAMES[Role.REVIEWER], new, "a")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"old": "不是这个不是这个", "new": "新的密码新的密码再来", "again": "新的密码新的密码再来"}, "不对"),
        ({"old": PASSWORD, "new": "新的密码新的密码再来", "again": "新的密码新的密码又来"}, "不一样"),
        ({"old": PASSWORD, "new": "短", "again": "短"}, "10 到 200"),
        ({}, ""),
    ],
)
def test_unfit_password_changes_are_refused(
    admin: FlaskClient, office: KnowledgeBase, fields: dict[str, str], said: str
) -> None:
    answer = send(admin, "/account", **fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert office.accounts.authenticate(ADMIN, PASSWORD, "b")


def test_disabled_account_is_out_at_the_next_click(admin: FlaskClient, office: KnowledgeBase) -> None:
    office.accounts.add("另一个", Role.ADMIN, PASSWORD, actor="测试")
    office.accounts.set_active(ADMIN, False, actor="另一个")
    assert admin.get("/admin").status_code == 303


def test_forged_cookie_is_no_account(app: Flask) -> None:
    client = app.test_client()
    log_in(client, NAMES[Role.DRAFTER])
    cookie = client.get_cookie("kb_session")
    assert cookie
    for forged in (cookie.value[:-3] + "abc", "eyJhY2NvdW50Ijoi5bCP566hIn0.x.y", "", "." * 50):
        stranger = app.test_client()
        stranger.set_cookie("kb_session", forged)
        assert stranger.get("/account").status_code == 303


def test_key_of_another_home_does_not_open_this_one(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    log_in(client, ADMIN)
    cookie = client.get_cookie("kb_session")
    assert cookie
    with KnowledgeBase.open(Settings(home=tmp_path / "other", catalogue=SMALL)) as other:
        other.accounts.add(ADMIN, Role.ADMIN, PASSWORD, actor="测试")
        stranger = create_app(other).test_client()
        stranger.set_cookie("kb_session", cookie.value)
        assert stranger.get("/admin").status_code == 303


def test_machines_that_share_a_key_share_sessions(app: Flask, office: KnowledgeBase, tmp_path: Path) -> None:
    client = app.test_client()
    log_in(client, ADMIN)
    cookie = client.get_cookie("kb_session")
    assert cookie
    key = office.settings.secret_file
    settings = Settings.load(tmp_path / "other", {"KB_SECRET_FILE": str(key), "KB_CATALOGUE": str(SMALL)})
    with KnowledgeBase.open(settings) as other:
        other.accounts.add(ADMIN, Role.ADMIN, PASSWORD, actor="测试")
        there = create_app(other).test_client()
        there.set_cookie("kb_session", cookie.value)
        assert there.get("/admin").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/login?next=/login", "evil", "", "/\t/evil.example", "/\n//evil.example", "http:evil", "///evil.example",
        "/ok\r\nSet-Cookie: a=b", "//[", "/%0d%0a" + "\x00",
    ],
)  # fmt: skip
def test_login_leads_nowhere_else(anyone: FlaskClient, address: str) -> None:
    assert safe_next(address) == "/"
    assert log_in(anyone, ADMIN, wanted=address).location == "/"


def test_login_leads_to_own_pages() -> None:
    for address in (
        "/admin",
        "/search?q=%E4%BF%AE%E8%B7%AF&page=2",
        "/i/JT-SL-01#versions",
        "/search?q=http://a",
    ):
        assert safe_next(address) == address


# A trusted proxy


@pytest.fixture
def behind_proxy(tmp_path: Path) -> Flask:
    settings = Settings(home=tmp_path / "home", catalogue=SMALL, trusted_header="X-Remote-User")
    kb = KnowledgeBase.open(settings)
    kb.accounts.add("王五", Role.ADMIN, None, actor="测试")
    return create_app(kb)


def test_header_of_a_listed_proxy_signs_in(behind_proxy: Flask) -> None:
    name = "王五".encode().decode("latin-1")
    client = behind_proxy.test_client()
    assert client.get("/admin", headers={"X-Remote-User": name}).status_code == 200
    assert client.get("/admin").status_code == 303, "nothing is kept"
    assert client.get("/admin", headers={"X-Remote-User": "nobody"}).status_code == 303
    page = client.get("/account", headers={"X-Remote-User": name}).text
    assert "统一登录" in page
    assert 'action="/logout"' not in page


def test_header_from_elsewhere_is_ignored(behind_proxy: Flask) -> None:
    name = "王五".encode().decode("latin-1")
    answer = behind_proxy.test_client().get(
        "/admin", headers={"X-Remote-User": name}, environ_base={"REMOTE_ADDR": "203.0.113.7"}
    )
    assert answer.status_code == 303


def test_header_is_ignored_by_default(anyone: FlaskClient) -> None:
    name = ADMIN.encode().decode("latin-1")
    for header in ("X-Remote-User", "Remote-User", "X-Forwarded-User"):
        assert anyone.get("/admin", headers={header: name}).status_code == 303


# The command line


def kb_user(home: Path, *arguments: str, text: str | None = None) -> Result:
    environment = {"KB_HOME": str(home), "KB_CATALOGUE": str(SMALL)}
    return CliRunner().invoke(main, ["user", *arguments], input=text, env=environment)


def test_first_admin_is_made_on_the_command_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "还没有账号" in kb_user(home, "list").stderr
    made = kb_user(home, "add", "张三", "--role", "admin", "--password-stdin", text=PASSWORD + "\n")
    assert made.exit_code == 0, made.stderr
    prompted = kb_user(home, "add", "李四", "--role", "drafter", text=f"{PASSWORD}\n{PASSWORD}\n")
    assert prompted.exit_code == 0, prompted.stderr
    assert PASSWORD not in made.output + prompted.output
    assert "张三  管理（admin）" in kb_user(home, "list").stdout
    assert kb_user(home, "disable", "李四").exit_code == 0
    assert "已停用" in kb_user(home, "list").stdout
    assert '"active": false' in kb_user(home, "list", "--json").stdout
    assert kb_user(home, "passwd", "张三", "--password-stdin", text="新的密码新的密码再来\n").exit_code == 0
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as kb:
        assert kb.accounts.authenticate("张三", "新的密码新的密码再来", "a").role is Role.ADMIN
        assert any(entry.actor.startswith("命令行") for entry in kb.audit.entries(20))


def test_faults_on_the_command_line_are_sentences(tmp_path: Path) -> None:
    home = tmp_path / "home"
    short = kb_user(home, "add", "张三", "--role", "admin", "--password-stdin", text="短\n")
    assert short.exit_code == 1
    assert "密码要 10 到 200" in short.stderr
    assert kb_user(home, "add", "张三", "--role", "king", "--password-stdin", text="x").exit_code == 2
    assert kb_user(home, "passwd", "没有", "--password-stdin", text=PASSWORD).exit_code == 1
    assert kb_user(home, "disable", "没有").exit_code == 1


def test_undo_on_the_command_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as kb:
        code = kb.tuning.save_group("", "农村公路", ["龙脉养护"], "same", [], seen=0, actor="张三")
        batch = kb.batches(1)[0].number
    environment = {"KB_HOME": str(home), "KB_CATALOGUE": str(SMALL)}
    done = CliRunner().invoke(main, ["undo", str(batch), "--json"], env=environment)
    assert done.exit_code == 0, done.stderr
    assert f'"undone": {batch}' in done.stdout
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as kb:
        assert kb.tuning.group(code) is None
    assert CliRunner().invoke(main, ["undo", "999"], env=environment).exit_code == 1
    assert CliRunner().invoke(main, ["undo", "1"], env=environment).exit_code == 1


def test_drafts_of_a_person_are_listed(app: Flask, office: KnowledgeBase) -> None:
    client = app.test_client()
    assert client.get("/draft/mine").status_code == 303
    log_in(client, NAMES[Role.DRAFTER])
    assert "还没有草稿" in client.get("/draft/mine").text
    office.drafts.create(Saved(draft=Draft(project="村道硬化")), who=NAMES[Role.DRAFTER])
    office.drafts.create(Saved(draft=Draft(project="别人的项目")), who=NAMES[Role.ADMIN])
    text = client.get("/draft/mine").text
    assert "村道硬化" in text
    assert "别人的项目" not in text
