"""Moving a knowledge base to another database, and proving afterwards that both hold the same."""

from __future__ import annotations

from dataclasses import dataclass

from kb.db.copying import (
    Progress,
    TableProof,
    copy_all,
    filled_tables,
    freshen,
    hold_still,
    proofs,
)
from kb.db.engine import open_engine, shown, unhurried
from kb.errors import KnowledgeError
from kb.settings import Settings


class MoveError(KnowledgeError):
    """The knowledge base was not moved; the target is as it was."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that was done: where from and to (without passwords), and the proof of each table."""

    source: str
    target: str
    tables: tuple[TableProof, ...]

    @property
    def rows(self) -> int:
        """Number of rows in all tables."""
        return sum(table.rows for table in self.tables)


def move(settings: Settings, to: str, progress: Progress | None = None) -> Moved:
    """Copy the database in force to the empty one at ``to``, all or nothing, and compare both.

    Nobody can write to the source meanwhile; reading goes on. The source stays as it is. Raises
    MoveError where the target is not empty or came out different, and what ``open_engine`` raises.
    """
    source = open_engine(settings.database_url, settings.connections).execution_options(writing=True)
    try:
        if shown(to) == shown(settings.database_url):
            raise MoveError("要搬去的正是现在的库，没有可搬的。")
        target = open_engine(to, settings.connections)
        try:
            with source.begin() as reading, target.execution_options(writing=True).begin() as writing:
                hold_still(reading)
                unhurried(writing)
                if not filled_tables(reading):
                    raise MoveError("现在的库是空的，没有可搬的。请检查 --home 和 KB_DATABASE。")
                if filled := filled_tables(writing):
                    raise MoveError(
                        f"{shown(to)} 不是空的（{'、'.join(filled[:4])} 里有数据），没有搬。请给一个新建的空库。"
                    )
                copy_all(reading, writing, progress)
                before = proofs(reading, "核对原库", progress)
                _compare(before, proofs(writing, "核对新库", progress))
            freshen(target)
        finally:
            target.dispose()
    finally:
        source.dispose()
    return Moved(shown(settings.database_url), shown(to), tuple(before))


def _compare(source: list[TableProof], target: list[TableProof]) -> None:
    different = [s.table for s, t in zip(source, target, strict=True) if s != t]
    if different:
        raise MoveError(f"搬过去的数据与原库不同（{'、'.join(different)}），已全部撤回，新库仍是空的。")
