"""Edition packs between the store and the file: made, checked in a process of their own, planned."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Mapping
from importlib.metadata import version
from multiprocessing.connection import Connection

import msgspec

from indicators.candidate import Candidate
from indicators.model import IndicatorSet, Record
from kb.errors import InputError
from kb.imports import ImportPlan
from kb.keyring import OwnKey, TrustedKey
from kb.knowledge import KnowledgeBase
from loaders.errors import FileError
from loaders.packs import About, Pack, read_pack, write_pack
from loaders.signing import PublicKey, SigningKey, write_public

SECONDS = 60
MEMORY = 2 * 2**30


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


def plan_pack(kb: KnowledgeBase, pack: Pack, *, replace: bool = False) -> ImportPlan:
    """What taking a pack would change. A set that stands under the same code or name is meant by it."""
    standing = kb.loading.find_set(pack.set.code) or kb.loading.find_set(pack.set.name)
    home = pack.set
    if standing is not None and standing.code != home.code:
        home = msgspec.structs.replace(home, code=standing.code)
    records: list[Record] = [r for r in pack.records if r.code != pack.set.code]
    candidates = [
        Candidate(r, frozenset(r.__struct_fields__) - {"code"}, f"{r.kind.value} 第{n}条", n)
        for n, r in enumerate([*records, home], 1)
    ]
    return kb.loading.plan(candidates, standing.name if standing else home.name, replace=replace)


def read_pack_apart(
    file: str, data: bytes, trusted: Mapping[str, PublicKey], seconds: float = SECONDS
) -> Pack:
    """``read_pack``, first in another process that is killed when late. Raises a FileError.

    Only what that process has found whole is read here; nothing that it says is executed.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(there, file, data, dict(trusted)), daemon=True)
    process.start()
    there.close()
    try:
        late = not here.poll(seconds)
        said = b"" if late else here.recv_bytes()
    except EOFError:
        raise FileError(file, "文件结构异常，读取时中断。请让对方重新导出。") from None
    finally:
        process.kill()
        process.join()
        here.close()
    if late:
        raise FileError(file, f"读了 {seconds:g} 秒还没有读完，已放弃。请让对方把指标集拆小再导出。")
    if said == b"broken":
        raise FileError(file, "文件太大或结构异常，读不下去。请让对方重新导出。")
    return read_pack(file, data, trusted)


def _read(there: Connection, file: str, data: bytes, trusted: Mapping[str, PublicKey]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        with contextlib.suppress(
            FileError
        ):  # told by reading it again, here only what breaks the reader counts
            read_pack(file, data, trusted)
    except (MemoryError, RecursionError):
        there.send_bytes(b"broken")
    else:
        there.send_bytes(b"done")
