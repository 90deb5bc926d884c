"""Which index is meant when the database keeps how far it has come.

An embedded index belongs to one home folder and one database. Its name is made anew with every full
building, and holds the machine and the folder: a copied home, or a home pointed at another database,
is not taken for the one that the database knows, and builds its index afresh. An index in a cluster
belongs to all machines on one database; the cluster itself says which it is.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from pathlib import Path
from typing import Protocol


class Place(Protocol):
    """Name of an index, and how far it has come by its own account."""

    @property
    def name(self) -> str:
        """Name by which the database knows the index; one that it cannot know before the first building."""
        ...

    @property
    def known(self) -> str:
        """The name as it was last seen, for telling how far the index is behind while it cannot be asked."""
        ...

    @property
    def reached(self) -> int:
        """Outbox row that the index has reached by its own account: more than the database says where
        that was brought back from a backup behind the program's back."""
        ...

    def renew(self) -> str:
        """The name of an index that was just built afresh."""
        ...

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        ...


class ClusterIndex(Protocol):
    """What ``SharedPlace`` asks of an engine in a cluster."""

    def index_name(self) -> str:
        """Name of the version in force, "" before the first."""
        ...

    def reached(self) -> int:
        """Outbox row that the index has reached by its own account."""
        ...

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        ...


class SharedPlace:
    """The place of an index that all machines share: kept in the cluster, with the index."""

    def __init__(self, engine: ClusterIndex) -> None:
        self._engine = engine
        self._known = "-"

    @property
    def name(self) -> str:
        """Name of the version in force."""
        self._known = self._engine.index_name() or "-"
        return self._known

    @property
    def known(self) -> str:
        """The name as it was last seen."""
        return self._known

    @property
    def reached(self) -> int:
        """Outbox row that the index has reached by its own account."""
        return self._engine.reached()

    def renew(self) -> str:
        """Every version has a name of its own."""
        return self.name

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        self._engine.note(reached)


class IndexPlace:
    """The place of the index of one home folder, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def name(self) -> str:
        """Name by which the database knows the index; one that it cannot know before the first building."""
        return self._of(self._read()[0])

    @property
    def known(self) -> str:
        """The name, which a file always tells."""
        return self.name

    @property
    def reached(self) -> int:
        """Outbox row that the index has reached by its own account."""
        return self._read()[1]

    def renew(self) -> str:
        """A new name, for an index that is built afresh."""
        token = secrets.token_hex(8)
        self._write(token, 0)
        return self._of(token)

    def note(self, reached: int) -> None:
        """Keep how far the index has come."""
        self._write(self._read()[0], reached)

    def _of(self, token: str) -> str:
        where = f"{socket.gethostname()}:{self._file}"
        return f"{socket.gethostname()[:60]}/{hashlib.sha256(where.encode()).hexdigest()[:12]}-{token}"

    def _read(self) -> tuple[str, int]:
        try:
            token, reached = self._file.read_text(encoding="utf-8").split()
            return token, int(reached)
        except (OSError, ValueError):
            return "", 0

    def _write(self, token: str, reached: int) -> None:
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        draft.write_text(f"{token} {reached}\n", encoding="utf-8")
        draft.replace(self._file)
