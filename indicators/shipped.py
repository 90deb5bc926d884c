"""The shipped catalogue: from YAML and Markdown files to records.

``read_catalogue`` gives every record of a catalogue folder; a fault in a file is one
``CatalogueError`` whose sentence names the file, the record and what to mend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from indicators.model import RECORD_TYPES, Guide, Kind, Record

CATALOGUE = Path(__file__).parent / "catalogue"
"""Folder of the catalogue that comes with the program."""

_KEYS: dict[str, Kind] = {
    "sources": Kind.SOURCE,
    "sectors": Kind.SECTOR,
    "sets": Kind.SET,
    "indicators": Kind.INDICATOR,
    "frameworks": Kind.FRAMEWORK,
    "nodes": Kind.NODE,
    "projects": Kind.PROJECT,
    "issues": Kind.ISSUE,
    "problems": Kind.PROBLEM,
    "clauses": Kind.CLAUSE,
    "synonyms": Kind.SYNONYMS,
}

# The C loader is an order of magnitude faster; PyYAML without it still works.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogueError(Exception):
    """A catalogue file cannot be read; the message says which file, which record and why."""

    def __init__(self, file: Path, where: str, reason: str) -> None:
        self.file, self.where, self.reason = file, where, reason
        super().__init__(f"目录文件 {file.name} 的 {where} 有误：{reason}")


def catalogue_files(root: Path = CATALOGUE) -> list[Path]:
    """Record files of a catalogue folder, in a stable order.

    ``vocabulary/`` is left out but for synonyms: word lists belong to the segmenter.
    """
    files = [*root.rglob("*.yaml"), *root.rglob("*.md")]
    return sorted(f for f in files if not f.name.startswith("_") and f.name.lower() != "readme.md")


def fingerprint(root: Path = CATALOGUE) -> str:
    """SHA-256 over names and bytes of all catalogue files; another one means another catalogue."""
    digest = hashlib.sha256()
    for file in catalogue_files(root):
        digest.update(str(file.relative_to(root)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def read_catalogue(
    root: Path = CATALOGUE, progress: Callable[[int, int], None] | None = None
) -> list[Record]:
    """All records of a catalogue folder.

    ``progress`` is called with (files read, files in all). Raises CatalogueError at the first
    file that cannot be read.
    """
    files = catalogue_files(root)
    records: list[Record] = []
    for done, file in enumerate(files, 1):
        records.extend(read_file(file))
        if progress:
            progress(done, len(files))
    return records


def read_file(file: Path) -> Iterator[Record]:
    """Records of one catalogue file (.yaml or .md)."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        yield _read_guide(file, text)
        return
    content = _load_yaml(file, text)
    defaults = content.pop("defaults", {})
    for key, items in content.items():
        if key not in _KEYS:
            raise CatalogueError(file, f"“{key}”", f"不认识的记录种类，可用：{'、'.join(_KEYS)}")
        for item in items or []:
            yield _convert(file, _KEYS[key], {**defaults.get(key, {}), **item})


def _load_yaml(file: Path, text: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe loader, by C or in Python
    except yaml.YAMLError as error:
        raise CatalogueError(file, "YAML 语法", str(error)) from error
    if not isinstance(content, dict):
        raise CatalogueError(file, "顶层", "应为“记录种类: 列表”的映射")
    return content


def _read_guide(file: Path, text: str) -> Guide:
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise CatalogueError(file, "开头", "缺少 --- 包围的 YAML 题头")
    head = _load_yaml(file, parts[1])
    guide = _convert(file, Kind.GUIDE, {**head, "text": parts[2].strip()})
    assert isinstance(guide, Guide)  # noqa: S101 - narrows the type
    return guide


def _convert(file: Path, kind: Kind, item: dict[str, Any]) -> Record:
    try:
        return msgspec.convert(item, RECORD_TYPES[kind])
    except msgspec.ValidationError as error:
        where = f"{kind.value} {item.get('code', item.get('name', '（无代码）'))}"
        raise CatalogueError(file, where, str(error)) from error
