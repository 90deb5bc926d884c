"""Versions of the index in a cluster: built beside, put in force by one atomic change of an alias.

``PREFIX-FINGERPRINT`` is the alias of the version in force for one state of the program, so that
two versions of the program can run on one cluster while it is brought up to date; ``PREFIX`` is the
newest of all, for eyes from outside. ``PREFIX-FINGERPRINT-TIME-RANDOM`` are the versions themselves.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kb.errors import SearchRefusedError
from kb.search.cluster.client import Client, IndexGoneError
from kb.search.cluster.lexical import Words
from kb.search.cluster.schema import index_body


class Versions:
    """The versions of one fingerprint, with what is known of others under the same prefix."""

    def __init__(self, client: Client, fingerprint: str) -> None:
        self._client, self._fingerprint = client, fingerprint
        self._prefix = client.address.prefix
        self.alias = f"{self._prefix}-{fingerprint[:12]}"

    def current(self) -> str | None:
        """Name of the version in force; None before the first is complete."""
        found = self._pointing(self.alias)
        return min(found) if found else None

    def words(self) -> Words:
        """The words of the version in force, whichever that is."""
        return Words(self._client, self.alias, alias=True)

    def unfinished(self, means: list[float]) -> str | None:
        """The newest version of this fingerprint that was begun with these field lengths and not finished."""
        for name, meta in sorted(self._all().items(), reverse=True):
            if name.startswith(f"{self.alias}-") and not meta["complete"] and meta.get("means") == means:
                return name
        return None

    def begin(self, means: list[float]) -> str:
        """Make an empty version; gives its name."""
        name = f"{self.alias}-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(2)}"
        meta = {"fingerprint": self._fingerprint, "complete": False, "means": means}
        self._client.arrange("PUT", f"/{name}", index_body(self._client.address, meta))
        Words(self._client, name).create(self._client.address.replicas)
        return name

    def publish(self, name: str, means: list[float]) -> None:
        """Put a complete version in force and remove what it replaces.

        Of other fingerprints the newest stays: another version of the program may be running on it.
        """
        client, replicas = self._client, self._client.address.replicas
        if client.arrange("POST", f"/{name}/_refresh") is None:
            raise IndexGoneError(client.address.shown, name)
        settings = {"index": {"number_of_replicas": replicas, "refresh_interval": "1s"}}
        client.arrange("PUT", f"/{name}/_settings", settings)
        meta = {"fingerprint": self._fingerprint, "complete": True, "means": means}
        client.arrange("PUT", f"/{name}/_mapping", {"_meta": meta})
        self._wait_for_copies(name)
        actions: list[dict[str, Any]] = []
        pointing = {self.alias: name, f"{self.alias}-words": f"{name}-words", self._prefix: name}
        for alias, index in pointing.items():
            before = self._pointing(alias)
            actions += [{"remove": {"index": old, "alias": alias}} for old in before if old != index]
            actions.append({"add": {"index": index, "alias": alias}})
        client.arrange("POST", "/_aliases", {"actions": actions})
        self._clean(name)

    def _pointing(self, alias: str) -> dict[str, Any]:
        """Indexes that an alias points to.

        Asked of our own indexes only: a cluster that knows accounts takes an alias that does not exist yet for a
        question about all indexes.
        """
        return self._client.get(f"/{self._prefix}-*/_alias/{alias}") or {}

    def _wait_for_copies(self, name: str) -> None:
        """Copies ready before the switch; a cluster with too few nodes for them is waited for only so long."""
        with suppress(SearchRefusedError):  # 408: they are not ready yet
            self._client.arrange("GET", f"/_cluster/health/{name}?wait_for_status=green&timeout=20s")

    def _clean(self, current: str) -> None:
        versions = self._all()
        foreign = [n for n, m in versions.items() if m["complete"] and not n.startswith(f"{self.alias}-")]
        newest = max(foreign, key=lambda n: n.split("-")[-2], default=None)
        for name in versions:
            if name not in (current, newest):
                for gone in (name, f"{name}-words"):
                    self._client.arrange("DELETE", f"/{gone}")

    def _all(self) -> dict[str, dict[str, Any]]:
        """Versions under our prefix with what they say of themselves; never another prefix's indexes."""
        ours = re.compile(rf"{re.escape(self._prefix)}-[0-9a-f]{{12}}-[0-9]{{14}}-[0-9a-f]{{4}}")
        found = self._client.get(f"/{self._prefix}-*/_mapping") or {}
        return {
            name: meta
            for name, body in found.items()
            if ours.fullmatch(name) and (meta := body["mappings"].get("_meta"))
        }
