"""Addresses of records: the one table of permalinks, the same for pages, API and commands."""

from __future__ import annotations

from urllib.parse import quote

from indicators.model import Kind

PATHS: dict[Kind, str] = {
    Kind.INDICATOR: "i",
    Kind.PROJECT: "project",
    Kind.ISSUE: "issue",
    Kind.PROBLEM: "problem",
    Kind.FRAMEWORK: "framework",
    Kind.NODE: "node",
    Kind.SECTOR: "sector",
    Kind.SET: "set",
    Kind.GUIDE: "guide",
    Kind.CLAUSE: "clause",
    Kind.SOURCE: "source",
}
"""First part of a record's address; kinds without a page of their own are absent."""

PUBLIC_KINDS: dict[Kind, str] = {
    Kind.INDICATOR: "indicator",
    Kind.FRAMEWORK: "framework",
    Kind.NODE: "framework",
    Kind.PROJECT: "project",
    Kind.ISSUE: "issue",
    Kind.PROBLEM: "issue",
    Kind.GUIDE: "guide",
    Kind.CLAUSE: "guide",
}
"""Kind under which a record is found: problem types are issues, clauses are guides."""


def url_of(kind: Kind, code: str) -> str:
    """Permalink of a record, e.g. ``/i/JT-SL-01``."""
    return f"/{PATHS[kind]}/{quote(code)}"


def history_of(code: str) -> str:
    """Address of a record's history, of any kind and also of one that was taken out."""
    return f"/history/{quote(code)}"
