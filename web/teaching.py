"""Admin pages that teach the search: synonym groups, chosen answers, dictionary words, reindexing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from indicators.choices import Strength
from indicators.model import SynonymGroup
from kb.errors import ChangedMeanwhileError, InputError, KnowledgeError
from web.admin import admin
from web.context import knowledge
from web.query import clean, page_number, whole
from web.reindexing import ReindexJob

pages = Blueprint("teaching", __name__)

Answer = str | Response | tuple[str, int]

STRENGTHS = {
    Strength.SAME: ("同义", "可以互换，几乎和原词一样算"),
    Strength.NEAR: ("近义", "口语或相近的说法，排在原词后面"),
    Strength.RELATED: ("相关", "只作联想，分量最轻"),
}
_PAGE = 50
_SPLIT = re.compile(r"[,，、;；\r\n\t]+")
_PAIR = re.compile(r"\s*[：:|]\s*")
_LONGEST_FORM = 4000


@dataclass(frozen=True, slots=True)
class GroupForm:
    """A synonym group as its form holds it: ``words`` one a line, ``not_same`` lines of 词：理由."""

    name: str = ""
    words: str = ""
    strength: str = Strength.NEAR.value
    not_same: str = ""
    reason: str = ""
    seen: int = 0

    @classmethod
    def of(cls, group: SynonymGroup, seen: int) -> GroupForm:
        """The form that shows a stored group."""
        pairs = "\n".join(f"{word}：{why}" if why else word for word, why in group.not_same)
        return cls(group.name, "\n".join(group.words), group.strength.value, pairs, "", seen)

    @classmethod
    def sent(cls) -> GroupForm:
        """The form as the request brings it."""
        text = {
            name: request.form.get(name, "")[:_LONGEST_FORM]
            for name in ("name", "words", "strength", "not_same", "reason")
        }
        return cls(**text, seen=whole(request.form.get("seen", "")))

    def save(self, code: str) -> str:
        """Store the group; gives its code. Raises InputError or ChangedMeanwhileError."""
        pairs = [
            (parts[0].strip(), parts[1].strip() if len(parts) > 1 else "")
            for line in self.not_same.splitlines()
            if (parts := _PAIR.split(line, maxsplit=1))
        ]
        return knowledge().tuning.save_group(
            code, self.name, _SPLIT.split(self.words), self.strength, pairs,
            seen=self.seen, actor=admin().name, reason=self.reason,
        )  # fmt: skip


@pages.get("/admin/synonyms")
def synonyms() -> str:
    """All groups, narrowed by a word, and those that were taken out."""
    text = clean(request.args.get("q", ""))[:40]
    groups = knowledge().tuning.synonyms(text)
    last = max(1, -(-len(groups) // _PAGE))
    page = min(page_number(request.args.get("page", "")), last)
    return render_template(
        "admin_synonyms.html",
        groups=groups[(page - 1) * _PAGE : page * _PAGE],
        total=len(groups),
        text=text,
        page=page,
        last=last,
        removed=() if text else knowledge().tuning.removed_groups(),
        strengths=STRENGTHS,
    )


@pages.get("/admin/synonyms/new")
def new_group() -> Answer:
    """The form for a new group, filled in from the work list's proposal where there is one."""
    name, words = (clean(request.args.get(field, ""))[:60] for field in ("name", "words"))
    return _group_page("", GroupForm(name=name, words=words))


@pages.post("/admin/synonyms/new")
def add_group() -> Answer:
    """Store a new group."""
    return _save("")


@pages.get("/admin/synonyms/<code>")
def group(code: str) -> Answer:
    """A group with its form and history."""
    found = knowledge().tuning.group(code)
    if found is None:
        abort(404, "没有这一组同义词，也可能已经停用。")
    return _group_page(code, GroupForm.of(*found))


@pages.post("/admin/synonyms/<code>")
def save_group(code: str) -> Answer:
    """Store what was changed in a group."""
    if knowledge().tuning.group(code) is None:
        abort(404, "没有这一组同义词，也可能已经停用。")
    return _save(code)


def _save(code: str) -> Answer:
    form = GroupForm.sent()
    try:
        stored = form.save(code)
    except (InputError, ChangedMeanwhileError) as error:
        return _group_page(code, form, str(error)), 400
    flash("已保存，搜索立即按新的同义词查找。")
    return redirect(f"/admin/synonyms/{stored}", 303)


def _group_page(code: str, form: GroupForm, error: str = "") -> str:
    history = knowledge().tuning.group_history(code) if code else ()
    return render_template(
        "admin_synonym.html", code=code, filled=form, error=error, history=history, strengths=STRENGTHS
    )


@pages.post("/admin/synonyms/<code>/remove")
def remove_group(code: str) -> Response:
    """Take a group out of use."""
    seen = whole(request.form.get("seen", ""))
    try:
        knowledge().tuning.remove_group(
            code, seen=seen, actor=admin().name, reason=request.form.get("reason", "")[:200]
        )
    except KnowledgeError as error:
        flash(str(error), "bad")
        return redirect(f"/admin/synonyms/{code}", 303)
    flash("已停用这一组。列表末尾可以恢复。")
    return redirect("/admin/synonyms", 303)


@pages.get("/admin/answers")
def answers() -> Answer:
    """All chosen answers, and the form for one."""
    query, codes = (clean(request.args.get(field, ""))[:100] for field in ("q", "codes"))
    return _answers_page(query, codes)


@pages.post("/admin/answers")
def choose_answer() -> Answer:
    """Let records stand first for a query."""
    query, codes = request.form.get("query", "")[:400], request.form.get("codes", "")[:1000]
    try:
        stored = knowledge().tuning.pin(
            query,
            re.split(r"[\s,，、;；]+", codes),
            actor=admin().name,
            reason=request.form.get("reason", ""),
        )
    except InputError as error:
        return _answers_page(query, codes, str(error)), 400
    flash(f"已保存：搜“{stored}”时这些记录排在最前。")
    return redirect("/admin/answers", 303)


def _answers_page(query: str, codes: str, error: str = "") -> str:
    return render_template(
        "admin_answers.html", answers=knowledge().tuning.answers(), query=query, codes=codes, error=error
    )


@pages.post("/admin/answers/remove")
def remove_answer() -> Response:
    """Take a chosen answer back."""
    query = request.form.get("query", "")[:400]
    knowledge().tuning.unpin(query, actor=admin().name)
    flash(f"“{query[:60]}”不再有精选答案。要恢复，在工作清单的“最近的改动”里撤回。")
    return redirect("/admin/answers", 303)


@pages.get("/admin/words")
def words() -> Answer:
    """Dictionary words of this knowledge base, and the state of the index."""
    return _words_page()


@pages.post("/admin/words")
def add_word() -> Answer:
    """Add a word to the dictionary."""
    word = request.form.get("word", "")[:40]
    try:
        knowledge().tuning.add_word(word, actor=admin().name)
    except InputError as error:
        return _words_page(word, str(error)), 400
    flash("已加入词典，重建索引后起作用。")
    return redirect("/admin/words", 303)


def _words_page(word: str = "", error: str = "") -> str:
    tuning = knowledge().tuning
    return render_template(
        "admin_words.html",
        words=tuning.words(),
        history=tuning.words_history()[:10],
        word=word,
        error=error,
        job=ReindexJob(knowledge()).state(),
    )


@pages.post("/admin/words/remove")
def remove_word() -> Response:
    """Take a word out of the dictionary."""
    knowledge().tuning.remove_word(request.form.get("word", "")[:40], actor=admin().name)
    flash("已从词典删去，重建索引后起作用。")
    return redirect("/admin/words", 303)


@pages.post("/admin/reindex")
def reindex() -> Response:
    """Begin to build the index afresh."""
    ReindexJob(knowledge()).start(admin().name)
    return redirect("/admin/words", 303)
