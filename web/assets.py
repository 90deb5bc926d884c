"""Static files with their content's fingerprint in the address, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, request, url_for

STATIC = Path(__file__).parent / "static"


@lru_cache(maxsize=256)
def _version(path: Path, changed: int) -> str:
    """First hex digits of a file's SHA-256; ``changed`` makes an edited file a new question."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def version_of(name: str) -> str:
    """Fingerprint of a static file by its name below ``static/``."""
    path = STATIC / name
    return _version(path, path.stat().st_mtime_ns)


def asset(name: str) -> str:
    """Address of a static file that changes when the file does."""
    return url_for("static", filename=name, v=version_of(name))


def set_static_cache(response: Response) -> Response:
    """Lets browsers keep a static file asked for with its right fingerprint, and check any other."""
    name = (request.view_args or {}).get("filename", "")
    if response.status_code in (200, 304) and request.args.get("v") == version_of(name):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response
