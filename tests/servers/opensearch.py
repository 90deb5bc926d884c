"""An OpenSearch cluster for tests: one or more real nodes on loopback, each in its own process.

The jars come from the published Maven artifacts that ``opensearch_node/pom.xml`` names; Maven resolves
them once and keeps them. ``python -m tests.servers.opensearch [NODES]`` starts a cluster by hand, prints
its address and stops it at Ctrl+C.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

SOURCE = Path(__file__).parent / "opensearch_node"
PATIENCE = 180.0
HTTP_PORTS, TRANSPORT_PORTS = range(21000, 25000), range(25000, 29000)
# Below the ports that systems give out; chosen with the system's own chance, as test runs side by side may share a seed.
_chance = random.SystemRandom()

_OPENED = ("java.base/java.lang", "java.base/java.nio", "java.base/sun.nio.ch", "java.base/java.util")


class NoServerError(Exception):
    """Java or Maven is missing, or OpenSearch does not start."""


def class_path() -> str:
    """Class path of a node with its compiled start class; made at the first call, then kept."""
    mark = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(SOURCE.iterdir()))).hexdigest()[:12]
    folder = Path(tempfile.gettempdir(), f"kb-opensearch-{os.getuid()}-{mark}")
    listing = folder / "classpath"
    if not listing.exists():
        _resolve(folder, listing)
    return f"{folder}{os.pathsep}{listing.read_text()}"


def _resolve(folder: Path, listing: Path) -> None:
    for program in ("mvn", "javac", "java"):
        if shutil.which(program) is None:
            raise NoServerError(f"没有安装 {program}（Debian：apt-get install maven default-jdk-headless）")
    folder.mkdir(exist_ok=True)
    drafted = folder / f"classpath.{os.getpid()}"
    _run(
        "mvn", "-q", "-B", "-f", str(SOURCE / "pom.xml"), "dependency:build-classpath",
        f"-Dmdep.outputFile={drafted}",
    )  # fmt: skip
    _run("javac", "-cp", drafted.read_text(), "-d", str(folder), str(SOURCE / "Node.java"))
    drafted.replace(listing)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoServerError(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")


class Node:
    """One node: a process, its ports, its folder. Its data stay when it stops."""

    def __init__(self, number: int, folder: Path, heap: str) -> None:
        self.name = f"node-{number}"
        self.folder = folder / self.name
        (self.folder / "config").mkdir(parents=True)
        self.http, self.transport = _free_port(HTTP_PORTS), _free_port(TRANSPORT_PORTS)
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> int:
        """Number of the running process. Raises NoServerError where there is none."""
        if self._process is None:
            raise NoServerError(f"{self.name} is not running")
        return self._process.pid

    def start(self, peers: list[Node]) -> None:
        """Start the process; ``Cluster.wait`` waits for it to answer."""
        settings = {
            "cluster.name": "kb-tests",
            "node.name": self.name,
            "http.port": str(self.http),
            "transport.port": str(self.transport),
            "network.host": "127.0.0.1",
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{p.transport}" for p in peers),
            "cluster.initial_cluster_manager_nodes": ",".join(p.name for p in peers),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "cluster.fault_detection.follower_check.timeout": "3s",
            "cluster.fault_detection.leader_check.timeout": "3s",
        }
        opened = [part for package in _OPENED for part in ("--add-opens", f"{package}=ALL-UNNAMED")]
        command = [
            "java", f"-Xms{self._heap}", f"-Xmx{self._heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4",
            *opened, "-cp", class_path(), "Node", str(self.folder),
            *(f"{name}={value}" for name, value in settings.items()),
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, preexec_fn=_die_with_parent
            )

    def stop(self, kill: bool = False) -> None:
        """End the process; ``kill`` ends it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def failed(self) -> str:
        """What the log says where the process ended by itself; "" while it runs."""
        if self._process is None or self._process.poll() is None:
            return ""
        return (self.folder / "log").read_text(errors="replace")[-3000:]


class Cluster:
    """Some nodes that form one cluster. Use it as a context."""

    def __init__(self, nodes: int = 1, heap: str = "512m") -> None:
        class_path()
        self.folder = Path(tempfile.mkdtemp(prefix="kb-opensearch-"))
        self.nodes = [Node(n, self.folder, heap) for n in range(1, nodes + 1)]

    def start(self) -> None:
        """Start all nodes and wait until they answer as one green cluster. Raises NoServerError."""
        for node in self.nodes:
            node.start(self.nodes)
        self.wait()

    def wait(self, status: str = "green", nodes: int | None = None) -> None:
        """Wait until the running nodes report a status. Raises NoServerError after three minutes."""
        running = [node for node in self.nodes if node._process is not None]
        wanted = len(running) if nodes is None else nodes
        path = f"/_cluster/health?wait_for_status={status}&wait_for_nodes={wanted}&timeout=5s"
        until = time.monotonic() + PATIENCE
        while True:
            answer = _get(running[0].http, path)
            if answer.get("timed_out") is False:
                return
            failed = "".join(node.failed() for node in running)
            if failed or time.monotonic() > until:
                logs = failed or (running[0].folder / "log").read_text(errors="replace")[-3000:]
                raise NoServerError(f"OpenSearch does not start: {answer} {logs}")
            time.sleep(0.3)

    def url(self, prefix: str, **options: object) -> str:
        """``KB_SEARCH`` for this cluster, with an index prefix and options."""
        hosts = ",".join(f"127.0.0.1:{node.http}" for node in self.nodes)
        asked = "&".join(f"{name}={value}" for name, value in options.items())
        return f"opensearch://{hosts}/{prefix}" + (f"?{asked}" if asked else "")

    def memory_mb(self) -> float:
        """Resident memory of all running nodes."""
        return sum(_resident(node.process) for node in self.nodes if node._process is not None) / 2**20

    def disk_mb(self) -> float:
        """Size of all nodes' data."""
        return sum(f.stat().st_size for f in self.folder.rglob("*") if f.is_file()) / 2**20

    def stop(self) -> None:
        """End all nodes and remove their data."""
        for node in self.nodes:
            node.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _resident(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _get(port: int, path: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except (OSError, urllib.error.URLError, ValueError) as error:
        return {"error": str(error)}


_given: set[int] = set()


def _free_port(among: range) -> int:
    for port in _chance.sample(among, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
    raise NoServerError(f"no free port from {among.start} to {among.stop - 1}")


def _die_with_parent() -> None:
    """A test run that is killed leaves no server behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main() -> None:
    """Start a cluster of as many nodes as the first argument says and wait for Ctrl+C."""
    with Cluster(int(sys.argv[1]) if len(sys.argv) > 1 else 1) as cluster:
        print(cluster.url("kb"), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
