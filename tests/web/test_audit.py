"""The audit log tells of every write and every login, by whatever door it came, and of nothing that is secret."""

from __future__ import annotations

import csv
import io
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indicators.model import Indicator, IndicatorSet
from kb.db.audit import Entry
from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from loaders.packs import About, write_pack
from loaders.signing import SigningKey
from tests.loaders.corpus import indicator_set
from tests.loaders.files import as_xlsx
from tests.web.conftest import NAMES, PASSWORD, SMALL, log_in, send, token_of
from tests.web.importing import confirmed, sent, settled
from web.app import create_app
from web.cli import main
from web.record_form import written

DEEDS = {
    "account.log_in": "登录", "account.logout": "退出", "account.change_password": "改密码",
    "admin.undo": "写入", "admin.ignore": "写入", "users.add_user": "新建账号", "users.change": "停用账号",
    "teaching.add_group": "写入", "teaching.save_group": "写入", "teaching.remove_group": "写入",
    "teaching.choose_answer": "写入", "teaching.remove_answer": "写入", "teaching.add_word": "写入",
    "teaching.remove_word": "写入", "teaching.reindex": "重建索引",
    "drafting.create": "新建草稿", "drafting.upload": "新建草稿", "draft_table.change": "改草稿",
    "draft_table.save": "改草稿", "draft_table.remove": "删除草稿",
    "reviewing.begin": "体检", "reviewing.decide": "处理意见", "reviewing.judge": "审核结论",
    "reviewing.remove": "删除体检", "rules.change": "改体检规则", "filed.file_job": "写入",
    "import_commit.commit": "写入", "import_choices.forget": "写入", "batches.notes": "写入",
    "packs.keygen": "生成密钥", "packs.confirm": "写入", "packs.distrust": "写入",
    "overlays.make": "写入", "overlays.change": "写入", "overlays.merge": "写入",
    "editing.add": "写入", "editing.save": "写入", "editing.take_out": "写入", "history.restore": "写入",
    "editing.send": "提意见", "editing.send_new": "提意见", "proposing.send": "提意见",
    "queue.accept": "采纳意见", "queue.settle": "采纳意见", "queue.decline": "不采纳意见",
}  # fmt: skip
"""Endpoints that change something when posted to, with what the log calls it."""

HARMLESS = {
    "api_draft.draft", "api_review.review", "drafting.propose", "draft_table.check_rows", "draft_table.balanced",
    "importing.upload", "importing.cancel", "importing.discard", "import_choices.remap", "import_choices.choose",
    "import_choices.reread",
    "packs.upload", "packs.trust",
    "editing.markdown",
}  # fmt: skip
"""Endpoints that only answer, or keep a file that nothing has been made of yet."""

TABLE = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n修路,产出指标,数量指标,修路里程,100%,公里\n"


class Office:
    """A browser of an account, with what the log gained since the last look."""

    def __init__(self, client: FlaskClient, kb: KnowledgeBase) -> None:
        self.client, self.kb = client, kb
        self.seen = self.newest()
        self.told: set[str] = set()

    def newest(self) -> int:
        found = self.kb.audit.entries(1)
        return found[0].number if found else 0

    def gained(self) -> list[Entry]:
        """Lines of the log since the last call, oldest first."""
        found = [e for e in self.kb.audit.entries(100) if e.number > self.seen]
        self.seen = self.newest()
        return found[::-1]

    def deed(self, endpoint: str, answer: TestResponse, by: str = NAMES[Role.ADMIN]) -> list[Entry]:
        """Look up what a request has left in the log."""
        assert answer.status_code in (200, 303), (endpoint, answer.status_code, answer.text[:600])
        lines = self.gained()
        assert DEEDS[endpoint] in {e.action for e in lines}, (endpoint, lines)
        assert all(by in e.actor for e in lines), (endpoint, lines)
        self.told.add(endpoint)
        return lines

    def post(self, url: str, page: str = "", **fields: str) -> TestResponse:
        return send(self.client, url, page, **fields)


def newest_batch(kb: KnowledgeBase) -> str:
    return str(kb.batches(1)[0].number)


@pytest.mark.slow
def test_every_deed_in_the_browser_leaves_its_line(anyone: FlaskClient, office: KnowledgeBase) -> None:
    browser = Office(anyone, office)
    browser.deed("account.log_in", log_in(anyone, NAMES[Role.ADMIN]))
    _accounts(browser)
    _teaching(browser)
    _drafts(browser)
    _reviews(browser)
    _loading(browser)
    _overlays(browser)
    _packs(browser)
    _editing(browser)
    new = PASSWORD + "了"
    browser.deed("account.change_password", browser.post("/account", old=PASSWORD, new=new, again=new))
    browser.deed("account.logout", browser.post("/logout", "/account"))
    assert browser.told == set(DEEDS)
    everything = "".join(e.actor + e.target + e.detail for e in office.audit.everything())
    assert PASSWORD not in everything


def _accounts(browser: Office) -> None:
    add = browser.post("/admin/users", name="新人", role="drafter", password=PASSWORD)
    browser.deed("users.add_user", add)
    browser.deed(
        "users.change", browser.post("/admin/users/change", "/admin/users", name="新人", do="disable")
    )


def _editing(browser: Office) -> None:
    kb, page, url = browser.kb, "/account", "/issue/WT-1"

    def form(**change: str) -> dict[str, str]:
        record, seen = kb.editing.current("WT-1")
        return {
            **written(record),
            **{f"f.{n}": v for n, v in change.items()},
            "seen": str(seen),
            "do": "save",
        }

    saved = browser.post("/admin/edit/WT-1", page, **form(fix="改目标"))
    browser.deed("editing.save", saved)
    assert saved.location == url
    browser.deed("history.restore", browser.post("/admin/restore/WT-1", page, version="1", seen="2"))
    added = browser.post("/admin/new/issue", page, **form(name="另一个问题"))
    browser.deed("editing.add", added)
    code = added.location.rsplit("/", 1)[1]
    browser.deed("editing.take_out", browser.post(f"/admin/take-out/{code}", page, seen="1"))
    browser.deed("editing.send", browser.post("/propose/WT-1", page, **form(cause="预算编早了")))
    browser.deed("editing.send_new", browser.post("/propose/new/issue", page, **form(name="再一个问题")))
    report = {"sort": "gap", "text": "缺一条"}
    browser.deed("proposing.send", browser.post("/report", page, **report))
    first, second, third = (str(row.number) for row in kb.proposals.listed(state="open", oldest=True))
    accepted = browser.post(f"/admin/queue/{first}/accept", page, seen=form()["seen"])
    browser.deed("queue.accept", accepted)
    browser.deed("queue.decline", browser.post(f"/admin/queue/{second}/decline", page, answer="已经有了"))
    browser.deed("queue.settle", browser.post(f"/admin/queue/{third}/settle", page, answer="已补"))


def _teaching(browser: Office) -> None:
    kb = browser.kb
    group = {"name": "农村公路", "words": "龙脉养护", "strength": "same", "seen": "0"}
    added = browser.post("/admin/synonyms/new", **group)
    browser.deed("teaching.add_group", added)
    page = added.location
    changed = {**group, "words": "龙脉养护\n龙脉保养", "seen": _seen(browser, page)}
    browser.deed("teaching.save_group", browser.post(page, **changed))
    removed = browser.post(f"{page}/remove", page, seen=_seen(browser, page))
    browser.deed("teaching.remove_group", removed)
    undone = browser.post("/admin/undo", "/admin/synonyms/new", batch=newest_batch(kb))
    browser.deed("admin.undo", undone)
    browser.deed("teaching.choose_answer", browser.post("/admin/answers", query="修路", codes="JT-SL-01"))
    browser.deed(
        "teaching.remove_answer", browser.post("/admin/answers/remove", "/admin/answers", query="修路")
    )
    browser.deed("admin.ignore", browser.post("/admin/ignore", "/admin/answers", query="没有的词"))
    browser.deed("teaching.add_word", browser.post("/admin/words", word="龙脉养护"))
    browser.deed("teaching.remove_word", browser.post("/admin/words/remove", "/admin/words", word="龙脉养护"))
    begun = browser.post("/admin/reindex", "/admin/words")
    for _ in range(200):
        if browser.kb.audit.entries(1)[0].action == "重建索引":
            break
        time.sleep(0.05)
    browser.deed("teaching.reindex", begun)
    for _ in range(400):
        if "正在" not in browser.client.get("/admin/words").text:
            break
        time.sleep(0.05)


def _seen(browser: Office, page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', browser.client.get(page).text)
    assert found
    return found[1]


def _drafts(browser: Office) -> None:
    made = browser.post("/draft/new", "/draft", text="修5公里村道，投资300万元")
    lines = browser.deed("drafting.create", made)
    id_ = made.location.rsplit("/", 1)[-1]
    assert id_ not in "".join(e.target + e.detail for e in lines), "the log does not open the draft"
    browser.deed("drafting.upload", browser.post("/draft/upload", "/draft", table=TABLE))
    url = made.location
    browser.deed("draft_table.change", browser.post(url, version="1", do="add"))
    rows = [{"name": "修路里程", "level1": "产出指标", "level2": "数量指标", "target": "≥5"}]
    saved = browser.client.post(f"{url}/save", json={"version": 2, "rows": rows})
    browser.deed("draft_table.save", saved)
    rows[0]["target"] = "≥6"
    again = browser.client.post(f"{url}/save", json={"version": 3, "rows": rows})
    assert again.status_code == 200
    assert browser.gained() == [], "automatic saves within minutes are one version and one line"
    browser.deed("draft_table.remove", browser.post(f"{url}/remove", url))


def _reviews(browser: Office) -> None:
    kb = browser.kb
    begun = browser.client.post("/review", data={"text": TABLE})
    lines = browser.deed("reviewing.begin", begun)
    url = begun.location
    id_ = url.rsplit("/", 1)[-1]
    assert id_ not in "".join(e.target + e.detail for e in lines), "the log does not open the review"
    for _ in range(400):
        if kb.reviews.job(id_).finished:
            break
        time.sleep(0.05)
    finding = kb.reviews.review(id_, 1).all_findings()[0]
    decision = {"row": str(finding.row), "code": finding.code, "field": finding.field, "choice": "accept"}
    browser.deed("reviewing.decide", browser.client.post(f"{url}/1/decision", data=decision))
    browser.deed("reviewing.judge", browser.client.post(f"{url}/1/verdict", data={"opinion": "同意"}))
    browser.deed("filed.file_job", browser.post("/admin/filed", "/account", job=id_))
    browser.deed("reviewing.remove", browser.client.post(f"{url}/remove"))
    changed = browser.post("/rules/P01", on="1", severity="hint", why="本市另有规定")
    assert "本市另有规定" in browser.deed("rules.change", changed)[0].detail


def _packs(browser: Office) -> None:
    browser.deed("packs.keygen", browser.post("/admin/packs/keys", "/admin/packs", name="某局"))
    other = SigningKey.make("邻局")
    key = {"name": other.name, "key": other.public.key.hex(), "compared": "1"}
    browser.deed("packs.confirm", browser.post("/admin/packs/trust/confirm", "/admin/packs", **key))
    home = IndicatorSet(code="JH-P", name="邻库", members=("P-SL-01",))
    data = write_pack(home, [Indicator(code="P-SL-01", name="里程")], About("邻局", "2026", "0"), other)
    page = browser.client.get("/admin/packs")
    form = {"form_token": token_of(page), "file": (io.BytesIO(data), "a.kbp")}
    shown = browser.client.post("/admin/packs", data=form, content_type="multipart/form-data").location
    lines = browser.deed("import_commit.commit", confirmed(browser.client, settled(browser.client, shown)))
    assert "导入指标集包：a.kbp → 邻库" in "".join(e.detail for e in lines)
    gone = {"fingerprint": other.public.fingerprint}
    browser.deed("packs.distrust", browser.post("/admin/packs/distrust", "/admin/packs", **gone))


def _overlays(browser: Office) -> None:
    roads = IndicatorSet(code="JH-R", name="路库", members=("JT-SL-01", "JT-ZL-01"))
    browser.kb.write([roads], name="集", actor=NAMES[Role.ADMIN], reason="")
    browser.deed("overlays.make", browser.post("/admin/overlays", name="XIAN", base="JH-R"))
    page = "/admin/overlays/BD-XIAN"
    browser.deed("overlays.change", browser.post(page, code="JT-SL-01", do="leave"))
    grown = IndicatorSet(code="JH-R", name="路库", members=("JT-SL-01", "JT-ZL-01", "JT-SH-01"))
    browser.kb.write([grown], name="集", actor=NAMES[Role.ADMIN], reason="")
    mark = browser.kb.overlays.compare("BD-XIAN").mark
    browser.deed("overlays.merge", browser.post(f"{page}/merge", base="JH-R", mark=mark))


def _loading(browser: Office) -> None:
    client = browser.client
    page = sent(client, "县库.xlsx", as_xlsx(*indicator_set()), set="县库")
    address = page.request.path
    header = re.search(r'name="(map:[^"]+)"', page.text)
    assert header
    remapped = client.post(f"{address}/mapping", data={"form_token": token_of(page), header[1]: ""})
    assert remapped.status_code == 303
    page = settled(client, address)
    mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page.text)
    assert mark
    committed = client.post(
        f"{address}/commit", data={"form_token": token_of(page), "fingerprint": mark[1], "good": "1"}
    )
    settled(client, address)
    lines = browser.deed("import_commit.commit", committed)
    assert "入库：县库.xlsx" in "".join(e.detail for e in lines)
    assert len(lines) == 2, "what was learned about the columns is a batch as well"
    number = next(b.number for b in browser.kb.ledger.page(5) if b.name.startswith("入库："))
    batch = f"/admin/batch/{number}"
    browser.deed("batches.notes", browser.post(f"{batch}/notes", batch, text="# 说明"))
    (learned,) = browser.kb.loading.learned()
    columns = "/admin/import/columns"
    browser.deed("import_choices.forget", browser.post(f"{columns}/forget", columns, mark=learned))


def test_failed_logins_are_told_without_what_was_typed(anyone: FlaskClient, office: KnowledgeBase) -> None:
    log_in(anyone, NAMES[Role.ADMIN], "不对的密码不对的密码")
    log_in(anyone, PASSWORD, "不对的密码不对的密码")
    first, second = office.audit.entries(2)[::-1]
    assert (first.action, first.target) == ("登录失败", NAMES[Role.ADMIN])
    assert (second.action, second.actor, second.target) == ("登录失败", "", "没有这个账号")


def test_login_by_a_proxy_is_told_once_a_browser_session(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", catalogue=SMALL, trusted_header="X-Remote-User")
    with KnowledgeBase.open(settings) as kb:
        kb.accounts.add("wang", Role.DRAFTER, None, actor="测试")
        app = create_app(kb)
        client, header = app.test_client(), {"X-Remote-User": "wang"}
        for _ in range(3):
            assert client.get("/account", headers=header).status_code == 200
        assert client.get("/", headers={"X-Remote-User": "nobody"}).status_code == 200
        lines = [e for e in kb.audit.everything() if e.action == "登录"]
        assert [(e.actor, "反向代理" in e.detail) for e in lines] == [("wang", True)]
        app.test_client().get("/", headers=header)
        assert len([e for e in kb.audit.everything() if e.action == "登录"]) == 2


@pytest.mark.slow
def test_every_deed_on_the_command_line_leaves_its_line_and_restoring_takes_none_away(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.kbz"
    book = tmp_path / "县库.xlsx"
    book.write_bytes(as_xlsx(*indicator_set()))
    environment = {"KB_HOME": str(home), "KB_CATALOGUE": str(SMALL)}

    def kb(*arguments: str, text: str | None = None) -> None:
        done = CliRunner().invoke(main, list(arguments), input=text, env=environment)
        assert done.exit_code == 0, (arguments, done.output)

    kb("user", "add", "张三", "--role", "admin", "--password-stdin", text=PASSWORD)
    kb("backup", str(file))
    kb("user", "passwd", "张三", "--password-stdin", text=PASSWORD + "了")
    kb("load", str(book), "--set", "县库")
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
        number = newest_batch(opened)
    kb("undo", number)
    kb("reindex")
    kb("restore", str(file))
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as opened:
        assert opened.check().ok
        lines = list(opened.audit.everything())[::-1]
        assert opened.accounts.authenticate("张三", PASSWORD, "a"), "the state is the backup's"
    done = [e.action for e in lines]
    assert done[-7:] == ["备份", "改密码", "写入", "写入", "重建索引", "备份", "恢复备份"]
    assert done.count("新建账号") == 1
    assert all(e.actor.startswith("命令行") for e in lines[-7:])


def test_export_is_whole_and_is_itself_told(admin: FlaskClient, office: KnowledgeBase) -> None:
    rows = list(
        csv.reader(io.StringIO(admin.get("/admin/audit.csv").get_data(as_text=True).lstrip("\ufeff")))
    )
    assert len(rows) == 1 + office.audit.count()
    assert rows[1][3] == "导出审计日志"
