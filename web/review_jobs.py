"""Review jobs at work: one after the other in a thread, told of step by step in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from indicators.draft import Draft
from kb.knowledge import KnowledgeBase
from kb.review_batch import statistics
from kb.review_records import FileLine, Job, JobState
from kb.review_store import UnknownReviewError, UploadsGoneError
from kb.reviewing import Review
from loaders.archive import count
from loaders.errors import FileError
from web.jobs import Line, Pace, Stop
from web.review_files import numbered, problems_of, reviews_of
from web.review_reading import Outcome, ReadingRoom

MOST_TABLES = 5000
SECONDS = 2 * 3600
"""Time for the files of one job."""
KEY = "workshop"
_log = logging.getLogger(__name__)


@dataclass
class _Read:
    """What the files of a job gave."""

    files: list[FileLine] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


class _HandOverError(Exception):
    """This process stops; another one shall do the job."""


class Workshop:
    """Does the jobs of a knowledge base, one after the other; other processes have their own workshops.

    Which job is whose stands in the database. Jobs of a process that died, and those that wait here while
    another process has nothing to do, are taken up by ``resume``.
    """

    def __init__(self, kb: KnowledgeBase) -> None:
        self.kb, self.room = kb, ReadingRoom()
        self._line, self._pace = Line("review"), Pace()
        self._closing = threading.Event()

    def start(self, job: Job) -> None:
        """Put a job into the queue."""
        if not self._closing.is_set():
            self._line.put(job.id, lambda stop: self._guarded(job, stop))

    def resume(self, job: Job) -> None:
        """Take up a job that nobody works on."""
        if self.kb.reviews.is_stale(job):
            self.start(job)

    def resume_all(self) -> None:
        """Take up every job that nobody works on, if this process has nothing to do."""
        if self._line.idle:
            for job in self.kb.reviews.unfinished():
                self.resume(job)

    def close(self) -> None:
        """Put back what is being done, for other processes or the next start, and let the readers go."""
        self._closing.set()
        self.room.close()
        self._line.close()

    def _guarded(self, job: Job, _stop: Stop) -> None:
        try:
            if self.kb.reviews.claim(job.id):
                self.work(job)
        except UnknownReviewError:
            return
        except UploadsGoneError as error:
            self.kb.reviews.advance(job.id, JobState.FAILED, 0, 0, str(error))
        except _HandOverError:
            self.kb.reviews.advance(job.id, JobState.WAITING, 0, job.total)
        except Exception:
            _log.exception("review job")
            self.kb.reviews.advance(
                job.id,
                JobState.FAILED,
                0,
                0,
                "程序出错，这次体检没有完成。文件没有问题的话请重新提交；仍然不行请告诉管理员时间。",
            )

    def work(self, job: Job) -> None:
        """Read the files of a job, review their tables, keep everything."""
        reviews = self.kb.reviews
        found = self._read(job)
        reviews.add_files(job.id, found.files)
        earlier = [r.draft for r in reviews.reviews(job.earlier).values()] if job.earlier else []
        made: list[Review] = []
        reviews.add_reviews(
            job.id, ((found.names[n], r) for n, r in self._reviewed(job, found.drafts, earlier, made))
        )
        reviews.set_statistics(job.id, statistics(made, earlier))
        reviews.advance(job.id, JobState.DONE, len(made), len(made))

    def _read(self, job: Job) -> _Read:
        found = _Read()
        uploads: list[int] = []
        total = sum(count(name, data) for name, data in self.kb.reviews.uploads(job.id))

        def files() -> Iterator[tuple[str, bytes | FileError]]:
            for upload, name, data in numbered(self.kb.reviews.uploads(job.id)):
                uploads.append(upload)
                yield name, data

        for number, outcome in enumerate(self.room.read(files(), SECONDS)):
            found.files.append(self._taken(number, uploads[number], outcome, found))
            self._tell(job, JobState.READING, number + 1, max(total, number + 1))
        return found

    def _taken(self, number: int, upload: int, outcome: Outcome, found: _Read) -> FileLine:
        drafts = outcome.read.drafts if outcome.read else ()
        error = outcome.error
        if len(found.drafts) + len(drafts) > MOST_TABLES:
            drafts, error = (
                (),
                f"{outcome.name}：一次最多体检 {MOST_TABLES} 张表，这个文件没有再读。请分几次提交。",
            )
        found.drafts += drafts
        found.names += [outcome.name] * len(drafts)
        return FileLine(
            number=number, upload=upload, name=outcome.name, tables=len(drafts), error=error,
            problems=problems_of(outcome)[:20],
        )  # fmt: skip

    def _reviewed(
        self, job: Job, drafts: list[Draft], earlier: list[Draft], made: list[Review]
    ) -> Iterator[tuple[int, Review]]:
        pack, bounds = self.kb.reviews.pack(job.pack), self.kb.reviews.bounds()
        for position, review in reviews_of(
            self.kb.reviewer(), drafts, pack, bounds, earlier, self.kb.filed.peers
        ):
            made.append(review)
            self._tell(job, JobState.REVIEWING, position + 1, len(drafts))
            yield position, review

    def _tell(self, job: Job, state: JobState, done: int, total: int) -> None:
        if self._closing.is_set():
            raise _HandOverError
        if self._pace.due():
            self.kb.reviews.advance(job.id, state, done, total)
