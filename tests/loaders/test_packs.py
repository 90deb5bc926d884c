"""Signed packs: the same bytes for the same content, the same records back, every flipped byte found."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.choices import Status
from indicators.model import Indicator, IndicatorSet, Pitfall, Record, Source, SourceRef, Standards
from kb.localising import copy_of
from loaders import packs
from loaders.errors import FileError, TooLargeError
from loaders.packs import (
    About,
    NewerPackError,
    NoPackError,
    PackError,
    TamperedPackError,
    UnsignedPackError,
    UntrustedPackError,
    read_pack,
    require_signed,
    write_pack,
)
from loaders.signing import KeyFileError, PublicKey, SigningKey, read_public, spoken, write_public

KEY = SigningKey.make("某市财政局")
TRUSTED = {KEY.public.fingerprint: KEY.public}
ABOUT = About("某市财政局", "2026-01-02T03:04:05Z", "0.1.0")
SOURCE = Source(code="WJ-1", name="市库.xlsx", verified=True)
ROAD = Indicator(
    code="A-SL-01",
    name="里程",
    sector="JT",
    aliases=("公里数",),
    sources=(SourceRef(source="WJ-1", place="B2"),),
)
HOME = IndicatorSet(code="A", name="市库", edition="2026", issuer="某市财政局", members=("A-SL-01",))
RECORDS: list[Record] = [SOURCE, HOME, ROAD]


def pack(key: SigningKey | None = KEY) -> bytes:
    return write_pack(HOME, RECORDS, ABOUT, key)


def changed(data: bytes, edit: Callable[[dict[str, bytes]], Any], key: SigningKey | None = None) -> bytes:
    """A pack with other parts, zipped as packs are, and signed anew where a key is given."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    edit(parts)
    manifest, signature = parts.pop("manifest.json"), parts.pop("signature.json", b"")
    if key:
        signature = packs._json(packs._signature(manifest, key))
    return packs._zip(manifest, signature, parts)


def told(change: dict[str, Any]) -> Callable[[dict[str, bytes]], None]:
    """An edit of the manifest."""

    def edit(parts: dict[str, bytes]) -> None:
        parts["manifest.json"] = packs._json(json.loads(parts["manifest.json"]) | change)

    return edit


def test_what_goes_in_comes_out() -> None:
    found = read_pack("a.kbp", pack(), TRUSTED)
    assert sorted(found.records, key=lambda r: r.code) == sorted(RECORDS, key=lambda r: r.code)
    assert (found.set, found.about) == (HOME, ABOUT)
    assert (found.signed, found.signer, found.fingerprint) == (True, "某市财政局", KEY.public.fingerprint)
    require_signed("a.kbp", found, unsigned=False)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert pack() == write_pack(HOME, RECORDS[::-1], ABOUT, KEY)
    assert pack() != write_pack(HOME, [SOURCE, HOME, msgspec.structs.replace(ROAD, unit="公里")], ABOUT, KEY)


TEXT = st.text(max_size=30).map(lambda t: t.encode("utf-8", "ignore").decode())
INDICATORS = st.builds(
    Indicator, code=st.uuids().map(str), name=TEXT, explanation=TEXT, aliases=st.lists(TEXT, max_size=3).map(tuple),
    core=st.booleans(), weight_min=st.none() | st.decimals(0, 100, places=2), status=st.sampled_from(list(Status)),
    standards=st.builds(Standards, plan=TEXT), pitfalls=st.lists(st.builds(Pitfall, problem=TEXT, text=TEXT), max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(INDICATORS, max_size=5, unique_by=lambda r: r.code), TEXT, st.booleans())
def test_any_records_come_back(found: list[Indicator], name: str, signed: bool) -> None:
    copies = [copy_of(r, f"B-{r.code}") for r in found]
    home = IndicatorSet(code="S", name=name, members=tuple(r.code for r in found))
    data = write_pack(home, [home, *found, *copies], ABOUT, KEY if signed else None)
    read = read_pack("a.kbp", data, TRUSTED)
    assert {r.code: r for r in read.records} == {r.code: r for r in [home, *found, *copies]}
    assert read.signed == signed
    assert data == write_pack(read.set, read.records, read.about, KEY if signed else None)


def test_every_flipped_byte_is_detected() -> None:
    data = pack()
    rng = random.Random(7)
    for position in range(len(data)):
        for flip in {1 << rng.randrange(8), 0x20, 0xFF}:
            broken = bytearray(data)
            broken[position] ^= flip
            with pytest.raises(PackError):
                read_pack("a.kbp", bytes(broken), TRUSTED)


def test_every_cut_and_every_tail_is_detected() -> None:
    data = pack()
    for end in range(len(data)):
        with pytest.raises(PackError):
            read_pack("a.kbp", data[:end], TRUSTED)
    for extra in (b"\0", b"PK\x05\x06" + bytes(18), data):
        for whole in (data + extra, extra + data):
            with pytest.raises(PackError):
                read_pack("a.kbp", whole, TRUSTED)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_plainly(data: bytes) -> None:
    for tried in (data, b"PK\x03\x04" + data):
        with pytest.raises(FileError):
            read_pack("a.kbp", tried, TRUSTED)


def test_each_refusal_has_its_sentence() -> None:
    stranger = SigningKey.make("某某")
    with pytest.raises(UntrustedPackError, match="不在信任名单") as refused:
        read_pack("a.kbp", pack(stranger), TRUSTED)
    assert spoken(stranger.public.fingerprint) in str(refused.value)
    with pytest.raises(NewerPackError, match="升级"):
        read_pack("a.kbp", changed(pack(), told({"version": 2, "program": "9.0"}), KEY), TRUSTED)
    with pytest.raises(TamperedPackError, match="签名"):
        read_pack("a.kbp", changed(pack(), told({"edition": "2027"})), TRUSTED)
    with pytest.raises(NoPackError, match="不是指标集包"):
        read_pack("a.kbp", b"hello", TRUSTED)
    unsigned = read_pack("a.kbp", pack(None), TRUSTED)
    with pytest.raises(UnsignedPackError, match="--unsigned"):
        require_signed("a.kbp", unsigned, unsigned=False)
    require_signed("a.kbp", unsigned, unsigned=True)


def test_contents_that_do_not_fit_the_manifest_are_refused_even_when_signed() -> None:
    name = "records/indicator.jsonl"

    def reword(parts: dict[str, bytes]) -> None:
        parts[name] = parts[name].replace("里程".encode(), "厘程".encode())

    edits: list[Callable[[dict[str, bytes]], Any]] = [
        reword, lambda p: p.pop(name), lambda p: p.update({"records/guide.jsonl": b"{}\n"}), told({"files": []}),
        told({"set": "没有"}), told({"issuer": 1}), told({"version": True}), told({"version": "1"}), told({"format": "x"}),
    ]  # fmt: skip
    for edit in edits:
        with pytest.raises(TamperedPackError):
            read_pack("a.kbp", changed(pack(), edit, KEY), TRUSTED)


def test_signature_of_another_pack_does_not_fit() -> None:
    other = write_pack(HOME, RECORDS, msgspec_about("2027-01-01T00:00:00Z"), KEY)
    with zipfile.ZipFile(io.BytesIO(other)) as archive:
        signature = archive.read("signature.json")
    with pytest.raises(TamperedPackError):
        read_pack("a.kbp", changed(pack(), lambda p: p.update({"signature.json": signature})), TRUSTED)


def msgspec_about(made_at: str) -> About:
    return About(ABOUT.issuer, made_at, ABOUT.program)


def test_compressed_bombs_and_giants_never_expand() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 200_000_000)
    with pytest.raises(TamperedPackError):
        read_pack("a.kbp", out.getvalue(), TRUSTED)
    with pytest.raises(TooLargeError):
        read_pack("a.kbp", b"PK" + bytes(51 * 2**20), TRUSTED)


def test_public_keys_go_and_come_as_files() -> None:
    assert read_public("a.kbkey", write_public(KEY.public)) == KEY.public
    assert len(spoken(KEY.public.fingerprint).replace(" ", "")) == 32
    for data in (
        b"",
        b"{}",
        b"[1]",
        b'{"format": "indicator-kb public key 1", "name": "a", "key": "00"}',
        b"\xff" * 9000,
    ):
        with pytest.raises(KeyFileError):
            read_public("a.kbkey", data)
    with pytest.raises(KeyFileError):
        SigningKey("a", b"-----BEGIN PRIVATE KEY-----\n").sign(b"")
    assert not PublicKey("a", bytes(32)).verifies(bytes(64), b"")
