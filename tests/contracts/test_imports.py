"""The floors hold: each imports only what is below it, and foreign engines live in one module each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

LINT = (
    "import sys; from importlinter.cli import lint_imports; "
    "sys.path.insert(0, '.'); sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
)


def test_import_contracts_are_kept() -> None:
    # In a process of its own: the linter's logging settings silence every logger that exists by then.
    found = subprocess.run(
        [sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert " 0 broken" in found.stdout
