"""What is kept of a review job: its state, its tables in short, people's decisions and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from indicators.finding import Finding, Severity


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    READING = "reading"
    REVIEWING = "reviewing"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The word users see."""
        return {"waiting": "排队等候", "reading": "读取文件", "reviewing": "逐表体检", "done": "完成", "failed": "没有完成"}[
            self.value
        ]  # fmt: skip


class Choice(StrEnum):
    """What a person decided about a finding."""

    ACCEPT = "accept"
    DISMISS = "dismiss"
    EDIT = "edit"

    @property
    def label(self) -> str:
        """The word users see."""
        return {"accept": "采纳", "dismiss": "不采纳", "edit": "已改写"}[self.value]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A review job. ``earlier`` is the job that this one resubmits, "" where none."""

    id: str
    created_at: datetime
    touched_at: datetime
    expires_at: datetime
    state: JobState
    done: int
    total: int
    pack: str = ""
    earlier: str = ""
    message: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing more will change."""
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def count(self) -> str:
        """How far in words, "" where that is not known."""
        unit = "个文件" if self.state is JobState.READING else "张表"
        return f"第 {self.done} / 共 {self.total} {unit}" if self.total else ""


class FileLine(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a job: which upload it came in, how many tables it gave, or why it could not be read."""

    number: int
    upload: int
    name: str
    tables: int = 0
    error: str = ""
    problems: tuple[str, ...] = ()


class TableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewed table in short, as the list shows it; ``codes`` counts findings by code."""

    number: int
    file: str
    project: str
    unit: str
    year: int | None
    sector: str
    grade: str
    points: float
    errors: int
    warnings: int
    hints: int
    rows: int
    codes: Mapping[str, int]

    @property
    def risk(self) -> tuple[int, float, int]:
        """Sorts the worst tables first when reversed."""
        return (self.errors, -self.points, self.warnings)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about one finding of one table. ``fields`` are the row's new words."""

    number: int
    row: int
    code: str
    field: str = ""
    choice: Choice
    reason: str = ""
    fields: Mapping[str, str] = {}
    who: str = ""
    at: datetime | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """What tells the finding apart within its table."""
        return (self.row, self.code, self.field)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The reviewer's own points by sub-item and opinion in words, in place of what was proposed."""

    scores: Mapping[str, float] = {}
    opinion: str = ""
    who: str = ""
    at: datetime | None = None


class Precision(msgspec.Struct, frozen=True, kw_only=True):
    """How often people agreed with a rule. ``share`` is None where nobody decided yet."""

    code: str
    right: int = 0
    wrong: int = 0

    @property
    def n(self) -> int:
        """Number of decisions."""
        return self.right + self.wrong

    @property
    def share(self) -> float | None:
        """Share of decisions that agreed."""
        return self.right / self.n if self.n else None


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a rule's history: how it was set, by whom, when and why."""

    code: str
    on: bool = True
    severity: Severity | None = None
    thresholds: Mapping[str, float] = {}
    who: str = ""
    at: datetime | None = None
    why: str = ""


def finding_key(finding: Finding) -> tuple[int, str, str]:
    """What tells a finding apart within its table; ``Decision.key`` is the same."""
    return (finding.row, finding.code, finding.field)
