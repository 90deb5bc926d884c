"""WSGI entry for other servers: ``gunicorn web.wsgi:app``, with the settings of the environment.

The knowledge base is opened at the first request of each process, so that a server may load this module
before it forks.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web.kept_out import kept_out
from web.serving import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_served: tuple[int, Served] | None = None


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application, opened at the first call in this process."""
    return _of_this_process().app(environ, start_response)


def _of_this_process() -> Served:
    global _served
    if _served is None or _served[0] != os.getpid():
        with _lock:
            if _served is None or _served[0] != os.getpid():
                served = Served(KnowledgeBase.open(Settings.load()))
                if told := kept_out(served.kb):
                    _log.warning(told)
                atexit.register(served.close)
                _served = os.getpid(), served
    return _served[1]
