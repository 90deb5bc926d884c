"""A thousand mutated files of every kind: each is read or refused with a sentence, none crashes or hangs its reader."""

from __future__ import annotations

import faulthandler
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from loaders.building import build
from loaders.errors import FileError, TooLargeError
from loaders.found import Hints
from loaders.load_json import row_json
from loaders.loading import load_file
from loaders.ocr import is_available
from tests.loaders.corpus import cases, merged_targets
from tests.loaders.files import WRITERS, as_xlsx
from tests.loaders.hard_layouts import hard_layouts
from tests.loaders.hard_lists import hard_lists
from tests.loaders.scanned import as_picture, as_scanned_pdf, font_path, page
from web.apart import UnreadableError
from web.import_reading import read_apart

MUTANTS, RECOGNISED = 1000, 6
BOUND = 20.0
TEXTS = ("csv", "txt", "md", "html")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, bytes]]]:
    """The corpus by kind of file, and an old workbook where an office can make one."""
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for case in [*cases(), *hard_layouts(), *hard_lists()]:
        found[case.name.rpartition(".")[2]].append((case.name, case.data))
    if shutil.which("soffice"):
        folder = tmp_path_factory.mktemp("xls")
        (folder / "a.xlsx").write_bytes(as_xlsx(*merged_targets()))
        office = f"-env:UserInstallation=file://{folder}/office"
        command = ["soffice", office, "--headless", "--convert-to", "xls", "a.xlsx"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        found["xls"].append(("a.xls", Path(folder / "a.xls").read_bytes()))
    return found


def mutated(data: bytes, kind: str, luck: random.Random) -> bytes:
    """A file with some of its bytes changed; of a zipped one often those of one part, of a text its characters."""
    if kind in TEXTS and luck.random() < 0.8:
        return _shuffled(data.decode("gb18030" if kind == "csv" else "utf-8", "replace"), luck).encode()
    if data[:2] != b"PK" or luck.random() < 0.3:
        return _shaken(data, luck)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = luck.choice([n for n in old.namelist() if n.endswith(".xml")])
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, _shaken(content, luck) if name == chosen else content)
    return out.getvalue()


def _shaken(data: bytes, luck: random.Random) -> bytes:
    mutant = bytearray(data)
    for _ in range(luck.choice((1, 3, 20, 200))):
        if not mutant:
            return b""
        at = luck.randrange(len(mutant))
        match luck.randrange(4):
            case 0:
                mutant[at] = luck.randrange(256)
            case 1:
                del mutant[at : at + luck.randrange(1, 50)]
            case 2:
                mutant[at:at] = mutant[at : at + luck.randrange(1, 50)]
            case _:
                mutant[at : at + 4] = luck.randbytes(4)
    return bytes(mutant)


def _shuffled(text: str, luck: random.Random) -> str:
    """A text with pieces taken away, doubled, moved, and signs put in that tables are made of."""
    chars = list(text)
    for _ in range(luck.choice((1, 5, 40, 200))):
        at, piece = luck.randrange(len(chars) + 1), luck.randrange(1, 30)
        match luck.randrange(4):
            case 0:
                del chars[at : at + piece]
            case 1:
                chars[at:at] = chars[at : at + piece]
            case 2:
                chars[at:at] = luck.choice(
                    ("|", ",", "\t", '"', "\n", "<td>", "</table>", "一、", "①", "=", "\x00", "\ufff9")
                )
            case _:
                moved = chars[at : at + piece]
                del chars[at : at + piece]
                to = luck.randrange(len(chars) + 1)
                chars[to:to] = moved
    return "".join(chars)


@contextmanager
def bounded(what: str) -> Iterator[None]:
    """Fail what takes longer than the bound, while it still runs."""

    def late(_number: int, _frame: object) -> None:
        raise TimeoutError(what)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, BOUND)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def problem_of(error: FileError, name: str) -> str:
    """What is wrong with the sentence that refuses a file: it must name the file, in Chinese."""
    return "" if name in str(error) and re.search(r"[\u4e00-\u9fff]", error.reason) else f"{name}: {error}"


def read_whole(name: str, data: bytes) -> bool:
    """Read, review and build a file as the doors do; False where it was refused with a sentence in Chinese."""
    try:
        file = load_file(name, data)
    except FileError as refused:
        error = refused
    else:
        json.dumps([row_json(t, row) for t in file.tables for row in t.rows], ensure_ascii=False)
        for candidate in build(file):
            msgspec.json.encode(candidate.record)
        return True
    assert not problem_of(error, name)
    return False


def read_in_a_fork(name: str, data: bytes) -> int:
    """``read_whole`` in a forked process with little memory: 1 read, 0 refused, a negative number where it died."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            os._exit(int(read_whole(name, data)))
        finally:
            os._exit(9)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.slow
def test_a_thousand_mutated_files_never_crash_or_hang(files: dict[str, list[tuple[str, bytes]]]) -> None:
    luck = random.Random(2026)
    kinds = sorted(files)
    read = dict.fromkeys(kinds, 0)
    for n in range(MUTANTS):
        kind = kinds[n % len(kinds)]
        name, data = luck.choice(files[kind])
        mutant = mutated(data, kind, luck)
        with bounded(f"mutant {n} of {name}"):
            outcome = read_in_a_fork(name, mutant) if kind == "xls" else int(read_whole(name, mutant))
        if outcome < 0:  # the reader aborts for want of memory: the door that it runs behind outlives that
            with suppress(UnreadableError):
                read_apart(name, mutant, Hints())
        assert outcome < 2, f"mutant {n} of {name}"
        read[kind] += outcome == 1
    assert all(read.values()), f"mutants of some kind are never read, so that its reader is not tried: {read}"


def test_a_sheet_of_endless_rows_is_refused() -> None:
    data = WRITERS["ods"]([["三级指标", "指标值"], ["里程", "≥5公里"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            row = b'<table:table-row table:number-rows-repeated="900000">'
            new.writestr(part, old.read(part).replace(b"<table:table-row>", row))
    with bounded("endless rows"), pytest.raises(TooLargeError, match="万行"):
        load_file("长.ods", out.getvalue())


@pytest.mark.slow
def test_mutated_scans_never_crash_or_hang() -> None:
    if not (is_available() and font_path()):
        pytest.skip("no extra ocr, or no Chinese font")
    luck = random.Random(2026)
    image = page([["三级指标", "指标值"], ["里程", "≥5公里"]]).crop((0, 150, 1654, 950)).resize((827, 400))
    scans = [
        ("a.pdf", as_scanned_pdf(image)),
        ("a.png", as_picture(image, "PNG")),
        ("a.jpg", as_picture(image, "JPEG")),
    ]
    for n in range(RECOGNISED):
        name, data = scans[n % len(scans)]
        with bounded(f"mutant {n} of {name}"):
            read_whole(name, _shaken(data, luck))
