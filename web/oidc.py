"""OpenID Connect as a client: discovery, the code flow with PKCE, and ID tokens checked. The one home of Authlib.

Nothing here knows of pages or accounts: an address to send the browser to comes out, checked claims come back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import PreparedRequest, RequestException

from kb.errors import SettingsError
from kb.signon import SignOn, require_secure
from web.provider import Pending, ProviderError, TokenError

SECONDS = 8
"""Time that the provider has for one answer."""

LEEWAY = 60
"""Seconds by which its clock and ours may differ."""

KEPT = 3600.0
"""Seconds for which its discovery document and keys are believed."""

AGAIN = 30.0
"""Seconds before keys are fetched anew for a token signed with an unknown one."""

# Signatures with the provider's private key only: "none" and secrets shared with clients are refused.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]  # fmt: skip
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """One provider, its discovery document and keys kept for a while. Safe to use from several threads."""

    def __init__(self, settings: SignOn) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, pending: Pending, back: str) -> str:
        """The address to send the browser to; ``back`` is where it returns. Raises ProviderError."""
        document = self._discovered()
        with self._session(document, back) as session:
            address, _ = session.create_authorization_url(
                document["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(address)

    def finish(self, pending: Pending, code: str, back: str) -> dict[str, Any]:
        """The checked claims of whoever the code stands for. Raises ProviderError or TokenError."""
        document = self._discovered()
        with self._session(document, back) as session:
            token = self._token(session, document, pending, code)
        claims = self._claims(document, token, pending.nonce)
        more = document.get("userinfo_endpoint")
        if self._wants_more(claims) and _is_secure(more):
            found = _fetch(str(more), {"Authorization": f"Bearer {token.get('access_token', '')}"})
            if found.get("sub") != claims["sub"]:
                raise TokenError("统一登录给出的用户资料和身份令牌不是同一个人，没有登录。请告诉管理员。")
            claims = {**found, **claims}
        return claims

    def way_out(self, back: str) -> str:
        """The address at which the user ends the provider's own session; "" where there is none."""
        try:
            end = self._discovered().get("end_session_endpoint")
        except ProviderError:
            return ""
        if not _is_secure(end):
            return ""
        request = PreparedRequest()
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        request.prepare_url(str(end), query)
        return request.url or ""

    def _session(self, document: Mapping[str, Any], back: str) -> OAuth2Session:
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = "client_secret_basic" in methods
        method = "client_secret_basic" if basic else "client_secret_post"
        return OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret or None,
            token_endpoint_auth_method=method if self.settings.client_secret else "none",
            scope=self.settings.scope,
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=SECONDS,
        )

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            if self._document is None or time.monotonic() - self._document[0] > KEPT:
                self._document = (time.monotonic(), self._discover())
            return self._document[1]

    def _discover(self) -> dict[str, Any]:
        issuer = self.settings.issuer
        document = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise ProviderError(
                f"统一登录自报的地址是“{document.get('issuer')}”，和设置 KB_OIDC_ISSUER 的“{issuer}”不一致。请管理员核对设置。"
            )
        wrong = [name for name in _ENDPOINTS if not _is_secure(document.get(name))]
        if wrong:
            raise ProviderError(
                f"统一登录的说明文件里 {'、'.join(wrong)} 缺失或不是 https 地址。请管理员核对。"
            )
        return document

    def _token(
        self, session: OAuth2Session, document: Mapping[str, Any], pending: Pending, code: str
    ) -> dict[str, Any]:
        try:
            token = session.fetch_token(
                document["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=pending.verifier,
            )
        except AuthlibBaseError as error:
            raise TokenError("统一登录不承认这次登录，可能已经用过或过期了。请重新登录一次。") from error
        except (RequestException, ValueError) as error:
            raise ProviderError(_unreachable(document["token_endpoint"])) from error
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise TokenError("统一登录没有给出身份令牌。请管理员检查登记的范围里有没有 openid。")
        return dict(token)

    def _claims(self, document: Mapping[str, Any], token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        try:
            decoded = self._decoded(document, token["id_token"])
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                {
                    "nonce": nonce,
                    "client_id": self.settings.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(leeway=LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise TokenError(_why(error)) from error
        return dict(claims)

    def _decoded(self, document: Mapping[str, Any], raw: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(raw, self._key_set(document, KEPT), registry=registry)
        except (JoseError, ValueError):
            # The provider may have changed its keys since they were fetched.
            return jwt.decode(raw, self._key_set(document, AGAIN), registry=registry)

    def _key_set(self, document: Mapping[str, Any], oldest: float) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._keys[0] > oldest:
                self._keys = (time.monotonic(), KeySet.import_key_set(_fetch(document["jwks_uri"])))  # type: ignore[arg-type]
            return self._keys[1]

    def _wants_more(self, claims: Mapping[str, Any]) -> bool:
        settings = self.settings
        return not settings.name_of(claims) or bool(settings.role_claim and settings.role_of(claims) is None)


def _fetch(address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    try:
        answer = requests.get(address, headers=headers, timeout=SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (RequestException, ValueError) as error:
        raise ProviderError(_unreachable(address)) from error
    if not isinstance(found, dict):
        raise ProviderError(_unreachable(address))
    return found


def _unreachable(address: str) -> str:
    return f"连不上单位的统一登录（{address}）。请稍后再试；着急的话可以用本系统的账号和密码登录。"


def _is_secure(address: object) -> bool:
    try:
        require_secure("", str(address or ""))
    except (SettingsError, ValueError):
        return False
    return True


def _why(error: Exception) -> str:
    """The sentence for a token that fails a check."""
    if isinstance(error, ExpiredTokenError):
        return "统一登录给出的身份令牌已经过期。请核对两边服务器的时间，再登录一次。"
    if isinstance(error, ClaimError):
        return _CLAIMS.get(
            error.claim, f"统一登录给出的身份令牌里 {error.claim} 不对，没有登录。请告诉管理员。"
        )
    return "统一登录给出的身份令牌签名不对，没有登录。请再试一次；仍然不行请告诉管理员。"


_CLAIMS = {
    "nonce": "身份令牌不是为这一次登录签发的，没有登录。请重新登录一次。",
    "iss": "身份令牌不是由设置的统一登录签发的，没有登录。请告诉管理员。",
    "aud": "身份令牌是签发给别的系统的，没有登录。请告诉管理员核对 KB_OIDC_CLIENT_ID。",
    "azp": "身份令牌是签发给别的系统的，没有登录。请告诉管理员核对 KB_OIDC_CLIENT_ID。",
    "exp": "统一登录给出的身份令牌没有写有效期，没有登录。请告诉管理员。",
    "iat": "统一登录给出的身份令牌的签发时间不对。请核对两边服务器的时间，再登录一次。",
    "at_hash": "身份令牌和访问令牌对不上，没有登录。请重新登录一次。",
}
