"""From the store to the search index: the outbox is drained, nothing is indexed by hand.

SQL is the truth and the index is disposable. The index's place in the outbox moves on only after the
index holds the records, so a crash between the two costs a repeated update, never a lost one. Several
machines on one database each bring their own index up to date: see ``kb.db.outbox``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from itertools import chain
from typing import cast

from indicators.model import (
    Framework,
    FrameworkNode,
    Indicator,
    IndicatorSet,
    Project,
    Record,
    Sector,
    SynonymGroup,
)
from kb.catalogue import Progress
from kb.db.outbox import Outbox, Waiting
from kb.db.reader import Reader
from kb.db.undoing import SETTING
from kb.errors import KnowledgeError
from kb.index_place import Place
from kb.maintenance import Finding
from kb.search.answer import SearchDocument
from kb.search.documents import Names, catalogue_names, documents
from kb.search.door import Engine
from kb.search.prepare import digest
from kb.search.vocabulary import Vocabulary

_MANY = 2000
"""Names and uses of so many records are looked up one by one; of more, all at once."""

_PATIENCE = 300.0
_GLANCE = 0.5  # seconds between two looks for what other machines wrote

Lock = Callable[[float], AbstractContextManager[object]]
"""Holds the lock of the one writer; raises a KnowledgeError where it does not come free in so many seconds."""

DICTIONARY = "dictionary"
"""Setting that holds the words that admins added to the dictionary, as a JSON list."""


def dictionary(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Words that admins added; they work from the next building of the index on."""
    return tuple(json.loads(settings.get(DICTIONARY, "[]")))


def vocabulary(reader: Reader, names: Iterable[str] = ()) -> Vocabulary:
    """Words of the field as the store has them now; ``names`` are needed only to build an index."""
    return Vocabulary.load(reader.of_type(SynonymGroup), names)


class Indexer:
    """Keeps one search engine in step with one database."""

    def __init__(self, reader: Reader, outbox: Outbox, engine: Engine, place: Place, lock: Lock) -> None:
        self.reader, self.outbox, self.engine, self.place, self.lock = reader, outbox, engine, place, lock
        self._taken = -1
        self._looked = 0.0
        self._following = threading.Lock()
        self._behind: threading.Thread | None = None

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the whole index beside the old one and swap; gives the number of documents."""
        with self.lock(_PATIENCE):
            return self._rebuild(progress)

    def waiting(self, rows: int | None = None) -> Waiting:
        """What the index has yet to take up, or the first so many ``rows`` of it."""
        found = self.outbox.waiting(self.place.name, rows)
        if found.place < self.place.reached:  # the database is from before: somebody brought back a backup
            return Waiting(found.last, (), found.place, lost=True)
        return found

    def drain(self, progress: Progress | None = None, patience: float = _PATIENCE) -> int:
        """Bring the records that wait in the outbox into the index; gives the number of changes.

        Raises a KnowledgeError where another process keeps writing the index for ``patience`` seconds.
        """
        found = self.waiting()
        if not (found.codes or found.lost):
            self._taken = found.last
            return 0
        with self.lock(patience):
            found = self.waiting()
            if found.lost or not self.engine.current():
                return self._rebuild(progress)
            if self.engine.rebuild_from is not None and len(found.codes) > self.engine.rebuild_from:
                return self._rebuild(progress)
            return self._take_up(len(found.codes), progress)

    def _take_up(self, total: int, progress: Progress | None) -> int:
        """Bring in what waits, batch by batch where the engine wants it: a kill costs no more than one of them."""
        done = 0
        while (found := self.waiting(self.engine.batch)).codes:
            self._update([code for code in found.codes if not code.startswith(SETTING)], found.last)
            self._settle(found.last)
            done += len(found.codes)
            if progress and done < total:
                progress("更新索引", done, total)
        return done

    def follow(self) -> None:
        """Take up what other machines wrote; looked for now and then, never waited for, never an error.

        Without the database the index goes on answering as it stands.
        """
        now = time.monotonic()
        if now - self._looked < _GLANCE or not self._following.acquire(blocking=False):
            return
        try:
            self._looked = now
            if self.outbox.newest() == self._taken:
                return
            found = self.waiting()
            if found.lost or len(found.codes) > self.engine.at_once:
                if self._behind is None or not self._behind.is_alive():
                    self._behind = threading.Thread(target=self._catch_up, name="index", daemon=True)
                    self._behind.start()
            else:
                self.drain(patience=0)
        except KnowledgeError:
            return
        finally:
            self._following.release()

    def close(self) -> None:
        """Wait for what is being taken up."""
        if self._behind is not None:
            self._behind.join()

    def _catch_up(self) -> None:
        with suppress(KnowledgeError):
            self.drain(patience=0)

    def _rebuild(self, progress: Progress | None) -> int:
        last = self.outbox.newest()
        records = list(self.reader.everything())
        names = chain(catalogue_names(records), dictionary(self.reader.settings()))
        self.engine.use(vocabulary(self.reader, names))
        everything = self._documents(records)
        step = (lambda done, total: progress("建立索引", done, total)) if progress else None
        before = self.place.name
        self.engine.rebuild(everything, len(everything), step, version=last)
        name = self.place.renew()
        self._settle(last)
        if before != name:
            self.outbox.forget(before)
        return len(everything)

    def _update(self, codes: Collection[str], version: int) -> None:
        """Index the records of codes anew; where there are none, only tell all processes to look again."""
        if not codes:
            self.engine.announce()
            return
        touched = self._touched(codes)
        records = self.reader.many(touched)
        gone = sorted(touched - records.keys())
        self.engine.update(self._documents(records.values()), gone, version)
        self.refresh_words()

    def _settle(self, last: int) -> None:
        self.outbox.settle(self.place.name, last)
        self.place.note(last)
        self._taken = last

    def refresh_words(self) -> None:
        """Take up the synonym groups that the store has now, where they are others."""
        fresh = vocabulary(self.reader)
        if fresh.groups != self.engine.vocabulary.groups:
            self.engine.use(fresh)

    def differences(self) -> list[Finding]:
        """Where store and index disagree; empty when every record is indexed as it stands."""
        remedy = "请运行 kb reindex"
        state = self.engine.state()
        if not state.reachable:
            return [Finding(f"搜索引擎 {state.where} 连不上", "请检查它是否在运行，以及 KB_SEARCH 设置")]
        if not state.ready:
            return [Finding("搜索索引缺失或与本版本不符", remedy)]
        wanted = {d.id: digest(d) for d in self._documents(list(self.reader.everything()))}
        have = self.engine.digests()
        missing, extra = sorted(wanted.keys() - have.keys()), sorted(have.keys() - wanted.keys())
        stale = sorted(i for i in wanted.keys() & have.keys() if wanted[i] != have[i])
        found = []
        for what, ids in (("索引里缺少", missing), ("索引里多出", extra), ("索引里过时", stale)):
            if ids:
                found.append(Finding(f"{what} {len(ids)} 条记录，例如 {'、'.join(ids[:3])}", remedy))
        return found

    def _documents(self, records: Collection[Record]) -> list[SearchDocument]:
        some = [r.code for r in records if isinstance(r, Indicator)] if len(records) <= _MANY else None
        sets = {member: s.name for s in reversed(self.reader.of_type(IndicatorSet)) for member in s.members}
        names = Names(
            sectors={s.code: s.name for s in self.reader.of_type(Sector)},
            frameworks={f.code: f.name for f in self.reader.of_type(Framework)},
            sets=sets,
            used=self.reader.projects_using(some),
        )
        return list(documents(records, names))

    def _touched(self, codes: Collection[str]) -> set[str]:
        """Codes whose documents depend on the given records."""
        touched = set(codes)
        for record in self.reader.many(codes).values():
            if isinstance(record, Project):
                touched |= self._indicators_of(record)
            elif isinstance(record, Sector):
                touched |= {
                    r.code
                    for kind in (Indicator, Project)
                    for r in self.reader.of_type(kind, sector=record.code)
                }
            elif isinstance(record, IndicatorSet):
                before = cast("IndicatorSet | None", self.reader.version(record.code, -1))
                touched |= {*record.members, *(before.members if before else ())}
            elif isinstance(record, Framework):
                touched |= set(self.reader.pointing_to(record.code, ["framework"], FrameworkNode.kind))
        return touched

    def _indicators_of(self, project: Project) -> set[str]:
        """Indicators that a project's rows link to now or linked to in its version before."""
        before = cast("Project | None", self.reader.version(project.code, -1))
        return {t.indicator for p in (project, before) if p for t in p.targets if t.indicator}
