"""Every number that ranking depends on, in one table.

Tuned with ``python -m tests.bench.tune`` (cross-validated); change a number there first.
"""

from __future__ import annotations

from dataclasses import dataclass

from indicators.choices import Strength


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of fields, words, channels and records; all without unit unless said."""

    # BM25F: how much a word counts in each field (code, name, aliases, keywords, gist, body).
    code: float = 2.0
    name: float = 9.0
    alias: float = 2.8
    keyword: float = 2.0
    gist: float = 1.9  # first text of the body: explanation, finding, description
    body: float = 0.5
    aside: float = 0.1  # what is said there is about something else
    k1: float = 1.6  # saturation: a word said twice is not worth two
    b_name: float = 0.45  # length normalisation of short fields
    b_body: float = 0.55  # length normalisation of long fields

    # Synonyms, by strength; several words of a group never add up, the best counts.
    same: float = 1.0
    near: float = 0.7
    related: float = 0.35
    inner: float = 0.65  # parts of a long word, when the whole is not there

    # Words of the query.
    generic: float = 0.25  # 项目 工程 经费 …: they say little about what is meant
    unknown: float = 0.25  # characters no word explains
    shallow: float = 0.5  # least that a mention deep in a body counts as coverage
    coverage: float = 1.2  # power of the share of the query that a record covers
    quorum: float = 0.3  # least share of the best record's coverage that still matches
    quorum_short: float = 0.6  # the same for a query of one or two words
    beside_project: float = 0.3  # least share of a project's coverage that other kinds are held against
    least: float = 0.05  # share of the best score below which nothing counts as a match

    # Whole query against whole fields.
    whole_name: float = 2.7  # the name is exactly the query
    whole_alias: float = 1.2  # an alias is exactly the query
    whole_keyword: float = 0.5  # a keyword is
    phrase: float = 0.45  # the query stands literally in the record (name; less elsewhere)
    shape: float = 1.3  # share of character pairs that query and name have in common

    # Soft filters.
    sector: float = 0.7  # the query names the record's sector
    level: float = 1.6  # the query names the record's level 1 or 2
    unit: float = 0.15  # the query's unit of time, money, share fits level 2
    climate: float = 0.6  # the sector that most matching records come from

    # Records.
    core: float = 0.12
    used: float = 0.05  # times log(1 + projects that use it)
    retired: float = 0.02  # factor: last of all that match

    partner: float = 0.7  # share of an output's score that its paired benefit gets, for a project's name

    # Kinds, as factors: by default, and for a query that reads like a problem or a question.
    kind_indicator: float = 1.25
    kind_framework: float = 0.95
    kind_project: float = 0.8
    kind_issue: float = 0.75
    kind_guide: float = 0.75
    other_kinds: float = 0.6  # indicators and projects, for a problem or a question
    problem_boost: float = 3.2  # issue; guide gets the root of it
    question_boost: float = 2.4  # framework and guide; issue gets the root of it

    def strength(self, strength: Strength) -> float:
        """Weight of a synonym of this strength."""
        return {Strength.SAME: self.same, Strength.NEAR: self.near, Strength.RELATED: self.related}[strength]


DEFAULT = Weights()
