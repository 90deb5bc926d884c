"""Closed choices that fields of records hold; a value is what files, the store and every door say."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Life of a record. A code never dies: a retired one names its successor."""

    ACTIVE = "active"
    RETIRED = "retired"


class Direction(StrEnum):
    """Which way is better (指标方向)."""

    HIGHER = "正向"
    LOWER = "反向"
    EXACT = "等于"
    QUALITATIVE = "定性"


class LinkKind(StrEnum):
    """How a published row relates to a catalogue indicator."""

    SAME = "same"
    NARROWER = "narrower"
    BROADER = "broader"


class ProjectType(StrEnum):
    """Types of expenditure projects by which indicators fit or do not fit."""

    CONSTRUCTION = "基建"
    REPAIR = "修缮"
    PURCHASE = "购置"
    SUBSIDY = "补助"
    OPERATION = "运维"
    EVENT = "活动"
    RESEARCH = "课题"
    SERVICE = "购买服务"


class Strength(StrEnum):
    """How far words of a group may stand for each other."""

    SAME = "same"
    NEAR = "near"
    RELATED = "related"
