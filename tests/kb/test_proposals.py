"""What people report and propose: bounded, kept with the version it was made against, decided once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from indicators.model import Indicator, Issue, Pitfall, SourceRef, Standards
from kb.db.proposals import ProposalRows
from kb.errors import ChangedMeanwhileError, InputError
from kb.knowledge import KnowledgeBase
from kb.merging import Side
from kb.proposals import (
    LONGEST,
    DecidedError,
    Proposals,
    Report,
    Sender,
    Sort,
    TooManyProposalsError,
    UnknownProposalError,
)

READER = Sender(name="路人", contact="12345", origin="a")
DRAFTER = Sender(name="小起", account="小起", origin="小起")


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(small: KnowledgeBase, clock: Clock) -> Proposals:
    return Proposals(ProposalRows(small._reader.engine), small.editing, clock)


def road(kb: KnowledgeBase) -> tuple[Indicator, int]:
    record, version = kb.editing.current("JT-SL-01")
    assert isinstance(record, Indicator)
    return record, version


def save(kb: KnowledgeBase, **change: object) -> None:
    record, version = road(kb)
    kb.editing.save(msgspec.structs.replace(record, **change), seen=version, actor="别人")


def test_a_report_is_kept_with_the_version_and_found_by_its_receipt(
    box: Proposals, small: KnowledgeBase
) -> None:
    save(small, unit="千米")
    row = box.report(Report(Sort.WRONG, "JT-SL-01", "unit", "单位不对", "公里", "附表2"), READER)
    assert box.by_token(row.token) == row
    assert (row.state, row.code, row.version, row.field, row.kind) == (
        "open",
        "JT-SL-01",
        2,
        "unit",
        "indicator",
    )
    assert len(row.token) >= 20
    with pytest.raises(UnknownProposalError):
        box.by_token(row.token[:-1])
    with pytest.raises(UnknownProposalError):
        box.get(99)
    assert [e.action for e in small.audit.entries(1)] == ["提意见"]
    assert small.audit.entries(1)[0].actor == "读者"


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report(Sort.WRONG, "JT-SL-01", "unit", "  "), "请写明"),
        (Report(Sort.WRONG, "NO-SUCH", "", "x"), "没有代码为"),
        (Report(Sort.WRONG, "JT-SL-01", "password", "x"), "哪一栏"),
        (Report(Sort.GAP, "", "", "x" * (LONGEST["text"] + 1)), "太长"),
        (Report(Sort.GAP, "", "", "x", "y" * 1_000_000), "太长"),
    ],
)
def test_what_cannot_be_read_later_is_refused(box: Proposals, report: Report, said: str) -> None:
    with pytest.raises(InputError, match=said):
        box.report(report, READER)
    assert box.count() == 0


def test_readers_are_throttled_by_origin_and_all_together(box: Proposals, clock: Clock) -> None:
    gap = Report(Sort.GAP, text="缺一个指标")
    for _ in range(5):
        box.report(gap, READER)
    with pytest.raises(TooManyProposalsError, match="过一小时"):
        box.report(gap, READER)
    box.report(gap, changed(READER, origin="b"))  # another address is not meant
    box.report(gap, DRAFTER)  # nor is staff
    clock.now += timedelta(hours=1, seconds=1)
    box.report(gap, READER)
    with pytest.raises(TooManyProposalsError, match="今天收到的意见已经满了"):  # noqa: PT012 - after how many is told below
        for n in range(400):
            box.report(gap, changed(READER, origin=f"bot{n}"))
    assert box.count() == 301  # 300 of readers, one of staff
    clock.now += timedelta(days=1, seconds=1)
    box.report(gap, READER)


def changed(sender: Sender, **change: str) -> Sender:
    return Sender(**{**{n: getattr(sender, n) for n in ("name", "contact", "account", "origin")}, **change})


def test_a_proposed_change_is_carried_out_as_a_batch_that_names_it(
    box: Proposals, small: KnowledgeBase
) -> None:
    base, version = road(small)
    mine = msgspec.structs.replace(
        base, unit="千米", standards=Standards(plan="批复"), pitfalls=(Pitfall(problem="P01", text="空泛"),)
    )
    row = box.propose(mine, base, version, "单位统一", DRAFTER)
    standing = box.standing(row)
    assert standing is not None
    assert (standing.wanted, standing.moved, standing.clashes) == (mine, False, False)
    batch = box.carry_out(row.number, standing.wanted, seen=standing.version, actor="小管")
    assert road(small)[0] == mine
    assert f"第 {row.number} 条意见" in small.batches(1)[0].name
    done = box.get(row.number)
    assert (done.state, done.batch, done.decided_by) == ("accepted", batch, "小管")
    small.undo(batch, actor="小管")
    assert road(small)[0] == base


def test_a_proposal_is_merged_with_what_was_changed_since(box: Proposals, small: KnowledgeBase) -> None:
    base, version = road(small)
    row = box.propose(msgspec.structs.replace(base, unit="千米"), base, version, "", DRAFTER)
    save(small, explanation="当年验收的里程。")
    standing = box.standing(row)
    assert standing is not None
    assert (standing.moved, standing.clashes) == (True, False)
    assert standing.wanted == msgspec.structs.replace(base, unit="千米", explanation="当年验收的里程。")
    save(small, unit="米")
    clash = box.standing(row)
    assert clash is not None
    assert clash.clashes
    chosen = box.standing(row, {"unit": Side.THEIRS})
    assert chosen is not None
    assert not chosen.clashes
    assert chosen.wanted == road(small)[0]


def test_carrying_out_over_another_version_writes_nothing_and_leaves_it_open(
    box: Proposals, small: KnowledgeBase
) -> None:
    base, version = road(small)
    row = box.propose(msgspec.structs.replace(base, unit="千米"), base, version, "", DRAFTER)
    save(small, unit="米")
    with pytest.raises(ChangedMeanwhileError):
        box.carry_out(row.number, msgspec.structs.replace(base, unit="千米"), seen=version, actor="小管")
    assert box.get(row.number).state == "open"
    assert road(small)[0].unit == "米"


def test_a_proposal_is_decided_once(box: Proposals, small: KnowledgeBase) -> None:
    base, version = road(small)
    row = box.propose(msgspec.structs.replace(base, unit="千米"), base, version, "", DRAFTER)
    with pytest.raises(InputError, match="为什么"):
        box.decline(row.number, " ", actor="小管")
    box.decline(row.number, "单位以文件为准", actor="小管")
    for again in (
        lambda: box.decline(row.number, "x", actor="小管"),
        lambda: box.settle(row.number, "x", actor="小管"),
        lambda: box.carry_out(
            row.number, msgspec.structs.replace(base, unit="千米"), seen=version, actor="小管"
        ),
    ):
        with pytest.raises(DecidedError):
            again()
    assert road(small)[0] == base
    assert (box.get(row.number).state, box.get(row.number).answer) == ("declined", "单位以文件为准")
    assert "不采纳意见" in [e.action for e in small.audit.entries(3)]


def test_two_admins_at_once_write_one_batch(
    box: Proposals, small: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, version = road(small)
    mine = msgspec.structs.replace(base, unit="千米")
    row = box.propose(mine, base, version, "", DRAFTER)
    look: Callable[[int], object] = box.get

    def get_then_lose(number: int) -> object:
        found = look(number)
        box._rows.decide(number, "declined", by="另一个", answer="x", at=datetime.now(UTC))
        return found

    monkeypatch.setattr(box, "get", get_then_lose)
    with pytest.raises(DecidedError):
        box.carry_out(row.number, mine, seen=version, actor="小管")
    assert road(small)[0] == base  # the batch went with the decision


def test_a_new_record_may_be_proposed(box: Proposals, small: KnowledgeBase) -> None:
    new = Issue(
        code="x", name="资金沉淀", what="钱没有花出去。", sources=(SourceRef(source="report"),), year=2024
    )
    row = box.propose(new, None, 0, "报告第 9 页", DRAFTER)
    assert (row.sort, row.code, row.kind) == ("new", "", "issue")
    standing = box.standing(row)
    assert standing is not None
    wanted = msgspec.structs.replace(standing.wanted, code=small.editing.free_code(standing.wanted))
    box.carry_out(row.number, wanted, seen=0, actor="小管")
    assert small.editing.current("BD-WT-01")[0] == msgspec.structs.replace(new, code="BD-WT-01")


def test_nothing_changed_or_far_too_much_is_refused(box: Proposals, small: KnowledgeBase) -> None:
    base, version = road(small)
    with pytest.raises(InputError, match="没有改动"):
        box.propose(base, base, version, "", DRAFTER)
    with pytest.raises(InputError, match="太大"):
        box.propose(msgspec.structs.replace(base, explanation="长" * 400_000), base, version, "", DRAFTER)


def test_proposals_are_listed_by_what_became_of_them(box: Proposals) -> None:
    for text in "甲乙丙":
        box.report(Report(Sort.GAP, text=text), READER)
    box.report(Report(Sort.WRONG, "JT-SL-01", text="丁"), DRAFTER)
    box.settle(1, "已补", actor="小管")
    assert [r.text for r in box.listed(state="open")] == ["丁", "丙", "乙"]
    assert [r.text for r in box.listed(state="open", oldest=True, limit=1, offset=1)] == ["丙"]
    assert [r.text for r in box.listed(account="小起")] == ["丁"]
    assert (box.count(state="accepted"), box.count(sort="gap"), box.count(code="JT-SL-01")) == (1, 3, 1)


@pytest.mark.sqlite
def test_a_backup_brings_proposals_back(box: Proposals, small: KnowledgeBase, tmp_path: Path) -> None:
    row = box.report(Report(Sort.GAP, text="缺一个指标"), READER)
    small.backup(tmp_path / "a.kbz")
    box.settle(row.number, "", actor="小管")
    small.restore(tmp_path / "a.kbz")
    assert small.proposals.by_token(row.token).state == "open"
