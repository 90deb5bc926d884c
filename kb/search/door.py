"""What the knowledge base asks of a search engine, whichever it is: the boundary between the two.

``engine.SearchEngine`` is the embedded one, ``cluster.engine.ClusterEngine`` an OpenSearch cluster;
``choose`` opens the one that the settings name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kb.errors import KnowledgeError
from kb.search.answer import Filters, SearchAnswer, SearchDocument
from kb.search.suggest import Suggestion
from kb.search.vocabulary import Vocabulary

Progress = Callable[[int, int], None]


class StaleIndexError(KnowledgeError):
    """There is no index that fits this program and vocabulary; nothing was written."""

    def __init__(self, where: Path | str) -> None:
        super().__init__(f"检索索引 {where} 不存在或已过时，不能增量更新。请先运行 kb reindex 重建。")


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine is: ``reachable`` at all, and ``ready`` with a complete index of this program."""

    where: str
    reachable: bool
    ready: bool
    detail: str = ""


class Engine(Protocol):
    """A search engine. Threads may share it."""

    vocabulary: Vocabulary

    @property
    def batch(self) -> int | None:
        """How many waiting records are brought in together; None for all at once."""
        ...

    @property
    def rebuild_from(self) -> int | None:
        """Number of waiting records from which on building anew is cheaper; None for never."""
        ...

    @property
    def at_once(self) -> int:
        """Number of records of other machines that a question may wait for; more are taken up behind its back."""
        ...

    def use(self, vocabulary: Vocabulary) -> None:
        """Take another vocabulary; new synonyms work from the next question on."""
        ...

    def stamp(self) -> Hashable:
        """Changes whenever any process changed the index or announced other words. Never raises."""
        ...

    def announce(self) -> None:
        """Tell every process to look again at what the store says."""
        ...

    def current(self) -> bool:
        """True where a complete index stands that fits this engine and vocabulary."""
        ...

    def state(self) -> EngineState:
        """How the engine is. Never raises."""
        ...

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        total: int,
        progress: Progress | None = None,
        version: int = 0,
    ) -> None:
        """Build the whole index beside the old one and put it in force at the end."""
        ...

    def update(self, upserts: Sequence[SearchDocument], deletes: Sequence[str], version: int = 0) -> None:
        """Put documents in and take ids out; visible at once. Raises StaleIndexError without an index.

        ``version`` grows with the store: an engine that others write to as well lets no lower one
        replace a higher.
        """
        ...

    def digests(self) -> dict[str, str]:
        """Content digest of each record in the index, as ``prepare.digest`` makes it."""
        ...

    def search(
        self, text: str, filters: Filters | None = None, limit: int = 10, offset: int = 0
    ) -> SearchAnswer:
        """Answer a query. Raises SearchUnavailableError where the engine is lost."""
        ...

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """Suggestions for what stands in the search box; none while the engine is lost."""
        ...

    def near(self, text: str, limit: int = 4) -> tuple[str, ...]:
        """Words of the index that share characters or sound with a text, nearest first."""
        ...

    def close(self) -> None:
        """Let go of files and connections; the next question opens them again."""
        ...
