"""Settings of a knowledge base: one table, each with its environment variable and default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from indicators.shipped import CATALOGUE
from kb.signon import SignOn
from kb.watching import Watching


@dataclass(frozen=True, slots=True)
class Connections:
    """How a database server is used: connections kept open (as many again under load), and patience.

    A statement that takes longer than ``statement_seconds`` is given up, and so is waiting for a lock
    or a free connection after ``lock_seconds``.
    """

    pool: int = 10
    statement_seconds: int = 120
    lock_seconds: int = 30


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a knowledge base lives and which engines it uses.

    ``home`` holds database, index and locks. ``database`` is a SQLAlchemy URL, ``search`` an
    engine URL; "" means the embedded default in ``home``. ``catalogue`` is the folder that the
    shipped records are read from. ``search_memory_mb`` bounds the score arrays. ``trusted_header``
    names the header in which a reverse proxy says who has signed in ("" switches that off); it is
    believed, as X-Forwarded-For and -Proto are, only from the addresses in ``proxies``. ``base_url`` is the
    address under which others reach the pages: feeds and SKOS name records by it. ``sign_on`` is the
    provider of single sign-on by OpenID Connect, None where that is off. ``watching`` says what is
    logged of requests and who may read the metrics. ``secret`` is another file of the key that signs
    sessions, and ``keys`` another folder of the keys that sign edition packs, for machines that answer under
    one address.
    """

    home: Path
    database: str = ""
    search: str = ""
    catalogue: Path = CATALOGUE
    search_memory_mb: int = 512
    trusted_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    connections: Connections = Connections()
    base_url: str = ""
    sign_on: SignOn | None = None
    watching: Watching = field(default_factory=Watching)
    secret: Path | None = None
    keys: Path | None = None

    @classmethod
    def load(cls, home: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
        """Settings from the command line's ``--home``, then the environment, then defaults. Raises SettingsError."""
        folder = home or environ.get("KB_HOME") or user_data_path("indicator-kb", appauthor=False)
        return cls(
            home=Path(folder).expanduser().resolve(),
            database=environ.get("KB_DATABASE", ""),
            search=environ.get("KB_SEARCH", ""),
            catalogue=Path(environ.get("KB_CATALOGUE") or CATALOGUE),
            search_memory_mb=int(environ.get("KB_SEARCH_MEMORY_MB") or 512),
            trusted_header=environ.get("KB_TRUSTED_HEADER", "").strip(),
            proxies=tuple((environ.get("KB_TRUSTED_PROXIES") or "127.0.0.1,::1").replace(",", " ").split()),
            connections=Connections(
                pool=int(environ.get("KB_DATABASE_POOL") or 10),
                statement_seconds=int(environ.get("KB_DATABASE_STATEMENT_SECONDS") or 120),
                lock_seconds=int(environ.get("KB_DATABASE_LOCK_SECONDS") or 30),
            ),
            base_url=_address(environ.get("KB_BASE_URL", "")),
            sign_on=SignOn.load(environ),
            watching=Watching.load(environ),
            secret=Path(environ["KB_SECRET_FILE"]) if environ.get("KB_SECRET_FILE") else None,
            keys=Path(environ["KB_KEYS"]) if environ.get("KB_KEYS") else None,
        )

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database in force."""
        return self.database or f"sqlite:///{self.database_file}"

    @property
    def search_url(self) -> str:
        """URL of the search engine in force; "" for the embedded one."""
        return self.search

    @property
    def database_file(self) -> Path:
        """File of the embedded database."""
        return self.home / "kb.sqlite3"

    @property
    def secret_file(self) -> Path:
        """File of the key that signs sessions; it is no part of a backup."""
        return self.secret or self.home / "secret.key"

    @property
    def keys_folder(self) -> Path:
        """Folder of the keys that sign edition packs; it is no part of a backup."""
        return self.keys or self.home / "keys"

    @property
    def index_folder(self) -> Path:
        """Folder of the embedded search index."""
        return self.home / "index"

    @property
    def lock_file(self) -> Path:
        """Lock that one process holds while it prepares database and index."""
        return self.home / "prepare.lock"


def _address(text: str) -> str:
    """An address without the slash at its end; "" where it is none that a link could begin with."""
    plain = text.strip().rstrip("/")
    return plain if plain.startswith(("http://", "https://")) and not re.search(r"[\s<>\"]", plain) else ""
