"""What every command shares: the home option, an open knowledge base, a progress bar on stderr."""

from __future__ import annotations

import functools
import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from tqdm import tqdm

from indicators.validity import read_span
from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from web.kept_out import kept_out

_PATIENCE = 1.0
"""Seconds of work after which a bar is worth showing."""

P = ParamSpec("P")
T = TypeVar("T")


class ProgressBar:
    """A progress bar on stderr that appears only once long work has begun, and lasted for ``patience`` seconds."""

    def __init__(self, patience: float = 0.0) -> None:
        self._bar: tqdm[Any] | None = None
        self._what = ""
        self._patience, self._begun = patience, monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None and monotonic() - self._begun < self._patience:
            return
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


@contextmanager
def progress(long: bool = False) -> Iterator[ProgressBar]:
    """A bar on stderr for the length of some work, shown at once where that is known to be long, else once it is."""
    bar = ProgressBar(0.0 if long else _PATIENCE)
    try:
        yield bar
    finally:
        bar.close()


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
    def run(context: click.Context, /, *args: Any, home: str | None = None, **kwargs: Any) -> T:
        with knowledge(context, home) as kb:
            return command(kb, *args, **kwargs)

    return run


def knowledge(context: click.Context, home: str | None) -> KnowledgeBase:
    """The knowledge base that a command line names, made ready with a progress bar."""
    bar = ProgressBar()
    try:
        kb = KnowledgeBase.open(Settings.load(home or context.obj), bar)
    finally:
        bar.close()
    if told := kept_out(kb):
        click.echo(told, err=True)
    return kb


class _Day(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A year, month or day of a set's validity, kept as it was written."""

    name = "日期"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself; wrong usage where it is no date."""
        if value and read_span(value) is None:
            self.fail(f"“{value}”不是日期，请写成 2026、2026-01 或 2026-01-01。", param, ctx)
        return value.strip()


DAY = _Day()


def require_order(valid_from: str, valid_to: str) -> None:
    """Wrong usage where a validity ends before it begins."""
    begins, ends = read_span(valid_from), read_span(valid_to)
    if begins and ends and ends.last < begins.first:
        raise click.UsageError(f"有效期的止（{valid_to}）早于起（{valid_from}）。")


def actor() -> str:
    """The system's user: whoever may run commands on this machine answers for them."""
    try:
        return f"命令行 {getpass.getuser()}"[:80]
    except (OSError, KeyError):
        return "命令行"
