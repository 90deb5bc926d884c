"""Serving the pages through Waitress, a production WSGI server, until told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from waitress.server import create_server

from kb.knowledge import KnowledgeBase
from web.app import create_app

THREADS = 8
LARGEST_REQUEST = 64 * 1024 * 1024


def run(kb: KnowledgeBase, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` hears the address once the port is open."""
    server = create_server(
        create_app(kb),
        host=host,
        port=port,
        threads=THREADS,
        max_request_body_size=LARGEST_REQUEST,
        ident="kb",
        clear_untrusted_proxy_headers=False,  # web.proxy believes them from listed addresses only
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{server.effective_port}/")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
