"""The same records in both engines, and engines in a cluster that tests may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from kb.search.answer import Filters, SearchAnswer, SearchDocument
from kb.search.cluster.address import Address
from kb.search.cluster.engine import ClusterEngine
from kb.search.engine import SearchEngine
from kb.search.vocabulary import Vocabulary
from tests.servers.opensearch import Cluster

_numbers = count(1)
_NEAR = 2e-3
"""Share by which scores may differ and still be a tie: one engine keeps gains in 65,535 steps."""

MakeEngine = Callable[..., ClusterEngine]


@dataclass(frozen=True)
class Pair:
    """Two engines that hold the same; ``ask`` demands the same answer of both and gives it."""

    embedded: SearchEngine
    cluster: ClusterEngine
    near: float = _NEAR

    def ask(
        self, text: str, filters: Filters | None = None, limit: int = 10, offset: int = 0
    ) -> SearchAnswer:
        """The answer that both give: matches, counts, steps, and the first ten up to ties."""
        expected = self.embedded.search(text, filters, limit, offset)
        given = self.cluster.search(text, filters, limit, offset)
        assert given.total == expected.total, text
        assert given.facets == expected.facets, text
        assert (given.relaxed, given.did_you_mean) == (expected.relaxed, expected.did_you_mean), text
        same_order(expected, given, self.near)
        return given


def same_order(expected: SearchAnswer, given: SearchAnswer, near: float = _NEAR) -> None:
    """Demand the same hits in the same order, where equal scores may change places; and the same words about them."""
    assert len(given.hits) == len(expected.hits)
    scores = {hit.id: hit.score for hit in (*given.hits, *expected.hits)}
    for one, other in zip(expected.hits, given.hits, strict=True):
        tie = abs(one.score - other.score) <= near * max(one.score, other.score)
        assert tie, (expected.query, one.id, one.score, other.id, other.score)
        assert one.id == other.id or abs(scores[one.id] - scores[other.id]) <= near * one.score
    shown = {hit.id: hit for hit in expected.hits}
    for hit in given.hits:
        if hit.id in shown:
            twin = shown[hit.id]
            assert (hit.snippet, hit.marks, hit.name_marks) == (twin.snippet, twin.marks, twin.name_marks)
            assert hit.why == twin.why


@pytest.fixture
def make_engine(opensearch: Cluster) -> Iterator[MakeEngine]:
    """Engines on indexes of their own (or of a given prefix); the indexes go with the test."""
    made: list[ClusterEngine] = []

    def make(vocabulary: Vocabulary | None = None, prefix: str = "", **options: object) -> ClusterEngine:
        name = prefix or f"t{next(_numbers)}"
        url = opensearch.url(name, **{"replicas": 0, "reach": 10_000, **options})
        made.append(ClusterEngine(Address.read(url), vocabulary or Vocabulary()))
        return made[-1]

    yield make
    for engine in made:
        engine._client.call("DELETE", f"/{engine._client.address.prefix}-*")
        engine.close()


@pytest.fixture(scope="session")
def pair(
    engine: SearchEngine, opensearch: Cluster, shipped: list[SearchDocument], vocabulary: Vocabulary
) -> Iterator[Pair]:
    """Both engines on the shipped catalogue; tests must not write to them. All matches are scored."""
    cluster = ClusterEngine(Address.read(opensearch.url("pair", replicas=0, reach=10_000)), vocabulary)
    cluster.rebuild(shipped, len(shipped))
    yield Pair(engine, cluster)
    cluster.close()
