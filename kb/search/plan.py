"""What to look up for a query: each informative word with the words that may stand for it."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.choices import Strength
from kb.search.intent import Intent, Unit
from kb.search.query import Query
from kb.search.segment import Lexicon
from kb.search.synonyms import Synonyms
from kb.search.weights import Weights

_EXPANSIONS = 14


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word to look up, how far it stands for what was asked, and how to say so ("" for itself).

    ``parts`` are the words a synonym falls into: a record that has them all, apart, still means it.
    """

    word: str
    strength: float
    why: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """One thing wanted: the unit, its alternatives (itself first), and the parts it falls into."""

    unit: Unit
    alternatives: tuple[Alternative, ...]
    parts: tuple[Want, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that scoring needs to know of a query.

    ``stems`` are the forms in which the whole query may stand in a record; ``meant`` is what is
    left of it without numbers, fillers, sector and level.
    """

    query: Query
    intent: Intent
    wants: tuple[Want, ...]
    meant: str
    stems: tuple[str, ...]

    def words(self) -> dict[str, str]:
        """Every word that may explain a hit -> why ("" for the query's own)."""
        found: dict[str, str] = dict.fromkeys(self.query.phrases, "")
        for want in self.wants:
            for source in (want, *want.parts):
                for alternative in source.alternatives:
                    found.setdefault(alternative.word, alternative.why)
        return found


def make_plan(query: Query, intent: Intent, synonyms: Synonyms, lexicon: Lexicon, weights: Weights) -> Plan:
    """The plan of a query."""
    wants = tuple(_want(unit, synonyms, lexicon, weights) for unit in intent.units)
    compact = query.bare.replace(" ", "")
    meant = "".join(u.text for u in intent.units if not u.levels and not u.sectors)
    stems = tuple(dict.fromkeys(s for s in (query.text, query.bare, compact) if s))
    return Plan(query, intent, wants, meant, stems)


def _want(unit: Unit, synonyms: Synonyms, lexicon: Lexicon, weights: Weights) -> Want:
    parts = lexicon.inside(unit.text) if len(unit.text) > 2 and not unit.text.isascii() else []
    inner = tuple(
        Want(Unit(part, unit.weight), _alternatives(part, synonyms, weights, lexicon))
        for part in parts
        if len(part) > 1
    )
    return Want(unit, _alternatives(unit.text, synonyms, weights, lexicon), inner)


def _alternatives(
    word: str, synonyms: Synonyms, weights: Weights, lexicon: Lexicon
) -> tuple[Alternative, ...]:
    found = [Alternative(word, 1.0)]
    for other in synonyms.expand(word)[:_EXPANSIONS]:
        parts = tuple(lexicon.inside(other.word)) if other.strength is not Strength.RELATED else ()
        whole = all(len(part) > 1 for part in parts) and len(parts) > 1
        strength = weights.strength(other.strength)
        found.append(Alternative(other.word, strength, other.why, parts if whole else ()))
    return tuple(found)
