"""Roles: what an account may do, each more than the one before."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each role may do all that the ones before it may."""

    DRAFTER = "drafter"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whether this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
