"""Ed25519 keys and signatures of edition packs: the one place that knows the library. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from loaders.errors import FileError

_FORMAT = "indicator-kb public key 1"
_LARGEST = 4096
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class KeyFileError(FileError):
    """A file is no key of ours."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(file, f"不是本程序的{what}，或已损坏。请向对方要用 kb pack keygen 生成的文件。")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An office's public key: who says it is theirs, and its 32 bytes."""

    name: str
    key: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key in hexadecimal."""
        return hashlib.sha256(self.key).hexdigest()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether a signature over these bytes was made with the private key of this one."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, data)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An office's private key, as the text of its file."""

    name: str
    pem: bytes

    @classmethod
    def make(cls, name: str) -> SigningKey:
        """A new key."""
        return cls(
            name,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )

    @property
    def public(self) -> PublicKey:
        """The public key of it. Raises KeyFileError where the text is no key."""
        return PublicKey(self.name, self._key().public_key().public_bytes(*_RAW))

    def sign(self, data: bytes) -> bytes:
        """The signature over bytes, always the same for the same bytes. Raises KeyFileError."""
        return self._key().sign(data)

    def _key(self) -> Ed25519PrivateKey:
        try:
            key = serialization.load_pem_private_key(self.pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"私钥 {self.name}", "私钥") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"私钥 {self.name}", "私钥")
        return key


def spoken(fingerprint: str) -> str:
    """The beginning of a fingerprint in groups of four, to be compared by phone (128 bits)."""
    return " ".join(fingerprint[n : n + 4] for n in range(0, 32, 4))


def write_public(key: PublicKey) -> bytes:
    """A public key as a file to be handed to other offices."""
    content = {"format": _FORMAT, "name": key.name, "key": key.key.hex()}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read_public(file: str, data: bytes) -> PublicKey:
    """The public key that ``write_public`` wrote. Raises KeyFileError."""
    try:
        content: Any = json.loads(data.decode("utf-8-sig")) if len(data) <= _LARGEST else None
        name, key = content["name"], bytes.fromhex(content["key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyFileError(file, "公钥文件") from None
    if content.get("format") != _FORMAT or not isinstance(name, str) or len(key) != 32 or not name.strip():
        raise KeyFileError(file, "公钥文件")
    return PublicKey(" ".join(name.split())[:80], key)
