"""Files with target tables to drafts, for filing: archives unpacked, what cannot be read is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from indicators.draft import Draft
from web.review_files import expand
from web.review_reading import read_for_command


def read_tables(files: Iterable[tuple[str, bytes]], errors: list[str]) -> Iterator[Draft]:
    """Tables of files one after the other; ``errors`` gathers a sentence for each file without any."""
    for outcome in read_for_command(expand(files)):
        drafts = [d for d in outcome.read.drafts if d.rows] if outcome.read else []
        if outcome.error or not drafts:
            errors.append(outcome.error or f"{outcome.name}：没有找到目标表。")
        yield from drafts
