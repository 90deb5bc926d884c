"""Hidden rows, columns and sheets of ods and xls, as LibreOffice writes them and as nobody should."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from loaders.compound import stream_of
from loaders.hidden import Hidden, Spans
from loaders.hidden_ods import hidden_in_ods
from loaders.hidden_xls import hidden_in_xls
from loaders.loading import load_file
from tests.loaders.build import saved
from tests.loaders.test_hidden import book


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a.xls and a.ods, written by LibreOffice from one workbook."""
    if not shutil.which("soffice"):
        pytest.skip("no office")
    folder = tmp_path_factory.mktemp("office")
    made, (seen, unseen, last) = book("看得见", "看不见", "又一张")
    seen.row_dimensions[3].hidden = seen.row_dimensions[9].hidden = True
    seen.column_dimensions["D"].hidden = seen.column_dimensions["K"].hidden = True
    unseen.sheet_state = "hidden"
    last.row_dimensions[2].hidden = last.row_dimensions[4].hidden = True
    (folder / "a.xlsx").write_bytes(saved(made))
    for kind in ("xls", "ods"):
        command = [
            "soffice",
            f"-env:UserInstallation=file://{folder}/office",
            "--headless",
            "--convert-to",
            kind,
            "a.xlsx",
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.xls", "a.ods"])
def test_what_an_office_hides_is_told(office: Path, name: str) -> None:
    first, second, third = load_file(name, (office / name).read_bytes()).tables
    assert (first.hidden, second.hidden) == (Hidden(False, (3,), (4,)), Hidden(True))
    assert third.hidden == Hidden(False, (2, 4))
    assert "第 3 行），有 1 列是隐藏的（D 列），也一并读了" in first.warnings[-1]


# OpenDocument


def sheet(inside: str, name: str = "表") -> bytes:
    return f'<table:table table:name="{name}" table:style-name="ta1">{inside}</table:table>'.encode()


ROW, UNSEEN = "<table:table-row/>", '<table:table-row table:visibility="collapse"/>'

FOLDED = (
    f'{ROW}<table:table-row-group table:display="false">{ROW}<table:table-row-group>{ROW}</table:table-row-group>'
    f"</table:table-row-group>{ROW}"
)


@pytest.mark.parametrize(
    ("inside", "rows", "columns"),
    [
        (ROW + UNSEEN + ROW, [(2, 2)], []),
        ('<table:table-row table:number-rows-repeated="4" table:visibility="filter"><x/></table:table-row>', [(1, 4)], []),
        ('<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>', [], [(4, 4)]),
        (FOLDED, [(2, 2), (3, 3)], []),
        (f"<table:table-row-group>{ROW}</table:table-row-group><table:table-header-rows>{UNSEEN}</table:table-header-rows>",
         [(2, 2)], []),
        (f"<table:table-row><table:table-cell>{sheet(UNSEEN).decode()}</table:table-cell></table:table-row>{UNSEEN}", [(2, 2)], []),
        ('<table:table-rows table:visibility="collapse"/><table:table-row-x table:visibility="collapse"/>', [], []),
    ],
)  # fmt: skip
def test_rows_and_columns_of_a_sheet_are_counted(
    inside: str, rows: list[object], columns: list[object]
) -> None:
    found = hidden_in_ods(sheet(inside)).get("表", Spans([], []))
    assert (found.rows, found.columns) == (rows, columns)


def test_sheets_are_told_apart_by_their_titles() -> None:
    content = sheet(UNSEEN, "甲&amp;乙") + sheet(ROW, "丙") + sheet(ROW + UNSEEN, "丁")
    assert {title: found.rows for title, found in hidden_in_ods(content).items()} == {
        "甲&乙": [(1, 1)],
        "丁": [(2, 2)],
    }


def test_spans_reach_no_further_than_the_cells() -> None:
    spans = Spans([(2, 3), (3, 1_048_576), (2, 2)], [(5, 16_384)])
    assert spans.within(4, 4, sheet=False) == Hidden(False, (2, 3, 4))


@pytest.mark.parametrize(
    "part",
    [
        b"<table:table-row",
        b"</table:table>",
        b"<table:table ",
        b'<table:table-row-group table:display="false">',
    ],
)
def test_a_hostile_document_is_looked_at_once(part: bytes) -> None:
    found = hidden_in_ods(sheet(UNSEEN) + b'<table:table table:name="a">' + part * 400_000)
    assert found["表"].rows == [(1, 1)]


# Old workbooks


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def stream(*sheets: bytes) -> bytes:
    """A book's records: a list of sheets, then each sheet within its beginning and end."""
    begin, end = record(0x809, b"\0\6" + bytes(14)), record(0x0A)
    at = len(begin) + len(sheets) * 13 + len(end)
    listed = b""
    for inside in sheets:
        listed += record(0x85, struct.pack("<IHBBB", at, 0, 1, 0, ord("a")))
        at += len(begin) + len(inside) + len(end)
    return begin + listed + end + b"".join(begin + inside + end for inside in sheets)


def row(number: int, *, hidden: bool) -> bytes:
    return record(0x208, struct.pack("<HHHHHHHH", number, 0, 9, 255, 0, 0, 0x20 if hidden else 0, 0))


def columns(first: int, last: int, *, hidden: bool) -> bytes:
    return record(0x7D, struct.pack("<HHHHHH", first, last, 2304, 15, int(hidden), 0))


NONE = 0xFFFFFFFF
LEAST = 4096  # bytes from which a stream lies in sectors of its own


def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    told = (name.encode("utf-16-le"), 2 * len(name) + 2, kind, NONE, NONE, child, start, size)
    return struct.pack("<64sHBxIII36xII4x", *told)


def compound(content: bytes, name: str = "Workbook", chain: dict[int, int] | None = None) -> bytes:
    """A compound file: sector 0 the table of chains, sector 1 the directory, then the stream, with zeros to LEAST."""
    content = content.ljust(LEAST, b"\0")
    count = -(-len(content) // 512)
    following = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    following += [NONE] * (128 - len(following))
    for sector, after in (chain or {}).items():
        following[sector] = after
    marks = (62, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, LEAST, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header = struct.pack("<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", *marks)
    header += struct.pack("<109I", 0, *[NONE] * 108)
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(name, 2, NONE, 2, len(content))
    directory += 2 * entry("", 0, NONE, 0, 0)
    return header + struct.pack("<128I", *following) + directory + content.ljust(count * 512, b"\0")


def test_rows_and_columns_of_an_old_sheet_are_told() -> None:
    chart = record(0x809, bytes(16)) + row(7, hidden=True) + record(0x0A)
    one = (
        columns(0, 2, hidden=False)
        + columns(3, 4, hidden=True)
        + row(2, hidden=True)
        + chart
        + row(3, hidden=False)
    )
    for name in ("Workbook", "Book"):
        found = hidden_in_xls(compound(stream(one, row(0, hidden=True)), name))
        assert [(set(s.rows), set(s.columns)) for s in found] == [({(3, 3)}, {(4, 5)}), ({(1, 1)}, set())]


def test_a_short_stream_lies_in_small_sectors() -> None:
    content = stream(columns(0, 1, hidden=True), row(4, hidden=True))
    small = -(-len(content) // 64)
    whole = bytearray(compound(content))
    chain = struct.pack(f"<{small}I", *range(1, small), 0xFFFFFFFE).ljust(512, b"\xff")
    last = (len(whole) - 512) // 512
    struct.pack_into("<II", whole, 60, last, 1)  # where the chains of small sectors are told
    struct.pack_into("<I", whole, 512 + 4 * last, 0xFFFFFFFE)
    # The root's own stream is what the small sectors lie in.
    whole[1024:1280] = entry("Root Entry", 5, 1, 2, LEAST) + entry("Workbook", 2, NONE, 0, len(content))
    assert stream_of(bytes(whole) + chain, "Workbook") == content
    assert [len(s.rows) + len(s.columns) for s in hidden_in_xls(bytes(whole) + chain)] == [1, 1]


def test_an_encrypted_book_tells_nothing() -> None:
    assert hidden_in_xls(compound(record(0x2F, bytes(6)) + stream(row(0, hidden=True)))) == []


def test_what_is_no_compound_file_has_no_stream() -> None:
    whole = compound(stream(row(0, hidden=True)))
    assert stream_of(whole, "Workbook").startswith(struct.pack("<H", 0x809))
    for data in (b"", whole[:8], whole[:511], b"PK" + whole[2:], whole[:600]):
        assert stream_of(data, "Workbook") == b""
    assert stream_of(whole, "Anders") == b""


@pytest.mark.parametrize("after", [(2, 2), (3, 2), (1, 1), (2, 100_000)])
def test_a_chain_that_bites_its_tail_is_broken_off(after: tuple[int, int]) -> None:
    content = stream(row(0, hidden=True)).ljust(LEAST, b"\0")
    whole = compound(content, chain=dict([after]))
    assert len(stream_of(whole, "Workbook")) <= len(content)
    assert len(hidden_in_xls(whole)) <= 1


def test_shaken_bytes_raise_nothing() -> None:
    whole, luck = (
        bytearray(compound(stream(columns(1, 2, hidden=True), row(5, hidden=True)))),
        random.Random(7),
    )
    for _ in range(2000):
        shaken = bytearray(whole)
        for _ in range(luck.randint(1, 6)):
            shaken[luck.randrange(len(shaken))] = luck.randrange(256)
        assert isinstance(hidden_in_xls(bytes(shaken)), list)
