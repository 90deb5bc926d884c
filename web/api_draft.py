"""``POST /api/v1/draft``: a project in words in, the JSON of ``kb draft --json`` out."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from kb.draft_json import draft_json
from web.context import knowledge
from web.draft_asking import AskingError, propose

pages = Blueprint("api_draft", __name__)


@pages.post("/api/v1/draft")
def draft() -> Response:
    """Proposals for {"text", "sector", "amount", "exclude", …}; 422 with a sentence where it is not understood."""
    values = request.get_json(force=True, silent=True)
    if not isinstance(values, dict):
        abort(422, '请求正文应是 JSON 对象，例如 {"text": "修5公里村道，投资300万元"}。')
    try:
        return jsonify(draft_json(propose(knowledge().drafter(), values)))
    except AskingError as error:
        abort(422, str(error))
