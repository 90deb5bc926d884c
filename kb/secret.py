"""The key that signs sessions: made once, kept in the home folder, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from kb.errors import HomeError

_BYTES = 48


def session_key(file: Path) -> bytes:
    """The key in ``file``; made at first use, once, even where several processes start together.

    Raises HomeError where the file can be neither read nor written, or is too short to be a key.
    """
    try:
        if not file.exists():
            _make(file)
        key = file.read_bytes()
    except OSError as error:
        raise HomeError(file.parent, error.strerror or str(error)) from error
    if len(key) < _BYTES:
        raise HomeError(file.parent, f"{file.name} 不完整，请删去它再启动（登录会全部失效）")
    return key


def _make(file: Path) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(_BYTES))
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, file)
    finally:
        draft.unlink()
