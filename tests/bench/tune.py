"""Find better ranking weights on judged queries, and tell how much of the gain is overfitting.

    python -m tests.bench.tune QUERIES.jsonl [--folds 5] [--rounds 1] [--only name,…]

Each line of the file has ``q``, ``want`` (``[{re, grade}]`` over
``kind｜name｜level1｜level2｜sector｜snippet``), and optionally ``avoid`` and ``want_kind``. Weights
climb one at a time. With folds, each fold is scored with weights that were climbed on the
others: the difference to the score of weights climbed on all is what overfitting is worth.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from kb.search.answer import Filters, Hit
from kb.search.embedded import SnapshotSource
from kb.search.engine import SearchEngine
from kb.search.session import Session
from kb.search.snapshot import Snapshot
from kb.search.synonyms import Synonyms
from kb.search.weights import DEFAULT, Weights
from tests.bench.corpus import real

STEPS = (0.6, 0.8, 1.25, 1.6)
FIXED = {"retired", "k1"}


@dataclass(frozen=True)
class Judged:
    """A query with what its hits are worth."""

    text: str
    want: tuple[tuple[re.Pattern[str], int], ...]
    avoid: tuple[re.Pattern[str], ...]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, line: dict[str, Any]) -> Judged:
        """The query of a line of the file."""
        want = tuple((re.compile(w["re"], re.I), int(w["grade"])) for w in line["want"])
        avoid = tuple(re.compile(a, re.I) for a in line.get("avoid") or ())
        return cls(line["q"], want, avoid, tuple(line.get("want_kind") or ()))

    def worth(self, hits: Sequence[Hit]) -> float:
        """0..1: half first hit, half nDCG@10, less a tenth where something to avoid is in the first three."""
        grades, avoided = [], []
        for hit in hits:
            text = "｜".join((hit.kind, hit.name, hit.level1, hit.level2, hit.sector, hit.snippet))
            bad = any(pattern.search(text) for pattern in self.avoid)
            grade = 0 if bad else max((g for pattern, g in self.want if pattern.search(text)), default=0)
            grades.append(1 if grade == 2 and self.kinds and hit.kind not in self.kinds else grade)
            avoided.append(bad)
        ideal = [2] * max(3, grades.count(2)) + [g for g in grades if g == 1]
        first = 0.5 * (2 in grades[:1]) + 0.2 * (2 in grades[:5])
        return first + 0.3 * _gain(grades) / _gain(ideal[:10]) - 0.1 * any(avoided[:3])


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


class Course:
    """The catalogue's index with the judged queries: weights in, worth per query out."""

    def __init__(self, queries: Sequence[Judged], folder: Path) -> None:
        documents, self._vocabulary = real()
        self._queries = queries
        self._synonyms = Synonyms(self._vocabulary.groups)
        engine = SearchEngine(folder, self._vocabulary)
        engine.rebuild(documents, len(documents))
        current = engine._generations.current()
        assert current is not None
        self._folder = current
        self._known: dict[Weights, np.ndarray[Any, Any]] = {}

    def run(self, weights: Weights) -> np.ndarray[Any, Any]:
        """Worth of each query under these weights."""
        if weights not in self._known:
            snapshot = Snapshot(self._folder, weights, 256 << 20)
            source = SnapshotSource(snapshot, weights)
            session = Session(source, self._synonyms, self._vocabulary, weights)
            found = [q.worth(session.answer(q.text, Filters(), 10, 0).hits) for q in self._queries]
            self._known[weights] = np.array(found)
        return self._known[weights]

    def climb(self, inside: np.ndarray[Any, Any], names: Sequence[str], rounds: int) -> Weights:
        """The weights that serve the chosen queries best, one weight at a time from the present ones."""
        best = DEFAULT
        for _ in range(rounds):
            for name in names:
                tried = [best, *(replace(best, **{name: round(getattr(best, name) * s, 3)}) for s in STEPS)]
                worths = [self.run(weights)[inside].mean() for weights in tried]
                if max(worths) > worths[0] + 1e-4:
                    best = tried[int(np.argmax(worths))]
        return best


def _folds(size: int, count: int) -> Iterator[np.ndarray[Any, Any]]:
    order = np.random.default_rng(3).permutation(size)
    for fold in range(count):
        inside = np.ones(size, bool)
        inside[order[fold::count]] = False
        yield inside


def main() -> int:
    """Climb, cross-validate, print the weights that changed."""
    parser = argparse.ArgumentParser(prog="tests.bench.tune", description=__doc__)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="weights to climb, comma separated")
    options = parser.parse_args()
    lines = options.queries.read_text(encoding="utf-8").splitlines()
    queries = [Judged.of(json.loads(line)) for line in lines if line.strip()]
    names = [f.name for f in fields(Weights) if f.name not in FIXED]
    names = options.only.split(",") if options.only else names
    with tempfile.TemporaryDirectory() as folder:
        course = Course(queries, Path(folder))
        everything = np.ones(len(queries), bool)
        before = course.run(DEFAULT)
        print(f"{len(queries)} queries, present weights: {before.mean():.4f}", flush=True)
        best = course.climb(everything, names, options.rounds)
        print(f"climbed on all: {course.run(best).mean():.4f}", flush=True)
        changed = {k: v for k, v in asdict(best).items() if v != getattr(DEFAULT, k)}
        print(f"changes: {changed}", flush=True)
        unseen = np.zeros(len(queries))
        for inside in _folds(len(queries), options.folds):
            weights = course.climb(inside, names, options.rounds)
            unseen[~inside] = course.run(weights)[~inside]
        if options.folds:
            print(f"cross-validated: {unseen.mean():.4f} (present weights {before.mean():.4f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
