"""Reviewing files: reading by ``loaders``, judging by ``kb``, one answer a file. Shared by all doors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indicators.draft import Draft
from indicators.rules.base import RulePack
from kb.review_form import Bounds
from kb.review_json import review_json
from kb.reviewing import Review, Reviewer
from kb.timing import REVIEW, timed
from loaders.archive import is_archive, unpack
from loaders.errors import FileError
from web.review_reading import Outcome, Read, read_for_command

Elsewhere = Callable[[Draft], Sequence[Draft]]
"""Finds tables like one in hand among those filed before."""

MOST_FILES = 3000
"""Files of one request or job, those inside archives counted."""


@dataclass(frozen=True, slots=True)
class ReviewedFile:
    """A file with its reviews, or with the error that kept it from being read."""

    name: str
    reviews: tuple[Review, ...] = ()
    problems: tuple[str, ...] = ()
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that ``kb review --json`` prints for the file."""
        answer = review_json(self.name, self.reviews, self.problems)
        return answer | ({"error": self.error} if self.error else {})


class TooManyFilesError(FileError):
    """An archive or request holds more files than are read at once."""

    def __init__(self, file: str) -> None:
        super().__init__(file, f"一次最多读 {MOST_FILES} 个文件，这个文件起没有再读。请分几次提交。")


def expand(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | FileError]]:
    """Files as given, archives replaced by what they hold."""
    for _, name, data in numbered(files):
        yield name, data


def numbered(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[int, str, bytes | FileError]]:
    """Files with the number (from 0) of the upload that each came in, archives unpacked."""
    count = 0
    for upload, (name, data) in enumerate(files):
        for inside, content in _unpacked(name, data):
            count += 1
            if count > MOST_FILES:
                yield upload, inside, TooManyFilesError(inside)
                return
            yield upload, inside, content


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes | FileError]]:
    try:
        if not is_archive(name, data):
            yield name, data
            return
        empty = True
        for part in unpack(name, data):
            empty = False
            yield part
        if empty:
            yield name, FileError(name, "压缩包里没有可读的文件。可放 xlsx、xls、docx、pdf、csv、html。")
    except FileError as error:
        yield name, error


def review_files(
    reviewer: Reviewer,
    files: Iterable[tuple[str, bytes]],
    pack: RulePack | None = None,
    bounds: Bounds | None = None,
    read: Read = read_for_command,
    elsewhere: Elsewhere | None = None,
) -> Iterator[ReviewedFile]:
    """Each file reviewed in turn; one that cannot be read is told and the rest go on.

    ``elsewhere`` finds tables to compare one with.
    """
    for outcome in read(expand(files)):
        drafts = outcome.read.drafts if outcome.read else ()
        yield ReviewedFile(
            outcome.name,
            tuple(r for _, r in reviews_of(reviewer, drafts, pack, bounds, elsewhere=elsewhere)),
            problems_of(outcome),
            outcome.error,
        )


def problems_of(outcome: Outcome) -> tuple[str, ...]:
    """Sentences about cells that need a look, each with file, sheet and cell."""
    return (
        tuple(f"{outcome.name} {p.place}：{p.message}" for p in outcome.read.problems) if outcome.read else ()
    )


def reviews_of(
    reviewer: Reviewer,
    drafts: Sequence[Draft],
    pack: RulePack | None = None,
    bounds: Bounds | None = None,
    others: Sequence[Draft] = (),
    elsewhere: Elsewhere | None = None,
) -> Iterator[tuple[int, Review]]:
    """(position, review) of drafts.

    Tables of one unit are compared with each other and with ``others``, each with what ``elsewhere`` finds.
    """
    by_unit: dict[str, list[Draft]] = defaultdict(list)
    for draft in (*drafts, *others):
        if draft.unit or draft.department:
            by_unit[draft.unit or draft.department].append(draft)
    for position, draft in enumerate(drafts):
        peers = [d for d in by_unit.get(draft.unit or draft.department, ()) if d is not draft]
        peers += elsewhere(draft) if elsewhere else ()
        with timed(REVIEW):
            review = reviewer.review(draft, pack, peers, bounds)
        yield position, review
