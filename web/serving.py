"""An application as a serving process has it: log, figures, and a caretaker beside the requests."""

from __future__ import annotations

import sys

from flask import Flask

from kb.caretaking import Caretaker
from kb.knowledge import KnowledgeBase
from web import logs, memory, metrics
from web.app import create_app
from web.importing import room_of
from web.review_work import workshop_of

FOLLOWED = 0.3
"""Seconds between two looks for what other processes wrote."""

RESUMED = 3.0
"""Seconds between two looks for review jobs that nobody works on."""

TIDIED = 30.0
"""Seconds between two times at which what large work left is let go."""

PATIENCE = 0.5
"""Seconds that a request may wait for what is made from the catalogue to be made anew."""

SWITCH = 0.001
"""Seconds after which a thread that computes lets others run. A request gives way dozens of times; with
Python's 5 ms each costs so much while an import or an index is being worked on."""


class Served:
    """An open knowledge base with its application, until ``close``."""

    def __init__(self, kb: KnowledgeBase) -> None:
        logs.configure(kb.settings.watching.log)
        sys.setswitchinterval(SWITCH)
        self.kb = kb
        self.app: Flask = create_app(kb)
        self._caretakers = (
            Caretaker(self._follow, FOLLOWED),
            Caretaker(workshop_of(self.app).resume_all, RESUMED),
            Caretaker(self._tidy, TIDIED),
        )
        metrics.serving()

    def close(self) -> None:
        """Hand over the jobs in hand, write what was counted, let go of everything."""
        for caretaker in self._caretakers:
            caretaker.close()
        workshop_of(self.app).close()
        room_of(self.app).close()
        self.kb.close()

    def warm(self) -> None:
        """Prepare what requests need, so that none has to wait for it."""
        self.kb.serve_requests(PATIENCE)
        memory.settle()

    def _tidy(self) -> None:
        room_of(self.app).tidy()
        memory.give_back()

    def _follow(self) -> None:
        self.kb.follow()
        metrics.serving()
