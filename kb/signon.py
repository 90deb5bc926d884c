"""Settings of single sign-on by OpenID Connect: which provider, whose name, which role. Off by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kb.errors import SettingsError
from kb.roles import Role

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class SignOn:
    """A provider and how its claims become an account.

    ``name_claim`` holds the account's name. Where ``role_claim`` is set, ``roles`` say which of its
    values give which role, anew at each login; without it the role is the one that an admin gave.
    ``create`` makes accounts for people whom no admin has entered yet.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    name_claim: str = "preferred_username"
    role_claim: str = ""
    roles: tuple[tuple[str, Role], ...] = ()
    create: bool = False
    scope: str = "openid profile email"
    label: str = "单位统一登录"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> SignOn | None:
        """The provider that ``KB_OIDC_…`` names, None where ``KB_OIDC_ISSUER`` is blank. Raises SettingsError."""

        def value(name: str, default: str = "") -> str:
            return environ.get(f"KB_OIDC_{name}", "").strip() or default

        issuer = value("ISSUER")
        if not issuer:
            return None
        require_secure("KB_OIDC_ISSUER", issuer)
        if not value("CLIENT_ID"):
            raise SettingsError("KB_OIDC_CLIENT_ID", "没有填。它是在统一登录那边登记本系统时得到的客户端编号")
        roles = tuple(_roles(value("ROLES")))
        if bool(roles) != bool(value("ROLE_CLAIM")):
            raise SettingsError("KB_OIDC_ROLES", "要和 KB_OIDC_ROLE_CLAIM 一起填，或者都不填")
        return cls(
            issuer=issuer,
            client_id=value("CLIENT_ID"),
            client_secret=_secret(value("CLIENT_SECRET"), value("CLIENT_SECRET_FILE")),
            name_claim=value("NAME_CLAIM", cls.name_claim),
            role_claim=value("ROLE_CLAIM"),
            roles=roles,
            create=_switch("KB_OIDC_CREATE", value("CREATE").lower()),
            scope=value("SCOPE", cls.scope),
            label=value("LABEL", cls.label)[:40],
        )

    def name_of(self, claims: Mapping[str, Any]) -> str:
        """The account's name in the claims, "" where there is none or its e-mail address is not verified."""
        found = _claim(claims, self.name_claim)
        if self.name_claim == "email" and claims.get("email_verified") is not True:
            return ""
        return found.strip()[:80] if isinstance(found, str) else ""

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """The highest role that the claims give; None where they give none."""
        found = _claim(claims, self.role_claim)
        values = found.replace(",", " ").split() if isinstance(found, str) else found
        held = {str(v) for v in values} if isinstance(values, list | tuple) else set()
        given = [role for name, role in self.roles if name in held]
        return max(given, key=list(Role).index, default=None)


def require_secure(setting: str, address: str) -> None:
    """Refuse an address that others could listen to. Raises SettingsError."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise SettingsError(setting, f"“{address}”要以 https:// 开头（只有本机地址可以用 http://）")


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by name, or by a path with dots as ``realm_access.roles``."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _roles(text: str) -> Iterator[tuple[str, Role]]:
    for part in text.replace("，", ",").split(","):
        if not part.strip():
            continue
        name, _, role = (piece.strip() for piece in part.rpartition("="))
        if not name or role not in set(Role):
            known = "、".join(Role)
            raise SettingsError(
                "KB_OIDC_ROLES", f"“{part.strip()}”看不懂，应写成 组名=角色，角色是 {known} 之一"
            )
        yield name, Role(role)


def _secret(given: str, file: str) -> str:
    try:
        found = Path(file).expanduser().read_text(encoding="utf-8").strip() if file else given
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("KB_OIDC_CLIENT_SECRET_FILE", f"读不出 {file}（{error}）") from error
    if not (found.isascii() and found.isprintable()):
        raise SettingsError("KB_OIDC_CLIENT_SECRET", "只能有英文字母、数字和符号")
    return found


def _switch(name: str, given: str) -> bool:
    if given not in (*_YES, *_NO):
        raise SettingsError(name, f"“{given}”应是 1 或 0")
    return given in _YES
