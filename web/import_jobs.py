"""Uploads at work: read apart, planned, written, one after the other, each step told on the upload's shelf."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic, sleep

import msgspec

from kb.errors import KnowledgeError
from kb.imports import DecisionError, ImportPlan
from kb.knowledge import KnowledgeBase
from kb.touching import Touch
from loaders.errors import FileError
from loaders.kept import pack
from loaders.loading import LoadedFile
from loaders.mapping import fingerprint
from loaders.packs import Pack
from loaders.reading import Contents
from loaders.records import LoadedTable
from web.import_reading import read_apart
from web.import_uploads import About, Phase, Upload, Uploads
from web.jobs import CancelledError, Line, Pace, Stop
from web.load_plan import LOADED, PACKED, plan_of, problems_of, title_of
from web.pack_work import origin_of, plan_pack, read_pack_apart, trusted_keys

Deed = Callable[[Upload, Stop], None]
KEY = "imports"
_PREPARED = 3
PATIENCE = 10.0
_LATELY = 50  # batches among which one is looked for that was just written
_REFUSED = 10  # decisions dropped one by one, each by a plan of its own; then all
_LOOK, _SELDOM = 0.05, 0.3  # seconds between two looks at what another process does: at first, and at last
_BROKEN = "程序出错，这一步没有完成，什么都没有写入。请再试一次；仍然不行请告诉管理员时间。"
_LOST = "写入时程序被打断（重启或进程被结束），这一次什么都没有写进去。核对下面的变化后请再点一次写入。"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An upload as a preview shows it: what was read, its plan, what that touches, names of codes."""

    mark: str
    file: LoadedFile
    plan: ImportPlan
    touched: dict[str, list[Touch]]
    names: dict[str, str]
    pack: Pack | None = None

    def title(self, about: About) -> str:
        """Name of the batch that it is to be."""
        return title_of(about.name, self.plan, about.title, PACKED if self.pack else LOADED)

    def reason(self, about: About) -> str:
        """Why the batch is written: who answers for a pack, and what the admin says."""
        told = (origin_of(self.pack) if self.pack else "", about.reason)
        return "；".join(filter(None, told)) or "在网页上入库"


class ImportRoom:
    """Works on the uploads of a knowledge base. A browser that goes away loses nothing."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.kb, self.uploads = kb, Uploads(kb.imports)
        self._line, self._pace = Line("import"), Pace()
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def close(self) -> None:
        """Finish what is being done."""
        self._line.close()

    def read(self, upload: Upload) -> None:
        """Read an upload (again) and plan it."""
        self._begin(upload, Phase.READING, self._read)

    def plan(self, upload: Upload) -> None:
        """Plan an upload anew, after a choice."""
        self._begin(upload, Phase.PLANNING, self._plan)

    def show(self, upload: Upload) -> None:
        """Plan a ready upload here too, for this process to show; what was last told of it stays."""
        message = upload.state.message
        self._begin(upload, Phase.PLANNING, lambda u, s: self._plan(u, s, message))

    def write(self, upload: Upload, shown: str, actor: str) -> None:
        """Write an upload's plan, if it is still the one that was shown."""
        self._begin(upload, Phase.WRITING, lambda u, s: self._write(u, s, shown, actor))

    def _begin(self, upload: Upload, phase: Phase, deed: Deed) -> None:
        """Queue a deed and tell its phase; nothing where this or another process is at the upload."""
        held = upload.hold()
        if held is None:
            return
        queued = False
        try:
            queued = self._queue(held, phase, deed)
        finally:
            if not queued:
                held.release()

    def _queue(self, held: Upload, phase: Phase, deed: Deed) -> bool:
        """Put a deed into the line, which lets go of the upload at its end; False where there is nothing to do."""
        if held.state.phase is Phase.DONE:  # another process was quicker
            return False
        if phase is Phase.READING:
            held.forget_read()
        held.tell(phase)

        def work(stop: Stop) -> None:
            try:
                self._guarded(held, stop, deed)
            finally:
                held.release()

        self._line.wait(held.token, PATIENCE)  # the deed before has let go, but not quite ended
        return self._line.put(held.token, work, lambda: held.called_off)

    def cancel(self, upload: Upload) -> None:
        """Call off what is being done to an upload, in whatever process; what was begun is taken back."""
        upload.call_off()
        self._line.cancel(upload.token)

    def settled(self, upload: Upload, seconds: float) -> bool:
        """Whether nobody works on an upload, waiting at most so long.

        What a process that died left undone is taken up: a write was then taken back by the
        database or is whole, and planning anew shows which.
        """
        end = monotonic() + seconds
        if not self._line.wait(upload.token, seconds):
            return False
        pause = _LOOK
        while upload.busy:  # another process is at it
            if monotonic() >= end:
                return False
            sleep(pause)
            pause = min(2 * pause, _SELDOM)
        if upload.state.phase.working:
            self._take_up(upload)
            return (
                self._line.wait(upload.token, max(0.0, end - monotonic())) and not upload.state.phase.working
            )
        return True

    def _take_up(self, upload: Upload) -> None:
        if upload.was_read and upload.state.phase in (Phase.WRITING, Phase.CLOSING):
            self._begin(upload, Phase.PLANNING, self._plan_after_write)
        else:
            (self.plan if upload.was_read else self.read)(upload)

    def prepared(self, upload: Upload) -> Prepared | None:
        """An upload's preview, None where it has yet to be made."""
        found = self._prepared.get(upload.token)
        return found if found is not None and found.mark == self._mark(upload) else None

    def preview(self, upload: Upload, seconds: float) -> Prepared | None:
        """An upload's preview, made here where another process showed it or anything was written since.

        None where that takes longer, and where there is nothing to show.
        """
        end = monotonic() + seconds
        for _ in range(2):  # another process may be at it the first time
            if self.prepared(upload) is None and upload.state.phase is Phase.READY:
                self.show(upload)
            if not self.settled(upload, max(0.0, end - monotonic())):
                return None
        return self.prepared(upload) if upload.state.phase is Phase.READY else None

    def tidy(self) -> None:
        """Forget previews of uploads that are done with, here or in another process."""
        for token in list(self._prepared):
            upload = self.uploads.get(token)
            if upload is None or upload.state.phase is Phase.DONE:
                self._prepared.pop(token, None)

    def _guarded(self, upload: Upload, stop: Stop, deed: Deed) -> None:
        try:
            stop.check()
            deed(upload, stop)
        except CancelledError:
            if upload.lost:  # whoever has it now tells what becomes of it
                return
            ready = upload.was_read
            upload.tell(
                Phase.READY if ready else Phase.CANCELLED,
                message="已取消，什么都没有写入。" if ready else "已取消读取，什么都没有写入。",
            )
        except FileError as error:
            upload.tell(Phase.FAILED, message=str(error))
        except KnowledgeError as error:
            upload.tell(Phase.READY, message=str(error))
        except Exception:
            _log.exception("import")
            upload.tell(Phase.READY if upload.was_read else Phase.FAILED, message=_BROKEN)

    def _read(self, upload: Upload, stop: Stop) -> None:
        about, data = upload.about, upload.data

        def told(unit: str, number: int, of: int) -> None:
            if self._pace.due():
                upload.tell(Phase.READING, number, of, unit=unit)

        if about.is_pack:  # read by planning it, each time: whom one trusts may change meanwhile
            upload.keep_read(pack(LoadedFile(about.name, sha256(data).hexdigest(), (), Contents(()))))
        else:
            hints = upload.hints(self.kb.loading.learned())
            upload.keep_read(read_apart(about.name, data, hints, look=stop.check, told=told))
        self._plan(upload, stop)

    def _plan(self, upload: Upload, stop: Stop, message: str = "") -> None:
        upload.tell(Phase.PLANNING)
        refused = self._prepare_followable(upload, stop)
        upload.look()
        stop.check()
        rest = "其余的取舍照旧" if len(refused) < _REFUSED else "这样的太多，取舍都没有采用"
        upload.tell(Phase.READY, message=f"{''.join(refused)}{rest}。" if refused else message)

    def _prepare_followable(self, upload: Upload, stop: Stop) -> list[str]:
        """Make the preview without decisions that cannot be followed, and tell why not; each is dropped by itself."""
        refused: list[str] = []
        while True:
            try:
                self._prepare(upload)
            except DecisionError as error:
                refused.append(str(error))
                upload.keep_about(upload.about.without(error.code if len(refused) < _REFUSED else None))
                stop.check()
            else:
                return refused

    def _plan_after_write(self, upload: Upload, stop: Stop) -> None:
        """Plan anew after a write whose process did not live to tell its end: it was whole, or nothing of it is left."""
        self._plan(upload, stop)
        made, about = self.prepared(upload) or self._prepare(upload), upload.about
        if made.plan.records:
            upload.tell(Phase.READY, message=_LOST)
            return
        mine = (b for b in self.kb.ledger.page(_LATELY) if b.at >= about.at and b.name == made.title(about))
        if written := next(mine, None):
            upload.settle(written.number)

    def _prepare(self, upload: Upload) -> Prepared:
        mark, about, file = self._mark(upload), upload.about, upload.read()
        found = None
        if about.is_pack:
            found = read_pack_apart(about.name, upload.data, trusted_keys(self.kb))
            plan = plan_pack(self.kb, found, about.asked.decisions)
        else:
            plan = plan_of(self.kb, file, about.asked)
        made = Prepared(mark, file, plan, self.kb.touching.of(plan), self.kb.loading.names(plan), found)
        self._prepared[upload.token] = made
        while len(self._prepared) > _PREPARED:
            self._prepared.popitem(last=False)
        return made

    def _mark(self, upload: Upload) -> str:
        """Changes whenever a preview may: with the choices, and with anything written since."""
        newest = self.kb.ledger.page(1)
        about = msgspec.structs.replace(upload.about, title="", reason="")
        told = f"{newest[0].number if newest else 0} {msgspec.json.encode(about).hex()}"
        return sha256(told.encode()).hexdigest()

    def _write(self, upload: Upload, stop: Stop, shown: str, actor: str) -> None:
        made, about = self.prepared(upload) or self._prepare(upload), upload.about

        def told(done: int, total: int) -> None:
            if done == total:
                upload.look()
            stop.check()
            if done == total:
                upload.tell(Phase.CLOSING)
            elif self._pace.due():
                upload.tell(Phase.WRITING, done, total)

        number = self.kb.loading.commit(
            made.plan, shown, name=made.title(about), actor=actor, reason=made.reason(about), progress=told,
        )  # fmt: skip
        self._remember(made.file.tables, about.corrections, actor)
        upload.settle(number or 0)
        self._prepared.pop(upload.token, None)

    def _remember(self, tables: tuple[LoadedTable, ...], corrections: dict[str, str], actor: str) -> None:
        """Remember corrected columns for files with the same header row."""
        for table in tables:
            own = {key: corrections[key] for c in table.columns if (key := c.key) in corrections}
            if own:
                learned = self.kb.loading.learned().get(
                    mark := fingerprint([c.key for c in table.columns]), {}
                )
                self.kb.loading.learn(mark, {**learned, **own}, actor=actor)


def must_wait(file: LoadedFile, plan: ImportPlan) -> bool:
    """Whether strictness keeps a file out: some of its rows cannot be taken."""
    return bool(problems_of(file, plan))
