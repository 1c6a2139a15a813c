"""The page of measured figures, from `benchmarks/results/*.json` alone.

Whatever a target says there, met or not, stands on the page with machine and date; figures
are never written by hand. Called by `tools/reference.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).resolve().parents[1] / "benchmarks/results"

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def page(table: Table) -> str:
    """What was promised, what was measured, and whether it is met."""
    parts = [
        (
            "# Measured figures\n\n"
            "Each table is one run of `make bench NAME=…`, peers in the same run. A target that is "
            "not met says so; the notes say why where it is known. A small shared machine changes "
            "its speed from minute to minute: ratios hold better than times.\n\n"
        )
    ]
    parts += [_one(json.loads(path.read_text("utf-8")), table) for path in _newest()]
    return "".join(parts)


def _newest() -> Iterator[Path]:
    """Whole runs by name; quick ones prove only that the benchmark runs."""
    for path in sorted(RESULTS.glob("*.json")):
        if not json.loads(path.read_text("utf-8")).get("quick"):
            yield path


def _one(result: dict[str, Any], table: Table) -> str:
    machine = result["machine"]
    rows = [
        (one["name"], _number(one["value"]), str(one["target"]), "yes" if one["met"] else "**no**")
        for one in result["targets"]
    ]
    notes = "".join(f"- {note}\n" for note in result.get("notes", ()))
    return (
        f"## {result['name']}\n\n"
        f"{result['date'][:16].replace('T', ' ')} UTC, {machine['processor']}, "
        f"{machine['cores']} cores, Python {machine['python']}.\n\n"
        + table(("Target", "Measured", "Promised", "Met"), rows)
        + f"\n{notes}\n"
    )


def _number(value: float) -> str:
    """Four digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
