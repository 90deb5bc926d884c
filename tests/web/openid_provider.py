"""A small OpenID Connect provider on loopback: real keys, real HTTP, and faults to be told to commit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

KEY = RSAKey.generate_key(2048, {"kid": "one"})
CLIENT, SECRET = "indicator-kb", "s3cret-1&2:%"


@dataclass
class OpenIdProvider:
    """What the provider knows and how it (mis)behaves; tests change the fields."""

    issuer: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "preferred_username": "小起"})
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token that stand over the honest ones; None takes one out."""
    key: RSAKey = field(default_factory=lambda: KEY)
    published: list[RSAKey] | None = None
    algorithm: str = "RS256"
    document: dict[str, Any] = field(default_factory=dict)
    apart: bool = False
    """Whether who it is stands at the userinfo endpoint only."""
    deny: str = ""
    broken: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def signed(self, nonce: str) -> str:
        """An ID token for the person."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= {"sub": self.person["sub"]} if self.apart else self.person
        claims = {k: v for k, v in (claims | self.claims).items() if v is not None}
        if self.algorithm == "none":
            return ".".join([_b64(b'{"alg":"none"}'), _b64(json.dumps(claims).encode()), ""])
        if self.algorithm == "HS256":
            signed = ".".join([_b64(b'{"alg":"HS256","kid":"one"}'), _b64(json.dumps(claims).encode())])
            mark = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{_b64(mark)}"
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, claims, self.key)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _app(provider: OpenIdProvider) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def note() -> tuple[str, int] | None:
        provider.asked.append(request.path)
        return ("broken", 500) if provider.broken else None

    @app.get("/.well-known/openid-configuration")
    def document() -> Response:
        base = provider.issuer
        return jsonify(
            {
                "issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/keys", "userinfo_endpoint": f"{base}/userinfo",
                "end_session_endpoint": f"{base}/logout",
            }
            | provider.document
        )  # fmt: skip

    @app.get("/keys")
    def keys() -> Response:
        shown = [provider.key] if provider.published is None else provider.published
        return jsonify({"keys": [key.as_dict(private=False) for key in shown]})

    @app.get("/authorize")
    def authorize() -> Any:
        asked = request.args
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        provider.codes[code] = {k: asked[k] for k in ("nonce", "code_challenge", "redirect_uri")}
        answer = f"error={provider.deny}" if provider.deny else f"code={code}"
        return redirect(f"{asked['redirect_uri']}?{answer}&state={asked['state']}", 302)

    @app.post("/token")
    def token() -> Any:
        form, given = request.form, request.authorization
        begun = provider.codes.pop(form["code"], None)
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        if given is None or (given.username, given.password) != (CLIENT, SECRET):
            return jsonify({"error": "invalid_client"}), 401
        if (
            begun is None
            or begun["redirect_uri"] != form["redirect_uri"]
            or begun["code_challenge"] != _b64(verifier)
        ):
            return jsonify({"error": "invalid_grant"}), 400
        return jsonify(
            {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60, "id_token": provider.signed(begun["nonce"])}
        )  # fmt: skip

    @app.get("/userinfo")
    def userinfo() -> Any:
        assert request.headers["Authorization"] == "Bearer at-1"
        return jsonify(provider.person)

    return app


@contextmanager
def running() -> Iterator[OpenIdProvider]:
    """A provider that answers on a free port of this machine."""
    provider = OpenIdProvider()
    server = make_server("127.0.0.1", 0, _app(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
