"""``python -m tests.bench NAME [options]``: run one measurement and print its table."""

from __future__ import annotations

import sys
from importlib import import_module

MEASUREMENTS = {
    "search": "search",
    "load": "load",
    "draft": "draft_score",
    "review": "review",
    "scale": "scale",
    "season_load": "season_load",
    "opensearch": "opensearch",
    "database": "database",
}


def main() -> int:
    """Run the measurement named first on the command line; 2 for an unknown name."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in MEASUREMENTS:
        print(f"usage: python -m tests.bench {{{','.join(MEASUREMENTS)}}} [options]", file=sys.stderr)
        return 2
    result: int = import_module(f"tests.bench.{MEASUREMENTS[name]}").main(sys.argv[2:])
    return result


if __name__ == "__main__":
    sys.exit(main())
