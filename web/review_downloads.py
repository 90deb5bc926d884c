"""Downloads of a review: annotated workbook, opinion letter, summary."""

from __future__ import annotations

from pathlib import PurePosixPath

from flask import Blueprint, Response, abort

from indicators.chinese_time import today
from kb.knowledge import KnowledgeBase
from loaders.errors import FileError
from loaders.report_book import annotated
from loaders.report_letter import letter
from loaders.report_summary import summary
from loaders.reports import Report
from web.context import knowledge
from web.downloads import BOOK, attachment
from web.review_files import numbered
from web.review_report import Reporter
from web.reviewing import JOB, job_of, review_of

pages = Blueprint("review_downloads", __name__)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pages.get(f"/review/{JOB}/<int:number>/annotated.xlsx")
def annotated_book(job_id: str, number: int) -> Response:
    """The file of a table with comments in its cells; all its tables together."""
    job_of(job_id)
    review = review_of(job_id, number)
    kb = knowledge()
    file = kb.reviews.lines(job_id)[number - 1].file
    numbers = [t.number for t in kb.reviews.lines(job_id) if t.file == file]
    data = _original(kb, job_id, file)
    book = annotated(_reports(kb, job_id, numbers), file, data)
    return _download(book, BOOK, f"{PurePosixPath(file).stem or review.draft.project}-体检批注.xlsx")


@pages.get(f"/review/{JOB}/<int:number>/opinion.docx")
def opinion_letter(job_id: str, number: int) -> Response:
    """The opinion letter of one table."""
    job_of(job_id)
    review = review_of(job_id, number)
    (report,) = _reports(knowledge(), job_id, [number])
    return _download(letter([report], today()), DOCX, f"{review.draft.project or '报送表'}-审核意见.docx")


@pages.get(f"/review/{JOB}/opinions.docx")
def opinion_letters(job_id: str) -> Response:
    """The opinion letters of a whole batch, one a page."""
    _done(job_id)
    return _download(letter(_reports(knowledge(), job_id, None), today()), DOCX, "审核意见汇编.docx")


@pages.get(f"/review/{JOB}/summary.xlsx")
def batch_summary(job_id: str) -> Response:
    """The summary of a batch."""
    _done(job_id)
    kb = knowledge()
    statistics = kb.reviews.statistics(job_id)
    if statistics is None:
        abort(404, "这次体检还没有完成。")
    reporter = Reporter(kb)
    batch = reporter.batch(_reports(kb, job_id, None, reporter), statistics, kb.reviews.files(job_id))
    return _download(summary(batch), BOOK, f"体检汇总-{today():%Y%m%d}.xlsx")


def _done(job_id: str) -> None:
    if not job_of(job_id).finished:
        abort(404, "这次体检还没有完成，做完才能下载。")


def _reports(
    kb: KnowledgeBase, job_id: str, numbers: list[int] | None, reporter: Reporter | None = None
) -> list[Report]:
    reporter = reporter or Reporter(kb)
    verdicts = kb.reviews.verdicts(job_id)
    decisions = kb.reviews.decisions(job_id)
    return [
        reporter.report(review, [d for d in decisions if d.number == n], verdicts.get(n), n)
        for n, review in kb.reviews.reviews(job_id, numbers).items()
    ]


def _original(kb: KnowledgeBase, job_id: str, file: str) -> bytes | None:
    """Bytes of a file as handed in, from its archive where it came in one."""
    line = next((f for f in kb.reviews.files(job_id) if f.name == file and not f.error), None)
    data = kb.reviews.upload(job_id, line.upload) if line else None
    if line is None or data is None:
        return None
    found = (content for _, name, content in numbered([(line.name, data)]) if name == file)
    content = next(found, None)
    return None if content is None or isinstance(content, FileError) else content


def _download(data: bytes, kind: str, name: str) -> Response:
    answer = attachment(data, name, kind)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
