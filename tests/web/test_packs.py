"""Packs between two offices: by command and on the pages, with every refusal an admin may meet."""

from __future__ import annotations

import io
import json
import re
import socket
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from indicators.model import Indicator, IndicatorSet, Source, SourceRef
from kb.errors import InputError
from kb.imports import SetAbout
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.exports import export
from loaders.packs import read_pack
from loaders.signing import SigningKey
from tests.kb.test_overlaying import CITY, load
from tests.web.conftest import SMALL, send, token_of
from tests.web.importing import confirmed, post, settled
from web.cli import main
from web.pack_work import make_key, make_pack, plan_pack, trusted_keys


@pytest.fixture
def city(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """The city's office, with a set and a key."""
    with KnowledgeBase.open(Settings(home=tmp_path / "city", catalogue=SMALL)) as kb:
        load(kb, CITY, "市库", edition="2026", issuer="市财政局", region="某市")
        make_key(kb, "市财政局")
        yield kb


def everything(kb: KnowledgeBase, name: str) -> bytes:
    return export("a.json", kb.loading.records_of(name))


def made(kb: KnowledgeBase, signed: bool = True) -> bytes:
    return make_pack(kb, "市库", kb.keys.key() if signed else None)[1]


def taken(kb: KnowledgeBase, data: bytes) -> int | None:
    """Batch of a pack taken in by an office that trusts its maker."""
    plan = plan_pack(kb, read_pack("a.kbp", data, trusted_keys(kb)))
    return kb.loading.commit(plan, plan.fingerprint, name="导入", actor="a", reason="")


def trusting(kb: KnowledgeBase, other: KnowledgeBase) -> None:
    for key in trusted_keys(other).values():
        kb.keys.trust(key.name, key.key.hex(), key.fingerprint, actor="a")


def test_a_set_arrives_as_it_left_and_leaves_again_as_it_came(
    city: KnowledgeBase, office: KnowledgeBase
) -> None:
    trusting(office, city)
    data = made(city)
    assert data == made(city)
    batch = taken(office, data)
    assert batch is not None
    assert everything(office, "市库") == everything(city, "市库")
    assert taken(office, data) is None
    assert office.check().ok
    office.undo(batch, actor="a")
    assert office.loading.find_set("市库") is None


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=12)


@pytest.mark.slow
@settings(max_examples=6)
@given(st.lists(st.tuples(TEXT, TEXT, st.booleans()), min_size=1, max_size=4), TEXT, st.randoms())
def test_any_set_goes_round_two_offices(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, bool]], name: str, rng: object
) -> None:
    folder = tmp_path_factory.mktemp("round")
    source = Source(code="WJ-R", name="来源")
    members = [
        Indicator(code=f"R-SL-{n:02d}", name=a, explanation=b, core=c, sources=(SourceRef(source="WJ-R"),))
        for n, (a, b, c) in enumerate(rows)
    ]
    home = IndicatorSet(code="R", name=name, members=tuple(m.code for m in members)[::-1])
    with (
        KnowledgeBase.open(Settings(home=folder / "a", catalogue=SMALL)) as here,
        KnowledgeBase.open(Settings(home=folder / "b", catalogue=SMALL)) as there,
    ):
        here.write([source, *members, home], name="集", actor="a", reason="")
        make_key(here, "甲局")
        trusting(there, here)
        taken(there, make_pack(here, "R", here.keys.key())[1])
        assert everything(there, "R") == everything(here, "R")


def test_an_overlay_travels_with_its_originals(city: KnowledgeBase, office: KnowledgeBase) -> None:
    trusting(office, city)
    city.overlays.make("县库", "市库", SetAbout(), actor="a")
    load(city, [[*CITY[0][:4], "县里的说法。"]], "县库")
    taken(office, made(city))
    taken(office, make_pack(city, "县库", city.keys.key())[1])
    assert everything(office, "县库") == everything(city, "县库")
    assert office.overlays.compare("县库").idle


def test_next_edition_under_the_same_name_changes_the_set_that_stands(
    city: KnowledgeBase, office: KnowledgeBase
) -> None:
    trusting(office, city)
    office.write([IndicatorSet(code="ANDERS", name="市库")], name="集", actor="a", reason="")
    taken(office, made(city))
    found = office.loading.require_set("市库")
    assert (found.code, found.edition, len(found.members)) == ("ANDERS", "2026", 4)
    load(city, [[*CITY[0][:4], "改了。"], *CITY[1:3]], "市库", edition="2027", replace=True)
    plan = plan_pack(office, read_pack("a.kbp", made(city), trusted_keys(office)))
    assert plan.counts["changed"] == 2
    assert office.loading.commit(plan, plan.fingerprint, name="导入", actor="a", reason="")
    assert office.loading.require_set("市库").edition == "2027"


def test_private_keys_stay_private_and_out_of_backups(city: KnowledgeBase, tmp_path: Path) -> None:
    folder = city.settings.home / "keys"
    (file,) = folder.glob("*.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    if city.settings.database_url.startswith("sqlite"):  # a server's database has its own backups
        city.backup(tmp_path / "a.kbz")
        secret = file.read_bytes().splitlines()[1]
        with zipfile.ZipFile(tmp_path / "a.kbz") as archive:
            assert all(secret not in archive.read(name) for name in archive.namelist())
    with pytest.raises(InputError, match="已经有"):
        make_key(city, "市财政局")
    for name in ("", "../x", "a/b", "甲" * 41, "."):
        with pytest.raises(InputError):
            make_key(city, name)


def test_a_machine_without_the_key_names_itself_and_one_with_the_folder_signs(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient, tmp_path: Path
) -> None:
    here = re.escape(f"{socket.gethostname()} 的 {office.settings.home / 'keys'}")
    with pytest.raises(InputError, match=f"{here} 里还没有签名用的密钥.*拷来"):
        office.keys.key("市财政局")
    assert re.search(f"{here} 里还没有。", admin.get("/admin/packs").text)
    make_key(office, "另一把")
    with pytest.raises(InputError, match=f"{here} 里没有名为“市财政局”的密钥"):
        office.keys.key("市财政局")
    given = {"KB_KEYS": str(city.settings.keys_folder), "KB_CATALOGUE": str(SMALL)}
    with KnowledgeBase.open(Settings.load(tmp_path / "third", given)) as third:
        assert third.keys.key("市财政局") == city.keys.key()
        assert taken(third, made(city)) is not None, "an office's own packs need no trust"


def test_trust_is_a_batch_that_can_be_undone(office: KnowledgeBase) -> None:
    key = SigningKey.make("邻县").public
    batch = office.keys.trust(key.name, key.key.hex(), key.fingerprint, actor="a")
    assert [k.name for k in office.keys.trusted()] == ["邻县"]
    office.undo(batch, actor="a")
    assert office.keys.trusted() == []
    with pytest.raises(InputError):
        office.keys.distrust("abc", actor="a")


# On the pages


def upload(admin: FlaskClient, data: bytes, name: str = "市库.kbp", to: str = "/admin/packs") -> TestResponse:
    form = {"form_token": token_of(admin.get("/admin/packs")), "file": (io.BytesIO(data), name)}
    answer = admin.post(to, data=form, content_type="multipart/form-data")
    return settled(admin, answer.location) if answer.status_code == 303 else answer


def test_refused_then_trusted_then_imported_then_undone(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    data = made(city)
    refused = upload(admin, data)
    assert "不在信任名单里" in refused.text
    page = upload(admin, city.keys.key().public, "市.kbkey", "/admin/packs/trust")
    assert "逐组念出指纹" in page.text
    hidden = dict(re.findall(r'name="(name|key)" value="([^"]*)"', page.text))
    again = admin.post("/admin/packs/trust/confirm", data={"form_token": token_of(page), **hidden})
    assert "请先在电话里核对指纹" in again.text
    assert office.keys.trusted() == []
    told = admin.post(
        "/admin/packs/trust/confirm",
        data={"form_token": token_of(page), **hidden, "compared": "1"},
        follow_redirects=True,
    )
    assert "已信任“市财政局”" in told.text
    page = upload(admin, data)
    assert "签名完好" in page.text
    assert "<dt>新增</dt><dd><b>4</b></dd>" in page.text
    assert "指标 第1条" in page.text
    assert office.loading.find_set("市库") is None
    done = confirmed(admin, page)
    assert "已入库，记为第" in done.text
    assert everything(office, "市库") == everything(city, "市库")
    batch = re.search(r'name="batch" value="(\d+)"', admin.get("/admin/packs").text)
    assert batch
    told = office.ledger.batch(int(batch[1]))
    assert (told.name, told.reason) == ("导入指标集包：市库.kbp → 市库", "签名：市财政局")
    send(admin, "/admin/undo", "/admin/packs", batch=batch[1], next="/admin/packs")
    assert office.loading.find_set("市库") is None


@pytest.mark.slow
def test_unsigned_needs_a_word_and_broken_ones_are_refused(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    page = upload(admin, made(city, signed=False))
    assert "没有签名" in page.text
    assert "没有签名，无法知道是谁做的" in confirmed(admin, page).text
    assert office.loading.find_set("市库") is None
    assert "已入库" in confirmed(admin, page, unsigned="1").text
    broken = bytearray(made(city))
    broken[len(broken) // 2] ^= 1
    for data, word in ((bytes(broken), "可能被改动"), (b"x", "不是指标集包"), (b"", "不是指标集包")):
        assert word in upload(admin, data).text
    assert (
        "请选一个指标集包" in send(admin, "/admin/packs").headers.get("Location", "")
        or "请选一个" in admin.get("/admin/packs").text
    )
    assert "不是本程序的公钥文件" in upload(admin, b"{}", "a.kbkey", "/admin/packs/trust").text


def test_indicators_of_a_pack_are_merged_into_those_like_them(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    trusting(office, city)
    load(office, CITY[:2], "县库")
    standing = office.loading.require_set("县库").members[0]
    page = upload(admin, made(city))
    offered = re.search(r'<select name="like:([^"]+)"[^>]*>.*?</select>', page.text, re.S)
    assert offered, page.text[:800]
    assert f'value="{standing}"' in offered[0]
    page = post(admin, page, "choices", **{f"like:{offered[1]}": standing})
    assert "<dt>新增</dt><dd><b>3</b></dd>" in page.text
    assert "已入库" in confirmed(admin, page).text
    assert standing in office.loading.require_set("市库").members
    assert office.editing.standing(offered[1])[0] is None


def test_a_source_that_a_pack_takes_away_is_told(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    trusting(office, city)
    taken(office, made(city))
    code = office.loading.require_set("市库").members[0]
    record, _ = office.editing.current(code)
    own = SourceRef(source="report", place="第7页", field="explanation")
    cited = msgspec.structs.replace(record, sources=(*record.sources, own))
    office.write([cited], name="出处", actor="a", reason="")
    page = upload(admin, made(city)).text
    assert "<dt>修改</dt><dd><b>1</b></dd>" in page
    assert "只添了来源" not in page
    assert "第7页" in page


def test_a_pack_waits_as_other_uploads_do_and_is_refused_once_its_key_is_not_trusted(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    trusting(office, city)
    page = upload(admin, made(city))
    assert page.request.path in admin.get("/admin/import").text
    (key,) = office.keys.trusted()
    office.keys.distrust(key.fingerprint, actor="a")
    assert "不在信任名单里" in confirmed(admin, page).text
    assert office.loading.find_set("市库") is None
    trusting(office, city)
    assert "签名完好" in post(admin, page, "reread").text


def test_download_on_the_page_can_be_read_elsewhere(
    city: KnowledgeBase, office: KnowledgeBase, admin: FlaskClient
) -> None:
    load(office, CITY, "本库")
    assert "还没有签名用的密钥" in admin.get("/admin/packs/export?set=本库", follow_redirects=True).text
    send(admin, "/admin/packs/keys", "/admin/packs", name="本局")
    answer = admin.get("/admin/packs/export?set=本库&key=本局")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    trusting(city, office)
    assert read_pack("a.kbp", answer.data, trusted_keys(city)).signer == "本局"
    assert admin.get("/admin/packs/keys/本局").data == office.keys.key().public
    assert admin.get("/admin/packs/keys/没有").status_code == 404
    assert "没有名为" in admin.get("/admin/packs/export?set=没有&key=-", follow_redirects=True).text


# By command


@pytest.fixture
def run(tmp_path: Path):
    def invoke(home: str, *arguments: str | Path, **options: str) -> Result:
        environ = {"KB_HOME": str(tmp_path / home), "KB_CATALOGUE": str(SMALL)}
        return CliRunner().invoke(main, [str(a) for a in arguments], env=environ, **options)

    return invoke


@pytest.mark.slow
def test_two_offices_by_command(run, tmp_path: Path) -> None:
    rows = [["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"], *CITY]
    table = tmp_path / "市.csv"
    table.write_text("\n".join(",".join(r) for r in rows), encoding="utf-8")
    out, key = tmp_path / "市库.kbp", tmp_path / "市.kbkey"
    assert run("a", "load", table, "--as", "indicators", "--set", "市库").exit_code == 0
    assert run("a", "pack", "export", "市库", "--out", out).exit_code == 1
    assert run("a", "pack", "keygen", "市财政局", "--out", key).exit_code == 0
    assert run("a", "pack", "export", "市库", "--out", out).exit_code == 0
    assert run("a", "pack", "export", "市库", "--out", tmp_path / "a.zip").exit_code == 2
    refused = run("b", "pack", "import", out)
    assert refused.exit_code == 1
    assert "不在信任名单里" in refused.stderr
    assert run("b", "pack", "trust", key, input="n\n").exit_code == 1
    assert run("b", "pack", "trust", key, input="y\n").exit_code == 0
    shown = json.loads(run("b", "pack", "keys", "--json").stdout)
    assert [k["name"] for k in shown["trusted"]] == ["市财政局"]
    assert (
        shown["trusted"][0]["fingerprint"]
        == json.loads(run("a", "pack", "keys", "--json").stdout)["own"][0]["fingerprint"]
    )
    seen = json.loads(run("b", "pack", "import", out, "--dry-run", "--json").stdout)
    assert (seen["batch"], seen["signer"], seen["diff"]["new"]) == (None, "市财政局", 4)
    done = json.loads(run("b", "pack", "import", out, "--json").stdout)
    assert done["batch"]
    assert "没有变化" in run("b", "pack", "import", out).stdout
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    run("a", "export", "--set", "市库", "--out", one)
    run("b", "export", "--set", "市库", "--out", two)
    assert one.read_bytes() == two.read_bytes()
    assert run("b", "pack", "distrust", shown["trusted"][0]["fingerprint"][:16]).exit_code == 0
    assert run("b", "pack", "import", out).exit_code == 1
    bare = tmp_path / "bare.kbp"
    assert run("a", "pack", "export", "市库", "--out", bare, "--unsigned").exit_code == 0
    assert "--unsigned" in run("b", "pack", "import", bare).stderr
    assert "要加 --unsigned" in run("b", "pack", "import", bare, "--dry-run").stdout
    assert run("b", "pack", "import", bare, "--unsigned").exit_code == 0


@pytest.fixture
def exchanged(run, city: KnowledgeBase, tmp_path: Path) -> Path:
    """The city's pack, in a folder beside an office "b" that trusts its maker and has a set of its own."""
    key, out = tmp_path / "市.kbkey", tmp_path / "市库.kbp"
    key.write_bytes(city.keys.key().public)
    out.write_bytes(made(city))
    assert run("b", "pack", "trust", key, "--yes").exit_code == 0
    return out


def listed(tmp_path: Path, rows: list[list[str]]) -> Path:
    table = tmp_path / "表.csv"
    head = ["一级指标", "二级指标", "三级指标", "计量单位", "指标解释"]
    table.write_text("\n".join(",".join(r) for r in [head, *rows]), encoding="utf-8")
    return table


def test_near_duplicates_of_a_pack_are_merged_by_command(run, exchanged: Path, tmp_path: Path) -> None:
    rows = [[*row[:4], "县里的说法。"] for row in CITY[:2]]
    run("b", "load", listed(tmp_path, rows), "--as", "indicators", "--set", "县库")
    shown = run("b", "pack", "import", exchanged, "--dry-run")
    pair = re.search(r"要并入：--merge (\S+)=(\S+)", shown.stdout)
    assert pair, shown.output
    new, standing = pair.groups()
    named = ("--name", "市里二〇二六", "--reason", "年度更新")
    one = json.loads(
        run("b", "pack", "import", exchanged, "--merge", f"{new}={standing}", *named, "--json").stdout
    )
    assert (one["diff"]["new"], one["diff"]["changed"]) == (3, 1)
    assert [d["merged"] for d in one["duplicates"] if d["code"] == new] == [standing]
    assert run("b", "show", new).exit_code == 1
    with KnowledgeBase.open(Settings(home=tmp_path / "b", catalogue=SMALL)) as kb:
        told = kb.ledger.batch(one["batch"])
    assert (told.name, told.reason) == ("导入指标集包：市里二〇二六", "签名：市财政局；年度更新")
    assert run("b", "undo", str(one["batch"])).exit_code == 0
    every = json.loads(run("b", "pack", "import", exchanged, "--merge", "全部", "--json").stdout)
    assert (every["diff"]["new"], every["diff"]["changed"]) == (2, 2)
    refused = run("b", "pack", "import", exchanged, "--merge", f"{standing}={new}")
    assert refused.exit_code == 2
    assert "不是与已有指标相近的新指标" in refused.stderr


def test_members_that_a_pack_lacks_are_retired_by_command(
    run, city: KnowledgeBase, exchanged: Path, tmp_path: Path
) -> None:
    assert run("b", "pack", "import", exchanged).exit_code == 0
    codes = {r.name: r.code for r in city.loading.records_of("市库") if isinstance(r, Indicator)}
    gone, other, stays = codes["验收合格率"], codes["购置课桌数"], codes["新增学位数"]
    load(city, CITY[:2], "市库", replace=True)
    city.write(
        [msgspec.structs.replace(r, members=r.members[:2]) for r in [city.loading.require_set("市库")]],
        name="集", actor="a", reason="",
    )  # fmt: skip
    exchanged.write_bytes(made(city))
    assert f"要停用：--retire {gone}" in run("b", "pack", "import", exchanged, "--dry-run").stdout
    done = run("b", "pack", "import", exchanged, "--retire", f"{gone}={stays}")
    assert f"停用 {gone} 验收合格率，改用 {stays}" in done.stdout
    assert f"包里没有 {other} 购置课桌数，保留" in done.stdout
    assert json.loads(run("b", "show", gone, "--json").stdout)["fields"]["successor"] == stays
    kept = run("b", "pack", "import", exchanged, "--replace", "--keep", other, "--json")
    assert [(v["code"], v["retired"]) for v in json.loads(kept.stdout)["vanished"]] == [(other, False)]
    assert run("b", "pack", "import", exchanged, "--retire", stays).exit_code == 2


def test_a_record_that_cannot_be_taken_keeps_a_whole_pack_out(
    run, city: KnowledgeBase, exchanged: Path, tmp_path: Path
) -> None:
    code = city.loading.require_set("市库").members[0]
    with KnowledgeBase.open(Settings(home=tmp_path / "b", catalogue=SMALL)) as kb:
        kb.write([Source(code=code, name="占了代码的来源")], name="源", actor="a", reason="")
    held = run("b", "pack", "import", exchanged)
    assert held.exit_code == 1
    assert "已经是另一种记录" in held.stdout
    assert "整个包没有导入" in held.stdout
    done = json.loads(run("b", "pack", "import", exchanged, "--good-rows", "--json").stdout)
    assert (done["diff"]["new"], done["diff"]["invalid"]) == (3, 1)
    assert done["batch"]
