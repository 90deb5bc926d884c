"""What a monitor sees: readiness, figures, one log line a request, and nothing of what was asked or by whom."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from kb.errors import SettingsError
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from kb.watching import Watching
from tests.servers.office import serving
from tests.web.conftest import SMALL
from web import logs
from web.monitoring import LATE


def figures(client: FlaskClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(answer.text)
        for s in family.samples
    }


def test_requests_are_counted_by_route_and_step(anyone: FlaskClient) -> None:
    before = figures(anyone)
    anyone.get("/search?q=修路")
    anyone.get("/i/JT-SL-01")
    anyone.get("/i/JT-SL-01")
    anyone.get("/nowhere/" + "x" * 50)
    anyone.open("/search", method="WEIRD")
    after = figures(anyone)

    def more(name: str, **labels: str) -> float:
        key = name, tuple(sorted(labels.items()))
        return after.get(key, 0) - before.get(key, 0)

    assert more("kb_request_seconds_count", route="/search", method="GET", status="200") == 1
    record = next(
        r.rule for r in anyone.application.url_map.iter_rules() if r.endpoint == "catalogue.indicator"
    )
    assert more("kb_request_seconds_count", route=record, method="GET", status="200") == 2
    assert more("kb_request_seconds_count", route="(none)", method="GET", status="404") == 1
    assert more("kb_request_seconds_count", route="(none)", method="other", status="405") == 1
    for route, step in (("/search", "search"), ("/search", "render"), (record, "db"), (record, "render")):
        assert more("kb_step_seconds_count", route=route, step=step) >= 1
    assert more("kb_step_seconds_sum", route="/search", step="search") > 0


def test_figures_tell_the_state_of_index_and_outbox(anyone: FlaskClient, office: KnowledgeBase) -> None:
    found = figures(anyone)
    assert found["kb_ready", ()] == 1
    assert found["kb_engine_reachable", ()] == found["kb_engine_ready", ()] == 1
    assert found["kb_outbox_rows", ()] == 0
    office._indexer.drain = lambda *_, **__: 0  # type: ignore[method-assign]
    office._indexer.follow = lambda: None  # type: ignore[method-assign]
    office.write([office.record("JT-SL-01").__copy__()], name="同", actor="x", reason="")
    group = office.tuning.save_group("", "农村公路", ["龙脉养护"], "same", [], seen=0, actor="张三")
    assert group
    waiting = figures(anyone)
    assert waiting["kb_outbox_rows", ()] >= 1
    assert 0 <= waiting["kb_outbox_seconds", ()] < LATE


def test_readiness_goes_with_the_index(anyone: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = anyone.get("/readyz")
    assert (ready.status_code, ready.json["ok"], ready.json["outbox"]["rows"]) == (200, True, 0)
    monkeypatch.setattr("web.monitoring.LATE", -1)
    late = anyone.get("/readyz")
    assert late.status_code == 503
    assert "落后" in late.json["message"]
    assert anyone.get("/healthz").status_code == 200


@pytest.mark.embedded
def test_index_that_is_gone_is_not_ready(anyone: FlaskClient, office: KnowledgeBase) -> None:
    (office.settings.index_folder / "CURRENT").unlink()
    assert anyone.get("/readyz").status_code == 503
    found = figures(anyone)
    assert found["kb_ready", ()] == found["kb_engine_ready", ()] == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", "", 200), ("::1", "", 200), ("203.0.113.7", "", 403), ("127.0.0.1", "203.0.113.7", 403),
        ("203.0.113.7", "127.0.0.1", 403), ("127.0.0.1", "nonsense", 403),
    ],
)  # fmt: skip
def test_figures_are_for_listed_addresses(
    anyone: FlaskClient, peer: str, forwarded: str, status: int
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = anyone.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


def test_readers_are_a_setting() -> None:
    given = Watching.load({"KB_METRICS_FROM": "10.1.0.0/16, 192.168.1.9"})
    assert given.may_read("10.1.2.3")
    assert given.may_read("192.168.1.9")
    assert not given.may_read("127.0.0.1")
    for wrong in ({"KB_METRICS_FROM": "all"}, {"KB_LOG": "loud"}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            Watching.load(wrong)


def test_number_of_a_request_is_made_or_taken_from_a_trusted_proxy(anyone: FlaskClient) -> None:
    numbers = {anyone.get("/healthz").headers["X-Request-ID"] for _ in range(3)}
    assert len(numbers) == 3
    given = {"X-Request-ID": "abc-123.DEF"}
    assert anyone.get("/healthz", headers=given).headers["X-Request-ID"] == "abc-123.DEF"
    outside = anyone.get("/healthz", headers=given, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert outside.headers["X-Request-ID"] != "abc-123.DEF"
    for odd in ("x" * 65, "a b", "<b>", "字".encode().decode("latin-1")):
        assert anyone.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"] != odd


def test_number_stands_on_error_pages(anyone: FlaskClient, app: Flask) -> None:
    app.view_functions["search.home"] = lambda: 1 / 0
    failed = anyone.get("/")
    assert failed.status_code == 500
    assert failed.headers["X-Request-ID"] in failed.text
    missing = anyone.get("/api/v1/records/NONE")
    assert missing.json["error"]["request_id"] == missing.headers["X-Request-ID"]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the log says, as JSON lines."""
    root, web = logging.getLogger(), logging.getLogger("web")
    before = root.handlers[:], root.level, web.level
    logs.configure("json")
    stream = io.StringIO()
    root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    root.handlers[:], level, own = before[0], before[1], before[2]
    root.setLevel(level)
    web.setLevel(own)


def test_one_line_a_request_without_what_was_asked_or_by_whom(
    admin: FlaskClient, app: Flask, logged: io.StringIO
) -> None:
    admin.get("/search?q=秘密的项目", headers={"X-Forwarded-For": "198.51.100.23", "X-Request-ID": "r-1"})
    admin.post("/api/v1/draft", json={"text": "给秘密的村修路5公里"})
    app.view_functions["draft_table.editor"] = lambda draft_id: 1 / 0
    admin.get("/draft/SecretLinkOfADraft1234?q=秘密")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    asked = [line for line in lines if line["logger"] == "web.request_log"]
    searched = asked[0]
    assert {k: searched[k] for k in ("request_id", "method", "route", "status", "level")} == {
        "request_id": "r-1", "method": "GET", "route": "/search", "status": 200, "level": "info",
    }  # fmt: skip
    assert searched["ms"] > 0
    assert searched["steps"]["search"] > 0
    assert [line["status"] for line in asked] == [200, 200, 500]
    failure = next(line for line in lines if line["level"] == "error")
    assert "ZeroDivisionError" in failure["exception"]
    assert failure["request_id"] == asked[-1]["request_id"]
    for secret in ("秘密", "SecretLink", "198.51.100.23", "小管", "%E7%A7%98"):
        assert secret not in logged.getvalue()


def test_served_process_writes_json_lines(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=SMALL)):
        pass
    with serving(tmp_path / "home", KB_LOG="json") as office:
        office.get("search?q=修路")
        office.get("metrics")
    lines = [json.loads(line) for line in office.log.read_text().splitlines()]
    assert [line["route"] for line in lines] == ["/search", "/metrics"]
    with serving(tmp_path / "home") as office:
        office.get("search?q=修路")
    assert office.log.read_text() == ""


def test_labels_are_bounded(anyone: FlaskClient) -> None:
    def routes() -> set[str]:
        return set(re.findall(r'route="([^"]+)"', anyone.get("/metrics").text))

    anyone.get("/i/NONE-0")
    anyone.get("/nowhere")
    before = routes()
    for number in range(20):
        anyone.get(f"/i/NONE-{number}")
        anyone.get(f"/nowhere/{number}")
    assert routes() == before | {"/metrics"}
