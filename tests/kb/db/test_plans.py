"""Plans of the hot queries over 1,000,000 rows: no read or write looks at a large table row by row."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from indicators.model import Indicator, Kind, Project, Sector
from kb.db.accounts import AccountTable, Limit
from kb.db.audit import AuditLog
from kb.db.batch_rows import BatchRows
from kb.db.copying import freshen, set_sequence
from kb.db.drafts import DraftRows
from kb.db.engine import open_engine
from kb.db.filed import FiledRows
from kb.db.news import NewsRows
from kb.db.outbox import Outbox
from kb.db.proposals import ProposalRows
from kb.db.reader import Reader
from kb.db.reviews import ReviewRows
from kb.db.rows import body_of
from kb.db.schema import TABLES
from kb.db.store import Store
from tests import databases

pytestmark = pytest.mark.slow

ROWS = 1_000_000
CODE = "X-500000"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
AT = "'2026-01-01 00:00:00.000000'"
BODIES = (
    Project(code="X-1", name="修路", sector="S500"),
    Indicator(code="X-2", name="里程", sector="S500", level2=""),
)
BODY = "CASE WHEN n % 5 = 0 THEN '{}' ELSE '{}' END".format(*map(body_of, BODIES))

# Table -> columns, and an expression of n (1 to ROWS) for each.
FILLING = {
    "batch": ("id, name, actor, reason, at", f"n, '批' || n, 'A' || n % 50, '', {AT}"),
    "record": (
        "code, kind, name, sector, level1, level2, status, core, position, version, digest, updated_at, body",
        (f"'X-' || n, CASE WHEN n % 5 = 0 THEN 'project' ELSE 'indicator' END, '指标' || n, 'S' || n % 10000, '', '',"
        f" 'active', false, n % 100, 1, 'd' || n, {AT}, {BODY}"),
    ),
    "revision": (
        "code, version, kind, action, actor, at, reason, batch, body",
        (f"'X-' || n, 1, CASE WHEN n % 5 = 0 THEN 'project' ELSE 'indicator' END, 'new', 'A', {AT}, '', n / 1000 + 1,"
        f" CASE WHEN n % 100000 = 0 THEN NULL ELSE {BODY} END"),
    ),
    "link": (
        "source_code, role, position, target_code",
        f"'X-' || n, 'pairs', 1, 'X-' || (n * 7919 % {ROWS} + 1)",
    ),
    "target": (
        "project, row, name, indicator, link, comparator, value, unit",
        f"'X-' || (n / 10 * 5 + 5), n % 10, '行', 'X-' || (n * 7919 % {ROWS} + 1), 'same', '≥', n, '%'",
    ),
    "outbox": ("id, code, at", f"n, 'X-' || n, {AT}"),
    "audit": (
        "id, at, actor, action, target, detail",
        f"n, {AT}, 'A' || n % 50, '动作' || n % 20, 'X-' || n, ''",
    ),
    "saved_draft": (
        "id, created_at, touched_at, expires_at, version, owner",
        f"'D' || n, {AT}, {AT}, '2027-01-01 00:00:00.000000', 1, 'O' || n % 20000",
    ),
    "draft_version": ("draft, number, at, who, what, body", f"'D' || n, 1, {AT}, '', '', '\\x00'"),
    "review_job": (
        "id, created_at, touched_at, expires_at, state, done, total, pack, earlier, message",
        f"'J' || n, {AT}, {AT}, '2027-01-01 00:00:00.000000', 'done', 1, 1, '', '', ''",
    ),
    "review_table": (
        "job, number, file, project, unit, sector, grade, points, errors, warnings, hints, rows, codes, body",
        "'J' || (n / 100 + 1), n % 100, '', '', '', '', '优', 90, 0, 0, 0, 5, '[]', '\\x00'",
    ),
    "review_decision": (
        "id, job, number, row, code, field, decision, reason, fields, who, at",
        f"n, 'J' || (n / 10 + 1), n % 10, 1, 'P' || n % 60, '', 'accept', '', '{{}}', '小审', {AT}",
    ),
    "filed_table": (
        "id, batch, digest, project, unit, region, year, sector, file, size",
        "n, n % 1000 + 1, 'd' || n, '项目', '', '', 2025, 'S', '', 1",
    ),
    "filed_row": (
        "filed, number, level1, level2, name, target, unit, indicator, value, value_unit",
        "n, 1, '', '', '指标', '≥1', '', 'X-' || n % 1000, n, '%'",
    ),
    "filed_band": ("key, filed", f"n * 7919 % {ROWS}, n"),
    "proposal": (
        ("id, token, sort, state, code, kind, version, field, text, suggestion, source, changes, name, contact,"
        " account, origin, at, decided_by, answer"),
        (f"n, 'T' || n, 'error', CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'accepted' END, 'X-' || n, 'indicator', 1, '',"
        f" '', '', '', '', '', '', 'O' || n % 20000, '', {AT}, '', ''"),
    ),
}  # fmt: skip

BY_THE_PAGE = {
    "the newest batches": {"batch"},
    "a page of the audit log": {"audit"},
    "the next page of the audit log": {"audit"},
}
"""Queries that walk a table in its order and stop at the page's end."""


@pytest.fixture(scope="module")
def large(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of this run's kind with a million rows in every table that grows."""
    file = tmp_path_factory.mktemp("large") / "kb.sqlite3"
    engine = open_engine(databases.new_database() if database == "postgresql" else f"sqlite:///{file}")
    orders = [_fill(database, table, columns, values) for table, (columns, values) in FILLING.items()]
    places = {"": 5, "a": ROWS - 20, "b": 10}
    orders += [
        f"INSERT INTO index_position (name, position, at) VALUES ('{n}', {p}, {AT})"
        for n, p in places.items()
    ]
    if database == "postgresql":
        with engine.begin() as connection:
            # The filling keeps to the foreign keys; checking each row would take longer than writing it.
            for order in (
                "SET LOCAL session_replication_role = replica",
                "SET LOCAL statement_timeout = 0",
                *orders,
            ):
                connection.exec_driver_sql(order)
            for table in TABLES:
                set_sequence(connection, table)
        freshen(engine)
    else:
        engine.dispose()
        with closing(sqlite3.connect(file, isolation_level=None)) as raw:
            for setting in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "cache_size = -500000",
                "analysis_limit = 1000",
            ):
                raw.execute(f"PRAGMA {setting}")
            for order in (*orders, "ANALYZE"):
                raw.execute(order)
    yield engine
    engine.dispose()


HOT: dict[str, Callable[[Engine], object]] = {
    "a record by its code": lambda e: Reader(e).get(CODE),
    "many records by code": lambda e: Reader(e).many([f"X-{n}" for n in range(400, 900)]),
    "a record by its code in any case": lambda e: Reader(e).codes_folded("x-500000"),
    "codes near one": lambda e: Reader(e).codes_near("x-50000"),
    "codes that begin alike": lambda e: Reader(e).codes_beginning("X-50000"),
    "codes once used that begin alike": lambda e: Reader(e).used_codes("X-50000"),
    "names of codes": lambda e: Reader(e).refs([CODE, "X-7"]),
    "the records of a sector": lambda e: Reader(e).of_type(Indicator, sector="S501"),
    "the sectors": lambda e: Reader(e).of_type(Sector),
    "links to a code": lambda e: Reader(e).pointing_to(CODE, ["pairs"]),
    "links to a code from a kind": lambda e: Reader(e).pointing_to(CODE, kind=Kind.INDICATOR),
    "pointers to codes": lambda e: Reader(e).pointers([CODE, "X-7"]),
    "target rows of an indicator": lambda e: Reader(e).rows_using(CODE),
    "projects that use indicators": lambda e: Reader(e).projects_using([CODE, "X-7"]),
    "revisions of a code": lambda e: Reader(e).versions(CODE),
    "history of a code": lambda e: Reader(e).revisions(CODE),
    "a code in its version before": lambda e: Reader(e).version(CODE, -1),
    "versions of codes": lambda e: Reader(e).versions_of([CODE, "X-7"]),
    "what was taken out": lambda e: Reader(e).removed(Indicator),
    "whether records changed": lambda e: Reader(e).stamp(Kind.INDICATOR, Kind.SECTOR, Kind.PROJECT),
    "name of a batch": lambda e: Reader(e).batch_name(500),
    "the newest batches": lambda e: BatchRows(e).newest(20),
    "a batch": lambda e: BatchRows(e).batch(500),
    "what a batch changed": lambda e: BatchRows(e).changes(500),
    "the news": lambda e: NewsRows(e).deeds(),
    "steps of batches of the news": lambda e: NewsRows(e).steps([500]),
    "the newest row of the outbox": lambda e: Outbox(e).newest(),
    "what an index has to take up": lambda e: Outbox(e).waiting("a"),
    "a page of the audit log": lambda e: AuditLog(e).entries(50),
    "the next page of the audit log": lambda e: AuditLog(e).entries(50, 700_000),
    "the audit log of somebody": lambda e: AuditLog(e).entries(50, 700_000, actor="A7"),
    "the audit log of a deed": lambda e: AuditLog(e).entries(50, action="动作7"),
    "who and what the audit log knows": lambda e: AuditLog(e).names(),
    "a draft": lambda e: DraftRows(e).line("D500000"),
    "versions of a draft": lambda e: DraftRows(e).versions("D500000"),
    "drafts of an owner": lambda e: DraftRows(e).owned("O500", NOW, 20),
    "expired drafts": lambda e: DraftRows(e).expired(NOW),
    "a review": lambda e: ReviewRows(e).job("J500"),
    "tables of a review": lambda e: ReviewRows(e).lines("J500"),
    "decisions of a review": lambda e: ReviewRows(e).decisions("J500"),
    "verdicts of a review": lambda e: ReviewRows(e).verdicts("J500"),
    "expired reviews": lambda e: ReviewRows(e).expired(NOW),
    "copies of a table by its bands": lambda e: FiledRows(e).meeting([7919, 15838, 23757], 50),
    "filed tables whole": lambda e: FiledRows(e).tables([500, 501]),
    "whether a batch filed tables": lambda e: FiledRows(e).concerns(5000),
    "landscapes of an indicator": lambda e: FiledRows(e).landscapes(CODE),
    "a proposal by its receipt": lambda e: ProposalRows(e).by_token("T500000"),
    "proposals about a record": lambda e: ProposalRows(e).listed(code=CODE),
    "failed logins": lambda e: AccountTable(e).attempt(
        "小管", "127.0.0.1", NOW, timedelta(minutes=15), (Limit(("account",), 5),)
    ),
    "writing a record": lambda e: Store(e).put(
        [Indicator(code="X-1000003", name="新", sector="", level2="数量指标"),
         Indicator(code=CODE, name="改", sector="", level2="数量指标")],
        name="写", actor="张三", reason="", expected={"X-1000003": 0},
    ),
    "settling the index that is last": lambda e: Outbox(e).settle("b", 15, datetime(2026, 1, 2, tzinfo=UTC)),
}  # fmt: skip


@pytest.mark.slow
def test_no_hot_query_walks_a_large_table(large: Engine) -> None:
    explain = _walks_of_postgresql if large.dialect.name == "postgresql" else _walks_of_sqlite
    walked: list[tuple[str, set[str], str]] = []
    for what, ask in HOT.items():
        with _listening(large) as statements:
            ask(large)
        assert statements, what
        with large.connect() as connection:
            for statement, parameters in statements:
                tables = explain(connection, statement, parameters) & FILLING.keys()
                if tables - BY_THE_PAGE.get(what, set()):
                    walked.append((what, tables, statement))
    assert walked == []
    with large.connect() as connection:  # and what walks is found out
        for query in (
            "SELECT code FROM record WHERE name = 'x'",
            "SELECT max(version) FROM revision GROUP BY code",
            "SELECT count(*) FROM record",
        ):
            assert explain(connection, query, {}), query


class _listening:  # noqa: N801 - a context manager in the place of a function
    """Collects the statements that an engine runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.found: list[tuple[str, Any]] = []

    def __enter__(self) -> list[tuple[str, Any]]:
        event.listen(self.engine, "before_cursor_execute", self.hear)
        return self.found

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self.hear)

    def hear(self, _c: Any, _k: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH") and "pg_advisory" not in statement:
            self.found.append((statement, parameters[0] if isinstance(parameters, list) else parameters))


def _walks_of_postgresql(connection: Connection, statement: str, parameters: Any) -> set[str]:
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
    plan = json.loads(rows) if isinstance(rows, str) else rows
    return {node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if _walks(node)}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _walks(node: dict[str, Any]) -> bool:
    if "Relation Name" not in node or node["Node Type"] in ("ModifyTable", "Bitmap Heap Scan"):
        return False
    return "Index Cond" not in node and node["Node Type"] != "Tid Scan"


def _walks_of_sqlite(connection: Connection, statement: str, parameters: Any) -> set[str]:
    lines = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    names = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
    found = {m[1] for line in lines if (m := re.match(r"SCAN (\w+)", line.detail))}
    return {names.get(name, name) for name in found}


def _fill(database: str, table: str, columns: str, values: str) -> str:
    if database == "postgresql":
        values = re.sub(r"('2\d{3}-[^']*')", r"\1::timestamptz", values).replace("'\\x00'", "'\\x00'::bytea")
        return f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1::bigint, {ROWS}) AS n".replace(
            "%", "%%"
        )
    numbers = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS})"
    values = values.replace("'\\x00'", "x'00'")
    return f"INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM s"
