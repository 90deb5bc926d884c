"""Files with target tables to drafts, for filing: archives unpacked, what cannot be read is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from indicators.draft import Draft
from loaders.errors import FileError
from web.review_files import expand
from web.review_reading import Outcome, read_here


def read_tables(
    files: Iterable[tuple[str, bytes]],
    errors: list[str],
    read: Callable[[Iterable[tuple[str, bytes | FileError]]], Iterator[Outcome]] | None = None,
) -> Iterator[Draft]:
    """Tables of files one after the other; ``errors`` gathers a sentence for each file without any.

    ``read`` reads the files, in processes of their own where a page asks; without it they are read here.
    """
    outcomes = read(expand(files)) if read else (read_here(name, data) for name, data in expand(files))
    for outcome in outcomes:
        drafts = [d for d in outcome.read.drafts if d.rows] if outcome.read else []
        if outcome.error or not drafts:
            errors.append(outcome.error or f"{outcome.name}：没有找到目标表。")
        yield from drafts
