"""Reviewing files: reading by ``loaders``, judging by ``kb``, one answer a file. Shared by command and API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from indicators.rules.base import RulePack
from kb.review_json import review_json
from kb.reviewing import Review, Reviewer
from loaders.archive import is_archive, unpack
from loaders.drafts import ReadFile, read_drafts
from loaders.errors import FileError


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


def expand(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | FileError]]:
    """Files as given, archives replaced by what they hold."""
    for name, data in files:
        try:
            if is_archive(name, data):
                yield from unpack(name, data)
                continue
        except FileError as error:
            yield name, error
            continue
        yield name, data


def review_files(
    reviewer: Reviewer, files: Iterable[tuple[str, bytes]], pack: RulePack | None = None
) -> Iterator[ReviewedFile]:
    """Each file reviewed in turn; one that cannot be read is told and the rest go on."""
    for name, data in expand(files):
        yield review_file(reviewer, name, data, pack)


def review_file(
    reviewer: Reviewer, name: str, data: bytes | FileError, pack: RulePack | None = None
) -> ReviewedFile:
    """One file reviewed; its tables are compared with each other."""
    if isinstance(data, FileError):
        return ReviewedFile(name, error=str(data))
    try:
        read: ReadFile = read_drafts(name, data)
    except FileError as error:
        return ReviewedFile(name, error=str(error))
    problems = tuple(f"{name} {p.place}：{p.message}" for p in read.problems)
    return ReviewedFile(name, tuple(reviewer.review_all(read.drafts, pack)), problems)
