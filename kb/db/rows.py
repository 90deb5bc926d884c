"""Between records and rows: pure functions, so that writing and checking derive the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from indicators.content import references
from indicators.model import RECORD_TYPES, Indicator, IndicatorSet, Kind, Project, Record
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


def without_change(before: Record, after: Record, latest: Record) -> Record | None:
    """A set as it stands latest without what was done between before and after; None where that cannot be told.

    Members that came then go, those that went come back; another field goes back where nobody changed it since.
    """
    if not (
        isinstance(before, IndicatorSet)
        and isinstance(after, IndicatorSet)
        and isinstance(latest, IndicatorSet)
    ):
        return None
    changes: dict[str, Any] = {}
    for name in before.__struct_fields__:
        old, new, now = getattr(before, name), getattr(after, name), getattr(latest, name)
        if name == "members":
            came, went = set(new) - set(old), set(old) - set(new)
            kept = [code for code in now if code not in came]
            changes[name] = (*kept, *(code for code in old if code in went and code not in kept))
        elif old != new and now != new:
            return None
        elif old != new:
            changes[name] = old
    return msgspec.structs.replace(latest, **changes)
