"""The admin's edition packs (指标集包): keys and trust, a set as a signed file, another office's file taken in."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from indicators.differences import told
from indicators.model import Kind
from kb.errors import InputError, KnowledgeError
from loaders.errors import FileError
from loaders.exports import SHEETS
from loaders.packs import SUFFIX, Pack, require_signed
from loaders.signing import PublicKey, read_public, spoken
from web.admin import admin
from web.context import knowledge
from web.downloads import attachment
from web.pack_work import make_key, make_pack, plan_pack, read_pack_apart, trusted_keys
from web.query import clean
from web.review_work import uploaded

pages = Blueprint("packs", __name__)

_KEPT = 24 * 3600
_MOST_CHANGES = 200
_TOKEN = re.compile(r"[0-9a-f]{32}")
ACTIONS = {"new": "新增", "changed": "修改", "vanished": "包里没有", "invalid": "不能导入"}
_START = "/admin/packs"
_RECEIVED = f"{_START}/received"


@dataclass(frozen=True, slots=True)
class _Upload:
    """An uploaded pack on its way."""

    token: str
    folder: Path
    name: str
    replace: bool

    def read(self) -> Pack:
        """The pack, checked anew. Raises a FileError."""
        return read_pack_apart(self.name, (self.folder / "data").read_bytes(), trusted_keys(knowledge()))


@pages.get(_START)
def packs() -> str:
    """Keys, trust, export and import on one page."""
    kb = knowledge()
    own = [(k.name, spoken(read_public(k.name, k.public).fingerprint)) for k in kb.keys.own()]
    trusted = [(k, spoken(k.fingerprint)) for k in kb.keys.trusted()]
    recent = [b for b in kb.batches(60) if b.name.startswith("导入指标集包：")][:10]
    return render_template("admin_packs.html", own=own, trusted=trusted, sets=kb.sets(), recent=recent)


@pages.post(f"{_START}/keys")
def keygen() -> BaseResponse:
    """Make a key of this office."""
    try:
        made = make_key(knowledge(), clean(request.form.get("name", ""))[:80])
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        knowledge().audit.write(admin().name, "生成密钥", made.name)
        flash(f"已生成密钥“{made.name}”。下载公钥交给别的单位，并在电话里核对指纹。")
    return redirect(_START, 303)


@pages.get(f"{_START}/keys/<name>")
def public(name: str) -> Response:
    """The public half of a key as a file for other offices."""
    try:
        key = knowledge().keys.key(name)
    except InputError:
        abort(404)
    return attachment(key.public, f"{name}.kbkey", "application/json")


@pages.post(f"{_START}/trust")
def trust() -> str | BaseResponse:
    """Show whose key a file holds and its fingerprint; nothing is trusted yet."""
    files = uploaded(request.files.getlist("file"))
    try:
        if len(files) != 1:
            raise FileError("公钥", "请选一个公钥文件（.kbkey）。")
        key = read_public(*files[0])
    except FileError as error:
        flash(str(error), "bad")
        return redirect(_START, 303)
    return _trust_page(key)


@pages.post(f"{_START}/trust/confirm")
def confirm() -> str | BaseResponse:
    """Trust a key whose fingerprint somebody has compared."""
    try:
        raw = bytes.fromhex(request.form.get("key", "")[:200])
    except ValueError:
        raw = b""
    key = PublicKey(clean(request.form.get("name", ""))[:80], raw)
    if len(raw) != 32 or not key.name:
        flash("公钥不完整，请重新选文件。", "bad")
        return redirect(_START, 303)
    if not request.form.get("compared"):
        return _trust_page(key, "请先在电话里核对指纹，再勾选。")
    batch = knowledge().keys.trust(key.name, key.key.hex(), key.fingerprint, actor=admin().name)
    flash(f"已信任“{key.name}”，记为第 {batch} 批。以后它签名的指标集包可以导入。")
    return redirect(_START, 303)


def _trust_page(key: PublicKey, error: str = "") -> str:
    return render_template("admin_pack_trust.html", key=key, spoken=spoken(key.fingerprint), error=error)


@pages.post(f"{_START}/distrust")
def distrust() -> BaseResponse:
    """Trust a key no longer."""
    try:
        batch = knowledge().keys.distrust(request.form.get("fingerprint", "")[:80], actor=admin().name)
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        flash(f"已不再信任，记为第 {batch} 批；撤回那一批就恢复。")
    return redirect(_START, 303)


@pages.get(f"{_START}/export")
def download() -> BaseResponse:
    """A set as a pack, signed with the chosen key."""
    kb, chosen = knowledge(), request.args.get("key", "")[:80]
    try:
        key = None if chosen == "-" else kb.keys.key(chosen)
        home, data = make_pack(kb, request.args.get("set", "")[:120], key)
    except (KnowledgeError, FileError) as error:
        flash(str(error), "bad")
        return redirect(_START, 303)
    kb.audit.write(admin().name, "导出指标集包", home.name, f"签名：{key.name}" if key else "没有签名")
    edition = f"-{home.edition}" if home.edition else ""
    return attachment(data, f"{home.name}{edition}{SUFFIX}", "application/zip")


@pages.post(_START)
def upload() -> BaseResponse:
    """Keep an uploaded pack apart and go on to its preview."""
    files = uploaded(request.files.getlist("file"))
    if len(files) != 1:
        flash("请选一个指标集包（.kbp）。", "bad")
        return redirect(_START, 303)
    root = _root()
    _sweep(root)
    token = secrets.token_hex(16)
    folder = root / token
    folder.mkdir()
    (folder / "data").write_bytes(files[0][1])
    about = {"name": files[0][0], "replace": bool(request.form.get("replace"))}
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return redirect(f"{_RECEIVED}/{token}", 303)


@pages.get(f"{_RECEIVED}/<token>")
def preview(token: str) -> str | BaseResponse:
    """Who signed a pack, what it holds, and what taking it would change."""
    up = _upload(token)
    try:
        read = up.read()
        plan = plan_pack(knowledge(), read, replace=up.replace)
    except (FileError, KnowledgeError) as error:
        shutil.rmtree(up.folder, ignore_errors=True)
        flash(str(error), "bad")
        return redirect(_START, 303)
    shown = [c for c in plan.changes if c.action in ACTIONS and c.kind not in (Kind.SET, Kind.SOURCE)]
    return render_template(
        "admin_pack_preview.html", up=up, read=read, plan=plan, changes=shown[:_MOST_CHANGES],
        more=max(0, len(shown) - _MOST_CHANGES), sheets=SHEETS, actions=ACTIONS,
        spoken=spoken(read.fingerprint) if read.signed else "", told=lambda c: told(c.kind, c.fields),
    )  # fmt: skip


@pages.post(f"{_RECEIVED}/<token>")
def commit(token: str) -> BaseResponse:
    """Write the plan that was shown, as one batch."""
    up, kb = _upload(token), knowledge()
    try:
        read = up.read()
        require_signed(up.name, read, bool(request.form.get("unsigned")))
        plan = plan_pack(kb, read, replace=up.replace)
        batch = kb.loading.commit(
            plan, request.form.get("fingerprint", ""), name=f"导入指标集包：{up.name} → {plan.set_name}",
            actor=admin().name, reason=f"签名：{read.signer}" if read.signed else "没有签名，管理员确认后导入",
        )  # fmt: skip
    except (FileError, KnowledgeError) as error:
        flash(str(error), "bad")
        return redirect(f"{_RECEIVED}/{token}", 303)
    shutil.rmtree(up.folder, ignore_errors=True)
    flash(f"已导入，记为第 {batch} 批；可以随时撤回。" if batch else "没有变化，没有写入。")
    return redirect(_START, 303)


def _root() -> Path:
    root = knowledge().settings.home / "packs"
    root.mkdir(parents=True, exist_ok=True)
    return root


def _sweep(root: Path) -> None:
    """Forget uploads that nobody went on with."""
    for folder in root.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def _upload(token: str) -> _Upload:
    folder = _root() / token
    if not _TOKEN.fullmatch(token) or not (folder / "about.json").is_file():
        abort(404)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return _Upload(token, folder, about["name"], about["replace"])
