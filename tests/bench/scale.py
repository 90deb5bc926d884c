"""How the knowledge base grows: 10,000 indicators beside ever more filed target rows.

``python -m tests.bench scale [--indicators 10000] [--rows 100000,1000000] [--database URL] [--home DIR]``:
for each size the seconds of search, of an indicator's page with its value landscape, of the review of one
table with copies looked for among all filed ones, of the nightly rebuild; memory and disk. Indicators are
varied from the shipped ones, target rows from their names; every tenth table is a copy of an earlier one.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy import text

from indicators.choices import Status
from indicators.draft import Draft, DraftRow
from indicators.model import Indicator
from indicators.shipped import read_catalogue
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.bench.corpus import _LEVELS, _PLACES, EVERYDAY
from web.app import create_app

_ROWS = 10  # of a table


def more_indicators(wanted: int, seed: int = 5) -> Iterator[Indicator]:
    """Indicators varied from the shipped ones until there are so many in all."""
    chance = random.Random(seed)
    real = [r for r in read_catalogue() if isinstance(r, Indicator) and r.status is Status.ACTIVE]
    for number in range(wanted - len(real)):
        one = chance.choice(real)
        name = f"{chance.choice(_PLACES)}{chance.choice(_LEVELS)}{one.name}"
        yield msgspec.structs.replace(
            one, code=f"BD-DA-{number:06d}", name=name, aliases=(), core=False, pairs=(), successor=""
        )


def tables(indicators: list[Indicator], number: int, seed: int) -> Iterator[Draft]:
    """Target tables as units file them, ``_ROWS`` rows each; every tenth is an earlier one under another name."""
    chance = random.Random(seed)
    by_sector: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        by_sector.setdefault(indicator.sector, []).append(indicator)
    sectors = sorted(by_sector)
    kept: list[tuple[DraftRow, ...]] = []
    for n in range(number):
        sector = chance.choice(sectors)
        if kept and n % 10 == 9:
            rows = chance.choice(kept)
        else:
            chosen = chance.choices(by_sector[sector], k=_ROWS)
            rows = tuple(_row(k, i, chance) for k, i in enumerate(chosen, 1))
            if len(kept) < 5_000:
                kept.append(rows)
        place = f"{chance.choice(_PLACES)}{chance.choice(_LEVELS)}"
        yield Draft(
            project=f"{place}{chance.choice(by_sector[sector]).name}项目{n}", unit=f"{place}第{n % 97}局",
            year=2019 + n % 6, sector=sector, amount=Decimal(chance.randint(5, 5000)), rows=rows,
        )  # fmt: skip


def _row(number: int, indicator: Indicator, chance: random.Random) -> DraftRow:
    rate = indicator.unit == "%"
    value = chance.randint(60, 100) if rate else round(chance.lognormvariate(4, 1.5)) + 1
    return DraftRow(
        number=number, level1=indicator.level1, level2=indicator.level2, name=indicator.name,
        target=f"≥{value}{indicator.unit}",
    )  # fmt: skip


def milliseconds(call: Callable[[], object], times: int) -> tuple[float, float]:
    """Median and 95th percentile of a call's milliseconds, after one that is not counted."""
    call()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), sorted(took)[int(len(took) * 0.95)]


def measure(kb: KnowledgeBase, size: int, seed: int) -> list[tuple[str, str]]:
    """Figures at the size that the knowledge base has now; ``seed`` is that of tables that were filed."""
    client = create_app(kb).test_client()
    chance = random.Random(2)
    indicators = [i for i in kb.reviewer().index.indicators if i.status is Status.ACTIVE]
    used = [i for i in indicators if kb.filed.landscapes(i.code)][:40] or indicators[:40]
    copies = [msgspec.structs.replace(d, project="照抄", unit="别的局") for d in tables(indicators, 20, seed)]
    drafts = [*tables(indicators, 20, seed=99), *copies]
    reviewer = kb.reviewer()
    found = sum(bool(kb.filed.alike(d)) for d in copies)

    def search() -> None:
        kb.search(chance.choice(EVERYDAY))

    def page() -> None:
        assert client.get(f"/i/{chance.choice(used).code}").status_code == 200

    def alike() -> None:
        kb.filed.alike(chance.choice(drafts))

    def review() -> None:
        one = chance.choice(drafts)
        reviewer.review(one, peers=kb.filed.peers(one))

    rows = [("历年目标行", f"{size:,}")]
    for name, call, times in (
        ("搜索", search, 200), ("指标页（含取值分布）", page, 60), ("查雷同", alike, 100), ("体检一张表（含雷同）", review, 40),
    ):  # fmt: skip
        middle, late = milliseconds(call, times)
        rows.append((f"{name} p50 / p95 毫秒", f"{middle:.2f} / {late:.2f}"))
    began = time.perf_counter()
    landscapes = kb.filed.rebuild()
    rows.append(("重算取值分布 秒", f"{time.perf_counter() - began:.1f}（{landscapes:,} 条）"))
    rows.append(("20 张照抄的表找出", str(found)))
    rows.append(("内存峰值 MB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"))
    rows.append(("数据库 MB", f"{_disk(kb) / 2**20:.0f}"))
    return rows


def _disk(kb: KnowledgeBase) -> float:
    if kb.settings.database.startswith("postgresql"):
        with kb.reviews._rows.reading.connect() as connection:
            return float(
                connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0
            )
    return float(kb.settings.database_file.stat().st_size)


def grow(kb: KnowledgeBase, wanted: int, filed: int) -> float:
    """File tables until there are so many rows; gives rows written a second."""
    indicators = [i for i in kb.reviewer().index.indicators if i.status is Status.ACTIVE]
    number = (wanted - filed) // _ROWS
    began = time.perf_counter()

    def told(_what: str, done: int, total: int) -> None:
        print(f"\r{done:,} / {total:,} 张", end="", file=sys.stderr)

    kb.filed.add(
        tables(indicators, number, seed=wanted), kb.reviewer(), name=f"量 {wanted}", actor="测", progress=told, total=number
    )  # fmt: skip
    print(file=sys.stderr)
    return (wanted - filed) / (time.perf_counter() - began)


def main(arguments: list[str]) -> int:
    """Print a table of figures, a column a size."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench scale")
    parser.add_argument("--indicators", type=int, default=10_000)
    parser.add_argument("--rows", default="100000,1000000")
    parser.add_argument("--database", default="")
    parser.add_argument("--search", default="")
    parser.add_argument("--home", default="")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(asked.home or folder), database=asked.database, search=asked.search)
        with KnowledgeBase.open(settings) as kb:
            extra = list(more_indicators(asked.indicators))
            if extra and kb.counts()[Indicator.kind] < asked.indicators:
                began = time.perf_counter()
                kb.write(list(extra), name="更多指标", actor="测", reason="")
                print(f"写入并索引 {len(extra):,} 条指标：{time.perf_counter() - began:.1f} 秒", flush=True)
            sizes = [int(s) for s in asked.rows.split(",")]
            filed, columns = kb.filed.totals().rows, []
            for size in sizes:
                speed = grow(kb, size, filed) if size > filed else 0.0
                columns.append([*measure(kb, size, sizes[0]), ("存入 行/秒", f"{speed:,.0f}")])
                for name, figure in columns[-1]:
                    print(f"{name}：{figure}", flush=True)
                filed = size
    print("| " + " | ".join(["", *(c[0][1] for c in columns)]) + " |")
    print("|" + "---|" * (len(columns) + 1))
    for line in zip(*columns, strict=True):
        if line[0][0] != "历年目标行":
            print("| " + " | ".join([line[0][0], *(figure for _, figure in line)]) + " |")
    return 0
