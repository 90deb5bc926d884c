"""Jobs, decisions and rule settings survive, expire, and steer the rules as people decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indicators.draft import Draft, DraftRow
from indicators.finding import Severity
from indicators.shipped import read_catalogue
from kb.db.engine import open_engine
from kb.db.reviews import ReviewRows
from kb.review_batch import statistics
from kb.review_opinion import corrected, opinion, scored, standing
from kb.review_packs import PACKS, UnknownPackError, pack_named
from kb.review_records import Choice, Decision, FileLine, JobState, RuleChange, Verdict, finding_key
from kb.review_store import (
    BOUNDS,
    PATIENCE,
    ReasonError,
    ReviewStore,
    UnknownReviewError,
    UploadsGoneError,
)
from kb.reviewing import Review, Reviewer
from kb.shelves import open_shelf

REVIEWER = Reviewer.of(read_catalogue(Path(__file__).parents[1] / "cases" / "catalogue"))
START = datetime(2024, 3, 1, 8, tzinfo=UTC)


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database_url: str, tmp_path: Path, clock: Clock) -> ReviewStore:
    engine = open_engine(database_url)
    return ReviewStore(ReviewRows(engine), open_shelf(engine, tmp_path / "uploads"), clock)


DRAFT = Draft(
    project="修路", unit="公路所", year=2024, columns=frozenset({"name", "target", "unit_of_value"}),
    rows=(
        DraftRow(number=1, level1="产出指标", level2="数量指标", name="硬化里程", target="5"),
        DraftRow(number=2, level1="效益指标", level2="社会效益指标", name="群众出行条件", target="明显改善"),
        DraftRow(number=3, level1="产出指标", level2="数量指标", name="参训人次", target="200", unit="次"),
    ),
)  # fmt: skip


@pytest.fixture
def review() -> Review:
    return REVIEWER.review(DRAFT)


def finding_of(review: Review, code: str) -> tuple[int, str, str]:
    return next(finding_key(f) for f in review.all_findings() if f.code == code)


def decision(review: Review, code: str, choice: Choice, **fields: object) -> Decision:
    row, code, field = finding_of(review, code)
    return Decision(number=1, row=row, code=code, field=field, choice=choice, **fields)  # type: ignore[arg-type]


def test_a_job_keeps_its_uploads_out_of_reach_until_it_expires(
    store: ReviewStore, clock: Clock, tmp_path: Path, database: str
) -> None:
    job = store.create([("a.xlsx", b"1"), ("../../etc/b.xlsx", b"2")])
    assert len(job.id) >= 20
    assert list(store.uploads(job.id)) == [("a.xlsx", b"1"), ("../../etc/b.xlsx", b"2")]
    kept = {p.name for p in (tmp_path / "uploads").rglob("*") if p.is_file()}
    assert kept == (set() if database == "postgresql" else {"0.bin", "1.bin", "names.json"})
    clock.now += timedelta(days=7, seconds=1)
    with pytest.raises(UnknownReviewError):
        store.job(job.id)
    assert store.expire() == 1
    assert list((tmp_path / "uploads").glob("*")) == []
    assert store.upload(job.id, 0) is None
    with pytest.raises(UploadsGoneError):
        next(store.uploads(job.id))


def test_only_one_worker_gets_a_job_and_a_dead_one_loses_it(store: ReviewStore, clock: Clock) -> None:
    job = store.create([("a", b"1")])
    assert store.claim(job.id)
    assert not store.claim(job.id)
    assert not store.is_stale(store.job(job.id))
    store.add_files(job.id, [FileLine(number=0, upload=0, name="a")])
    clock.now += PATIENCE + timedelta(seconds=1)
    assert store.is_stale(store.job(job.id))
    assert store.claim(job.id)
    assert store.files(job.id) == []
    store.advance(job.id, JobState.DONE, 1, 1)
    clock.now += PATIENCE * 2
    assert not store.claim(job.id)


def test_reviews_come_back_as_they_were(store: ReviewStore, review: Review) -> None:
    job = store.create([("a", b"1")])
    assert store.add_reviews(job.id, [("a", review)] * 120) == 120
    assert store.review(job.id, 120) == review
    line = store.lines(job.id)[0]
    assert (line.project, line.unit, line.grade, line.errors) == (
        "修路",
        "公路所",
        review.grade,
        review.risk[0],
    )
    assert sum(line.codes.values()) == len(review.all_findings())
    counts = statistics([review])
    store.set_statistics(job.id, counts)
    assert store.statistics(job.id) == counts
    with pytest.raises(UnknownReviewError):
        store.review(job.id, 121)


def test_another_process_sees_the_same(
    store: ReviewStore, review: Review, database_url: str, tmp_path: Path
) -> None:
    job = store.create([("a", b"1")])
    store.add_reviews(job.id, [("a", review)])
    engine = open_engine(database_url)
    other = ReviewStore(ReviewRows(engine), open_shelf(engine, tmp_path / "uploads"), Clock())
    assert other.job(job.id).id == job.id
    assert other.review(job.id, 1) == review


def test_the_last_decision_counts_and_a_dismissal_needs_a_reason(store: ReviewStore, review: Review) -> None:
    job = store.create([("a", b"1")])
    with pytest.raises(ReasonError, match="理由"):
        store.decide(job.id, decision(review, "P01", Choice.DISMISS))
    store.decide(job.id, decision(review, "P01", Choice.ACCEPT))
    store.decide(job.id, decision(review, "P01", Choice.DISMISS, reason="批复如此", who="王"))
    (only,) = store.decisions(job.id, 1)
    assert (only.choice, only.reason) == (Choice.DISMISS, "批复如此")
    assert store.precisions()["P01"].wrong == 1
    store.remove(job.id)
    assert store.precisions()["P01"].n == 1  # what was learned outlives the job


def decide_often(store: ReviewStore, code: str, right: int, wrong: int, who: str = "王") -> None:
    job = store.create([("a", b"1")])
    for n in range(right + wrong):
        choice = Choice.ACCEPT if n < right else Choice.DISMISS
        store.decide(job.id, Decision(number=n, row=1, code=code, choice=choice, reason="x", who=who))


def test_nobody_votes_a_rule_down_without_a_name(store: ReviewStore) -> None:
    decide_often(store, "P01", 0, 30, who="")
    assert "P01" not in store.precisions()


@pytest.mark.parametrize(
    ("right", "wrong", "demoted"), [(18, 2, False), (17, 3, True), (10, 9, False), (0, 20, True)]
)
def test_a_rule_that_people_disagree_with_becomes_a_hint(
    store: ReviewStore, right: int, wrong: int, demoted: bool
) -> None:
    decide_often(store, "P01", right, wrong)
    assert (store.demoted() == {"P01"}) is demoted
    assert (store.pack().setting("P01").severity is Severity.HINT) is demoted


def test_a_demoted_rule_only_hints_in_reviews(store: ReviewStore) -> None:
    decide_often(store, "P01", 0, 25)
    found = [f for f in REVIEWER.review(DRAFT, store.pack()).all_findings() if f.code == "P01"]
    assert [f.severity for f in found] == [Severity.HINT]


def test_rules_are_switched_with_a_reason_and_history(store: ReviewStore) -> None:
    with pytest.raises(ReasonError):
        store.change_rule(RuleChange(code="P01", on=False))
    with pytest.raises(KeyError):
        store.change_rule(RuleChange(code="P99", why="x"))
    with pytest.raises(KeyError):
        store.change_rule(RuleChange(code="P01", thresholds={"没有": 1.0}, why="x"))
    store.change_rule(RuleChange(code="P01", on=False, who="王", why="本市另有规定"))
    assert "P01" not in {r.code for r in store.pack().active()}
    store.change_rule(RuleChange(code="P01", severity=Severity.WARNING, who="李", why="恢复，但只建议"))
    assert store.pack().setting("P01").severity is Severity.WARNING
    assert [(c.on, c.who, c.why, c.at) for c in store.rule_history("P01")] == [
        (False, "王", "本市另有规定", START), (True, "李", "恢复，但只建议", START)]  # fmt: skip


def test_thresholds_change_what_is_found(store: ReviewStore) -> None:
    code, rule = next((c, r) for c, r in sorted(pack_named().rules.items()) if r.thresholds)
    key = next(iter(rule.thresholds))
    store.change_rule(RuleChange(code=code, thresholds={key: 123.0}, why="试"))
    assert store.pack().threshold(code, key) == 123.0


def test_points_of_the_grades_are_a_setting(store: ReviewStore) -> None:
    assert store.bounds().best == 90
    store.change_rule(RuleChange(code=BOUNDS, thresholds={"best": 95, "good": 85, "fair": 70}, why="从严"))
    assert store.bounds().best == 95
    with pytest.raises(KeyError):
        store.change_rule(
            RuleChange(code=BOUNDS, thresholds={"best": 60, "good": 85, "fair": 70}, why="反了")
        )


def test_packs_have_edition_and_totals(store: ReviewStore) -> None:
    for name in PACKS:
        assert store.pack(name).name == name
    assert [int(t) for t in store.pack("2021-100").totals] == [100]
    with pytest.raises(UnknownPackError, match="通用"):
        store.create([("a", b"1")], pack="1999")


def test_accepted_and_edited_rows_stand_in_the_corrected_table(review: Review) -> None:
    edit = decision(
        review,
        "P01",
        Choice.EDIT,
        fields={"name": "群众出行时间", "target": "≤30", "unit": "分钟", "weight": "abc"},
    )
    row = corrected(review, [edit]).rows[1]
    assert (row.name, row.target, row.unit, row.weight) == ("群众出行时间", "≤30", "分钟", None)
    assert corrected(review, []).rows == DRAFT.rows
    suggested = [f for f in review.all_findings() if f.suggestion and f.suggestion.fields]
    for finding in suggested:
        chosen = Decision(
            number=1, row=finding.row, code=finding.code, field=finding.field, choice=Choice.ACCEPT
        )
        assert finding.suggestion is not None
        new = corrected(review, [chosen]).rows[finding.row - 1]
        assert {k: getattr(new, k) for k in finding.suggestion.fields} == finding.suggestion.fields


def test_dismissed_findings_leave_the_opinion(review: Review) -> None:
    assert "明显改善" in opinion(review, [], "良", review.points)
    gone = decision(review, "P01", Choice.DISMISS, reason="有分档")
    assert "明显改善" not in opinion(review, [gone], "良", review.points)
    assert all(f.severity is not Severity.HINT for f in standing(review))


def test_the_reviewers_points_make_the_grade(store: ReviewStore, review: Review) -> None:
    job = store.create([("a", b"1")])
    store.add_reviews(job.id, [("a", review)])
    store.set_verdict(job.id, 1, Verdict(scores={"目标完整性/规范完整性": 0.5}, opinion="退回", who="王"))
    store.set_verdict(job.id, 1, Verdict(scores={"目标完整性/规范完整性": 10.0}, opinion="可以"))
    verdict = store.verdicts(job.id)[1]
    assert verdict.opinion == "可以"
    marks = scored(review, verdict, store.bounds())
    assert marks.scores["目标完整性/规范完整性"] == 10
    assert scored(review, None, store.bounds()).grade == review.grade
    assert marks.changed


def test_ids_cannot_be_guessed(store: ReviewStore) -> None:
    make: Callable[[], str] = lambda: store.create([("a", b"1")]).id  # noqa: E731
    assert len({make() for _ in range(20)}) == 20
