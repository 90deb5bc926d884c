"""From a project described in words to a balanced table of proposals, each with its reasons.

No catalogue starts from the project; this does: similar example projects and their rows, the
sector's core list and the common indicators of the project's type are weighed together, and
what evaluators criticised is said beside it. Values are taken over only where the text states
them; every other value is for the drafter to fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from indicators.choices import ProjectType
from indicators.model import Indicator, Issue, Project, Record, Sector
from kb.describing import Corrections, Description, describe
from kb.draft_balance import balanced, gaps_of, level_counts
from kb.draft_examples import Examples, fared
from kb.draft_quantities import assign
from kb.draft_ranking import Ranker
from kb.draft_records import DraftProposal, Proposal, SimilarProject, Weights
from kb.draft_rows import draft_of
from kb.guessing import COMMON, SectorGuesser
from kb.pieces import PieceIndex, pieces, shared_words
from kb.reviewing import Reviewer

MOST_PROPOSALS = 20
_LEAST_SIMILAR = 0.08
_MOST_SIMILAR = 12
_PAIR = 2


class Drafter:
    """What drafting needs to know, prepared once from the catalogue."""

    def __init__(
        self,
        sectors: Sequence[Sector],
        indicators: Sequence[Indicator],
        projects: Sequence[Project],
        issues: Sequence[Issue],
        reviewer: Reviewer,
        weights: Weights | None = None,
    ) -> None:
        self.sectors = tuple(sectors)
        self.reviewer = reviewer
        self.examples = Examples(projects, issues, reviewer)
        learned = reviewer.guesser or SectorGuesser(sectors, indicators, ())
        self.guesser = learned.among(self.examples.projects)
        self.ranker = Ranker(indicators, self.examples, weights or Weights())
        self._project_names = PieceIndex([[(p.name, 1.0), (p.summary, 0.4)] for p in self.examples.projects])

    @classmethod
    def of(cls, records: Iterable[Record], reviewer: Reviewer | None = None) -> Drafter:
        """A drafter from catalogue records; a reviewer that is already prepared saves half the time."""
        everything = list(records)
        sectors = sorted((r for r in everything if isinstance(r, Sector)), key=lambda s: s.order)
        return cls(
            sectors,
            [r for r in everything if isinstance(r, Indicator)],
            [r for r in everything if isinstance(r, Project)],
            [r for r in everything if isinstance(r, Issue)],
            reviewer or Reviewer.of(everything),
        )

    def read_examples(self) -> None:
        """Read and review the example projects' rows now, so that the first proposal does not."""
        self.examples.used(())

    def propose(
        self,
        text: str,
        *,
        sector: str = "",
        amount: Decimal | None = None,
        exclude: Iterable[str] = (),
        given: Corrections | None = None,
    ) -> DraftProposal:
        """Proposals for a project text.

        ``sector`` is a code or name that the user chose; ``exclude`` names example projects to
        leave out as if they were not in the catalogue. At most ``MOST_PROPOSALS`` rows.
        """
        without = frozenset(exclude)
        given = self._given(given or Corrections(), sector, amount)
        said = self._describe(text, given, without)
        everywhere = self.guesser.everywhere(said.sectors[0]) if said.sectors else frozenset[str]()
        similar = self._similar(said, without, everywhere)
        belief = dict(self.guesser.guess(said.text[:1000], without))
        if said.sectors:
            belief[said.sectors[0]] = max(belief.get(said.sectors[0], 0.0), 0.7)
        ranked = self.ranker.ranked(said, similar, belief, without, everywhere)
        taken = assign(said, [(c.score, c.indicator) for c in ranked if c.indicator.code], everywhere)
        proposals = balanced(ranked, said, taken, self.examples, without, MOST_PROPOSALS)
        return DraftProposal(
            description=said,
            sector=next((s for s in self.sectors if said.sectors and s.code == said.sectors[0]), None),
            similar=tuple(similar[:6]),
            proposals=proposals,
            coverage=level_counts(proposals),
            gaps=gaps_of(proposals, said),
            findings=self._findings(said, proposals),
        )

    def sector_code(self, sector: str) -> str:
        """Code of a sector given by code, name or alias, "" where there is none."""
        return next((s.code for s in self.sectors if sector and sector in (s.code, s.name, *s.aliases)), "")

    def _given(self, given: Corrections, sector: str, amount: Decimal | None) -> Corrections:
        code = self.sector_code(sector or given.sector)
        return msgspec.structs.replace(
            given, sector=code, amount=amount if amount is not None else given.amount
        )

    def _describe(self, text: str, given: Corrections, without: frozenset[str]) -> Description:
        said = describe(text, self.guesser, self.sectors, given=given, without=without)
        if said.sectors or not (likely := self.ranker.likely_sector(said.text[:600])):
            return said
        again = describe(
            text,
            self.guesser,
            self.sectors,
            given=msgspec.structs.replace(given, sector=likely),
            without=without,
        )
        return msgspec.structs.replace(again, sure=0.5)

    def _similar(
        self, said: Description, without: frozenset[str], everywhere: frozenset[str]
    ) -> list[SimilarProject]:
        found = []
        wanted = {p for p in pieces(said.text[:400]) if len(p) == _PAIR}
        for number, likeness in self._project_names.scores(said.text[:400]).items():
            project = self.examples.projects[number]
            if project.code in without:
                continue
            likeness *= 1.0 if project.sector in said.sectors else 0.55 if project.sector != COMMON else 0.8
            likeness *= 1.15 if set(_types(project)) & set(said.types) else 1.0
            likeness *= 1.0 if project.targets else 0.8
            shared = wanted & set(pieces(project.name))
            likeness *= 0.5 if 2 * len(shared & everywhere) > len(shared) else 1.0
            if likeness >= _LEAST_SIMILAR:
                found.append(self._similar_one(project, min(1.0, likeness), said))
        return sorted(found, key=lambda s: (-s.likeness, s.project.code))[:_MOST_SIMILAR]

    def _similar_one(self, project: Project, likeness: float, said: Description) -> SimilarProject:
        shared = shared_words(said.text[:400], f"{project.name} {project.summary}")
        why = [f"名称同有“{'、'.join(shared)}”"] if shared else []
        if project.sector in said.sectors:
            why.append("同一行业")
        if kinds := [t.value for t in _types(project) if t in said.types]:
            why.append(f"同为{'、'.join(kinds)}类")
        return SimilarProject(
            project=project,
            likeness=likeness,
            why="，".join(why),
            fared=fared(project),
            criticised=tuple(i.what or i.name for i in self.examples.issues(project)[:3]),
        )

    def _findings(self, said: Description, proposals: Sequence[Proposal]) -> tuple:  # type: ignore[type-arg]
        """What the rules say of the chosen table as a whole; values that are still open are no fault yet."""
        return self.reviewer.review(draft_of(said, proposals)).findings


def _types(project: Project) -> tuple[ProjectType, ...]:
    return project.types
