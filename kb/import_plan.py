"""What a plan of loading is made of: what stands now, what was decided, what would change. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from indicators.differences import FieldChange
from indicators.model import IndicatorSet, Kind, Record
from kb.errors import InputError

Near = Callable[[str], Sequence[tuple[str, str, float]]]
"""Existing indicators like a name: (code, name, likeness 0..1), best first."""


class DecisionError(InputError):
    """A decision names a code that cannot be merged into or succeed another; ``code`` is what was decided about."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What stands now: records that candidates may meet, the versions of them, codes that are taken.

    ``set`` is the set that indicators go to, None where it is new. ``known`` tells codes that exist.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    set: IndicatorSet | None = None
    taken: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SetAbout:
    """What is said of a set beside its file (版本、发布单位、地区、有效期); "" leaves what stands."""

    edition: str = ""
    issuer: str = ""
    region: str = ""
    valid_from: str = ""
    valid_to: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The fields that are said."""
        return {f: v for f in self.__slots__ if (v := getattr(self, f))}


@dataclass(frozen=True, slots=True)
class Decisions:
    """What an admin chose over a plan.

    ``merge``: code that a new indicator would get -> code of the existing one that its row updates.
    ``retire``: vanished member -> its successor ("" for none). With ``replace`` all vanished members
    are retired but those in ``keep``. ``partial``: the file holds mended rows only, so that nothing
    has vanished.
    """

    merge: Mapping[str, str] = field(default_factory=dict)
    retire: Mapping[str, str] = field(default_factory=dict)
    keep: frozenset[str] = frozenset()
    replace: bool = False
    partial: bool = False

    def retires(self, code: str) -> bool:
        """Whether a vanished member is taken out of use."""
        return code in self.retire or (self.replace and code not in self.keep)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one record: new, changed, same, vanished, or invalid with the reason.

    A vanished member has ``fields`` only where it is retired. ``merged`` is the name under which
    the file has a record that updates an existing one.
    """

    action: str
    code: str
    kind: Kind
    name: str
    fields: tuple[FieldChange, ...] = ()
    place: str = ""
    row: int = 0
    reason: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A new indicator that is much like ones that stand already; ``chosen`` is the one it is merged into."""

    code: str
    name: str
    like: str
    like_name: str
    score: float
    others: tuple[tuple[str, str, float], ...] = ()
    chosen: str = ""

    @property
    def options(self) -> tuple[tuple[str, str, float], ...]:
        """(code, name, likeness) of all that it could be merged into, best first."""
        return ((self.like, self.like_name, self.score), *self.others)


@dataclass(frozen=True, slots=True)
class Vanished:
    """A member that the file lacks, with what was decided, and new ones that may succeed it.

    A ``shared`` one belongs to the set below: where it is "retired" it only leaves this set.
    """

    code: str
    name: str
    retired: bool
    successor: str = ""
    shared: bool = False
    likely: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything a load would do. ``records`` are to be written, over ``versions`` that must still stand."""

    set_code: str
    set_name: str
    changes: tuple[Change, ...]
    records: tuple[Record, ...]
    versions: Mapping[str, int]
    duplicates: tuple[Duplicate, ...]
    fingerprint: str
    vanished: tuple[Vanished, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of records by action; the set and the source file themselves are not counted."""
        counted = Counter(c.action for c in self.changes if c.kind not in (Kind.SET, Kind.SOURCE))
        return {a: counted[a] for a in ("new", "changed", "same", "vanished", "invalid")}

    @property
    def retired(self) -> int:
        """Number of vanished members that are taken out of use."""
        return sum(v.retired for v in self.vanished)

    @property
    def invalid(self) -> dict[str, str]:
        """Place in the file -> reason, for rows whose record cannot be taken."""
        return {c.place: c.reason for c in self.changes if c.action == "invalid"}
