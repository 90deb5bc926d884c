"""Several server processes on one knowledge base: rolled over, killed and stopped while requests run."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from tests.servers.office import ROOT, SMALL, Office, Stream, environment, kb, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc for the workers"),
]

TABLE = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n修路,产出指标,数量指标,修路里程,100%,公里\n"
FINE = {200, 409}
"""Answers to expect: 409 where somebody else saved the draft meanwhile."""
ROAD = "修5公里村道，投资300万元"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder that is ready, so that servers start at once."""
    folder = tmp_path_factory.mktemp("workers") / "home"
    with KnowledgeBase.open(Settings(home=folder, catalogue=SMALL)):
        return folder


@pytest.fixture(scope="module")
def office(home: Path) -> Iterator[Office]:
    """Two workers."""
    with serving(home, "--workers", "2") as found:
        yield found


def draft_of(office: Office) -> str:
    """Address of a new draft."""
    session = requests.Session()
    page = session.get(office.address + "draft").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    form = {"text": ROAD, "form_token": token[1]}
    made = session.post(office.address + "draft/new", data=form, allow_redirects=False)
    assert made.status_code == 303, made.text
    return office.address + made.headers["Location"].lstrip("/")


def asks(office: Office) -> list[Callable[[requests.Session], requests.Response]]:
    """What people do: search, look, save a draft (as often refused for another's version), review."""
    draft, at = draft_of(office), office.address
    version = [1]

    def save(session: requests.Session) -> requests.Response:
        rows = [{"name": "修路里程", "level1": "产出指标", "level2": "数量指标", "target": f"≥{random.randint(1, 10**6)}"}]  # fmt: skip
        answer = session.post(f"{draft}/save", json={"version": version[0], "rows": rows}, timeout=20)
        if answer.status_code in (200, 409):
            version[0] = answer.json()["version"]
        return answer

    return [
        lambda s: s.get(f"{at}search?q=修路", timeout=20),
        lambda s: s.get(f"{at}i/JT-SL-01", timeout=20),
        save,
        lambda s: s.get(f"{at}api/v1/suggest?q=路", timeout=20),
        lambda s: s.post(f"{at}api/v1/draft", json={"text": ROAD}, timeout=20),
    ]


def test_rolling_restart_fails_no_request(office: Office) -> None:
    before = office.staffed(2)
    with Stream(asks(office)) as stream:
        stream.answered(20)
        office.signal(signal.SIGHUP)
        end = time.monotonic() + 30
        while set(before) & set(office.workers()) and time.monotonic() < end:
            time.sleep(0.05)
        stream.answered(20)
    assert not set(before) & set(office.staffed(2))
    assert stream.failures == []
    assert stream.statuses.keys() <= FINE, office.log.read_text()


def test_killed_workers_cost_their_own_requests_only(office: Office, home: Path) -> None:
    kills, chance = 0, random.Random(8)
    with Stream(asks(office)) as stream:
        for _ in range(6):
            stream.answered(15)
            time.sleep(chance.random() * 0.2)
            workers = office.workers()
            if len(workers) == 2:
                os.kill(chance.choice(workers), signal.SIGKILL)
                kills += 1
        stream.answered(20)
    assert kills >= 4
    assert stream.statuses.keys() <= FINE, office.log.read_text()
    assert len(stream.failures) <= kills * stream.clients, "only what the killed worker had in hand"
    assert len(stream.failures) < stream.statuses.total() / 5
    checked = kb(home, "check")
    assert checked.returncode == 0, checked.stdout
    figures, end = "", time.monotonic() + 30
    while "kb_workers 2.0" not in figures and time.monotonic() < end:
        figures = office.get("metrics").text  # the last one killed has a successor that is getting ready
    assert "kb_workers 2.0" in figures
    assert (
        'kb_request_seconds_count{method="POST",route="/draft/<string(length=22):draft_id>/save"' in figures
    )


@pytest.mark.parametrize("arguments", [("--workers", "2"), ()], ids=["gunicorn", "waitress"])
def test_stopping_answers_what_was_asked(tmp_path: Path, home: Path, arguments: tuple[str, ...]) -> None:
    statuses: list[int] = []
    home = shutil.copytree(home, tmp_path / "home")
    with serving(home, *arguments) as office:
        body = TABLE + "".join(f"修路,产出指标,数量指标,修路里程{n},{n}%,公里\n" for n in range(250))

        def ask() -> None:
            answer = requests.post(office.address + "api/v1/review", data=body.encode(), timeout=60)
            statuses.append(answer.status_code)

        office.get("api/v1/search?q=路")
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        assert statuses == [], "they are still in hand"
        office.signal(signal.SIGTERM)
        assert office.stopped() == 0, office.log.read_text()
        for thread in threads:
            thread.join(60)
    assert statuses == [200] * 4
    with pytest.raises(requests.ConnectionError):
        office.get("healthz")


def test_figures_of_servers_that_were_killed_are_removed(tmp_path: Path, home: Path) -> None:
    home = shutil.copytree(home, tmp_path / "home")
    with serving(home, "--workers", "1") as first:
        (left,) = (home / "metrics").iterdir()
        workers = first.workers()
        first.process.kill()
        first.stopped()
        end = time.monotonic() + 30
        while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < end:
            time.sleep(0.1)
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers), "workers go with their parent"
    assert left.is_dir()
    with serving(home, "--workers", "1") as second, serving(home, "--workers", "1"):
        assert len(list((home / "metrics").iterdir())) == 2, "one server leaves the other's alone"
        assert not left.exists()
        assert second.get("metrics").status_code == 200
    assert list((home / "metrics").iterdir()) == []


@pytest.mark.sqlite
def test_worker_that_cannot_begin_is_told_and_tried_again(tmp_path: Path, home: Path) -> None:
    home = shutil.copytree(home, tmp_path / "home")
    with serving(home, "--workers", "1") as office:
        (home / "kb.sqlite3").rename(tmp_path / "away")
        (home / "kb.sqlite3").mkdir()
        try:
            os.kill(office.workers()[0], signal.SIGKILL)
            end = time.monotonic() + 15
            while "ERROR web.workers" not in office.log.read_text() and time.monotonic() < end:
                time.sleep(0.1)
            assert "ERROR web.workers" in office.log.read_text()
            assert office.process.poll() is None, "the parent goes on"
        finally:
            (home / "kb.sqlite3").rmdir()
            (tmp_path / "away").rename(home / "kb.sqlite3")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                assert office.get("healthz").status_code == 200
                break
            except requests.RequestException:
                time.sleep(0.2)
        else:
            pytest.fail("it does not come back")


def test_addresses_with_raw_bytes_are_answered(office: Office) -> None:
    host, port = re.findall(r"//([^:]+):(\d+)", office.address)[0]
    for raw in ("修路".encode(), "修路".encode("gbk")):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"GET /search?q=" + raw + b" HTTP/1.0\r\nHost: x\r\n\r\n")
            assert connection.recv(64).split()[1] == b"200"


def test_wsgi_entry_logs_what_a_new_catalogue_kept_out(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SMALL, tmp_path / "catalogue"))
    with KnowledgeBase.open(Settings(home=tmp_path / "home", catalogue=root)) as kb:
        own = msgspec.structs.replace(kb.record("JT-SL-01"), name="本县里程")
        kb.write([own], name="改名", actor="张三", reason="")
    (root / "small.yaml").write_text((root / "small.yaml").read_text().replace("农村公路里程", "公路里程"))
    program = "from werkzeug.test import Client; from web.wsgi import app; print(Client(app).get('/readyz').status_code)"
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
            env={**environment(tmp_path / "home"), "KB_CATALOGUE": str(root)},
        )
        for _ in range(2)
    )  # fmt: skip
    assert (first.stdout, second.stdout) == ("200\n", "200\n")
    assert "WARNING web.wsgi: 随程序发布的目录有更新" in first.stderr
    assert "本单位改过的 1 条保留原样" in first.stderr
    assert "保留原样" not in second.stderr


def test_wsgi_entry_runs_under_gunicorn_with_the_code_loaded_beforehand(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--preload", "-k", "web.door.Worker", "--threads", "8", "-w", "2", "-b", f"127.0.0.1:{port}", "web.wsgi:app"],
        env=environment(home), cwd=ROOT, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                answers = [requests.get(f"http://127.0.0.1:{port}/readyz", timeout=20) for _ in range(8)]
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        assert [a.status_code for a in answers] == [200] * 8
    finally:
        process.terminate()
        process.communicate(timeout=30)
