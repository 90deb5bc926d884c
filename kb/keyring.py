"""Keys of edition packs: this office's private keys in a folder, other offices' public keys in the store.

A private key is a file that its owner alone can read. It is never in the database, whose backups and
administrators would have it then: a machine signs that has the folder. Trust in a public key is a
setting like any other: written as a batch, told in the audit log, undone.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kb.db.reader import Reader
from kb.db.store import Store
from kb.errors import HomeError, InputError

_TRUSTED = "trusted-key:"
_NAME = re.compile(r"[\w（）()·-]{1,40}")
_PRIVATE, _PUBLIC = ".pem", ".kbkey"


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that packs may be signed with: whose it is, its hexadecimal bytes, its fingerprint."""

    name: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of this office; ``private`` and ``public`` are the texts of its files."""

    name: str
    private: bytes
    public: bytes


class KeyRing:
    """Keys of one knowledge base."""

    def __init__(self, folder: Path, reader: Reader, store: Store, apply: Callable[[], None]) -> None:
        self._folder, self._reader, self._store, self._apply = folder, reader, store, apply

    @property
    def place(self) -> str:
        """The machine and the folder that this office's keys are looked for in, as people read it."""
        return f"{socket.gethostname()} 的 {self._folder}"

    def own(self) -> list[OwnKey]:
        """This office's keys, by name. Raises HomeError."""
        try:
            names = sorted(f.stem for f in self._folder.glob(f"*{_PRIVATE}")) if self._folder.exists() else []
            return [self._read(name) for name in names]
        except OSError as error:
            raise HomeError(self._folder, error.strerror or str(error)) from error

    def key(self, name: str = "") -> OwnKey:
        """A key by name, or the only one there is. Raises InputError."""
        keys = self.own()
        found = [k for k in keys if k.name == name] if name else keys
        if len(found) == 1:
            return found[0]
        if not keys:
            raise InputError(
                f"{self.place} 里还没有签名用的密钥。请先生成：kb pack keygen 单位名称；密钥在别的机器上的，"
                "请把那里的密钥文件夹原样拷来，或在有密钥的那台上用 kb pack export 导出。"
            )
        shown = "、".join(k.name for k in keys)
        raise InputError(
            f"{self.place} 里没有名为“{name}”的密钥，现有：{shown}。"
            if name
            else f"有几把密钥，请指明用哪一把：{shown}。"
        )

    def keep(self, name: str, private: bytes, public: bytes) -> Path:
        """Keep a new key; gives the file of its public half. Raises InputError or HomeError."""
        if not _NAME.fullmatch(name):
            raise InputError("密钥名称请用单位名称，1 到 40 个汉字、字母或数字。")
        file = self._folder / f"{name}{_PRIVATE}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(private)
            (self._folder / f"{name}{_PUBLIC}").write_bytes(public)
        except FileExistsError:
            raise InputError(
                f"已经有名为“{name}”的密钥。换了密钥，对方就要重新登记信任；确要另做一把，请换个名称。"
            ) from None
        except OSError as error:
            raise HomeError(self._folder, error.strerror or str(error)) from error
        return self._folder / f"{name}{_PUBLIC}"

    def trusted(self) -> list[TrustedKey]:
        """Public keys of other offices that packs may be signed with, by name."""
        stored = self._reader.settings()
        found = []
        for key, text in stored.items():
            if key.startswith(_TRUSTED):
                told = json.loads(text)
                found.append(TrustedKey(told["name"], told["key"], key.removeprefix(_TRUSTED)))
        return sorted(found, key=lambda k: (k.name, k.fingerprint))

    def trust(self, name: str, key: str, fingerprint: str, *, actor: str) -> int:
        """Trust a public key from now on; gives the batch."""
        text = json.dumps({"name": name, "key": key}, ensure_ascii=False, sort_keys=True)
        return self._tune({_TRUSTED + fingerprint: text}, f"信任公钥：{name}", actor)

    def distrust(self, fingerprint: str, *, actor: str) -> int:
        """Trust a public key no longer; gives the batch. Raises InputError where it is not trusted."""
        found = [k for k in self.trusted() if k.fingerprint.startswith(fingerprint.replace(" ", "").lower())]
        if len(found) != 1 or len(fingerprint) < 8:
            raise InputError("没有这个指纹的信任公钥，或者写得太短。用 kb pack keys 查看。")
        return self._tune({_TRUSTED + found[0].fingerprint: None}, f"不再信任公钥：{found[0].name}", actor)

    def _tune(self, values: dict[str, str | None], name: str, actor: str) -> int:
        batch = self._store.tune(values, name=name[:200], actor=actor, reason="")
        self._apply()
        return batch.number

    def _read(self, name: str) -> OwnKey:
        private = (self._folder / f"{name}{_PRIVATE}").read_bytes()
        public = self._folder / f"{name}{_PUBLIC}"
        return OwnKey(name, private, public.read_bytes() if public.exists() else b"")
