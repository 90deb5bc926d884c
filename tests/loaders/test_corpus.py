"""Real layouts in every file kind come out as the records that people read in them."""

from __future__ import annotations

from typing import Any

from loaders.errors import FileError
from loaders.load_json import row_json
from loaders.loading import load_file
from tests.loaders.corpus import Case, cases
from tests.loaders.hard_layouts import hard_layouts
from tests.loaders.hard_lists import hard_lists

ENOUGH = 0.98


def records_of(case: Case) -> list[dict[str, Any]]:
    """Records of the tables of the case's kind, in order; [] where the file could not be read."""
    try:
        file = load_file(case.name, case.data)
    except FileError:
        return []
    return [row_json(t, row) for t in file.tables if t.kind.value == case.kind for row in t.rows]


def faults(case: Case) -> tuple[int, list[str]]:
    """Number of cells that count, and what is wrong with those that came out otherwise."""
    found = records_of(case)
    wrong = (
        []
        if len(found) == len(case.records)
        else [f"{case.name}: {len(found)} rows, not {len(case.records)}"]
    )
    cells = 0
    for n, expected in enumerate(case.records):
        row = found[n] if n < len(found) else {}
        for field, value in expected.items():
            cells += 1
            if row.get(field, "missing") != value:
                wrong.append(f"{case.name} row {n + 1} {field}: {row.get(field, 'missing')!r}, not {value!r}")
    return cells, wrong


def test_corpus_is_read_without_manual_mapping() -> None:
    corpus = [*cases(), *hard_layouts(), *hard_lists()]
    assert len(corpus) >= 160
    results = [faults(case) for case in corpus]
    cells = sum(n for n, _ in results)
    wrong = [w for _, found in results for w in found]
    share = 1 - len(wrong) / cells
    print(f"{len(corpus)} files, {cells} cells, {share:.2%} right")
    print("\n".join(wrong[:40]))
    assert share >= ENOUGH, wrong[:10]
