"""Tables of the reviews: jobs by secret id, their files and tables, people's decisions, rule settings."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from kb.db.tables import metadata

JOB = String(40)

review_job = Table(
    "review_job",
    metadata,
    Column("id", JOB, primary_key=True),  # unguessable: whoever has the link may see the job
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("state", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("pack", String(40), nullable=False),
    Column("earlier", JOB, nullable=False),
    Column("message", Text, nullable=False),
    Column("statistics", LargeBinary),
    Index("ix_review_job_expires_at", "expires_at"),
)

review_file = Table(
    "review_file",
    metadata,
    Column("job", JOB, ForeignKey(review_job.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("upload", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("tables", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("problems", Text, nullable=False),
)

review_table = Table(
    "review_table",
    metadata,
    Column("job", JOB, ForeignKey(review_job.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("year", Integer),
    Column("sector", String(80), nullable=False),
    Column("grade", String(8), nullable=False),
    Column("points", Float, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("hints", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("codes", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the whole review, draft included, as packed JSON
)

review_decision = Table(
    "review_decision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job", JOB, nullable=False),  # decisions outlive their job: rules are measured by them
    Column("number", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("code", String(16), nullable=False),
    Column("field", String(40), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_review_decision_job", "job", "number"),
    Index("ix_review_decision_code", "code"),
)

review_verdict = Table(
    "review_verdict",
    metadata,
    Column("job", JOB, ForeignKey(review_job.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("scores", Text, nullable=False),
    Column("opinion", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

rule_setting = Table(
    "rule_setting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("code", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("thresholds", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_rule_setting_code", "code"),
)
