"""The knowledge base: everything that a door may ask, in one place.

``KnowledgeBase.open`` turns an empty folder into a working knowledge base and costs little on
a ready one. Methods are safe to call from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from filelock import FileLock, Timeout

from indicators.chinese_time import day_time
from indicators.model import (
    Indicator,
    Issue,
    Kind,
    Project,
    Record,
    Sector,
)
from kb import maintenance
from kb.accounts import Accounts
from kb.catalogue import (
    BATCH_PREFIX,
    SETTING,
    Loaded,
    Progress,
    ShippedCatalogue,
    bring_in,
    is_current,
)
from kb.db.accounts import AccountTable
from kb.db.audit import AuditLog
from kb.db.counters import Counters
from kb.db.drafts import DraftRows
from kb.db.engine import open_engine
from kb.db.filed import FiledRows
from kb.db.locks import INDEX, PREPARE, database_lock
from kb.db.news import NewsRows
from kb.db.outbox import Lag, Outbox
from kb.db.proposals import ProposalRows
from kb.db.reader import Reader
from kb.db.reviews import ReviewRows
from kb.db.store import Store
from kb.draft_store import DraftStore
from kb.drafting import Drafter
from kb.editing import Editing
from kb.engines import open_search
from kb.errors import (
    BusyError,
    CatalogueBatchError,
    DatabaseBusyError,
    HomeError,
    SearchUnavailableError,
    UnknownBatchError,
)
from kb.filed import FiledTables
from kb.indexing import Indexer, vocabulary
from kb.keyring import KeyRing
from kb.learning import Learning, normal_query
from kb.ledger import Ledger
from kb.loading import Loading
from kb.looking import Looking
from kb.maintenance import BackupInfo
from kb.news import News
from kb.overlaying import Overlays
from kb.preparing import Prepared
from kb.proposals import Proposals
from kb.reports import CheckReport, ContentReport, Health, check_of, content_of, health_of
from kb.review_store import ReviewStore
from kb.reviewing import Reviewer
from kb.search.answer import Filters, SearchAnswer
from kb.search.door import EngineState
from kb.search.suggest import Suggestion
from kb.settings import Settings
from kb.shelves import open_shelf
from kb.timing import SEARCH as SEARCH_STEP
from kb.timing import timed
from kb.touching import Touching
from kb.tuning import Tuning, pins, with_pins
from kb.upgrading import keep_before_upgrade
from kb.validities import Validities
from kb.views import BatchInfo

R = TypeVar("R", bound=Record)
_PATIENCE = 300.0
_SHORT = 2.0
"""Seconds that a writer waits for another process which holds the index: that one, or the next look, does the rest."""
_STATE = "state:"
_FOR_REVIEW = (Kind.INDICATOR, Kind.SECTOR, Kind.PROJECT)
_FOR_DRAFTS = (*_FOR_REVIEW, Kind.ISSUE)
_PINNED_REACH = 200
"""Hits up to which a chosen answer is taken account of; pages beyond show the rest as it is."""


class KnowledgeBase(Looking):
    """A knowledge base on one home folder. Use ``open``; close it or use it as a context."""

    def __init__(self, settings: Settings, reader: Reader, store: Store) -> None:
        super().__init__(reader)
        self.brought_in: Loaded | None = None
        """The shipped catalogue where opening brought it in, at first or because a new one came."""
        self.settings = settings
        self._store = store
        self._engine, place = open_search(settings, vocabulary(reader))
        self.imports = open_shelf(reader.engine, settings.home / "imports")
        uploads = open_shelf(reader.engine, settings.home / "uploads")
        self.reviews = ReviewStore(ReviewRows(reader.engine), uploads)
        self.drafts = DraftStore(DraftRows(reader.engine))
        self.filed = FiledTables(FiledRows(reader.engine))
        self._reviewer = Prepared(self._new_reviewer, lambda: reader.stamp(*_FOR_REVIEW))
        self._drafter = Prepared(self._new_drafter, lambda: reader.stamp(*_FOR_DRAFTS))
        self._outbox = Outbox(reader.engine)
        self._indexer = Indexer(reader, self._outbox, self._engine, place, self._index_lock)
        self._seen: Hashable = None
        self._pins: dict[str, tuple[str, ...]] = {}
        self._refreshing = threading.Lock()
        self._inventory = Prepared(self.content, self._engine.stamp)
        self.audit = AuditLog(reader.engine)
        self.accounts = Accounts(AccountTable(reader.engine), self.audit)
        self.tuning = Tuning(reader, store, self._apply)
        self.loading = Loading(reader, store, self._apply)
        self.ledger = Ledger(reader, store)
        self.shipped = ShippedCatalogue(reader, settings.catalogue)
        self.touching = Touching(reader, self.drafts, self.reviews)
        self.keys = KeyRing(settings.keys_folder, reader, store, self._apply)
        self.overlays = Overlays(reader, store, self.loading, self._apply)
        self.validities = Validities(reader, self._engine.stamp)
        self.news = News(reader, NewsRows(reader.engine))
        self.editing = Editing(reader, store, self._apply)
        self.proposals = Proposals(ProposalRows(reader.engine), self.editing)
        self.learning = Learning(Counters(reader.engine), self.search, self._engine.near)

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> KnowledgeBase:
        """A ready knowledge base: schema current, catalogue loaded, index in step.

        ``progress`` hears of long work. Raises a KnowledgeError whose text tells what to do;
        a process killed meanwhile leaves a folder that the next ``open`` completes.
        """
        _make_home(settings.home)
        with _prepared(settings):
            keep_before_upgrade(settings)
            engine = open_engine(settings.database_url, settings.connections)
            reader, store = Reader(engine), Store(engine)
            loaded = None
            with database_lock(engine, PREPARE, _PATIENCE):
                if not is_current(reader, settings.catalogue):
                    loaded = bring_in(reader, store, settings.catalogue, progress)
            knowledge = cls(settings, reader, store)
            knowledge.brought_in = loaded
            # A lost search engine keeps nobody from browsing, drafting and reviewing.
            with suppress(SearchUnavailableError):
                if not knowledge._engine.current():
                    knowledge._indexer.rebuild(progress)
                knowledge._indexer.drain(progress)
            knowledge._refresh()
        return knowledge

    def close(self) -> None:
        """Write what has been counted and let go of files and connections."""
        self.learning.close()
        self.imports.close()
        self._indexer.close()
        self._engine.close()
        self._reader.engine.dispose()

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Finding

    def search(
        self, text: str, filters: Filters | None = None, *, limit: int = 10, offset: int = 0
    ) -> SearchAnswer:
        """Hits ``offset`` to ``offset + limit`` for a query, with facets over all matches.

        Records that an admin chose for the query stand first.
        """
        with timed(SEARCH_STEP):
            return self._searched(text, filters, limit, offset)

    def _searched(self, text: str, filters: Filters | None, limit: int, offset: int) -> SearchAnswer:
        self._refresh()
        filters, limit, offset = filters or Filters(), max(0, limit), max(0, offset)
        chosen = self._pins.get(normal_query(text)) if self._pins else None
        if not chosen or offset + limit > _PINNED_REACH:
            return self._engine.search(text, filters, limit, offset)
        first = [self._engine.search(f"code:{code}", filters, 1, 0) for code in chosen]
        return with_pins(self._engine.search(text, filters, _PINNED_REACH, 0), first, limit, offset)

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """Names, codes, sectors and guides that begin like or contain what is being typed."""
        with timed(SEARCH_STEP):
            self._refresh()
            return self._engine.suggest(text, limit)

    # Reviewing

    def reviewer(self) -> Reviewer:
        """What a review needs to know, prepared once and again after the catalogue changed."""
        return self._reviewer.get()

    def _new_reviewer(self) -> Reviewer:
        return Reviewer.of([*self._all(Indicator), *self._all(Sector), *self._all(Project)])

    # Drafting

    def drafter(self) -> Drafter:
        """What drafting needs to know, prepared once and again after the catalogue changed."""
        return self._drafter.get()

    def _new_drafter(self) -> Drafter:
        records: list[Record] = [
            *self._all(Indicator), *self._all(Sector), *self._all(Project), *self._all(Issue)
        ]  # fmt: skip
        drafter = Drafter.of(records, self._reviewer.now())
        drafter.read_examples()
        return drafter

    def serve_requests(self, patience: float) -> None:
        """Be ready for requests: prepare what they need, and never again let one wait longer than ``patience``.

        Until a change of the catalogue has been taken up, reviews and drafts go by the state before.
        """
        with suppress(SearchUnavailableError):
            self.search("")
        self.drafter()
        self._reviewer.patience = self._drafter.patience = patience

    # Keeping

    def write(self, records: list[Record], *, name: str, actor: str, reason: str) -> int:
        """Store records as one batch and bring them into the index; gives the batch number."""
        batch = self._store.put(records, name=name, actor=actor, reason=reason)
        self._apply()
        return batch.number

    def undo(self, batch: int, *, actor: str, reason: str = "") -> int:
        """Put back what a batch changed, as a new batch, whose number it gives.

        Raises UnknownBatchError, CatalogueBatchError, or UndoConflictError, which names what was
        changed again since; nothing is written then.
        """
        name = self._reader.batch_name(batch)
        if name is None:
            raise UnknownBatchError(batch)
        if name.startswith(BATCH_PREFIX):
            raise CatalogueBatchError(batch)
        done = self._store.undo(batch, actor=actor, reason=reason)
        if self.filed.concerns(batch):
            self.filed.rebuild()
        self._apply()
        return done.number

    def batches(self, limit: int = 20) -> tuple[BatchInfo, ...]:
        """The newest batches of changes."""
        return tuple(self.ledger.page(limit))

    @contextmanager
    def _index_lock(self, patience: float) -> Iterator[None]:
        """Hold the lock under which one process at a time writes the index, on all machines that share it."""
        shared = (
            database_lock(self._reader.engine, INDEX, patience) if self.settings.search_url else nullcontext()
        )
        try:
            with FileLock(self.settings.home / "index.lock", timeout=patience), shared:
                yield
        except Timeout as error:
            raise BusyError(self.settings.home, patience) from error

    def _apply(self) -> None:
        """Bring what was written into the index.

        Where another process has it in hand, or the search engine is lost, the rest waits in the outbox.
        """
        with suppress(BusyError, DatabaseBusyError, SearchUnavailableError):
            self._indexer.drain(patience=_SHORT)
        self._refresh()

    def follow(self) -> None:
        """Take up what other processes and machines wrote since; never waits for them."""
        self._refresh()

    def lag(self) -> Lag:
        """How far the index is behind the database; while its engine is lost, behind where it was last seen."""
        place = self._indexer.place
        try:
            return self._outbox.lag(place.name)
        except SearchUnavailableError:
            return self._outbox.lag(place.known)

    def _refresh(self) -> None:
        """Take up what this or another process or machine changed; costs one stat, and now and then a query."""
        self._indexer.follow()
        stamp = self._engine.stamp()
        if stamp == self._seen:
            return
        with self._refreshing:
            if stamp != self._seen:
                self._indexer.refresh_words()
                self._pins = pins(self._reader.settings())
                self._seen = stamp

    def remember(self, key: str, value: str) -> None:
        """Keep a state of the program for all processes; it is no setting of anybody's and has no history."""
        self._store.set(_STATE + key, value)

    def remembered(self, key: str) -> str:
        """What ``remember`` kept, "" where there is nothing."""
        return self._reader.settings().get(_STATE + key, "")

    def catalogue_mark(self) -> str:
        """Fingerprint of the catalogue's edition that this knowledge base holds."""
        return self._reader.settings().get(SETTING, "")

    def health(self) -> Health:
        """Whether database and index answer; ``degraded`` where only the search engine is lost."""
        return health_of(self._reader, self._engine)

    def engine_state(self) -> EngineState:
        """Where the search engine is, and whether it can be reached and has its index."""
        return self._engine.state()

    def check(self) -> CheckReport:
        """Verify database and index against each other and themselves."""
        return check_of(self._reader, self._indexer)

    def content(self) -> ContentReport:
        """How full the catalogue is, and the faults of its records."""
        return content_of(self._reader)

    def inventory(self) -> ContentReport:
        """``content``, kept until the next change: for pages that anybody may ask for."""
        return self._inventory.get()

    def reindex(self, progress: Progress | None = None, *, actor: str = "") -> int:
        """Build the index afresh, beside the old one; gives the number of documents."""
        self.audit.write(actor, "重建索引")
        return self._indexer.rebuild(progress)

    def backup(self, file: Path, *, actor: str = "") -> BackupInfo:
        """Write everything to one file while in use. Raises BackupError."""
        info = maintenance.backup(self._reader.engine, file)
        self.audit.write(actor, "备份", file.name, f"{info.records} 条记录")
        return info

    def dump_commands(self) -> tuple[str, str] | None:
        """The database's own commands to save and to bring back; None for the embedded one."""
        return maintenance.dump_commands(self._reader.engine)

    def restore(
        self, file: Path, progress: Progress | None = None, *, actor: str = ""
    ) -> tuple[BackupInfo, Path]:
        """Bring a backup back; the state before is saved first, in the file given second.

        The audit log goes on: what it told before is not undone by restoring.
        """
        kept = self.settings.home / "backups" / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.kbz"
        self.backup(kept, actor=actor)
        told = list(self.audit.everything())
        info = maintenance.restore(self._reader.engine, file)
        open_engine(self.settings.database_url, self.settings.connections).dispose()
        self.audit.bring_back(told)
        self.audit.write(
            actor, "恢复备份", file.name, f"{day_time(info.made)}（北京时间）的备份，{info.records} 条记录"
        )
        self._indexer.rebuild(progress)
        return info, kept


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(home, error.strerror or str(error)) from error


@contextmanager
def _prepared(settings: Settings) -> Iterator[None]:
    """Hold the lock under which one process at a time makes a knowledge base ready."""
    try:
        with FileLock(settings.lock_file, timeout=_PATIENCE):
            yield
    except Timeout as error:
        raise BusyError(settings.home, _PATIENCE) from error
