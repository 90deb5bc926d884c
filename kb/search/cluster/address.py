"""Where an OpenSearch cluster is and how it is used: ``KB_SEARCH`` read into one value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from kb.errors import SettingsError

_SCHEMES = {"opensearch": False, "opensearch+https": True, "opensearchs": True}
_PORT = 9200
_PREFIX = re.compile("[a-z0-9][a-z0-9_-]{0,60}")


_HOW = "写法：opensearch://主机:端口[,主机:端口…]/索引前缀?shards=1&replicas=1，加密用 opensearch+https://"


def unfit(reason: str) -> SettingsError:
    """The error for a ``KB_SEARCH`` that cannot be used as it stands."""
    return SettingsError("KB_SEARCH", f"{reason}。{_HOW}")


@dataclass(frozen=True, slots=True)
class Address:
    """A cluster: its nodes, the prefix of our indexes, and how they are made and asked.

    ``timeout`` is for one try, ``patience`` for a search with all its tries, both in seconds;
    ``reach`` is how many records are scored for one query; ``ca`` names a file of certificates.
    """

    hosts: tuple[tuple[str, int], ...]
    prefix: str = "kb"
    secure: bool = False
    user: str = ""
    password: str = ""
    shards: int = 1
    replicas: int = 1
    timeout: float = 3.0
    patience: float = 6.0
    reach: int = 1000
    ca: str = ""
    verify: bool = True

    @classmethod
    def read(cls, url: str, environ: Mapping[str, str] = os.environ) -> Address:
        """The address that a URL tells; user and password from the URL, else KB_SEARCH_USER and _PASSWORD.

        Raises SettingsError.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES:
            raise unfit(f"不认识“{parts.scheme or url}”")
        login, _, places = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        prefix = parts.path.strip("/") or "kb"
        if not _PREFIX.fullmatch(prefix):
            raise unfit(f"索引前缀“{prefix}”只能用小写字母、数字、- 和 _")
        return cls(
            hosts=tuple(_host(place) for place in places.split(",") if place),
            prefix=prefix,
            secure=_SCHEMES[parts.scheme],
            user=unquote(user) or environ.get("KB_SEARCH_USER", ""),
            password=unquote(password) or environ.get("KB_SEARCH_PASSWORD", ""),
            **_options(parts.query),
        )._checked()

    def _checked(self) -> Address:
        if not self.hosts:
            raise unfit("没有写主机")
        if not (1 <= self.shards <= 200 and 0 <= self.replicas <= 20):
            raise unfit("shards 要在 1 到 200、replicas 在 0 到 20 之间")
        if self.timeout <= 0 or self.patience < self.timeout or not 10 <= self.reach <= 10_000:
            raise unfit("timeout 要大于 0，patience 不小于 timeout，reach 在 10 到 10000 之间")
        return self

    @property
    def shown(self) -> str:
        """The address without user and password, for messages."""
        return ",".join(f"{host}:{port}" for host, port in self.hosts) + f"/{self.prefix}"


_OPTIONS = {f.name for f in fields(Address)} - {"hosts", "prefix", "secure", "user", "password"}
_WHOLE = {"shards", "replicas", "reach"}


def _options(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise unfit(f"没有“{name}”这一项，可用的有 {'、'.join(sorted(_OPTIONS))}")
        try:
            found[name] = _value(name, value)
        except ValueError:
            raise unfit(f"{name} 的值“{value}”不是数字") from None
    return found


def _value(name: str, value: str) -> object:
    if name == "ca":
        return value
    if name == "verify":
        return value.lower() not in {"0", "false", "no"}
    return int(value) if name in _WHOLE else float(value)


def _host(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":") if ":" in place.rpartition("]")[2] else (place, "", "")
    try:
        return host.strip("[]"), int(port or _PORT)
    except ValueError:
        raise unfit(f"“{place}”的端口不是数字") from None
