"""The different values of an indexed column, by one look at the index for each instead of one for every row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select


def different(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Subquery:
    """A subquery with column ``value``: the different values where the conditions hold, NULL left out.

    The conditions must be equalities on the columns that precede ``column`` in an index. Neither
    database skips through an index of its own accord, so the query walks it: the largest value, then
    the largest below it, and so on.
    """
    walk = select(func.max(column).label("value")).where(*conditions).cte("walk", recursive=True)
    below = select(func.max(column)).where(*conditions, column < walk.c.value).scalar_subquery()
    walk = walk.union_all(select(below).where(walk.c.value.is_not(None)))
    return select(walk.c.value).where(walk.c.value.is_not(None)).subquery()
