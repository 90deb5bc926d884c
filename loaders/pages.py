"""Tables of a document's pages, put together where one goes on over a page break. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loaders.grid import Grid, stacked


def joined(grids: Iterable[Grid]) -> list[Grid]:
    """Grids named by page (第3页): one on the following page that is as wide goes on with the one before.

    Each row keeps the page it stands on.
    """
    whole: list[Grid] = []
    last = 0
    for grid in grids:
        page = _page(grid)
        if whole and page == last + 1 and grid.width == whole[-1].width:
            whole[-1] = stacked(whole[-1], grid)
        elif grid.height:
            whole.append(grid)
        last = page
    return whole


def _page(grid: Grid) -> int:
    found = re.search(r"\d+", grid.name)
    return int(found[0]) if found else 0
