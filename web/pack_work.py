"""Edition packs between the store and the file: made, checked in a process of their own, planned."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from importlib.metadata import version

import msgspec

from indicators.candidate import Candidate
from indicators.model import IndicatorSet, Record
from kb.errors import InputError
from kb.imports import Decisions, ImportPlan
from kb.keyring import OwnKey, TrustedKey
from kb.knowledge import KnowledgeBase
from loaders.errors import FileError
from loaders.exports import SHEETS, grouped
from loaders.packs import About, Pack, read_pack, write_pack
from loaders.signing import PublicKey, SigningKey, write_public
from web.apart import Bounds, done_apart

_SECONDS = 60
_BOUNDS = Bounds(
    _SECONDS,
    memory=2 * 2**30,
    late=f"读了 {_SECONDS} 秒还没有读完，已放弃。请让对方把指标集拆小再导出。",
    much="文件太大或结构异常，读不下去。请让对方重新导出。",
    broken="文件结构异常，读取时中断。请让对方重新导出。",
)


def make_key(kb: KnowledgeBase, name: str) -> OwnKey:
    """A new key of this office under a name. Raises InputError or HomeError."""
    name = " ".join(name.split())
    made = SigningKey.make(name)
    kb.keys.keep(name, made.pem, write_public(made.public))
    return kb.keys.key(name)


def make_pack(kb: KnowledgeBase, set_name: str, key: OwnKey | None) -> tuple[IndicatorSet, bytes]:
    """A set as a pack, signed where a key is given. Raises InputError or KeyFileError."""
    home = kb.loading.require_set(set_name)
    records = kb.loading.records_of(home.code)
    if len(records) < 2:
        raise InputError(f"“{home.name}”里还没有指标，没有可导出的内容。")
    made_at = kb.loading.newest_change(records).strftime("%Y-%m-%dT%H:%M:%SZ")
    issuer = key.name if key else home.issuer
    about = About(issuer, made_at, version("indicator-kb"))
    return home, write_pack(home, records, about, SigningKey(key.name, key.private) if key else None)


def public_keys(keys: list[TrustedKey]) -> dict[str, PublicKey]:
    """Trusted keys by fingerprint, as reading wants them."""
    return {k.fingerprint: PublicKey(k.name, bytes.fromhex(k.key)) for k in keys}


def trusted_keys(kb: KnowledgeBase) -> dict[str, PublicKey]:
    """Keys whose packs are taken: those trusted by an admin and this office's own."""
    own = [SigningKey(k.name, k.private).public for k in kb.keys.own()]
    return {k.fingerprint: k for k in own} | public_keys(kb.keys.trusted())


def plan_pack(kb: KnowledgeBase, pack: Pack, decisions: Decisions | None = None) -> ImportPlan:
    """What taking a pack would change. A set that stands under the same code or name is meant by it.

    Raises DecisionError where a decision cannot be followed.
    """
    standing = kb.loading.find_set(pack.set.code) or kb.loading.find_set(pack.set.name)
    home = pack.set
    if standing is not None and standing.code != home.code:
        home = msgspec.structs.replace(home, code=standing.code)
    records: list[Record] = [r for r in pack.records if r.code != pack.set.code]
    candidates = [
        Candidate(r, frozenset(r.__struct_fields__) - {"code"}, f"{SHEETS[kind]} 第{n}条", n)
        for kind, group in grouped([*records, home]).items()
        for n, r in enumerate(group, 1)
    ]
    name = standing.name if standing else home.name
    return kb.loading.plan(candidates, name, decisions=decisions)


def read_pack_apart(file: str, data: bytes, trusted: Mapping[str, PublicKey]) -> Pack:
    """``read_pack``, first in another process that is killed when late. Raises a FileError.

    Only what that process has found whole is read here; nothing that it says is executed.
    """
    done_apart(file, _BOUNDS, _read, file, data, dict(trusted))
    return read_pack(file, data, trusted)


def _read(file: str, data: bytes, trusted: Mapping[str, PublicKey]) -> bytes:
    with contextlib.suppress(FileError):  # told by reading it again: here only what breaks the reader counts
        read_pack(file, data, trusted)
    return b""


def origin_of(pack: Pack) -> str:
    """Who answers for a pack, as its batch tells."""
    return f"签名：{pack.signer}" if pack.signed else "没有签名"
