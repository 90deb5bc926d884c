"""Who may do what: one table over all endpoints and methods, held before any view runs.

What does not stand in the table is refused to everybody, so that a new route cannot be open by
accident; a test walks every route, role and method.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, redirect, request
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from kb.accounts import Account
from kb.roles import Role
from web.sessions import TOKEN, identify, signed_in, token_fits
from web.words import ROLE_NAMES

ANYONE = None
DRAFTER, REVIEWER, ADMIN = Role.DRAFTER, Role.REVIEWER, Role.ADMIN


@dataclass(frozen=True, slots=True)
class Rule:
    """The least role that may call an endpoint with a method; None is anyone.

    ``token`` tells that a POST needs the form's token. Without it (scripts that post to the API,
    forms that change nothing) a browser's request from another site is still refused.
    """

    least: Role | None
    token: bool = True


def _rules(
    least: Role | None, *endpoints: str, methods: str = "GET", token: bool = True
) -> dict[tuple[str, str], Rule]:
    return {(e, m): Rule(least, token) for e in endpoints for m in methods.split()}


TABLE: dict[tuple[str, str], Rule] = {
    **_rules(ANYONE, "static", "search.home", "search.results"),
    **_rules(
        ANYONE,
        *(
            f"catalogue.{name}"
            for name in (
                "indicator", "framework", "node", "project", "issue", "problem", "sector", "indicator_set", "guide",
                "clause", "source", "sectors", "frameworks", "problems", "guides", "sources", "projects",
            )
        ),
    ),
    **_rules(ANYONE, "news.news", "news.feed", "news.sector_feed", "exporting.found", "exporting.of_set", "exporting.sets"),
    **_rules(ANYONE, "api.search", "api.record", "api.suggest"),
    **_rules(ANYONE, "api_draft.draft", methods="POST", token=False),
    **_rules(ANYONE, "drafting.start", "drafting.compare"),
    **_rules(DRAFTER, "drafting.mine"),
    **_rules(ANYONE, "drafting.propose", methods="POST", token=False),
    **_rules(ANYONE, "drafting.create", "drafting.upload", methods="POST"),
    **_rules(ANYONE, *(f"draft_table.{name}" for name in ("editor", "versions", "receipt", "download"))),
    **_rules(ANYONE, "draft_table.change", "draft_table.remove", methods="POST"),
    **_rules(
        ANYONE, *(f"draft_table.{name}" for name in ("check_rows", "save", "balanced")), methods="POST", token=False
    ),
    **_rules(ANYONE, "health.health", "monitoring.healthz", "monitoring.readyz"),
    **_rules(ANYONE, "monitoring.figures"),  # the view looks at the address it is asked from
    **_rules(ANYONE, "account.login", "single_sign_on.begin", "single_sign_on.back"),
    **_rules(ANYONE, "account.log_in", "account.logout", methods="POST"),
    **_rules(DRAFTER, "account.account"),
    **_rules(DRAFTER, "account.change_password", methods="POST"),
    **_rules(ADMIN, "admin.work", "admin.audit", "admin.audit_csv", "users.users"),
    **_rules(
        ADMIN, "teaching.synonyms", "teaching.new_group", "teaching.group", "teaching.answers", "teaching.words"
    ),
    **_rules(ADMIN, "admin.undo", "admin.ignore", "users.add_user", "users.change", methods="POST"),
    **_rules(
        ADMIN,
        *(
            f"teaching.{name}"
            for name in (
                "add_group", "save_group", "remove_group", "choose_answer", "remove_answer", "add_word", "remove_word",
                "reindex",
            )
        ),
        methods="POST",
    ),
    **_rules(
        ANYONE,
        *(f"reviewing.{name}" for name in ("start", "job", "progress", "batch", "alike", "pair", "table")),
        *(f"review_downloads.{name}" for name in ("annotated_book", "opinion_letter", "opinion_letters", "batch_summary")),
        "rules.rules", "rules.rule",
    ),
    # Who has a job's unguessable link may work on it; nothing else is touched, so no cookie is needed.
    **_rules(
        ANYONE,
        *(f"reviewing.{name}" for name in ("begin", "remove", "decide", "judge")), "api_review.review",
        methods="POST", token=False,
    ),
    **_rules(ADMIN, "rules.change", methods="POST"),
    **_rules(ADMIN, "filed.seasons"),
    **_rules(ADMIN, "filed.file_job", methods="POST"),
    **_rules(REVIEWER, "filed.table"),
    **_rules(ADMIN, "packs.packs", "packs.public", "packs.download"),
    **_rules(
        ADMIN, *(f"packs.{n}" for n in ("keygen", "trust", "confirm", "distrust", "upload")), methods="POST"
    ),
    **_rules(ADMIN, "overlays.overlays", "overlays.overlay", "overlays.preview"),
    **_rules(ADMIN, "overlays.make", "overlays.change", "overlays.merge", methods="POST"),
    **_rules(ADMIN, "importing.start", "importing.preview", "importing.progress", "import_commit.bad"),
    **_rules(ADMIN, "import_choices.columns", "import_choices.template"),
    **_rules(ADMIN, "importing.upload", "importing.cancel", "importing.discard", methods="POST"),
    **_rules(ADMIN, *(f"import_choices.{name}" for name in ("remap", "choose", "forget", "reread")), methods="POST"),
    **_rules(ADMIN, "import_commit.commit", "batches.notes", methods="POST"),
    **_rules(ADMIN, *(f"batches.{name}" for name in ("batches", "batch", "notes_file", "changes_book"))),
    **_rules(ANYONE, "history.history", "proposing.report", "proposing.receipt"),
    **_rules(ANYONE, "proposing.send", methods="POST"),
    **_rules(DRAFTER, "editing.propose", "editing.propose_new", "editing.codes", "proposing.mine"),
    **_rules(DRAFTER, "editing.send", "editing.send_new", "editing.markdown", methods="POST"),
    **_rules(ADMIN, "editing.kinds", "editing.new", "editing.edit", "queue.queue", "queue.one"),
    **_rules(
        ADMIN, "editing.add", "editing.save", "editing.take_out", "history.restore", "queue.accept", "queue.decline",
        "queue.settle", methods="POST",
    ),
}  # fmt: skip
"""(endpoint, method) -> rule. HEAD goes with GET; OPTIONS tells methods only and is open."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask) -> None:
    """Puts the table before every view of ``app``."""
    app.before_request(guard)
    app.after_request(_keep_private)


def rule_for(endpoint: str, method: str) -> Rule | None:
    """The rule of an endpoint and method, None where the table has none."""
    return TABLE.get((endpoint, "GET" if method == "HEAD" else method))


def guard() -> BaseResponse | None:
    """Refuse what the table does not allow; None lets the view run."""
    if request.endpoint is None or request.method == "OPTIONS":
        return None  # no such page, or not this method: Flask answers that itself
    if request.endpoint == "static":
        return None
    account = identify()
    rule = rule_for(request.endpoint, request.method)
    if rule is None:
        abort(403, f"{request.endpoint} {request.method} 还没有登记权限（web/permissions.py），谁都不能用。")
    if not allows(rule, account):
        return _refuse(rule, account)
    if request.method not in _SAFE:
        _check_origin(rule)
    return None


def allows(rule: Rule, account: Account | None) -> bool:
    """Whether an account, or a reader without one, may pass a rule."""
    return rule.least is None or (account is not None and account.role.covers(rule.least))


def _refuse(rule: Rule, account: Account | None) -> BaseResponse:
    if account is None and not request.path.startswith("/api/"):
        wanted = request.full_path.rstrip("?") if request.method in _SAFE else ""
        return redirect(f"/login?next={quote(wanted, safe='/')}" if wanted else "/login", 303)
    if account is None:
        raise Unauthorized("这个接口要登录后才能用。")
    needed = ROLE_NAMES[rule.least] if rule.least else ""
    raise Forbidden(f"这一页要“{needed}”权限，您的账号“{account.name}”是“{ROLE_NAMES[account.role]}”。")


def _check_origin(rule: Rule) -> None:
    if not rule.token:
        if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            abort(403, "这个请求来自别的网站，没有执行。请从本站的页面操作。")
    elif not token_fits(request.form.get(TOKEN, "")):
        abort(403, "表单已经过期或不是从本站打开的，没有保存。请退回上一页，刷新后再提交一次。")


def _keep_private(response: Response) -> Response:
    """No cache keeps a page that not everybody may see."""
    rule = rule_for(request.endpoint or "", request.method)
    if rule is not None and rule.least is not None:
        response.headers["Cache-Control"] = "no-store"
    elif signed_in() is not None:
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def safe_next(address: str) -> str:
    """Where to go after logging in: a path on this site, else the home page."""
    plain = address[:1000]
    if not plain.startswith("/") or plain.startswith("//") or "\\" in plain or not plain.isprintable():
        return "/"
    try:
        parts = urlsplit(plain)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or plain.startswith("/login") else plain
