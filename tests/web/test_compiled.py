"""Templates compiled beforehand serve every application of the process, as those forked from it."""

from __future__ import annotations

import jinja2
import pytest
from flask import Flask

from web.app import compile_templates


def test_pages_compile_nothing_once_templates_are_compiled(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_templates()

    def compiling(_environment: jinja2.Environment, *given: object, **_: object) -> None:
        raise AssertionError(f"compiled again: {given[1]}")

    monkeypatch.setattr(jinja2.Environment, "compile", compiling)
    client = app.test_client()
    for page in ("/", "/search?q=修路", "/i/JT-SL-01", "/draft", "/review"):
        assert client.get(page).status_code == 200
