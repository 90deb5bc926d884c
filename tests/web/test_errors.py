"""Errors are pages with a way on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.errors import DatabaseUnavailableError
from kb.knowledge import KnowledgeBase
from web.app import create_app
from web.permissions import ANYONE, TABLE, Rule


@pytest.fixture
def app(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application that answers failures as it would in use, and two addresses that fail."""
    app = create_app(kb)
    for endpoint, method in (("broken", "GET"), ("away", "GET"), ("upload", "POST")):
        monkeypatch.setitem(TABLE, (endpoint, method), Rule(ANYONE, token=False))

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    @app.get("/away")
    def away() -> str:
        raise DatabaseUnavailableError("postgresql://db", "没有回应")

    @app.post("/upload")
    def upload() -> str:
        from flask import request

        return str(len(request.get_data()))

    return app


def test_unknown_record_offers_near_ones(client: FlaskClient) -> None:
    response = client.get("/i/JT-SL-99")
    assert response.status_code == 404
    assert "JT-SL-99" in response.text
    assert 'href="/i/JT-SL-01"' in response.text


@pytest.mark.parametrize(
    "url", ["/nothing", "/i/", "/i/..%2f..%2fetc%2fpasswd", "/i/" + "x" * 3000, "/i/%00", "/static/../app.py"]
)
def test_unknown_addresses_are_pages(client: FlaskClient, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 404
    assert "接下来可以" in response.text


def test_code_of_a_stranger_is_escaped(client: FlaskClient) -> None:
    assert "<script>" not in client.get("/i/<script>alert(1)</script>").text.split("<main")[1]


def test_wrong_method_is_a_page(client: FlaskClient) -> None:
    response = client.post("/search")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "不接受这种操作" in response.text


def test_failure_tells_nothing_of_the_inside(app: Flask) -> None:
    response = app.test_client().get("/broken")
    assert response.status_code == 500
    assert "程序出错了" in response.text
    assert "secret" not in response.text


def test_failure_with_a_sentence_shows_it(app: Flask) -> None:
    response = app.test_client().get("/away")
    assert response.status_code == 503
    assert "没有回应" in response.text


def test_too_large_a_body_is_refused(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    response = app.test_client().post("/upload", data=b"x" * 2000)
    assert response.status_code == 413
    assert "太大" in response.text


def test_headers_are_on_errors_too(client: FlaskClient) -> None:
    for url in ("/nothing", "/", "/api/v1/nothing", "/static/css/tokens.css"):
        headers = client.get(url).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
