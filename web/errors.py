"""Errors as pages with a way on, and for the API as JSON with a message."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from indicators.model import Kind
from kb.errors import (
    AccountError,
    ChangedMeanwhileError,
    InputError,
    KnowledgeError,
    PointedGoneError,
    SearchUnavailableError,
    UndoConflictError,
    UnknownCodeError,
)
from kb.views import Ref
from web.context import knowledge
from web.logs import FIELDS
from web.request_log import NO_ROUTE, request_id

TITLES = {
    400: ("看不懂这个请求", "地址或提交的内容有误。请退回上一页检查，或从搜索重新开始。"),
    401: ("请先登录", "登录后再来这一页。"),
    403: ("这一步没有权限", "换一个有权限的账号登录，或请管理员代办。"),
    404: ("没有这一页", "地址可能抄错了，或这条记录从未收录。停用的记录不会消失，代码仍然有效。"),
    405: ("这个地址不接受这种操作", "请从页面上的按钮或链接进入。"),
    409: ("和别人的改动冲突", "请重新打开这一条，看过新的内容再改。"),
    413: ("提交的内容太大", "请分成几份再提交。"),
    414: ("地址太长", "请缩短搜索词，或减少筛选条件。"),
    429: ("同时在做的太多", "请稍后再试。"),
    500: (
        "程序出错了",
        "不是您的操作有误。错误已记入日志；请稍后重试，仍然不行请告诉管理员出错的地址和时间。",
    ),
    503: ("知识库暂时不能用", "请稍后重试；仍然不行请告诉管理员。"),
}


def install(app: Flask) -> None:
    """Registers the handlers on ``app``."""
    app.register_error_handler(UnknownCodeError, _unknown_code)
    app.register_error_handler(InputError, _unfit_input)
    app.register_error_handler(AccountError, _unfit_input)
    app.register_error_handler(ChangedMeanwhileError, _conflict)
    app.register_error_handler(UndoConflictError, _conflict)
    app.register_error_handler(PointedGoneError, _conflict)
    app.register_error_handler(SearchUnavailableError, _search_lost)
    app.register_error_handler(KnowledgeError, _knowledge_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failure)


def _unknown_code(error: UnknownCodeError) -> tuple[Response | str, int]:
    near = tuple(as_ref(item) for item in error.suggestions)
    if knowledge().editing.was(error.code):
        g.taken_out = error.code
        return answer(
            404, f"{error.code} 已经撤下，历史里有它最后的样子。", near=near, title="这条记录已撤下"
        )
    return answer(404, f"没有代码为“{error.code[:80]}”的记录。", near=near, title="没有这条记录")


def as_ref(item: Ref | tuple[str, str, str]) -> Ref:
    """A suggestion of an unknown code as a pointer."""
    return item if isinstance(item, Ref) else Ref(Kind(item[0]), item[1], item[2])


def _unfit_input(error: KnowledgeError) -> tuple[Response | str, int]:
    return answer(400, str(error))


def _conflict(error: KnowledgeError) -> tuple[Response | str, int]:
    return answer(409, str(error))


def _search_lost(error: SearchUnavailableError) -> Response:
    """503 with what still works; a client may come again soon."""
    api = request.path.startswith("/api/")
    body = answer(503, str(error))[0] if api else render_template("search_lost.html", message=str(error))
    response = current_app.make_response(body)
    response.status_code = 503
    response.headers["Retry-After"] = "10"
    return response


def _knowledge_error(error: KnowledgeError) -> tuple[Response | str, int]:
    return answer(503, str(error))


def _http_error(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    body, status = answer(code, _message(error))
    response = current_app.make_response((body, status))
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response, status


def _message(error: HTTPException) -> str:
    """A Chinese sentence of ours given to ``abort``, else "" (Werkzeug's own texts are English)."""
    text = error.description or ""
    return text if any("\u4e00" <= c <= "\u9fff" for c in text) else ""


def _failure(error: Exception) -> tuple[Response | str, int]:
    # The route's pattern, not the address: links of drafts and reviews are secrets.
    route = request.url_rule.rule if request.url_rule else NO_ROUTE
    fields = {FIELDS: {"request_id": request_id()}}
    current_app.logger.exception("%s %s", request.method, route, exc_info=error, extra=fields)
    return answer(500, "")


def answer(
    status: int, message: str, near: tuple[Ref, ...] = (), title: str = ""
) -> tuple[Response | str, int]:
    """An error as JSON under ``/api/``, as a page elsewhere."""
    usual, advice = TITLES.get(status, ("请求没有完成", "请退回上一页，或从搜索重新开始。"))
    if request.path.startswith("/api/"):
        found = [{"kind": ref.kind.value, "code": ref.code, "name": ref.name} for ref in near]
        error = {"status": status, "message": message or f"{title or usual}。{advice}", "near": found}
        return jsonify({"error": error | {"request_id": request_id()}}), status
    values = {"title": title or usual, "message": message, "advice": advice, "near": near}
    try:
        return render_template("error.html", status=status, **values), status
    except Exception as error:  # the page of last resort must not need templates
        current_app.logger.exception("error page", exc_info=error)
        return Response(f"{title or usual}。{advice}", mimetype="text/plain"), 500
