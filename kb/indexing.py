"""From the store to the search index: the outbox is drained, nothing is indexed by hand.

SQL is the truth and the index is disposable. An outbox row is forgotten only after the index
holds its record, so a crash between the two costs a repeated update, never a lost one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import cast

from filelock import FileLock

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
from kb.db.reader import Reader
from kb.db.store import Store
from kb.maintenance import Finding
from kb.search.answer import SearchDocument
from kb.search.documents import Names, catalogue_names, documents
from kb.search.engine import SearchEngine
from kb.search.prepare import digest
from kb.search.vocabulary import Vocabulary

_MANY = 2000
"""More waiting records than this are cheaper to index afresh."""


DICTIONARY = "dictionary"
"""Setting that holds the words that admins added to the dictionary, as a JSON list."""


def dictionary(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Words that admins added; they work from the next building of the index on."""
    return tuple(json.loads(settings.get(DICTIONARY, "[]")))


def vocabulary(reader: Reader, names: Iterable[str] = ()) -> Vocabulary:
    """Words of the field as the store has them now; ``names`` are needed only to build an index."""
    return Vocabulary.load(reader.of_type(SynonymGroup), names)


class Indexer:
    """Keeps one search engine in step with one store."""

    def __init__(self, reader: Reader, store: Store, engine: SearchEngine, lock: FileLock) -> None:
        self.reader, self.store, self.engine, self.lock = reader, store, engine, lock

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the whole index beside the old one and swap; gives the number of documents."""
        with self.lock:
            last, _ = self.reader.outbox()
            records = list(self.reader.everything())
            names = chain(catalogue_names(records), dictionary(self.reader.settings()))
            self.engine.use(vocabulary(self.reader, names))
            everything = self._documents(records)
            step = (lambda done, total: progress("建立索引", done, total)) if progress else None
            self.engine.rebuild(everything, len(everything), step)
            if last:
                self.store.settle(last)
        return len(everything)

    def drain(self, progress: Progress | None = None) -> int:
        """Bring the records that wait in the outbox into the index; gives their number."""
        last, codes = self.reader.outbox()
        if not last:
            return 0
        if len(codes) > _MANY or not self.engine.current():
            return self.rebuild(progress)
        with self.lock:
            last, codes = self.reader.outbox()
            touched = self._touched(codes)
            records = self.reader.many(touched)
            self.engine.update(self._documents(records.values()), sorted(touched - records.keys()))
            self.refresh_words()
            self.store.settle(last)
        return len(codes)

    def refresh_words(self) -> None:
        """Take up the synonym groups that the store has now, where they are others."""
        fresh = vocabulary(self.reader)
        if fresh.groups != self.engine.vocabulary.groups:
            self.engine.use(fresh)

    def differences(self) -> list[Finding]:
        """Where store and index disagree; empty when every record is indexed as it stands."""
        remedy = "请运行 kb reindex"
        if not self.engine.current():
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

    def _documents(self, records: Iterable[Record]) -> list[SearchDocument]:
        sets = {member: s.name for s in reversed(self.reader.of_type(IndicatorSet)) for member in s.members}
        names = Names(
            sectors={s.code: s.name for s in self.reader.of_type(Sector)},
            frameworks={f.code: f.name for f in self.reader.of_type(Framework)},
            sets=sets,
            used=self.reader.projects_using(),
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
                touched |= set(record.members)
            elif isinstance(record, Framework):
                touched |= set(self.reader.pointing_to(record.code, ["framework"], FrameworkNode.kind))
        return touched

    def _indicators_of(self, project: Project) -> set[str]:
        """Indicators that a project's rows link to now or linked to in its version before."""
        before = cast("Project | None", self.reader.version(project.code, -1))
        return {t.indicator for p in (project, before) if p for t in p.targets if t.indicator}
