"""The deployment guide can be walked: each command block says on which machines, and the files that it names are there."""

from __future__ import annotations

import re

import pytest

from tests.walk.guide import GUIDE, MACHINES, Block, blocks

BLOCKS = list(blocks(GUIDE.read_text()))


def test_all_commands_are_blocks() -> None:
    assert len(BLOCKS) == GUIDE.read_text().count("```sh\n") > 10


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.text.splitlines()[0][:40])
def test_a_block_is_for_machines_of_the_walk(block: Block) -> None:
    assert block.machines
    assert set(block.machines) <= MACHINES.keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"/opt/kb/(docs/[\w./*-]+)", GUIDE.read_text()))))
def test_files_of_the_guide_are_there(name: str) -> None:
    assert list(GUIDE.parents[1].glob(name))


def test_addresses_of_the_guide_are_those_of_the_walk() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (10\.[\d.]+)", GUIDE.read_text(), re.M))
    assert rows == {name: MACHINES[name] for name in ("db", "proxy")}
