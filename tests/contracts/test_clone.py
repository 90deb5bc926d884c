"""What a clone promises: its commands, its folders, nothing outside it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".md", ".toml", ".yaml", ".html", ".css", ".js", ".svg", ".txt", ".mako", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    files = [ROOT / name for name in names if name] or [f for f in ROOT.rglob("*") if f.is_file()]
    return [f for f in files if f.suffix in TEXT and f.exists() and ".venv" not in f.parts]


def test_top_level_stays() -> None:
    for name in (
        "kb",
        "indicators",
        "web",
        "loaders",
        "tests",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
    ):
        assert (ROOT / name).exists(), name


def test_no_file_names_a_place_outside_the_clone() -> None:
    # A sibling of the clone (../name/) or somebody's home; styles and scripts may climb inside the clone.
    outside = re.compile(r"(?<![\w/.])\.\./[A-Za-z]\w*/|(?<![\w./])/(?:home|root|Users)/")
    texts = [f for f in tracked() if f.suffix not in {".css", ".js", ".html"} and f != Path(__file__)]
    found = [f.relative_to(ROOT) for f in texts if outside.search(f.read_text("utf-8"))]
    assert found == []


def test_pages_load_nothing_from_outside() -> None:
    loading = re.compile(r"""(?:src|srcset|action|data)\s*=\s*["']?https?:|url\(\s*["']?https?:|@import""")
    pages = [f for f in tracked() if ROOT / "web" in f.parents and f.suffix in {".html", ".css", ".js"}]
    assert pages
    assert [f.name for f in pages if loading.search(f.read_text("utf-8"))] == []


def test_readme_commands_are_one_line_each() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.S)
    assert blocks[0].count("\n") == 1
    assert blocks[0].strip().endswith("kb serve")
    (test_block,) = re.findall(r"<!-- test command -->\n```sh\n(.*?)```", readme, re.S)
    assert test_block.count("\n") == 1


def test_vendored_assets_carry_version_and_licence() -> None:
    vendor = ROOT / "web" / "static" / "vendor"
    for folder in vendor.iterdir() if vendor.exists() else []:
        assert re.fullmatch(r"[\w.-]+@\d[\w.]*", folder.name), folder.name
        assert any(f.name.upper().startswith("LICEN") for f in folder.iterdir()), folder.name
