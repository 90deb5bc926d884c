"""Which search engine the tests run on: the embedded one, or OpenSearch with ``--search=opensearch``.

A knowledge base whose settings name no engine keeps its index in its home folder. On OpenSearch each
home gets indexes under a prefix of its own instead, so that a test runs on both without knowing it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from kb.settings import Settings
from tests.servers.opensearch import Cluster, NoServerError

_started: list[Cluster] = []
_everywhere: list[bool] = []


def on_opensearch(config: pytest.Config) -> bool:
    """True where this run is on OpenSearch."""
    return str(config.getoption("--search")) == "opensearch"


def give_up(reason: str) -> NoReturn:
    """Skip a test that needs OpenSearch, or fail it where KB_REQUIRE_OPENSEARCH=1."""
    if os.environ.get("KB_REQUIRE_OPENSEARCH") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wanted() -> None:
    """Skip where nobody asked for tests that start OpenSearch: it takes Java, Maven and minutes."""
    asked = os.environ.get("KB_REQUIRE_OPENSEARCH") == "1" or os.environ.get("KB_TEST_SEARCH") == "opensearch"
    if not asked and not _everywhere:
        pytest.skip("needs OpenSearch: KB_REQUIRE_OPENSEARCH=1 starts one")


def one_node() -> Cluster:
    """This process's server of one node, started when first asked for. Skips or fails where there is none."""
    wanted()
    if not _started:
        try:
            cluster = Cluster()
            _started.append(cluster)
            cluster.start()
        except NoServerError as error:
            stop()
            give_up(str(error))
    return _started[0]


def stop() -> None:
    """Stop what was started."""
    for cluster in _started:
        cluster.stop()
    _started.clear()


def prefix_of(home: Path) -> str:
    """Index prefix that stands for the index in a home folder."""
    return "kb" + hashlib.sha256(str(home).encode()).hexdigest()[:10]


@contextmanager
def everywhere() -> Iterator[None]:
    """While it lasts, settings that name no engine mean the server, under the prefix of their home."""
    before = Settings.search_url

    def search_url(self: Settings) -> str:
        return self.search or one_node().url(prefix_of(self.home), replicas=0)

    Settings.search_url = property(search_url)  # type: ignore[assignment, method-assign]
    _everywhere.append(True)
    try:
        yield
    finally:
        _everywhere.clear()
        Settings.search_url = before  # type: ignore[method-assign]
