"""``POST /api/v1/review``: files or a text in, the JSON of ``kb review --json`` out."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, abort, jsonify, request

from kb.review_packs import UnknownPackError
from web.context import knowledge
from web.review_files import ReviewedFile, review_files
from web.review_work import workshop
from web.uploaded import uploaded

pages = Blueprint("api_review", __name__)

PASTED = "粘贴的内容"
SECONDS = 300
"""Time for the files of one request; a whole season goes through ``/review``, which keeps nobody waiting."""


@pages.post("/api/v1/review")
def review() -> tuple[Response, int] | Response:
    """Files as multipart ``file`` (several, zip too) or a text body; ``rules`` names a rule pack.

    One object for one file, a list for several. 422 when nothing at all could be read.
    """
    files = uploaded(request.files.getlist("file"))
    text = request.form.get("text", "").encode() if request.form else request.get_data()
    if not files and text.strip():
        files = [(PASTED, text)]
    if not files:
        abort(422, "没有收到内容。请用 multipart 的 file 字段交文件，或把表格文字放在请求正文里。")
    kb = knowledge()
    try:
        pack = kb.reviews.pack(request.args.get("rules", ""))
    except UnknownPackError as error:
        abort(400, str(error))
    read = partial(workshop().room.read, seconds=SECONDS)
    reviewed = list(review_files(kb.reviewer(), files, pack, kb.reviews.bounds(), read, kb.filed.peers))
    return _answer(reviewed)


def _answer(reviewed: list[ReviewedFile]) -> tuple[Response, int] | Response:
    objects = [one.as_json() for one in reviewed]
    if not any(one.reviews for one in reviewed):
        message = "；".join(one.error for one in reviewed[:5]) or "没有读到任何文件。"
        return jsonify({"error": {"status": 422, "message": message, "near": []}, "files": objects}), 422
    return jsonify(objects[0] if len(objects) == 1 else objects)
