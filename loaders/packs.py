"""Edition packs (指标集包, ``.kbp``): records and their sources in one signed file, exchanged between offices. Pure.

A pack is a ZIP whose parts are stored, never compressed: nothing can expand, and the same content
gives the same bytes everywhere. ``manifest.json`` tells what the pack is and the checksum of every
part; ``signature.json`` signs the manifest. Reading writes the pack anew and compares: a file that
differs in a single byte, in the ZIP's own headers too, is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from indicators.model import RECORD_TYPES, IndicatorSet, Kind, Record
from loaders.bounds import require_size
from loaders.errors import FileError
from loaders.exports import grouped
from loaders.signing import PublicKey, SigningKey, spoken

SUFFIX = ".kbp"
VERSION = 1
_FORMAT = "indicator-kb pack"
_MANIFEST, _SIGNATURE = "manifest.json", "signature.json"
_PARTS = {f"records/{kind.value}.jsonl": kind for kind in RECORD_TYPES}
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODERS = {kind: msgspec.json.Decoder(type_) for kind, type_ in RECORD_TYPES.items()}


class PackError(FileError):
    """A pack cannot be taken; one class for each reason."""


class NoPackError(PackError):
    """The file is no pack at all."""

    def __init__(self, file: str) -> None:
        super().__init__(file, "不是指标集包（.kbp），或传输中被截断。请让对方重新导出、重新传一次。")


class TamperedPackError(PackError):
    """Something in the pack is not as it was signed."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(
            file, f"内容与签名或校验和不符（{what}），可能被改动或传输出错，没有读入。请让对方重新传一次。"
        )


class NewerPackError(PackError):
    """The pack was written by a newer program."""

    def __init__(self, file: str, program: str) -> None:
        super().__init__(file, f"由更新的程序版本写成（{program or '版本不明'}）。请先升级本程序再导入。")


class UntrustedPackError(PackError):
    """The pack is whole, but nobody here trusts the key that signed it."""

    def __init__(self, file: str, issuer: str, fingerprint: str) -> None:
        self.issuer, self.fingerprint = issuer, fingerprint
        super().__init__(
            file,
            f"签名完好，但签名的公钥不在信任名单里（自称“{issuer}”，指纹 {spoken(fingerprint)}）。"
            "请向对方要公钥文件，电话核对指纹后由管理员登记信任，再导入。",
        )


class UnsignedPackError(PackError):
    """The pack carries no signature and nobody has said that it may be taken all the same."""

    def __init__(self, file: str) -> None:
        super().__init__(
            file,
            "没有签名，无法知道是谁做的、有没有被改过。确认来路可靠后，可以明确选择“仍然导入”（命令行加 --unsigned）。",
        )


@dataclass(frozen=True, slots=True)
class About:
    """What a pack says of itself. ``issuer`` is the office that signs; ``made_at`` the last change of its records."""

    issuer: str
    made_at: str
    program: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as read: its records by kind and code. ``signer`` is the trusted key's name, "" where unsigned."""

    about: About
    set: IndicatorSet
    records: tuple[Record, ...]
    signer: str
    fingerprint: str

    @property
    def signed(self) -> bool:
        """Whether a trusted office has signed it."""
        return bool(self.fingerprint)

    @property
    def counts(self) -> dict[Kind, int]:
        """Number of records by kind."""
        return {kind: len(group) for kind, group in grouped(self.records).items()}


def write_pack(home: IndicatorSet, records: Sequence[Record], about: About, key: SigningKey | None) -> bytes:
    """A pack with a set and all that belongs to it, signed where a key is given; the same bytes for the same content."""
    parts = _record_parts([home, *(r for r in records if r.code != home.code)])
    manifest = _json(_manifest(home, parts, about))
    signature = b"" if key is None else _json(_signature(manifest, key))
    return _zip(manifest, signature, parts)


def read_pack(file: str, data: bytes, trusted: Mapping[str, PublicKey]) -> Pack:
    """What a pack holds, after every check. ``trusted`` holds public keys by fingerprint.

    An unsigned pack is read and says so. Raises TooLargeError, NoPackError, NewerPackError,
    TamperedPackError, UntrustedPackError.
    """
    require_size(file, data)
    manifest, signature, parts = _unzip(file, data)
    told = _told(file, manifest)
    if _zip(manifest, signature, parts) != data or _json(told) != manifest:
        raise TamperedPackError(file, "文件结构")
    about = About(*(_text(file, told, f) for f in ("issuer", "made_at", "program")))
    signer = _verify(file, manifest, signature, about, trusted) if signature else None
    records = _records(file, told, parts)
    home = next((r for r in records if isinstance(r, IndicatorSet) and r.code == _set_code(told)), None)
    if home is None:
        raise TamperedPackError(file, "缺少指标集")
    name, fingerprint = (signer.name, signer.fingerprint) if signer else ("", "")
    return Pack(about, home, records, name, fingerprint)


def require_signed(file: str, pack: Pack, unsigned: bool) -> None:
    """Refuse an unsigned pack unless somebody has said that it may be taken. Raises UnsignedPackError."""
    if not pack.signed and not unsigned:
        raise UnsignedPackError(file)


# Writing


def _record_parts(records: Iterable[Record]) -> dict[str, bytes]:
    return {
        f"records/{kind.value}.jsonl": b"".join(_ENCODER.encode(r) + b"\n" for r in group)
        for kind, group in grouped(records).items()
    }


def _manifest(home: IndicatorSet, parts: Mapping[str, bytes], about: About) -> dict[str, Any]:
    return {
        "format": _FORMAT, "version": VERSION, "set": home.code, "name": home.name, "edition": home.edition,
        "set_issuer": home.issuer, "region": home.region, "issuer": about.issuer, "made_at": about.made_at,
        "program": about.program, "counts": {_PARTS[name].value: part.count(b"\n") for name, part in parts.items()},
        "files": {name: {"sha256": hashlib.sha256(part).hexdigest(), "size": len(part)} for name, part in parts.items()},
    }  # fmt: skip


def _signature(manifest: bytes, key: SigningKey) -> dict[str, str]:
    return {"algorithm": "ed25519", "key": key.public.key.hex(), "signature": key.sign(manifest).hex()}


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def _zip(manifest: bytes, signature: bytes, parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name, part in ((_MANIFEST, manifest), (_SIGNATURE, signature), *parts.items()):
            if part:
                # Every header field is set here, so that no version of Python or system writes another.
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.create_system, info.create_version, info.extract_version = 3, 20, 20
                info.external_attr = 0o644 << 16
                archive.writestr(info, part)
    return out.getvalue()


# Reading


def _unzip(file: str, data: bytes) -> tuple[bytes, bytes, dict[str, bytes]]:
    """Manifest, signature (empty where there is none) and parts, nothing larger than the file itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [e.filename for e in entries]
            if not names or len(entries) > len(_PARTS) + 2 or _MANIFEST not in names:
                raise NoPackError(file)
            if set(names) - {_MANIFEST, _SIGNATURE, *_PARTS} or len(set(names)) < len(names):
                raise TamperedPackError(file, "多出别的文件")
            if any(e.compress_type != zipfile.ZIP_STORED for e in entries) or sum(
                e.file_size for e in entries
            ) > len(data):
                raise TamperedPackError(file, "文件结构")
            found = {e.filename: archive.read(e) for e in entries}
    except zipfile.BadZipFile as error:
        wrong = "CRC" in str(error) or "header" in str(error)
        raise (TamperedPackError(file, "文件结构") if wrong else NoPackError(file)) from error
    except (OSError, ValueError, EOFError, NotImplementedError, RuntimeError, MemoryError) as error:
        raise TamperedPackError(file, "文件结构") from error
    manifest, signature = found.pop(_MANIFEST), found.pop(_SIGNATURE, b"")
    return manifest, signature, {name: found[name] for name in _PARTS if name in found}


def _told(file: str, manifest: bytes) -> dict[str, Any]:
    """The manifest, of a version that can be read."""
    try:
        told = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise TamperedPackError(file, "说明文件") from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise TamperedPackError(file, "说明文件")
    version = told.get("version")
    if isinstance(version, int) and version > VERSION:
        raise NewerPackError(file, str(told.get("program", ""))[:40])
    if version != VERSION or isinstance(version, bool):
        raise TamperedPackError(file, "说明文件")
    return told


def _text(file: str, told: Mapping[str, Any], field: str) -> str:
    value = told.get(field)
    if not isinstance(value, str):
        raise TamperedPackError(file, "说明文件")
    return value


def _set_code(told: Mapping[str, Any]) -> object:
    return told.get("set")


def _verify(
    file: str, manifest: bytes, signature: bytes, about: About, trusted: Mapping[str, PublicKey]
) -> PublicKey:
    try:
        told = json.loads(signature)
        key = PublicKey(about.issuer, bytes.fromhex(told["key"]))
        signed = bytes.fromhex(told["signature"])
        right = _json({"algorithm": "ed25519", "key": key.key.hex(), "signature": signed.hex()}) == signature
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TamperedPackError(file, "签名") from error
    if not right or not key.verifies(signed, manifest):
        raise TamperedPackError(file, "签名")
    if key.fingerprint not in trusted:
        raise UntrustedPackError(file, about.issuer, key.fingerprint)
    return trusted[key.fingerprint]


def _records(file: str, told: Mapping[str, Any], parts: Mapping[str, bytes]) -> tuple[Record, ...]:
    files = told.get("files")
    if not isinstance(files, dict) or files.keys() != parts.keys():
        raise TamperedPackError(file, "文件清单")
    found: list[Record] = []
    for name, part in parts.items():
        if files[name] != {"sha256": hashlib.sha256(part).hexdigest(), "size": len(part)}:
            raise TamperedPackError(file, name)
        kind = _PARTS[name]
        try:
            found += [_DECODERS[kind].decode(line) for line in part.removesuffix(b"\n").split(b"\n")]
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise TamperedPackError(file, f"{name}：{str(error)[:80]}") from error
    if len({r.code for r in found}) < len(found) or any(not r.code for r in found):
        raise TamperedPackError(file, "代码重复或缺失")
    return tuple(found)
