"""A season's load: many people at once against ``kb serve --workers N``, while an admin loads rows and undoes them.

    python -m tests.bench season_load [--minutes 10] [--users 200] [--workers 2] [--rows 10000] [--kill]

Prints the times of each kind of request, errors, the admin's times and the memory of each worker every
half minute. ``--kill`` kills a worker at random every twenty seconds: then only the requests that it had
in hand may fail, and of them is told how many it had taken in without reading. At the end ``kb check``
must find nothing. Needs the extra ``bench`` (Locust).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from kb.knowledge import KnowledgeBase
from kb.roles import Role
from kb.settings import Settings
from tests.bench.load import many_rows
from tests.bench.season_kills import FAILURES, Killer, failures_of
from tests.servers.office import ROOT, Office, kb, serving

USERS = Path(__file__).with_name("season_users.py")
PASSWORD = "一句好记的话当作密码"
TARGET_MS = 300
SAMPLED, RESTED = 30.0, 60.0  # seconds
CUT = re.compile(r"ConnectionResetError|RemoteDisconnected|ChunkedEncodingError|CatchResponseError\('0:")
"""What a client sees of a connection that a killed worker had taken; anything else is a wrong answer."""


@dataclass
class Watch:
    """What is noted beside the load."""

    memory: list[tuple[float, dict[int, int]]] = field(default_factory=list)
    admin: list[tuple[str, float]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    failures: list[dict[str, float | str]] = field(default_factory=list)
    killer: Killer | None = None

    @property
    def kills(self) -> int:
        """How many workers were killed."""
        return len(self.killer.at) if self.killer else 0


def main(arguments: list[str]) -> int:
    """Measure and print; 1 where there were errors or the knowledge base is not sound afterwards."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with KnowledgeBase.open(Settings(home=home)) as opened:
            opened.accounts.add("小管", Role.ADMIN, PASSWORD, actor="bench")
        watch = Watch()
        with serving(home, "--workers", str(options.workers), KB_CATALOGUE="") as office:
            rows = _drive(office, options, watch, Path(folder))
        checked = kb(home, "check", KB_CATALOGUE="")
    return _report(rows, watch, checked, options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="season_load")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=10_000, help="rows that the admin loads, 0 for no admin")
    parser.add_argument("--kill", action="store_true")
    return parser.parse_args(arguments)


def _drive(office: Office, options: argparse.Namespace, watch: Watch, folder: Path) -> list[dict[str, str]]:
    """Run the users with the admin, the killer and the sampler beside them; gives Locust's table."""
    prefix = folder / "locust"
    seconds = round(options.minutes * 60)
    command = [
        sys.executable, "-m", "locust", "-f", str(USERS), "--headless", "--host", office.address.rstrip("/"),
        "-u", str(options.users), "-r", str(max(1, options.users // 10)), "-t", f"{seconds}s", "--reset-stats",
        "--csv", str(prefix), "--only-summary", "--stop-timeout", "30",
    ]  # fmt: skip
    stop = threading.Event()
    beside = [
        threading.Thread(target=_sample, args=(office, watch, stop)),
    ]
    if options.rows:
        beside.append(threading.Thread(target=_admin, args=(office, options.rows, watch, stop)))
    if options.kill:
        watch.killer = Killer(office, options.workers)
        beside.append(threading.Thread(target=watch.killer.work, args=(stop,)))
    noted = folder / "failures"
    locust = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, FAILURES: str(noted)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for thread in beside:
        thread.start()
    _, said = locust.communicate()
    stop.set()
    for thread in beside:
        thread.join()
    if not prefix.with_name("locust_stats.csv").exists():
        raise SystemExit(f"locust did not run; pip install 'indicator-kb[bench]'\n{said}")
    watch.failures = failures_of(noted)
    with prefix.with_name("locust_failures.csv").open(encoding="utf-8") as stream:
        watch.trouble += [f"{r['Name']} ×{r['Occurrences']}: {r['Error']}" for r in csv.DictReader(stream)]
    with prefix.with_name("locust_stats.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _sample(office: Office, watch: Watch, stop: threading.Event) -> None:
    began = time.monotonic()
    while True:
        watch.memory.append((time.monotonic() - began, {pid: _memory(pid) for pid in office.workers()}))
        if stop.wait(SAMPLED):
            return


def _memory(pid: int) -> int:
    """Resident MB of a process, 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


class _Patient(requests.Session):
    """An admin whose browser is asked again where a worker was killed under it."""

    def request(self, *args: object, **kwargs: object) -> requests.Response:  # type: ignore[override]
        """The answer, after some tries."""
        for _ in range(5):
            try:
                return super().request(*args, timeout=120, **kwargs)  # type: ignore[arg-type,misc]
            except requests.ConnectionError:
                time.sleep(1)
        return super().request(*args, timeout=120, **kwargs)  # type: ignore[arg-type,misc]


def _admin(office: Office, rows: int, watch: Watch, stop: threading.Event) -> None:
    """Load a workbook on the admin's pages and take it back, again and again with a minute's rest."""
    session, at = _Patient(), office.address.rstrip("/")
    try:
        form = {"name": "小管", "password": PASSWORD}
        session.post(f"{at}/login", data=form | _token(session.get(f"{at}/login").text))
        while True:
            _load_and_undo(session, at, rows, watch)
            if stop.wait(RESTED):
                return
    except (requests.RequestException, RuntimeError) as error:
        watch.trouble.append(f"admin: {error}")


def _load_and_undo(session: requests.Session, at: str, rows: int, watch: Watch) -> None:
    @contextmanager
    def step(name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        watch.admin.append((name, time.monotonic() - began))

    with step("read and plan"):
        page = session.get(f"{at}/admin/import")
        sent = session.post(
            f"{at}/admin/import", data={"kind": "auto", "set": "压力测试"} | _token(page.text),
            files={"file": ("压力测试.xlsx", many_rows(rows))},
        )  # fmt: skip
        shown = _settled(session, sent.url)
    with step("write and index"):
        done = _written(session, shown)
    batch = re.search(r"/admin/batch/(\d+)", done.url)
    if batch is None:
        raise RuntimeError(f"no batch: {done.status_code} {done.url}")
    with step("undo and index"):
        undone = session.post(f"{at}/admin/undo", data={"batch": batch[1]} | _token(done.text))
    if f"撤回第 {batch[1]} 批" not in undone.text:  # in the message, or among the last changes
        raise RuntimeError(f"not undone: {undone.status_code} {undone.text[:300]}")


def _written(session: requests.Session, shown: requests.Response) -> requests.Response:
    """Press the button, and again where the preview is what comes: somebody wrote meanwhile, or was killed."""
    address = shown.url.partition("?")[0]
    for _ in range(5):
        mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', shown.text)
        if mark is None:
            raise RuntimeError(f"no preview: {shown.status_code} {shown.text[:300]}")
        session.post(f"{address}/commit", data={"fingerprint": mark[1], "good": "1"} | _token(shown.text))
        shown = _settled(session, address)
        if "/admin/batch/" in shown.url:
            break
    return shown


def _token(page: str) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    return {"form_token": found[1]} if found else {}


def _settled(session: requests.Session, address: str) -> requests.Response:
    end = time.monotonic() + 600
    while time.monotonic() < end:
        page = session.get(address)
        if 'id="working"' not in page.text:
            return page
        time.sleep(0.5)
    raise RuntimeError("the upload is worked on for ten minutes")


def _report(
    rows: Sequence[dict[str, str]], watch: Watch, checked: subprocess.CompletedProcess[str], options: argparse.Namespace
) -> int:  # fmt: skip
    print(f"{options.users} users, {options.workers} workers, {options.minutes:g} minutes\n")
    print("| kind | requests | failed | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|")
    for row in rows:
        figures = (row[k] for k in ("Request Count", "Failure Count", "50%", "95%", "99%"))
        print(f"| {row['Name']} | {' | '.join(figures)} |")
    print(f"\n| the admin, {options.rows:,} rows | times | s, least to most |\n|---|---|---|")
    for name in dict.fromkeys(name for name, _ in watch.admin):
        took = sorted(seconds for step, seconds in watch.admin if step == name)
        print(f"| {name} | {len(took)} | {took[0]:.1f}–{took[-1]:.1f} |")
    print("\n| minute | MB of each worker |\n|---|---|")
    for at, sizes in watch.memory:
        print(f"| {at / 60:.1f} | {', '.join(f'{pid}: {size}' for pid, size in sorted(sizes.items()))} |")
    failed = int(rows[-1]["Failure Count"])
    wrong = [line for line in watch.trouble if not (watch.kills and CUT.search(line))]
    late = [
        r["Name"] for r in rows if r["Name"] in ("search", "suggest", "page") and int(r["95%"]) >= TARGET_MS
    ]
    print(f"\nkills: {watch.kills}; failed: {failed}, but for connections of killed workers: {len(wrong)}")
    if watch.killer:
        print(f"of the failures {watch.killer.cost(watch.failures)}")
    print(f"p95 of search and pages under {TARGET_MS} ms: {'no: ' + ', '.join(late) if late else 'yes'}")
    print(f"kb check: {checked.stdout.strip().splitlines()[-1:]} ({checked.returncode})")
    for line in watch.trouble[:20]:
        print(f"  {line}")
    return int(bool(wrong) or checked.returncode != 0)
