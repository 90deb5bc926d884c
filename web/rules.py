"""The rules of 体检 as pages: what each finds and how often people agreed; admins set them here."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from indicators.finding import Severity
from indicators.model import Clause, Kind
from indicators.rules.base import Rule, RulePack
from indicators.rules.check import undecidable
from indicators.rules.docs import rule_docs
from kb.links import url_of
from kb.markdown import render
from kb.review_packs import PACKS, pack_named
from kb.review_records import RuleChange
from kb.review_store import BOUNDS, ENOUGH_DECISIONS, LEAST_PRECISION, ReasonError
from kb.roles import Role
from web.context import knowledge
from web.review_work import actor
from web.sessions import signed_in

pages = Blueprint("rules", __name__)

SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.HINT)


@pages.get("/rules")
def rules() -> str:
    """All rules by group, with severity, review item, clause and precision."""
    store = knowledge().reviews
    pack = store.pack()
    groups: dict[str, list[Rule]] = {}
    for rule in sorted(pack.rules.values(), key=lambda r: r.code):
        groups.setdefault(rule.group, []).append(rule)
    return render_template(
        "rules.html", groups=sorted(groups.items(), key=lambda g: g[1][0].code), pack=pack,
        precisions=store.precisions(), demoted=store.demoted(), clauses={c.code: c for c in knowledge().clauses()},
        undecidable=undecidable(), packs=PACKS, bounds=store.bounds(), may_change=_may_change(),
        history=store.rule_history(BOUNDS), severity_of=severity_of,
        least=LEAST_PRECISION, enough=ENOUGH_DECISIONS, bounds_code=BOUNDS,
    )  # fmt: skip


@pages.get("/rules/<code>")
def rule(code: str) -> str:
    """One rule: its documentation, cases, settings, history and precision."""
    return _rule_page(code)


def _rule_page(code: str, error: str = "") -> str:
    kb = knowledge()
    pack = kb.reviews.pack()
    found = pack.rules.get(code)
    if found is None:
        abort(404, f"没有代码为“{code[:20]}”的规则。")
    clauses = {c.code: c for c in kb.clauses()}
    return render_template(
        "rule.html", rule=found, pack=pack, docs=Markup(_docs(found, clauses)),  # noqa: S704 - kb.markdown.render gives safe HTML only
        precision=kb.reviews.precisions().get(code), demoted=code in kb.reviews.demoted(),
        history=kb.reviews.rule_history(code), severity=severity_of(pack, found), severities=SEVERITIES,
        own=pack_named().rules[code], may_change=_may_change(), error=error, clauses=clauses,
        least=LEAST_PRECISION, enough=ENOUGH_DECISIONS,
    )  # fmt: skip


def _docs(rule: Rule, clauses: Mapping[str, Clause]) -> str:
    body = rule_docs(rule, clauses).partition("\n\n")[2].partition("\n\n")[2]
    return render(body, lambda code: url_of(Kind.CLAUSE, code) if code in clauses else None)


def severity_of(pack: RulePack, rule: Rule) -> Severity:
    """How much the rule's findings weigh as it is set."""
    return pack.setting(rule.code).severity or rule.severity


@pages.post("/rules/<code>")
def change(code: str) -> Response | tuple[str, int]:
    """Switch a rule, its severity and thresholds, or the points of the grades; a reason is needed."""
    form = request.form
    rule = pack_named().rules.get(code)
    if rule is None and code != BOUNDS:
        abort(404, f"没有代码为“{code[:20]}”的规则。")
    names = rule.thresholds.keys() if rule else ("best", "good", "fair")
    severity = form.get("severity", "")
    asked = RuleChange(
        code=code, on=not rule or "on" in form, thresholds={n: _number(form.get(f"t-{n}", ""), n) for n in names},
        severity=Severity(severity) if severity in set(Severity) else None, who=actor(),
        why=form.get("why", "").strip()[:500],
    )  # fmt: skip
    try:
        knowledge().reviews.change_rule(asked)
    except ReasonError as error:
        return (_rule_page(code, str(error)), 422) if rule else abort(422, str(error))
    except KeyError:
        abort(422, "等级的分数要从高到低，都在 0 到 100 之间。")
    flash("已保存，之后的体检按新的设置。")
    return redirect(f"/rules/{code}" if rule else "/rules#grades", 303)


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e12:
        abort(422, f"“{name}”要填一个数，收到的是“{text[:40]}”。")
    return value


def _may_change() -> bool:
    account = signed_in()
    return account is not None and account.role.covers(Role.ADMIN)
