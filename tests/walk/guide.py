"""The command blocks of the deployment guide, each with the machines that it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"
MACHINES = {
    "office": "10.0.0.5",
    "db": "10.0.0.10",
    "search1": "10.0.0.21", "search2": "10.0.0.22", "search3": "10.0.0.23",
    "app1": "10.0.0.31", "app2": "10.0.0.32",
    "proxy": "10.0.0.40",
}  # fmt: skip
"""Names and addresses as the guide has them; ``office`` is the one machine of an office and of a city."""

_PART = re.compile(
    r"^## (?P<heading>[^\n]+)$|^(?:<!-- on: (?P<on>[\w ]+) -->\n)?```sh\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands in the order of the guide; ``machines`` is empty where the guide does not say which."""

    heading: str
    machines: tuple[str, ...]
    text: str

    def filled(self, blanks: Mapping[str, str]) -> str:
        """The commands with what each office fills in for itself."""
        text = self.text
        for blank, value in blanks.items():
            text = text.replace(blank, value)
        return text


def blocks(guide: str) -> Iterator[Block]:
    """The blocks of a guide in order."""
    heading = ""
    for part in _PART.finditer(guide):
        if part["heading"]:
            heading = part["heading"]
        else:
            yield Block(heading, tuple((part["on"] or "").split()), part["text"])
