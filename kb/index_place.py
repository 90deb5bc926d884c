"""Which index is meant when the database keeps how far it has come.

An embedded index belongs to one home folder and one database. Its name is made anew with every full
building, and holds the machine and the folder: a copied home, or a home pointed at another database,
is not taken for the one that the database knows, and builds its index afresh.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from pathlib import Path


class IndexPlace:
    """Name of an index, and how far it has come by its own account.

    With a file the index is that of one home folder; without one it is shared by all machines
    under ``name``.
    """

    def __init__(self, file: Path | None, name: str = "") -> None:
        self._file, self._name = file, name

    @property
    def name(self) -> str:
        """Name by which the database knows the index; one that it cannot know before the first building."""
        return self._of(self._read()[0]) if self._file else self._name

    @property
    def reached(self) -> int:
        """Outbox row that the index has reached by its own account: more than the database says where
        that was brought back from a backup behind the program's back."""
        return self._read()[1] if self._file else 0

    def renew(self) -> str:
        """A new name, for an index that is built afresh."""
        if self._file is None:
            return self._name
        token = secrets.token_hex(8)
        self._write(token, 0)
        return self._of(token)

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        if self._file is not None:
            self._write(self._read()[0], reached)

    def _of(self, token: str) -> str:
        where = f"{socket.gethostname()}:{self._file}"
        return f"{socket.gethostname()[:60]}/{hashlib.sha256(where.encode()).hexdigest()[:12]}-{token}"

    def _read(self) -> tuple[str, int]:
        assert self._file is not None  # noqa: S101 - callers have looked
        try:
            token, reached = self._file.read_text(encoding="utf-8").split()
            return token, int(reached)
        except (OSError, ValueError):
            return "", 0

    def _write(self, token: str, reached: int) -> None:
        assert self._file is not None  # noqa: S101 - callers have looked
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        draft.write_text(f"{token} {reached}\n", encoding="utf-8")
        draft.replace(self._file)
