"""Every page tells the time of one zone, wherever the server stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient

from indicators import chinese_time
from indicators.chinese_time import day, day_time, today
from kb.knowledge import KnowledgeBase
from web.text import moment

LATE = datetime(2026, 1, 31, 17, 30, tzinfo=UTC)
"""Already the next day in China, and an earlier hour in New York."""


@pytest.fixture(autouse=True)
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server in New York."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    assert LATE.astimezone().hour == 12
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_moment_is_told_as_in_china(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (day_time(LATE), day(LATE)) == ("2026-02-01 01:30", "2026-02-01")
    assert moment("2026-01-31T17:30:00Z") == "2026-02-01 01:30"
    for text in ("", "去年", "2026-01-31", "2026-01-31T17:30:00"):
        assert moment(text) == text

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            assert tz is chinese_time.CHINA
            return LATE.astimezone(chinese_time.CHINA)

    monkeypatch.setattr(chinese_time, "datetime", Clock)
    assert today() == date(2026, 2, 1)


def test_pages_lists_and_logs_agree(admin: FlaskClient, office: KnowledgeBase) -> None:
    newest = office.ledger.page(1)[0]
    told = day_time(newest.at)
    assert newest.at.astimezone().strftime("%Y-%m-%d %H:%M") != told
    for path in ("/admin/batches", f"/admin/batch/{newest.number}", "/admin", "/history/JT-SL-01"):
        page = admin.get(path).text
        assert told in page, path
        assert page.count("都是北京时间（Asia/Shanghai）") == 1, path
    head, first = admin.get("/admin/audit.csv").get_data(as_text=True).lstrip("\ufeff").splitlines()[:2]
    (entry,) = office.audit.entries(1)
    assert "时间（北京时间）" in head
    assert day_time(entry.at) in first
    assert day_time(entry.at) in admin.get("/admin/audit").text
