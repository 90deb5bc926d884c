"""The admin's edition packs (指标集包): keys and trust, a set as a signed file, another office's file taken in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from kb.errors import InputError, KnowledgeError
from loaders.errors import FileError
from loaders.packs import SUFFIX
from loaders.signing import PublicKey, read_public, spoken
from web.admin import admin
from web.context import knowledge
from web.downloads import attachment
from web.import_uploads import PACK
from web.importing import take_in
from web.load_plan import PACKED
from web.pack_work import make_key, make_pack
from web.query import clean
from web.uploaded import uploaded

pages = Blueprint("packs", __name__)

_START = "/admin/packs"


@pages.get(_START)
def packs() -> str:
    """Keys, trust, export and import on one page."""
    kb = knowledge()
    own = [(k.name, spoken(read_public(k.name, k.public).fingerprint)) for k in kb.keys.own()]
    trusted = [(k, spoken(k.fingerprint)) for k in kb.keys.trusted()]
    recent = [b for b in kb.batches(60) if b.name.startswith(PACKED)][:10]
    return render_template(
        "admin_packs.html", own=own, trusted=trusted, sets=kb.sets(), recent=recent, place=kb.keys.place
    )


@pages.post(f"{_START}/keys")
def keygen() -> BaseResponse:
    """Make a key of this office."""
    try:
        made = make_key(knowledge(), clean(request.form.get("name", ""))[:80])
    except KnowledgeError as error:
        flash(str(error), "bad")
    else:
        knowledge().audit.write(admin().name, "生成密钥", made.name)
        flash(
            f"已生成密钥“{made.name}”，在 {knowledge().keys.place}。下载公钥交给别的单位，并在电话里核对指纹。"
        )
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
    """Keep an uploaded pack apart, have it checked, and go on to its preview."""
    files = uploaded(request.files.getlist("file"))
    if len(files) != 1:
        flash("请选一个指标集包（.kbp）。", "bad")
        return redirect(_START, 303)
    return take_in(*files[0], PACK)
