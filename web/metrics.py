"""Figures for Prometheus: requests and their steps by route, the index's lag, the state of the engine.

The one home of prometheus_client. Where several processes serve, ``PROMETHEUS_MULTIPROC_DIR`` names the
folder in which each keeps its counts; any of them then tells the sums. Labels are bounded: a route's
pattern, never an address.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import REGISTRY as OWN
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from kb.errors import KnowledgeError
from kb.knowledge import KnowledgeBase
from web.metrics_folder import shared

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30)

_requests = Histogram(
    "kb_request_seconds", "Time until a request was answered", ["route", "method", "status"], buckets=_BUCKETS
)
_steps = Histogram("kb_step_seconds", "Time of a step of a request", ["route", "step"], buckets=_BUCKETS)
_workers = Gauge("kb_workers", "Processes that serve", multiprocess_mode="livesum")
_memory = Gauge("kb_resident_bytes", "Memory of a process that serves", multiprocess_mode="liveall")


def count(route: str, method: str, status: int, seconds: float, steps: Mapping[str, float]) -> None:
    """Count a request."""
    _requests.labels(route, method if method in METHODS else "other", str(status)).observe(seconds)
    for step, spent in steps.items():
        _steps.labels(route, step).observe(spent)


def serving() -> None:
    """Tell that this process serves, and how much memory it holds."""
    _workers.set(1)
    with suppress(OSError, ValueError):  # not on every system
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        _memory.set(pages * os.sysconf("SC_PAGE_SIZE"))


def gone(pid: int) -> None:
    """Tell that a process serves no longer; what it counted stays."""
    if shared():
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposition(kb: KnowledgeBase) -> tuple[bytes, str]:
    """All figures as Prometheus reads them, with their media type."""
    registry = CollectorRegistry()
    if shared():
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        own = b""
    else:
        own = generate_latest(OWN)
    registry.register(_State(kb))
    return own + generate_latest(registry), CONTENT_TYPE_LATEST


class _State(Collector):
    """What is looked up at the moment of asking."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb

    def collect(self) -> Iterable[Metric]:
        health = self._kb.health()
        yield GaugeMetricFamily("kb_ready", "Whether the knowledge base answers", float(health.ok))
        engine = self._kb.engine_state()
        yield GaugeMetricFamily("kb_engine_reachable", "Whether the search engine answers", engine.reachable)
        yield GaugeMetricFamily("kb_engine_ready", "Whether it has its index", engine.ready)
        try:
            lag = self._kb.lag()
        except KnowledgeError:
            return
        yield GaugeMetricFamily("kb_outbox_rows", "Changes that the index has yet to take up", lag.rows)
        yield GaugeMetricFamily("kb_outbox_seconds", "How long the oldest of them has waited", lag.seconds)
