"""What a knowledge base tells of itself: whether it answers, what a check found, how full its content is."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.content import ContentFault
from indicators.coverage import Coverage
from indicators.model import Kind
from kb.maintenance import Finding


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the knowledge base answers, in one line for people and machines.

    ``degraded``: it does, but for its search engine, without which only searching is missing.
    """

    ok: bool
    message: str
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``KnowledgeBase.check`` looked at and what it found wrong."""

    counts: dict[Kind, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class ContentReport:
    """Coverage, content faults, and the share of explanation sentences that repeat."""

    coverage: Coverage
    faults: tuple[ContentFault, ...]
    repeated: float
