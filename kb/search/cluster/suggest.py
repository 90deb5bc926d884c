"""Suggestions while typing from a cluster: the same lists in the same order as ``kb.search.suggest``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kb.search.cluster.asking import Clause, held
from kb.search.cluster.client import Client
from kb.search.sounds import SoundTable
from kb.search.suggest import LETTERS, Suggestion
from kb.search.text import fold

_FIELDS = ["record.name", "record.public_kind", "record.code", "record.url", "record.sector"]
_RANKED = [{"rank": "desc"}, {"length": "asc"}, {"id": "asc"}]


class ClusterSuggester:
    """Names of one index, asked for by their beginnings and insides. Threads may share it."""

    def __init__(
        self, client: Client, index: str, sounds: Callable[[], SoundTable], sectors: Iterable[str]
    ) -> None:
        self._client, self._index, self._sounds = client, index, sounds
        self._sectors = [(fold(name), Suggestion(name, "sector", note="行业")) for name in sorted(sectors)]

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """At most ``limit`` suggestions for what stands in the box; () for nothing."""
        typed = fold(text[:60]).strip()
        if not typed or "\n" in typed:
            return ()
        bodies = [_by_code(typed, limit)] if len(typed) > 1 else []
        answers = self._client.search_all(self._index, [*bodies, *_by_name(typed, limit)])
        found = [_of(hit) for hit in answers[0]["hits"]["hits"]] if bodies else []
        found += self._merged(typed, answers[-2:])
        if len(found) < limit and LETTERS.fullmatch(typed):
            found += self._by_sound(typed.replace("'", "").replace(" ", ""), limit)
        unique = {s.text + s.code: s for s in found}
        return tuple(unique.values())[:limit]

    def _merged(self, typed: str, answers: list[Any]) -> list[Suggestion]:
        """Names that begin with the text, then names that hold it; sectors stand before both."""
        begins, holds = (answer["hits"]["hits"] for answer in answers)
        starting = [s for name, s in self._sectors if name.startswith(typed)]
        inside = [s for name, s in self._sectors if typed in name and not name.startswith(typed)]
        return [*starting, *map(_of, begins), *inside, *map(_of, holds)]

    def _by_sound(self, letters: str, limit: int) -> list[Suggestion]:
        if len(letters) < 2:
            return []
        words = self._sounds().starting(letters, limit)
        if not words:
            return []
        answers = self._client.search_all(self._index, [b for word in words for b in _by_name(word, 3)])
        found: list[Suggestion] = []
        for n, word in enumerate(words):
            found += [*self._merged(word, answers[2 * n : 2 * n + 2])[:3], Suggestion(word, "word")]
        return found


def _by_code(typed: str, limit: int) -> dict[str, Any]:
    return _body({"prefix": {"code": typed}}, limit, [{"code": "asc"}])


def _by_name(typed: str, limit: int) -> list[dict[str, Any]]:
    begins: Clause = {"prefix": {"name": typed}}
    retired: Clause = {"term": {"status": "retired"}}
    first = {"bool": {"filter": [begins], "must_not": [retired]}}
    rest = {"bool": {"filter": [held(typed, part="name_")], "must_not": [begins, retired]}}
    return [_body(first, limit, _RANKED), _body(rest, limit, _RANKED)]


def _body(query: Clause, limit: int, sort: list[dict[str, str]]) -> dict[str, Any]:
    return {"size": limit, "_source": _FIELDS, "track_total_hits": False, "query": query, "sort": sort}


def _of(hit: Mapping[str, Any]) -> Suggestion:
    record = hit["_source"]["record"]
    return Suggestion(
        record["name"], record["public_kind"], record["code"], record["url"], record.get("sector", "")
    )
