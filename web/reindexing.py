"""Building the index at an admin's wish: in a thread of one process, told of in the database for all."""

from __future__ import annotations

import threading
import time

import msgspec

from kb.knowledge import KnowledgeBase

KEY = "reindexing"
PATIENCE = 60.0
"""Seconds without a word after which the building process must have died."""

_TELL = 0.5  # seconds between two notes of progress


class Reindexing(msgspec.Struct, frozen=True):
    """How far the building of the index is; ``error`` is a sentence where it failed."""

    running: bool = False
    what: str = ""
    done: int = 0
    total: int = 0
    number: int | None = None
    error: str = ""
    at: float = 0.0


class ReindexJob:
    """Builds the index of a knowledge base, one at a time over all processes."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb, self._told = kb, 0.0

    def state(self) -> Reindexing:
        """How far the last building is, whoever does it."""
        kept = self._kb.remembered(KEY)
        state = msgspec.json.decode(kept, type=Reindexing) if kept else Reindexing()
        if state.running and time.time() - state.at > PATIENCE:
            return Reindexing(error="所在的进程已经停止。请再重建一次")
        return state

    def start(self, actor: str) -> bool:
        """Begin; False where it is running already."""
        if self.state().running:
            return False
        self._note(Reindexing(running=True, what="准备"))
        threading.Thread(target=self._run, args=(actor,), name="kb-reindex", daemon=True).start()
        return True

    def _run(self, actor: str) -> None:
        try:
            number = self._kb.reindex(self._progress, actor=actor)
            self._note(Reindexing(number=number))
        except Exception as error:
            self._note(Reindexing(error=str(error)))

    def _progress(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._told > _TELL:
            self._told = time.monotonic()
            self._note(Reindexing(running=True, what=what, done=done, total=total))

    def _note(self, state: Reindexing) -> None:
        state = msgspec.structs.replace(state, at=time.time())
        self._kb.remember(KEY, msgspec.json.encode(state).decode())
