"""One finding of `breakwater doctor`, and what its checkers share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        state: `ok`; `warn`: serve, but know this; `bad`: not fit to serve.
        found: what is there.
        todo: what to do about it; empty when all is well.
    """

    name: str
    state: str
    found: str
    todo: str = ""


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path
