"""The one time zone that people are shown: China's, wherever the server stands. Stored moments stay in UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time (北京时间), the whole country's, without summer time since 1991."""


def today() -> date:
    """The day that it is in China."""
    return datetime.now(CHINA).date()


def in_china(at: datetime) -> datetime:
    """A moment by the clocks of China."""
    return at.astimezone(CHINA)


def day_time(at: datetime) -> str:
    """A moment in China, to the minute."""
    return f"{in_china(at):%Y-%m-%d %H:%M}"


def day(at: datetime) -> str:
    """The day of a moment in China."""
    return f"{in_china(at):%Y-%m-%d}"
