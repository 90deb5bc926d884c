"""Where several processes keep their figures. Apart from ``web.metrics``: prometheus_client looks at its import."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def shared() -> bool:
    """Whether figures are shared by several processes."""
    return FOLDER in os.environ


def prepare(root: Path) -> Path:
    """Let this process and those that it starts count in a folder of their own, which it gives.

    What servers left that were killed is removed.
    """
    root.mkdir(parents=True, exist_ok=True)
    for old in root.iterdir():
        if not old.name.isdigit() or not _lives(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    folder = root / str(os.getpid())
    folder.mkdir(exist_ok=True)
    os.environ[FOLDER] = str(folder)
    return folder


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return pid != os.getpid()
