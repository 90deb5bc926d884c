"""Reading and writing the tables of the reviews. Every method is one transaction."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, case, delete, func, insert, select, update

from indicators.finding import Severity
from kb.db import review_tables as t
from kb.db.audit import mark_of, note
from kb.db.rows import aware
from kb.db.upsert import put_row
from kb.review_records import (
    Choice,
    Decision,
    FileLine,
    Job,
    JobState,
    Precision,
    RuleChange,
    TableLine,
    Verdict,
)


class ReviewRows:
    """The rows behind the review store."""

    def __init__(self, engine: Engine) -> None:
        self.reading = engine
        self.writing = engine.execution_options(writing="rows")

    # Jobs

    def add_job(self, job: Job, who: str) -> None:
        """Write a new job."""
        values = {name: getattr(job, name) for name in job.__struct_fields__}
        with self.writing.begin() as connection:
            connection.execute(insert(t.review_job).values(**values | {"state": job.state.value}))
            note(connection, who, "体检", _named(job.id), f"{job.total} 个文件", job.created_at)

    def job(self, id_: str) -> Job | None:
        """A job by its secret id, or None."""
        columns = [c for c in t.review_job.c if c.name != "statistics"]
        with self.reading.connect() as connection:
            row = connection.execute(select(*columns).where(t.review_job.c.id == id_)).first()
        return _job(row) if row else None

    def unfinished(self, now: datetime) -> list[Job]:
        """Jobs that are neither done nor failed nor over, oldest first."""
        job = t.review_job.c
        columns = [c for c in job if c.name != "statistics"]
        query = select(*columns).where(
            job.state.not_in([JobState.DONE.value, JobState.FAILED.value]), job.expires_at >= now
        )
        with self.reading.connect() as connection:
            return [_job(row) for row in connection.execute(query.order_by(job.created_at))]

    def claim(self, id_: str, now: datetime, patience: timedelta) -> bool:
        """Take an unfinished job that nobody has touched for a while; only one asker gets it."""
        job = t.review_job.c
        free = (job.state == JobState.WAITING.value) | (job.touched_at < now - patience)
        query = update(t.review_job).where(
            job.id == id_, free, job.state.not_in([JobState.DONE.value, JobState.FAILED.value])
        )
        with self.writing.begin() as connection:
            done = connection.execute(query.values(state=JobState.READING.value, touched_at=now, done=0))
        return bool(done.rowcount)

    def advance(
        self, id_: str, state: JobState, done: int, total: int, now: datetime, message: str = ""
    ) -> None:
        """Tell how far a job is."""
        values = {"state": state.value, "done": done, "total": total, "touched_at": now, "message": message}
        with self.writing.begin() as connection:
            connection.execute(update(t.review_job).where(t.review_job.c.id == id_).values(**values))

    def set_statistics(self, id_: str, body: bytes) -> None:
        """Keep a finished job's statistics."""
        with self.writing.begin() as connection:
            connection.execute(
                update(t.review_job).where(t.review_job.c.id == id_).values(statistics=zlib.compress(body))
            )

    def statistics(self, id_: str) -> bytes | None:
        """A job's statistics, None before it has any."""
        with self.reading.connect() as connection:
            body = connection.execute(
                select(t.review_job.c.statistics).where(t.review_job.c.id == id_)
            ).scalar()
        return zlib.decompress(body) if body else None

    def delete_jobs(self, ids: Collection[str], who: str, why: str, at: datetime) -> None:
        """Forget jobs with their files, tables and verdicts; decisions stay for the rules' precision."""
        with self.writing.begin() as connection:
            for table in (t.review_verdict, t.review_table, t.review_file):
                connection.execute(delete(table).where(table.c.job.in_(list(ids))))
            connection.execute(delete(t.review_job).where(t.review_job.c.id.in_(list(ids))))
            for id_ in ids:
                note(connection, who, "删除体检", _named(id_), why, at)

    def expired(self, now: datetime) -> list[str]:
        """Jobs whose time is over."""
        with self.reading.connect() as connection:
            query = select(t.review_job.c.id).where(t.review_job.c.expires_at < now)
            return list(connection.execute(query).scalars())

    # Files and tables

    def clear(self, job: str) -> None:
        """Forget what an interrupted run of a job left."""
        with self.writing.begin() as connection:
            for table in (t.review_table, t.review_file):
                connection.execute(delete(table).where(table.c.job == job))

    def add_files(self, job: str, files: Sequence[FileLine]) -> None:
        """Write files of a job."""
        rows = [
            {"job": job, "number": f.number, "upload": f.upload, "name": f.name, "tables": f.tables,
             "error": f.error, "problems": json.dumps(f.problems, ensure_ascii=False)}
            for f in files
        ]  # fmt: skip
        if rows:
            with self.writing.begin() as connection:
                connection.execute(insert(t.review_file), rows)

    def files(self, job: str) -> list[FileLine]:
        """Files of a job in order."""
        query = select(t.review_file).where(t.review_file.c.job == job).order_by(t.review_file.c.number)
        with self.reading.connect() as connection:
            return [
                FileLine(number=r.number, upload=r.upload, name=r.name, tables=r.tables, error=r.error,
                         problems=tuple(json.loads(r.problems)))
                for r in connection.execute(query)
            ]  # fmt: skip

    def add_tables(self, job: str, tables: Sequence[tuple[TableLine, bytes]]) -> None:
        """Write tables of a job with their reviews."""
        rows = [
            {name: getattr(line, name) for name in line.__struct_fields__}
            | {"job": job, "codes": json.dumps(line.codes), "body": zlib.compress(body, 1)}
            for line, body in tables
        ]
        if rows:
            with self.writing.begin() as connection:
                connection.execute(insert(t.review_table), rows)

    def lines(self, job: str) -> list[TableLine]:
        """Tables of a job in short, in order."""
        columns = [t.review_table.c[name] for name in TableLine.__struct_fields__]
        query = select(*columns).where(t.review_table.c.job == job).order_by(t.review_table.c.number)
        with self.reading.connect() as connection:
            return [
                TableLine(**{**r._mapping, "codes": json.loads(r.codes)}) for r in connection.execute(query)
            ]

    def bodies(self, job: str, numbers: Collection[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Reviews of a job's tables as they were written, in order."""
        table = t.review_table.c
        query = select(table.number, table.body).where(table.job == job).order_by(table.number)
        if numbers is not None:
            query = query.where(table.number.in_(list(numbers)))
        with self.reading.connect() as connection:
            for row in connection.execute(query):
                yield row.number, zlib.decompress(row.body)

    # Decisions and verdicts

    def decide(self, job: str, decision: Decision) -> None:
        """Add a decision; the last one of a finding counts."""
        values = {
            "job": job, "number": decision.number, "row": decision.row, "code": decision.code,
            "field": decision.field, "decision": decision.choice.value, "reason": decision.reason,
            "fields": json.dumps(dict(decision.fields), ensure_ascii=False), "who": decision.who, "at": decision.at,
        }  # fmt: skip
        with self.writing.begin() as connection:
            connection.execute(insert(t.review_decision).values(**values))
            place = f"{_named(job)} 第 {decision.number} 张表第 {decision.row} 行 {decision.code}"
            about = (
                f"{decision.choice.value}：{decision.reason}" if decision.reason else decision.choice.value
            )
            note(connection, decision.who, "处理意见", place, about, decision.at or datetime.now(UTC))

    def decisions(self, job: str, number: int | None = None) -> list[Decision]:
        """The decisions of a job (or of one table) that count, oldest first."""
        d = t.review_decision.c
        query = select(t.review_decision).where(d.id.in_(_newest(job)))
        if number is not None:
            query = query.where(d.number == number)
        with self.reading.connect() as connection:
            return [_decision(r) for r in connection.execute(query.order_by(d.id))]

    def precisions(self) -> list[Precision]:
        """For each rule how many decisions agreed with it and how many did not.

        Only decisions of signed-in people count: a rule must not be voted down by anybody with a link.
        """
        d = t.review_decision.c
        wrong = func.sum(case((d.decision == Choice.DISMISS.value, 1), else_=0))
        query = select(d.code, func.count().label("n"), wrong.label("wrong"))
        query = query.where(d.id.in_(_newest()), d.who != "").group_by(d.code)
        with self.reading.connect() as connection:
            return [
                Precision(code=r.code, right=r.n - r.wrong, wrong=r.wrong) for r in connection.execute(query)
            ]

    def set_verdict(self, job: str, number: int, verdict: Verdict) -> None:
        """Keep the reviewer's verdict on a table in place of an earlier one."""
        values = {
            "scores": json.dumps(dict(verdict.scores), ensure_ascii=False),
            "opinion": verdict.opinion, "who": verdict.who, "at": verdict.at,
        }  # fmt: skip
        with self.writing.begin() as connection:
            put_row(connection, t.review_verdict, {"job": job, "number": number}, values)
            place = f"{_named(job)} 第 {number} 张表"
            note(connection, verdict.who, "审核结论", place, "", verdict.at or datetime.now(UTC))

    def verdicts(self, job: str) -> dict[int, Verdict]:
        """Verdicts of a job by table."""
        with self.reading.connect() as connection:
            query = select(t.review_verdict).where(t.review_verdict.c.job == job)
            return {
                r.number: Verdict(scores=json.loads(r.scores), opinion=r.opinion, who=r.who, at=aware(r.at))
                for r in connection.execute(query)
            }

    # Rules

    def add_rule_change(self, change: RuleChange) -> None:
        """Add an entry to a rule's history; the last one is in force."""
        values = {
            "code": change.code, "active": change.on, "severity": change.severity.value if change.severity else "",
            "thresholds": json.dumps(dict(change.thresholds)), "who": change.who, "at": change.at, "why": change.why,
        }  # fmt: skip
        with self.writing.begin() as connection:
            connection.execute(insert(t.rule_setting).values(**values))
            note(
                connection, change.who, "改体检规则", change.code, change.why, change.at or datetime.now(UTC)
            )

    def rule_changes(self, code: str = "") -> list[RuleChange]:
        """History of all rules or of one, oldest first."""
        query = select(t.rule_setting).order_by(t.rule_setting.c.id)
        if code:
            query = query.where(t.rule_setting.c.code == code)
        with self.reading.connect() as connection:
            return [
                RuleChange(code=r.code, on=r.active, severity=Severity(r.severity) if r.severity else None,
                           thresholds=json.loads(r.thresholds), who=r.who, at=aware(r.at), why=r.why)
                for r in connection.execute(query)
            ]  # fmt: skip


def _newest(job: str = "") -> Any:
    d = t.review_decision.c
    query = select(func.max(d.id)).group_by(d.job, d.number, d.row, d.code, d.field)
    return query.where(d.job == job) if job else query


def _job(row: Row[Any]) -> Job:
    times = {name: aware(row._mapping[name]) for name in ("created_at", "touched_at", "expires_at")}
    return Job(**{**row._mapping, **times, "state": JobState(row.state)})


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        number=row.number, row=row.row, code=row.code, field=row.field, choice=Choice(row.decision),
        reason=row.reason, fields=json.loads(row.fields), who=row.who, at=aware(row.at),
    )  # fmt: skip


def _named(id_: str) -> str:
    return f"体检 {mark_of(id_)}"
