"""Reading one file to be loaded in a process of its own, bounded in time and memory, killed when late or called off."""

from __future__ import annotations

from collections.abc import Callable

from loaders.found import Hints
from loaders.kept import pack
from loaders.loading import load_file
from loaders.progress import Told, tell
from web.apart import Bounds, done_apart

SECONDS = 90
MEMORY = 3 * 2**30


def read_apart(
    name: str,
    data: bytes,
    hints: Hints,
    seconds: float = SECONDS,
    look: Callable[[], None] = lambda: None,
    told: Told = tell,
) -> bytes:
    """``load_file`` in another process, packed as ``loaders.kept`` does; nothing that comes back is executed.

    ``look`` is called every now and then; what it raises ends the process. ``told`` hears how far
    reading is. Raises a FileError, whatever the file does to its reader.
    """
    bounds = Bounds(
        seconds,
        MEMORY,
        late=f"读了 {seconds:g} 秒还没有读完，已放弃。请删去无关的工作表、图片和成片的空格式，另存后再交。",
        much="文件太大或结构异常，读不下去。请拆成几个文件再交。",
        broken="文件结构异常，读取时中断。请用 WPS 或 Excel 打开后另存，再交一次。",
    )
    return done_apart(name, bounds, _read, name, data, hints, look=look, told=told)


def _read(name: str, data: bytes, hints: Hints) -> bytes:
    return pack(load_file(name, data, hints))
