"""Loads and undos in processes of their own, forked from one that has everything imported; made to be killed."""

from __future__ import annotations

from multiprocessing.connection import Connection

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.building import Options, build
from loaders.loading import load_file

BEGUN, DONE = "begun", "done"


def load(there: Connection, settings: Settings, data: bytes) -> None:
    """Load a workbook into set K: says when the commit begins and when all is written and indexed."""
    with KnowledgeBase.open(settings) as kb:
        candidates = build(load_file("库.xlsx", data), Options(kb.loading.sectors()))
        plan = kb.loading.plan(candidates, "K")
        there.send(BEGUN)
        kb.loading.commit(plan, plan.fingerprint, name="入库", actor="测", reason="")
        there.send(DONE)


def undo(there: Connection, settings: Settings, _data: bytes) -> None:
    """Take the newest batch back: says when it begins and when it is done."""
    with KnowledgeBase.open(settings) as kb:
        newest = kb.batches(1)[0].number
        there.send(BEGUN)
        kb.undo(newest, actor="测")
        there.send(DONE)
