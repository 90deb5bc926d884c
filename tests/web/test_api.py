"""The HTTP API gives what the stable interface promises, and errors as JSON with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from indicators.model import Indicator, Kind, Record
from kb.knowledge import KnowledgeBase
from kb.links import PATHS
from web.present import record_json, search_json

HIT_FIELDS = {
    "rank", "id", "kind", "code", "name", "level1", "level2", "sector", "set", "snippet", "marks", "why", "score", "url",
}  # fmt: skip
KINDS = {"indicator", "framework", "project", "issue", "guide"}


def get(client: FlaskClient, url: str, **query: str) -> Any:
    response = client.get(url, query_string=query)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    return response.json


def test_search_has_the_promised_shape(client: FlaskClient) -> None:
    answer = get(client, "/api/v1/search", q="修路")
    assert {"query", "total", "took_ms", "relaxed", "did_you_mean", "hits", "facets"} <= answer.keys()
    assert answer["query"] == "修路"
    assert isinstance(answer["relaxed"], bool)
    assert {"kind", "sector", "level1"} <= answer["facets"].keys()
    assert [hit["rank"] for hit in answer["hits"]] == list(range(1, len(answer["hits"]) + 1))
    for hit in answer["hits"]:
        assert hit.keys() >= HIT_FIELDS
        assert hit["kind"] in KINDS
        for start, end in hit["marks"]:
            assert 0 <= start < end <= len(hit["snippet"])


def test_search_is_the_same_as_the_command(client: FlaskClient, kb: KnowledgeBase) -> None:
    ours = get(client, "/api/v1/search", q="满意度", limit="5")
    theirs = search_json(kb.search("满意度", limit=5))
    ours["took_ms"] = theirs["took_ms"] = 0
    assert ours == theirs


def test_limit_and_offset_page_through(client: FlaskClient) -> None:
    first = get(client, "/api/v1/search", q="率", limit="4")["hits"]
    second = get(client, "/api/v1/search", q="率", limit="2", offset="2")["hits"]
    assert [hit["id"] for hit in first[2:]] == [hit["id"] for hit in second]


def test_filters_narrow(client: FlaskClient) -> None:
    by_name = get(client, "/api/v1/search", q="率", kind="indicator", sector="交通运输", level1="产出指标")
    assert by_name["hits"]
    for hit in by_name["hits"]:
        assert (hit["kind"], hit["sector"], hit["level1"]) == ("indicator", "交通运输", "产出指标")
    assert (
        get(client, "/api/v1/search", q="率", sector="JT")["total"]
        == (get(client, "/api/v1/search", q="率", sector="交通运输")["total"])
    )


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=abc", "limit=1.5", "limit=999999999999", "offset=-3", "limit=１"]
)
def test_bad_numbers_are_answered_with_a_sentence(client: FlaskClient, query: str) -> None:
    response = client.get(f"/api/v1/search?q=修路&{query}")
    assert response.status_code == 400
    assert "应为" in response.json["error"]["message"]


def test_every_record_as_json_has_every_field(kb: KnowledgeBase, catalogue: list[Record]) -> None:
    for record in catalogue:
        if record.kind not in PATHS:
            continue
        shown = record_json(kb.view(record.code))
        assert (shown["kind"], shown["code"], shown["name"]) == (record.kind, record.code, record.name)
        assert shown["fields"].keys() == set(record.__struct_fields__)
        assert shown["versions"]
        if getattr(record, "sources", ()):
            assert shown["field_sources"]["name"] == [s["code"] for s in shown["sources"]]


def test_indicator_as_json_is_joined(client: FlaskClient, catalogue: list[Record]) -> None:
    code = next(r.code for r in catalogue if isinstance(r, Indicator) and r.pairs)
    shown = get(client, f"/api/v1/records/{code}")
    assert {"projects", "values", "issues", "frameworks", "versions", "sources"} <= shown.keys()
    assert shown["pairs"]
    assert set(shown["fields"]["standards"]) == {"plan", "history", "industry", "budget", "other"}


def test_unknown_code_names_near_ones(client: FlaskClient) -> None:
    response = client.get("/api/v1/records/JT-SL-99")
    assert response.status_code == 404
    assert "JT-SL-99" in response.json["error"]["message"]
    assert all(near["code"].startswith("JT-SL") for near in response.json["error"]["near"])
    assert response.json["error"]["near"]


def test_errors_of_the_api_are_json(client: FlaskClient) -> None:
    for response, status in ((client.get("/api/v1/nothing"), 404), (client.post("/api/v1/search"), 405)):
        assert response.status_code == status
        assert response.json["error"]["status"] == status
        assert "Content-Security-Policy" in response.headers


def test_suggestions_lead_somewhere(client: FlaskClient) -> None:
    found = get(client, "/api/v1/suggest", q="道路")["suggestions"]
    assert found
    for item in found:
        assert client.get(item["url"]).status_code == 200
    assert get(client, "/api/v1/suggest", q="")["suggestions"] == []


def test_health(client: FlaskClient) -> None:
    assert get(client, "/healthz")["ok"] is True


def test_chinese_stays_readable(client: FlaskClient) -> None:
    assert "修路" in client.get("/api/v1/search?q=修路").text


def test_present_is_the_only_place_that_shapes_hits() -> None:
    web = Path(__file__).parents[2] / "web"
    shaping = [file.name for file in web.glob("*.py") if '"took_ms"' in file.read_text(encoding="utf-8")]
    assert shaping == ["present.py"]


def test_kinds_have_one_name_each() -> None:
    from web.words import KIND_NAMES

    assert KIND_NAMES.keys() == set(Kind)
