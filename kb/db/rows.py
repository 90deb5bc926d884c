"""Between records and rows: pure functions, so that writing and checking derive the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from indicators.content import references
from indicators.model import RECORD_TYPES, Indicator, Kind, Project, Record
from indicators.value import TargetValue

_encoder = msgspec.json.Encoder(order="deterministic")
_decoders = {kind: msgspec.json.Decoder(type_) for kind, type_ in RECORD_TYPES.items()}


def body_of(record: Record) -> str:
    """Canonical JSON of a record: the same record always gives the same text."""
    return _encoder.encode(record).decode()


def record_from(kind: str, body: str) -> Record:
    """The record that ``body_of`` wrote."""
    return _decoders[Kind(kind)].decode(body)


def digest_of(body: str) -> str:
    """SHA-256 of a body, by which store, backup and check tell versions apart."""
    return hashlib.sha256(body.encode()).hexdigest()


def aware(at: datetime) -> datetime:
    """A stored moment with its time zone: SQLite keeps none, everything was written in UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def columns_of(record: Record, body: str) -> dict[str, Any]:
    """Typed columns of a record's row, without version and time."""
    return {
        "code": record.code,
        "kind": record.kind.value,
        "name": record.name,
        "sector": getattr(record, "sector", ""),
        "level1": getattr(record, "level1", ""),
        "level2": getattr(record, "level2", ""),
        "status": getattr(record, "status", "active"),
        "core": isinstance(record, Indicator) and record.core,
        "position": getattr(record, "order", 0),
        "digest": digest_of(body),
        "body": body,
    }


def links_of(record: Record) -> Iterator[dict[str, Any]]:
    """Rows of ``link``: every pointer of a record to another, numbered within its role."""
    positions: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for role, code in references(record):
        if (role, code) in seen:
            continue
        seen.add((role, code))
        position = positions[role] = positions.get(role, 0) + 1
        yield {"source_code": record.code, "role": role, "position": position, "target_code": code}


def targets_of(record: Record) -> Iterator[dict[str, Any]]:
    """Rows of ``target``: a project's published rows with the parsed value beside the text."""
    if not isinstance(record, Project):
        return
    for number, row in enumerate(record.targets, 1):
        value = TargetValue.parse(row.target, row.unit)
        yield {
            "project": record.code,
            "row": number,
            "name": row.name,
            "indicator": row.indicator or None,
            "link": row.link.value if row.link else None,
            "comparator": value.comparator,
            "value": float(value.value) if value.value is not None else None,
            "unit": value.unit[:80],
        }


_COLLECTED = frozenset(("members", "sources", "aliases", "keywords", "pairs"))
"""Lists to which several batches add, each its own items."""


def without_change(before: Record, after: Record, latest: Record) -> tuple[Record | None, tuple[str, ...]]:
    """A record as it stands latest without what was done between before and after.

    None, with the fields in the way, where one that was changed then has been changed again since.
    Of members, sources and other names only the items that came then go, and those that went come back.
    """
    changes: dict[str, Any] = {}
    conflicts = []
    for name in before.__struct_fields__:
        old, new, now = getattr(before, name), getattr(after, name), getattr(latest, name)
        if old == new:
            continue
        if now == new:
            changes[name] = old
        elif name in _COLLECTED:
            changes[name] = _items_without(old, new, now)
        else:
            conflicts.append(name)
    return (None, tuple(conflicts)) if conflicts else (msgspec.structs.replace(latest, **changes), ())


def _items_without(old: Sequence[Any], new: Sequence[Any], now: Sequence[Any]) -> tuple[Any, ...]:
    """The items of now, those that came from old to new taken out, those that went brought back to their place."""
    stay = [i for i in old if i in now or i not in new]
    return (*stay, *(i for i in now if i not in old and i not in new))
