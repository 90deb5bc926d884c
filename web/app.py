"""The web application: blueprints, templates, headers and error pages around one knowledge base."""

from __future__ import annotations

import jinja2
from flask import Flask

from kb.knowledge import KnowledgeBase
from web import (
    account,
    admin,
    api,
    api_draft,
    api_review,
    batches,
    catalogue,
    context,
    counting,
    draft_table,
    drafting,
    editing,
    errors,
    exporting,
    filed,
    health,
    history,
    import_choices,
    import_commit,
    importing,
    monitoring,
    news,
    overlays,
    packs,
    permissions,
    proposing,
    provider,
    queue,
    request_log,
    review_downloads,
    review_work,
    reviewing,
    rules,
    search,
    security,
    sessions,
    single_sign_on,
    teaching,
    users,
)
from web.compiled import CompiledTemplates

MAX_BODY = 64 * 1024 * 1024
"""Bytes that a request may carry; a larger one is answered with 413."""


_REVIEW = (reviewing.pages, review_downloads.pages, api_review.pages, rules.pages)
_DRAFT = (drafting.pages, draft_table.pages, api_draft.pages)
_OFFICE = (
    account.pages,
    single_sign_on.pages,
    health.pages,
    monitoring.pages,
    admin.pages,
    teaching.pages,
    users.pages,
    importing.pages,
    import_choices.pages,
    import_commit.pages,
    batches.pages,
    overlays.pages,
    packs.pages,
    filed.pages,
    editing.pages,
    history.pages,
    proposing.pages,
    queue.pages,
)


_COMPILED = CompiledTemplates()


def create_app(kb: KnowledgeBase) -> Flask:
    """A WSGI application that shows ``kb``: pages, HTTP API and static files."""
    app = _bare()
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Chinese stays readable in answers
    app.json.sort_keys = False  # type: ignore[attr-defined]  # fields in the order of the interface
    app.extensions[context.KEY] = kb
    request_log.install(app)
    errors.install(app)
    sessions.install(app, kb.settings)
    permissions.install(app)
    provider.install(app, kb.settings.sign_on)
    counting.install(app)
    review_work.install(app, kb)
    importing.install(app, kb)
    for blueprint in (
        search.pages,
        catalogue.pages,
        exporting.pages,
        news.pages,
        api.pages,
        *_REVIEW,
        *_DRAFT,
        *_OFFICE,
    ):
        app.register_blueprint(blueprint)
    app.after_request(security.set_headers)
    return app


def compile_templates() -> None:
    """Compile all templates now, for the processes that are forked from this one."""
    environment = _bare().jinja_env
    for name in environment.list_templates():
        environment.get_template(name)


def _bare() -> Flask:
    """Flask with our templates and what they know, before there is anything to show."""
    app = Flask(__name__)
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.bytecode_cache = _COMPILED
    context.install(app)
    return app
