"""Proposals as JSON: the shape that ``kb draft --json`` and ``POST /api/v1/draft`` promise."""

from __future__ import annotations

import re
from typing import Any

from indicators.finding import Finding
from indicators.numbers import json_number, plain_number
from kb.describing import Description
from kb.draft_records import DraftProposal, Proposal, SimilarProject, Values

_SLOT = re.compile(r"\{[^}]*\}")


def draft_json(answer: DraftProposal) -> dict[str, Any]:
    """The whole answer; numbers are JSON numbers, blanks are null or ""."""
    return {
        "project": answer.description.name,
        "sector": answer.sector.name if answer.sector else "",
        "description": description_json(answer.description),
        "similar_projects": [_similar(s) for s in answer.similar],
        "rows": [proposal_json(p) for p in answer.proposals],
        "coverage": dict(answer.coverage),
        "gaps": list(answer.gaps),
        "findings": [finding_json(f) for f in answer.findings],
    }


def description_json(said: Description) -> dict[str, Any]:
    """What was understood of the text."""
    return {
        "subsectors": list(said.subsectors),
        "types": [t.value for t in said.types],
        "amount": json_number(said.amount),
        "months": said.months,
        "beneficiaries": list(said.beneficiaries),
        "quantities": [
            {"value": json_number(q.value), "unit": q.unit, "of": q.subject, "context": q.context}
            for q in said.quantities
        ],
    }


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """One proposed row."""
    indicator = proposal.indicator
    return {
        "level1": indicator.level1, "level2": indicator.level2, "name": indicator.name, "code": indicator.code,
        "comparator": proposal.comparator, "value": json_number(proposal.value), "unit": proposal.unit,
        "weight": json_number(proposal.weight), "basis": proposal.basis, "why": list(proposal.why),
        "values": _values(proposal.values), "warnings": list(proposal.warnings), "chosen": proposal.chosen,
        "likeness": proposal.score, "wording": filled(proposal), "fault": proposal.fault,
        "answers": list(proposal.answers), "source": proposal.source,
    }  # fmt: skip


def filled(proposal: Proposal) -> str:
    """The good wording with the stated number in its first slot; other slots stay for the drafter."""
    if proposal.value is None:
        return proposal.wording
    return _SLOT.sub(plain_number(proposal.value), proposal.wording, count=1)


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as in ``kb review``."""
    suggestion = finding.suggestion
    return {
        "code": finding.code, "severity": finding.severity.value, "message": finding.message,
        "basis": finding.basis, "suggestion": suggestion.text if suggestion else "",
        "fields": dict(suggestion.fields) if suggestion else {}, "field": finding.field, "row": finding.row,
        "evidence": finding.evidence, "clause": finding.clause, "others": list(finding.others),
    }  # fmt: skip


def _similar(similar: SimilarProject) -> dict[str, Any]:
    return {
        "code": similar.project.code, "name": similar.project.name, "why": similar.why,
        "likeness": round(similar.likeness, 3), "fared": similar.fared, "criticised": list(similar.criticised),
    }  # fmt: skip


def _values(values: Values) -> dict[str, Any]:
    return {
        "n": values.n, "unit": values.unit, "min": json_number(values.minimum),
        "median": json_number(values.median), "max": json_number(values.maximum),
        "examples": [{"project": name, "target": target} for name, target in values.examples],
    }  # fmt: skip
