"""Accounts: passwords, roles, sessions and the throttling of logins, on the real store."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from kb import accounts
from kb.accounts import LIMITS, WINDOW
from kb.errors import AccountError, HomeError, LoginError, ThrottledError
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.secret import session_key
from kb.settings import Settings

GOOD = "一句好记的话当作密码"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time that accounts see; a test moves it by changing the item."""
    moment = [datetime(2026, 3, 1, 9, tzinfo=UTC)]
    monkeypatch.setattr(accounts, "now", lambda: moment[0])
    return moment


@pytest.fixture
def zhang(small: KnowledgeBase) -> accounts.Account:
    return small.accounts.add("张三", Role.ADMIN, GOOD, actor="测试")


def test_password_is_kept_as_an_argon2_hash(small: KnowledgeBase, zhang: accounts.Account) -> None:
    stored = small.accounts._table.get("张三")
    assert stored is not None
    assert stored.password.startswith("$argon2id$")
    assert small.accounts.authenticate("张三", GOOD, "10.0.0.1") == zhang


@pytest.mark.parametrize("spelling", [" 张三 ", "张三"])
def test_name_in_any_spelling_is_the_same_account(
    small: KnowledgeBase, zhang: accounts.Account, spelling: str
) -> None:
    assert small.accounts.authenticate(spelling, GOOD, "a") == zhang
    small.accounts.add("Wang.Wu", Role.DRAFTER, GOOD, actor="测试")
    for taken in ("wang.wu", "ＷＡＮＧ.ＷＵ"):
        with pytest.raises(AccountError, match="已经有了"):
            small.accounts.add(taken, Role.ADMIN, GOOD, actor="测试")


@pytest.mark.parametrize("name", ["", "张", "=SUM(A1)", "a b", "-rf", "<b>x</b>", "张\n三", "长" * 41])
def test_unfit_names_are_refused(small: KnowledgeBase, name: str) -> None:
    with pytest.raises(AccountError, match="账号名"):
        small.accounts.add(name, Role.DRAFTER, GOOD, actor="测试")


@pytest.mark.parametrize(
    "password", ["", "short", "zhangsan-long", "ZHANGSAN-long", "1111111111111", "x" * 201]
)
def test_weak_passwords_are_refused(small: KnowledgeBase, password: str) -> None:
    with pytest.raises(AccountError, match="密码"):
        small.accounts.add("zhangsan-long", Role.DRAFTER, password, actor="测试")
    assert small.accounts.all() == ()


def test_roles_cover_those_below() -> None:
    assert Role.ADMIN.covers(Role.DRAFTER)
    assert Role.REVIEWER.covers(Role.REVIEWER)
    assert not Role.DRAFTER.covers(Role.REVIEWER)


def test_wrong_name_and_wrong_password_sound_alike(small: KnowledgeBase, zhang: accounts.Account) -> None:
    said = set()
    for name, password in (("张三", "不对的密码不对的密码"), ("没有的人", GOOD), ("张三", "")):
        with pytest.raises(LoginError) as error:
            small.accounts.authenticate(name, password, "10.0.0.9")
        said.add(str(error.value))
    assert len(said) == 1


def test_disabled_account_cannot_log_in_and_its_sessions_end(
    small: KnowledgeBase, zhang: accounts.Account
) -> None:
    li = small.accounts.add("李四", Role.REVIEWER, GOOD, actor="张三")
    assert small.accounts.of_session(li.key, li.epoch) == li
    small.accounts.set_active("李四", False, actor="张三")
    assert small.accounts.of_session(li.key, li.epoch) is None
    with pytest.raises(LoginError):
        small.accounts.authenticate("李四", GOOD, "a")
    small.accounts.set_active("李四", True, actor="张三")
    assert small.accounts.of_session(li.key, li.epoch) is None, "an old session does not come back to life"
    assert small.accounts.authenticate("李四", GOOD, "a").name == "李四"


@pytest.mark.parametrize("change", ["password", "role"])
def test_change_ends_the_sessions_before(small: KnowledgeBase, zhang: accounts.Account, change: str) -> None:
    li = small.accounts.add("李四", Role.REVIEWER, GOOD, actor="张三")
    if change == "password":
        small.accounts.change_password("李四", GOOD, GOOD + "了", "a")
    else:
        small.accounts.set_role("李四", Role.DRAFTER, actor="张三")
    assert small.accounts.of_session(li.key, li.epoch) is None


def test_changing_the_password_asks_for_the_present_one(
    small: KnowledgeBase, zhang: accounts.Account
) -> None:
    with pytest.raises(LoginError):
        small.accounts.change_password("张三", "猜一个猜一个猜一个", GOOD + "了", "a")
    assert small.accounts.authenticate("张三", GOOD, "a")


def test_last_admin_stays(small: KnowledgeBase, zhang: accounts.Account) -> None:
    for attempt in (
        lambda: small.accounts.set_active("张三", False, actor="张三"),
        lambda: small.accounts.set_role("张三", Role.DRAFTER, actor="张三"),
    ):
        with pytest.raises(AccountError, match="最后一个"):
            attempt()
    small.accounts.add("李四", Role.ADMIN, GOOD, actor="张三")
    small.accounts.set_active("张三", False, actor="李四")


def fail(kb: KnowledgeBase, times: int, name: str = "张三", source: str = "10.0.0.1") -> None:
    for n in range(times):
        with pytest.raises(LoginError):
            kb.accounts.authenticate(name.format(n), "不对的密码不对的密码", source.format(n))


def test_five_failures_at_one_place_close_that_door_for_a_while(
    small: KnowledgeBase, zhang: accounts.Account, clock: list[datetime]
) -> None:
    fail(small, 5)
    with pytest.raises(ThrottledError, match="15 分钟"):
        small.accounts.authenticate("张三", GOOD, "10.0.0.1")
    assert small.accounts.authenticate("张三", GOOD, "10.0.0.2"), "elsewhere the account still opens"
    clock[0] += WINDOW - timedelta(minutes=1)
    with pytest.raises(ThrottledError, match="1 分钟"):
        small.accounts.authenticate("张三", GOOD, "10.0.0.1")
    clock[0] += timedelta(minutes=1, seconds=1)
    assert small.accounts.authenticate("张三", GOOD, "10.0.0.1")


def test_success_forgets_the_failures(
    small: KnowledgeBase, zhang: accounts.Account, clock: list[datetime]
) -> None:
    for _ in range(3):
        fail(small, 4)
        assert small.accounts.authenticate("张三", GOOD, "10.0.0.1")


def test_one_place_trying_many_accounts_is_stopped(
    small: KnowledgeBase, zhang: accounts.Account, clock: list[datetime]
) -> None:
    fail(small, LIMITS[1].most, name="人名{}")
    with pytest.raises(ThrottledError):
        small.accounts.authenticate("张三", GOOD, "10.0.0.1")


def test_many_places_trying_one_account_are_stopped(
    small: KnowledgeBase, zhang: accounts.Account, clock: list[datetime]
) -> None:
    fail(small, LIMITS[2].most, source="10.0.1.{}")
    with pytest.raises(ThrottledError):
        small.accounts.authenticate("张三", GOOD, "10.0.9.9")


def test_parallel_tries_all_count(small: KnowledgeBase, zhang: accounts.Account) -> None:
    outcomes: list[type[Exception]] = []

    def attempt() -> None:
        try:
            small.accounts.authenticate("张三", "不对的密码不对的密码", "10.0.0.1")
        except (LoginError, ThrottledError) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(LoginError) == 5
    assert outcomes.count(ThrottledError) == 7


def test_failures_count_over_processes(
    settings: Settings, small: KnowledgeBase, zhang: accounts.Account
) -> None:
    fail(small, 3)
    with KnowledgeBase.open(settings) as other:
        fail(other, 2)
    with pytest.raises(ThrottledError):
        small.accounts.authenticate("张三", GOOD, "10.0.0.1")


def test_every_deed_is_in_the_audit_log_and_no_password(
    small: KnowledgeBase, zhang: accounts.Account
) -> None:
    small.accounts.add("李四", Role.REVIEWER, GOOD, actor="张三")
    small.accounts.set_role("李四", Role.ADMIN, actor="张三")
    small.accounts.change_password("李四", GOOD, GOOD + "了", "a")
    small.accounts.set_active("李四", False, actor="张三")
    fail(small, 1)
    fail(small, 1, name=GOOD)
    small.accounts.logged_out(small.accounts.authenticate("张三", GOOD, "10.0.0.1"))
    entries = small.audit.entries(50)
    assert {e.action for e in entries} >= {
        "新建账号", "改角色", "改密码", "停用账号", "登录失败", "登录", "退出", "写入",
    }  # fmt: skip
    assert all(GOOD not in e.actor + e.target + e.detail for e in entries)
    assert all(e.at.tzinfo is UTC for e in entries)


def test_account_of_a_proxy_has_no_password_to_guess(small: KnowledgeBase) -> None:
    made = small.accounts.add("王五", Role.DRAFTER, None, actor="测试")
    assert not made.local
    with pytest.raises(LoginError):
        small.accounts.authenticate("王五", "", "a")
    assert small.accounts.of_proxy("王五") == made
    assert small.accounts.of_proxy("没有这个人") is None


def test_key_is_made_once_and_is_its_owners_alone(settings: Settings, small: KnowledgeBase) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(session_key(settings.secret_file))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 32
    assert stat.S_IMODE(settings.secret_file.stat().st_mode) == 0o600
    settings.secret_file.write_bytes(b"short")
    with pytest.raises(HomeError):
        session_key(settings.secret_file)
