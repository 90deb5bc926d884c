"""Where several processes keep their figures. Apart from ``web.metrics``: prometheus_client looks at its import."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def shared() -> bool:
    """Whether figures are shared by several processes."""
    return FOLDER in os.environ


def prepare(folder: Path) -> None:
    """Let this process and those that it starts count in a folder, empty at first."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[FOLDER] = str(folder)
