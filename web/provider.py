"""The provider of single sign-on of this application, if the settings name one, and addresses that it needs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, url_for

from kb.errors import SettingsError
from kb.signon import SignOn
from web.context import knowledge
from web.proxy import is_https

if TYPE_CHECKING:
    from web.oidc import Provider

KEY = "single-sign-on"


class ProviderError(Exception):
    """The provider cannot be reached or does not behave; ``str()`` is a Chinese sentence for the user."""


class TokenError(Exception):
    """What came back does not prove who the user is; ``str()`` is a Chinese sentence for the user."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A login that was sent to the provider: what must come back, and with what."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Pending:
        """Values that nobody can guess."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


def install(app: Flask, settings: SignOn | None) -> None:
    """Give ``app`` the provider of the settings. Raises SettingsError where the extra ``oidc`` is missing."""
    app.jinja_env.globals["sign_on"] = settings
    if settings is None:
        return
    try:
        from web.oidc import Provider  # Authlib takes its time, and most offices do without
    except ImportError as error:
        raise SettingsError(
            "KB_OIDC_ISSUER", "要先装统一登录的部件：pip install 'indicator-kb[oidc]'"
        ) from error
    app.extensions[KEY] = Provider(settings)


def provider() -> Provider | None:
    """The provider, None where single sign-on is off."""
    return cast("Provider | None", current_app.extensions.get(KEY))


def way_back() -> str:
    """The address to which the provider sends the browser back; it is registered there."""
    return _address("single_sign_on.back")


def way_out() -> str:
    """The address at which the user leaves the provider as well, "" where there is none."""
    found = provider()
    return found.way_out(_address("account.login")) if found else ""


def _address(endpoint: str) -> str:
    base = knowledge().settings.base_url.rstrip("/")
    return (
        base + url_for(endpoint)
        if base
        else url_for(endpoint, _external=True, _scheme="https" if is_https() else "http")
    )
