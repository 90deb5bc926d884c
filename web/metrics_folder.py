"""Where several processes keep their figures. Apart from ``web.metrics``: prometheus_client looks at its import."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LOCK = "in-use"


def shared() -> bool:
    """Whether figures are shared by several processes."""
    return FOLDER in os.environ


def prepare(root: Path) -> Path:
    """Let this process and those that it forks count in a folder of their own, which it gives.

    The folder is held by a lock that the system frees with the last of them; folders that nobody holds,
    left by servers that were killed, are removed. POSIX only.
    """
    root.mkdir(parents=True, exist_ok=True)
    for old in root.iterdir():
        if (handle := _held(old)) is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(handle)
    folder = Path(tempfile.mkdtemp(dir=root))
    _held(folder)
    os.environ[FOLDER] = str(folder)
    return folder


def _held(folder: Path) -> int | None:
    """The lock of a folder, held as long as a process of this family lives; None where others hold it."""
    import fcntl  # not on Windows

    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
