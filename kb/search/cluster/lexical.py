"""What a build learns about the index's words, kept in the cluster beside the index for every process.

``<index>-words`` holds it in pieces, and one small record that changes whenever the index does:
by it other processes notice, as by the small file beside the embedded index.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from kb.search.arrays import Field
from kb.search.cluster.client import Client
from kb.search.corpus import Floats, mean_lengths
from kb.search.index import LABEL_COUNTS
from kb.search.prepare import Prepared
from kb.search.sounds import SoundTable
from kb.search.vocabulary import NAME_LIMIT

_PIECE = 4 << 20  # characters per record
_STATE = "state"


class Lexical(msgspec.Struct, frozen=True):
    """Words with the number of records that hold them, the dictionary they were cut with, field lengths, sounds."""

    frequency: dict[str, int]
    dictionary: list[str]
    means: list[float]
    sounds: bytes

    def mean_lengths(self) -> Floats:
        """Mean length of each field when the index was built."""
        return np.array(self.means, np.float32)


class State(msgspec.Struct, frozen=True):
    """``mark`` changes with every change of the index; ``added`` are words that came after its building.

    ``reached`` is the store's outbox row up to which the index has taken everything up.
    """

    mark: str
    added: list[str] = []
    reached: int = 0


class Census:
    """Counts words while an index is built."""

    def __init__(self) -> None:
        self.frequency: Counter[str] = Counter()
        self._labels: set[str] = set()

    def add(self, prepared: Prepared) -> None:
        """Take a record's words into account."""
        self.frequency.update(prepared.words.keys())
        self._labels.update(w for w, counts in prepared.words.items() if counts & LABEL_COUNTS)
        name = prepared.texts[Field.NAME]
        if len(name) <= NAME_LIMIT:
            self._labels.add(name)

    def result(self, words: Sequence[str], means: Floats) -> Lexical:
        """What was learnt; ``words`` is the dictionary."""
        sounds = SoundTable.of_words(words, self._labels, self.frequency)
        return Lexical(dict(self.frequency), list(words), means.tolist(), sounds.dump())


def means_of(lengths: Iterable[tuple[int, ...]]) -> Floats:
    """Mean length of each field over all records."""
    return mean_lengths(np.array(list(lengths), np.int32).reshape(-1, len(Field)))


class Words:
    """The words of one version of the index, by the version's name or by that of its ``alias``."""

    def __init__(self, client: Client, index: str, alias: bool = False) -> None:
        self._client, self.index, self._alias = client, f"{index}-words", alias

    def create(self, replicas: int) -> None:
        """Make the place; nothing happens where it is there."""
        body = {
            "settings": {"number_of_shards": 1, "number_of_replicas": replicas},
            "mappings": {"enabled": False},
        }
        if not self._client.get(f"/{self.index}"):
            self._client.arrange("PUT", f"/{self.index}", body)

    def save(self, lexical: Lexical) -> None:
        """Write what a build learnt."""
        text = base64.b85encode(zlib.compress(msgspec.msgpack.encode(lexical), 6)).decode()
        pieces = [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)]
        for number, piece in enumerate(pieces):
            body = {"piece": piece, "pieces": len(pieces)}
            self._client.write(self.index, [{"index": {"_id": f"piece-{number}"}}, body])
        self.mark()

    def load(self) -> Lexical:
        """What a build learnt."""
        first = self._piece(0)
        rest = [self._piece(n)["piece"] for n in range(1, first["pieces"])]
        packed = base64.b85decode("".join([first["piece"], *rest]))
        return msgspec.msgpack.decode(zlib.decompress(packed), type=Lexical)

    def state(self) -> State | None:
        """The newest state; None where the index is gone."""
        answer = self._client.get(f"/{self.index}/_doc/{_STATE}")
        return msgspec.convert(answer["_source"], State) if answer and answer.get("found") else None

    def mark(self, added: Iterable[str] = ()) -> None:
        """Tell every process that the index changed, and which words are new."""
        known = self.state() or State("")
        words = list(dict.fromkeys([*known.added, *added]))
        self._write(State(secrets.token_hex(8), words, known.reached))

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        self._write(msgspec.structs.replace(self.state() or State(secrets.token_hex(8)), reached=reached))

    def _write(self, state: State) -> None:
        body = msgspec.to_builtins(state)
        self._client.write(self.index, [{"index": {"_id": _STATE}}, body], alias=self._alias)

    def _piece(self, number: int) -> Mapping[str, Any]:
        answer = self._client.get(f"/{self.index}/_doc/piece-{number}")
        found: Mapping[str, Any] = answer["_source"]
        return found
