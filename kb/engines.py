"""The search engine that the settings name: the embedded one, or an OpenSearch cluster; and its place."""

from __future__ import annotations

from kb.errors import SettingsError
from kb.index_place import IndexPlace, Place, SharedPlace
from kb.search.door import Engine
from kb.search.engine import SearchEngine
from kb.search.vocabulary import Vocabulary
from kb.settings import Settings


def open_search(settings: Settings, vocabulary: Vocabulary) -> tuple[Engine, Place]:
    """An engine, and what keeps how far its index has come. Nothing is connected yet.

    Raises SettingsError where ``KB_SEARCH`` cannot be read or the client is not installed.
    """
    if not settings.search_url:
        engine = SearchEngine(settings.index_folder, vocabulary, settings.search_memory_mb)
        return engine, IndexPlace(settings.home / "index.place")
    try:
        from kb.search.cluster.address import Address
        from kb.search.cluster.engine import ClusterEngine
    except ImportError as error:
        reason = '要用 OpenSearch，请先运行 pip install "indicator-kb[opensearch]"'
        raise SettingsError("KB_SEARCH", reason) from error
    cluster = ClusterEngine(Address.read(settings.search_url), vocabulary, settings.search_memory_mb)
    return cluster, SharedPlace(cluster)
