"""What a knowledge base tells of itself: whether it answers, what a check found, how full its content is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from indicators.content import ContentFault, check_content, repeated_share
from indicators.coverage import Coverage, coverage
from indicators.model import Kind
from kb.db.reader import Reader
from kb.errors import SearchUnavailableError
from kb.indexing import Indexer
from kb.maintenance import Finding, integrity
from kb.search.door import Engine


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the knowledge base answers, in one line for people and machines.

    ``degraded``: it does, but for its search engine, without which only searching is missing.
    """

    ok: bool
    message: str
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``KnowledgeBase.check`` looked at and what it found wrong."""

    counts: dict[Kind, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class ContentReport:
    """Coverage, content faults, and the share of explanation sentences that repeat."""

    coverage: Coverage
    faults: tuple[ContentFault, ...]
    repeated: float


def health_of(reader: Reader, engine: Engine) -> Health:
    """Whether database and index answer. Never raises."""
    try:
        reader.batch_name(0)
    except Exception as error:
        return Health(False, f"数据库不能回答：{error}")
    state = engine.state()
    if not state.reachable:
        return Health(True, "搜索引擎连不上，搜索停用，其余照常", degraded=True)
    return Health(state.ready, "正常" if state.ready else "搜索索引不可用，请运行 kb reindex")


def check_of(reader: Reader, indexer: Indexer) -> CheckReport:
    """What does not agree between database and index, or within them."""
    findings = [*integrity(reader.engine), *_body_faults(reader), *indexer.differences()]
    with suppress(SearchUnavailableError):
        if waiting := indexer.waiting().codes:
            findings.append(
                Finding(f"有 {len(waiting)} 条改动还没有进入索引", "请重新启动程序或运行 kb reindex")
            )
    return CheckReport(reader.counts(), tuple(findings))


def content_of(reader: Reader) -> ContentReport:
    """How full the catalogue is, and the faults of its records."""
    everything = list(reader.everything())
    return ContentReport(
        coverage(everything), tuple(check_content(everything)), repeated_share(everything)[0]
    )


def _body_faults(reader: Reader) -> list[Finding]:
    broken = reader.broken_bodies()
    if not broken:
        return []
    shown = "、".join(broken[:5])
    return [
        Finding(f"{len(broken)} 条记录的内容与校验和不符，例如 {shown}", "请用 kb restore 恢复最近的备份")
    ]
