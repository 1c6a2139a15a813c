"""`python -m benchmarks NAME...` runs benchmarks and writes benchmarks/results/NAME.json."""

import importlib
import sys
from pathlib import Path

from benchmarks.harness import measured

OWN = {"__init__", "__main__", "harness"}


def main(names: list[str]) -> int:
    """Run the named benchmarks; list them when none is named."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in OWN)
    if not names or any(name not in known for name in names):
        print("benchmarks:", *known)
        return 2
    results = [measured(importlib.import_module(f"benchmarks.{name}").run) for name in names]
    return 0 if all(target.met for result in results for target in result.targets) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
