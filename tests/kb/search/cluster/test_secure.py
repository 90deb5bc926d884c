"""A cluster behind TLS and an account: certificates are checked, a wrong password and a strange certificate told."""

from __future__ import annotations

import base64
import http.client
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from kb.errors import SearchRefusedError
from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.vocabulary import Vocabulary
from tests.kb.search.conftest import document
from tests.servers.opensearch import Cluster

ACCOUNT = "kb-office:一句 密码/@:"
QUOTED = "kb-office:%E4%B8%80%E5%8F%A5%20%E5%AF%86%E7%A0%81%2F%40%3A"
GUEST = "kb-guest:guest"
FORBIDDEN = {
    "error": {
        "type": "security_exception",
        "reason": "no permissions for [indices:admin/create] and User [name=kb-guest]",
    },
    "status": 403,
}  # as the security plug-in answers


class _Door(BaseHTTPRequestHandler):
    """Hands requests on to a node where they name the account."""

    protocol_version = "HTTP/1.1"
    node = 0

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = "Basic " + base64.b64encode(ACCOUNT.encode()).decode()
        if self.headers.get("Authorization") == "Basic " + base64.b64encode(GUEST.encode()).decode():
            self._answer(403, {"Content-Type": "application/json"}, json.dumps(FORBIDDEN).encode())
            return
        if self.headers.get("Authorization") != wanted:
            self._answer(401, {"Content-Type": "text/plain"}, b"Unauthorized")
            return
        node = http.client.HTTPConnection("127.0.0.1", self.node, timeout=30)
        kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept")}
        node.request(self.command, self.path, body, kept)
        answer = node.getresponse()
        self._answer(answer.status, {"Content-Type": answer.headers["Content-Type"] or ""}, answer.read())
        node.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 - names of the base class

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def door(authority: trustme.CA, opensearch: Cluster) -> Iterator[int]:
    """Port of the door before the cluster's node."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"node": opensearch.nodes[0].http}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@contextmanager
def opened(port: int, account: str, prefix: str = "kbsecure", **options: object) -> Iterator[ClusterEngine]:
    asked = "&".join(f"{k}={v}" for k, v in {"replicas": 0, "patience": 4, **options}.items())
    address = Address.read(f"opensearch+https://{account}@127.0.0.1:{port}/{prefix}?{asked}")
    engine = ClusterEngine(address, Vocabulary())
    try:
        yield engine
    finally:
        engine.close()


def test_account_and_authority_open_the_door(door: int, ca: Path) -> None:
    with opened(door, QUOTED, ca=ca) as engine:
        engine.rebuild([document("X-1", "农村公路养护里程", "按期完成养护里程")], 1)
        assert [hit.id for hit in engine.search("公路养护").hits] == ["X-1"]


def test_a_wrong_password_is_told_as_such(door: int, ca: Path) -> None:
    reason = refused(door, "kb-office:wrong", ca)
    assert "不接受 KB_SEARCH 里的账号或密码" in reason
    assert "wrong" not in reason


def test_a_missing_permission_is_named_and_logged_once_a_while(
    door: int, ca: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), opened(door, GUEST, ca=ca) as engine:
        for _ in range(3):
            with pytest.raises(SearchRefusedError) as told:
                engine.rebuild([document("X-1", "农村公路养护里程", "")], 1)
    assert "没有权限（no permissions for [indices:admin/create]" in told.value.reason
    assert len([r for r in caplog.records if "没有权限" in r.getMessage()]) == 1


def test_a_certificate_of_another_authority_is_not_trusted(door: int, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    assert "证书不可信" in refused(door, QUOTED, tmp_path / "other.pem")


def refused(door: int, account: str, ca: Path) -> str:
    """The reason, as it stands in the log, for which a building is turned away."""
    with opened(door, account, ca=ca) as engine, pytest.raises(SearchRefusedError) as told:
        engine.rebuild([document("X-1", "农村公路养护里程", "")], 1)
    return told.value.reason


def test_checking_can_be_switched_off_for_a_trial(door: int) -> None:
    with opened(door, QUOTED, verify="no") as engine:
        engine.rebuild([document("X-1", "农村公路养护里程", "")], 1)
        assert engine.search("公路").total == 1
