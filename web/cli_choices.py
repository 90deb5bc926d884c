"""What a command line chooses over a plan, in the same words for ``kb load`` and ``kb pack import``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

import click

from kb.imports import Decisions, ImportPlan
from web.load_plan import merging_all

_ALL = ("全部", "all")

T = TypeVar("T")


def choosing(command: Callable[..., T]) -> Callable[..., T]:
    """Options ``--merge``, ``--retire`` and ``--keep``: the command gets ``choices``, its own ``--replace`` among them.

    Raises click.UsageError where one cannot be read.
    """

    @wraps(command)
    def chosen(*given: Any, merge: Any, retire: Any, keep: Any, replace: bool, **others: Any) -> T:
        return command(*given, choices=Choices.read(merge, retire, keep, replace=replace), **others)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen


_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--retire",
        multiple=True,
        metavar="代码[=替代代码]",
        help="停用文件里没有的一条，可指明替代指标，可重复",
    ),
    click.option("--keep", multiple=True, metavar="代码", help="与 --replace 同用：这一条保留，可重复"),
    click.option(
        "--merge",
        multiple=True,
        metavar="新代码=已有代码",
        help="并入相近的已有指标，可重复；--merge 全部 把提示的都并入",
    ),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """Decisions as a command line gives them; ``merge_all``: near-duplicates not named are merged too."""

    decisions: Decisions
    merge_all: bool = False

    @classmethod
    def read(
        cls, merge: Iterable[str], retire: Iterable[str], keep: Iterable[str], *, replace: bool
    ) -> Choices:
        """What the options say. Raises click.UsageError where one cannot be read."""
        merge = list(merge)
        named = _pairs("--merge", [m for m in merge if m not in _ALL])
        decided = Decisions(named, _pairs("--retire", retire, bare=True), frozenset(keep), replace)
        return cls(decided, any(m in _ALL for m in merge))

    def plan(self, make: Callable[[Decisions], ImportPlan]) -> ImportPlan:
        """The plan that follows them, made once more where every near-duplicate is merged.

        Raises click.UsageError where one names a code that the plan does not know: a slip of the
        pen is not passed over.
        """
        plan = make(self.decisions)
        if self.merge_all and (found := merging_all(plan)):
            plan = make(replace(self.decisions, merge={**found, **self.decisions.merge}))
        self._require_known(plan)
        return plan

    def _require_known(self, plan: ImportPlan) -> None:
        gone = [code for code in self.decisions.retire if code not in {v.code for v in plan.vanished}]
        if gone:
            raise click.UsageError(
                f"--retire 的 {'、'.join(gone)} 不是“文件里没有”的在用指标。先用 --dry-run 看有哪些。"
            )
        new = [code for code in self.decisions.merge if code not in {d.code for d in plan.duplicates}]
        if new:
            raise click.UsageError(
                f"--merge 的 {'、'.join(new)} 不是与已有指标相近的新指标。先用 --dry-run 看有哪些。"
            )


def _pairs(option: str, given: Iterable[str], *, bare: bool = False) -> dict[str, str]:
    """Codes with the codes given for them; ``bare`` ones may stand alone."""
    found = {}
    for pair in given:
        code, mark, other = (part.strip() for part in pair.partition("="))
        if not code or (not other and not (bare and not mark)):
            raise click.UsageError(
                f"{option} 要写成 代码=代码，例如 {option} BD-BX-SL-01=JT-SL-01；收到“{pair}”。"
            )
        found[code] = other
    return found
