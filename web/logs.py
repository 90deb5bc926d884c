"""The program's log on stderr: lines for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

FIELDS = "fields"
"""Attribute of a log record with a dictionary of its own fields."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, process, and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        values = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """Time, process, level and message, with the record's own fields behind."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = super().format(record)
        fields = getattr(record, FIELDS, {})
        return f"{line}  {' '.join(f'{k}={v}' for k, v in fields.items())}" if fields else line


def configure(log: str) -> None:
    """Send everything from warnings on (from requests on, unless ``log`` is "off") to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("web").setLevel(logging.WARNING if log == "off" else logging.INFO)
