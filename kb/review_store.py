"""Review jobs and everything people decide about them; the rules as the bureau has set them.

State and results live in the database, so that every process can show them; the uploaded bytes lie
on a shelf that is served by nobody, only as long as the job does.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from indicators.finding import Severity
from indicators.rules.base import RulePack
from kb.db.reviews import ReviewRows
from kb.errors import KnowledgeError
from kb.review_batch import BatchStatistics, unit_of
from kb.review_form import Bounds
from kb.review_packs import pack_named
from kb.review_records import (
    Decision,
    FileLine,
    Job,
    JobState,
    Precision,
    RuleChange,
    TableLine,
    Verdict,
)
from kb.reviewing import Review
from kb.shelf import Shelf

LIFETIME = timedelta(days=7)
PATIENCE = timedelta(seconds=90)
"""A working job that was not touched for so long has lost its process; the next visitor starts it again."""

QUEUED = timedelta(seconds=2)
"""A job that waits longer in one process's queue may be taken by another process."""

LEAST_PRECISION, ENOUGH_DECISIONS = 0.9, 20
"""A rule that people agree with less often, with so many decisions, becomes a hint."""

BOUNDS = "等级"
"""Code under which the points of the grades are kept among the rule settings."""

_CHUNK = 50
_NAMES = "names.json"
_LATER = timedelta(days=1)  # uploads whose job was never written go after all others
_review = msgspec.json.Decoder(Review)
_statistics = msgspec.json.Decoder(BatchStatistics)


class UnknownReviewError(KnowledgeError):
    """No job or table at this address, or its time is over."""

    def __init__(self) -> None:
        super().__init__("没有这次体检，或保存期已过。上传的文件和结果只保留 7 天，请重新提交。")


class UploadsGoneError(KnowledgeError):
    """The files of a job are not there: they do not move to another database with it."""

    def __init__(self) -> None:
        super().__init__("上传的文件已经不在（知识库搬过家，或从备份恢复过）。请重新提交。")


class ReasonError(KnowledgeError):
    """A change was asked for without the reason it needs."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}要写理由，请补上后再提交。")


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class ReviewStore:
    """Jobs, decisions and rule settings of one knowledge base."""

    def __init__(self, rows: ReviewRows, shelf: Shelf, now: Callable[[], datetime] = utc_now) -> None:
        self._rows, self._shelf, self._now = rows, shelf, now

    # Jobs

    def create(
        self, files: Sequence[tuple[str, bytes]], pack: str = "", earlier: str = "", *, who: str = ""
    ) -> Job:
        """A new job waiting for its turn, with its uploads kept aside. Raises UnknownPackError."""
        pack_named(pack)
        self.expire()
        now = self._now()
        job = Job(
            id=secrets.token_urlsafe(16), created_at=now, touched_at=now, expires_at=now + LIFETIME,
            state=JobState.WAITING, done=0, total=len(files), pack=pack, earlier=earlier,
        )  # fmt: skip
        names = msgspec.json.encode([name for name, _ in files])
        self._shelf.add(
            job.id, {_NAMES: names} | {_bytes_of(number): data for number, (_, data) in enumerate(files)}
        )
        self._rows.add_job(job, who[:80])
        return job

    def job(self, id_: str) -> Job:
        """A job by its secret id. Raises UnknownReviewError."""
        found = self._rows.job(id_)
        if found is None or found.expires_at < self._now():
            raise UnknownReviewError
        return found

    def claim(self, id_: str) -> bool:
        """Take a job that waits or was left by a process that died; what that left is cleared."""
        if not self._rows.claim(id_, self._now(), PATIENCE):
            return False
        self._rows.clear(id_)
        return True

    def is_stale(self, job: Job) -> bool:
        """Whether nobody works on an unfinished job: it waits in a queue, or has lost its process."""
        patience = QUEUED if job.state is JobState.WAITING else PATIENCE
        return not job.finished and job.touched_at < self._now() - patience

    def unfinished(self) -> list[Job]:
        """Jobs that wait or are being done, oldest first."""
        return self._rows.unfinished(self._now())

    def uploads(self, id_: str) -> Iterator[tuple[str, bytes]]:
        """Uploaded files with their names, one at a time. Raises UploadsGoneError."""
        for number, name in enumerate(msgspec.json.decode(self._part(id_, _NAMES), type=list[str])):
            yield name, self._part(id_, _bytes_of(number))

    def upload(self, id_: str, number: int) -> bytes | None:
        """Bytes of one upload, None once they were removed."""
        return self._shelf.get(id_, _bytes_of(number))

    def advance(self, id_: str, state: JobState, done: int, total: int, message: str = "") -> None:
        """Tell how far a job is."""
        self._rows.advance(id_, state, done, total, self._now(), message)

    def expire(self) -> int:
        """Remove jobs whose time is over, uploads and all; gives their number."""
        self._shelf.sweep(LIFETIME + _LATER)
        gone = self._rows.expired(self._now())
        for id_ in gone:
            self.remove(id_, why="到期")
        return len(gone)

    def remove(self, id_: str, *, who: str = "", why: str = "") -> None:
        """Remove a job and its uploads now."""
        self._shelf.discard(id_)
        self._rows.delete_jobs([id_], who, why, self._now())

    def _part(self, id_: str, name: str) -> bytes:
        data = self._shelf.get(id_, name)
        if data is None:
            raise UploadsGoneError
        return data

    # Results

    def add_files(self, id_: str, files: Sequence[FileLine]) -> None:
        """Keep what became of files."""
        self._rows.add_files(id_, files)

    def files(self, id_: str) -> list[FileLine]:
        """Files of a job."""
        return self._rows.files(id_)

    def add_reviews(self, id_: str, reviews: Iterable[tuple[str, Review]]) -> int:
        """Keep reviews with the file each came from, numbered from 1; gives how many."""
        chunk: list[tuple[TableLine, bytes]] = []
        number = 0
        for number, (file, review) in enumerate(reviews, 1):
            slim = _without_indicators(review)
            chunk.append((_line(number, file, slim), msgspec.json.encode(slim)))
            if len(chunk) == _CHUNK:
                self._rows.add_tables(id_, chunk)
                chunk = []
        self._rows.add_tables(id_, chunk)
        return number

    def lines(self, id_: str) -> list[TableLine]:
        """Tables of a job in short."""
        return self._rows.lines(id_)

    def review(self, id_: str, number: int) -> Review:
        """The review of one table. Raises UnknownReviewError."""
        for _, body in self._rows.bodies(id_, [number]):
            return _review.decode(body)
        raise UnknownReviewError

    def reviews(self, id_: str, numbers: Sequence[int] | None = None) -> dict[int, Review]:
        """Reviews of a job's tables (or of some) by number."""
        return {number: _review.decode(body) for number, body in self._rows.bodies(id_, numbers)}

    def set_statistics(self, id_: str, statistics: BatchStatistics) -> None:
        """Keep a batch's statistics."""
        self._rows.set_statistics(id_, msgspec.json.encode(statistics))

    def statistics(self, id_: str) -> BatchStatistics | None:
        """A batch's statistics, None before it is done."""
        body = self._rows.statistics(id_)
        return _statistics.decode(body) if body else None

    # People

    def decide(self, id_: str, decision: Decision) -> None:
        """Keep a decision. Raises ReasonError for a dismissal without a reason."""
        if decision.choice == "dismiss" and not decision.reason.strip():
            raise ReasonError("不采纳")
        self._rows.decide(id_, msgspec.structs.replace(decision, at=self._now()))

    def decisions(self, id_: str, number: int | None = None) -> list[Decision]:
        """The decisions that count, oldest first."""
        return self._rows.decisions(id_, number)

    def set_verdict(self, id_: str, number: int, verdict: Verdict) -> None:
        """Keep the reviewer's verdict on a table."""
        self._rows.set_verdict(id_, number, msgspec.structs.replace(verdict, at=self._now()))

    def verdicts(self, id_: str) -> dict[int, Verdict]:
        """Verdicts of a job by table."""
        return self._rows.verdicts(id_)

    # Rules

    def precisions(self) -> dict[str, Precision]:
        """How often people agreed with each rule."""
        return {p.code: p for p in self._rows.precisions()}

    def rule_history(self, code: str = "") -> list[RuleChange]:
        """Changes of one rule or of all, oldest first."""
        return self._rows.rule_changes(code)

    def change_rule(self, change: RuleChange) -> None:
        """Set a rule anew. Raises ReasonError without a reason, KeyError for an unknown rule or threshold."""
        if not change.why.strip():
            raise ReasonError("改动规则")
        if change.code == BOUNDS:
            bounds_of(change.thresholds)
        else:
            pack_named().with_rule(change.code, thresholds=change.thresholds)
        self._rows.add_rule_change(msgspec.structs.replace(change, at=self._now()))

    def demoted(self) -> frozenset[str]:
        """Rules that became hints because people too often disagreed."""
        return frozenset(
            code
            for code, p in self.precisions().items()
            if p.n >= ENOUGH_DECISIONS and (p.share or 0) < LEAST_PRECISION
        )

    def pack(self, name: str = "") -> RulePack:
        """A pack with the bureau's settings, and with demoted rules as hints. Raises UnknownPackError."""
        pack = pack_named(name)
        for code, change in self._in_force().items():
            if code in pack.rules:
                known = {k: v for k, v in change.thresholds.items() if k in pack.rules[code].thresholds}
                pack = pack.with_rule(code, on=change.on, severity=change.severity, thresholds=known)
        for code in self.demoted() & pack.rules.keys():
            pack = pack.with_rule(code, severity=Severity.HINT)
        return pack

    def bounds(self) -> Bounds:
        """The points of the grades as the bureau set them."""
        change = self._in_force().get(BOUNDS)
        return bounds_of(change.thresholds) if change else Bounds()

    def _in_force(self) -> dict[str, RuleChange]:
        return {change.code: change for change in self._rows.rule_changes()}


def _bytes_of(number: int) -> str:
    return f"{number}.bin"


def bounds_of(points: Mapping[str, float]) -> Bounds:
    """Bounds of the grades from numbers. Raises KeyError where they are not in order within 0..100."""
    best, good, fair = (Decimal(str(points[key])) for key in ("best", "good", "fair"))
    if not 100 >= best > good > fair >= 0:
        raise KeyError("best > good > fair")
    return Bounds(best=best, good=good, fair=fair)


def _without_indicators(review: Review) -> Review:
    """The review without whole catalogue records in its matches: code and name stay."""
    rows = tuple(
        msgspec.structs.replace(r, match=msgspec.structs.replace(r.match, indicator=None)) if r.match else r
        for r in review.rows
    )
    return msgspec.structs.replace(review, rows=rows)


def _line(number: int, file: str, review: Review) -> TableLine:
    errors, warnings, hints = review.risk
    codes = Counter(f.code for f in review.all_findings())
    return TableLine(
        number=number, file=file, project=review.draft.project, unit=unit_of(review.draft),
        year=review.draft.year, sector=review.sector, grade=review.grade, points=float(review.points),
        errors=errors, warnings=warnings, hints=hints, rows=len(review.rows), codes=dict(sorted(codes.items())),
    )  # fmt: skip
