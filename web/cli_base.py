"""What every command shares: the home option, an open knowledge base, a progress bar on stderr."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from tqdm import tqdm

from kb.knowledge import KnowledgeBase
from kb.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class ProgressBar:
    """A progress bar on stderr that appears only once long work has begun."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self.close()
            self._what = what
            self._bar = tqdm(total=total, desc=what, unit="条", file=sys.stderr, leave=True, ascii=" =")
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Finish the bar that is showing, if any."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def home_option(command: Callable[P, T]) -> Callable[P, T]:
    """``--home`` on the command itself, with the group's as fallback."""
    return click.option("--home", metavar="DIR", help="知识库文件夹（缺省取 KB_HOME，再取用户数据文件夹）")(
        command
    )


def with_knowledge(command: Callable[Concatenate[KnowledgeBase, P], T]) -> Callable[..., T]:
    """Open the knowledge base for a command, close it afterwards, and tell failures plainly."""

    @home_option
    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, /, *args: P.args, home: str | None = None, **kwargs: P.kwargs) -> T:
        with knowledge(context, home) as kb:
            return command(kb, *args, **kwargs)

    return run


def knowledge(context: click.Context, home: str | None) -> KnowledgeBase:
    """The knowledge base that a command line names, made ready with a progress bar."""
    bar = ProgressBar()
    try:
        return KnowledgeBase.open(Settings.load(home or context.obj), bar)
    finally:
        bar.close()
